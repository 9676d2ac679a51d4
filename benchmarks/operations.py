"""What is done to a registry of a million versions: our operations, with no peer."""

from itertools import count

from benchmarks.measuring import Operation, require
from benchmarks.shapes import MODEL
from registry_assets.canonical import Json
from registry_assets.catalog.evaluations import Finding
from registry_assets.catalog.versions import VersionRecord, commit, reserve
from registry_assets.governance.policy import COMMIT_CHECKS, commit_check_digest
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.manifest import Manifest
from registry_assets.recipe import Recipe
from registry_assets.registry import Registry
from registry_assets.store.manifests import put_manifest

RUN = RunInfo(actor="bench", run_id="bench")
COMMITTED_MODEL = "late_1"


def operations(registry: Registry, stage: int, *, versions: int = 100) -> dict[str, Operation]:
    """Give each operation by name.

    Args:
        stage: how often these were measured before on the same registry.
        versions: of each model.
    """
    pointer = f"{MODEL}@production"
    held = registry.resolve(pointer).number
    moved = count(held + 1)
    example = registry.version_numbered(MODEL, held).version
    digest = f"{MODEL}@{example.digest}"
    requests = count(stage * 1_000_000)
    return {
        "resolve a pointer": Operation(lambda _: registry.resolve(pointer)),
        "resolve a digest": Operation(
            lambda _: registry.resolve(digest), check=lambda found: require(found, example)
        ),
        "get a model and its pointers": Operation(
            lambda _: (registry.model(MODEL), registry.pointers(MODEL))
        ),
        "list the versions of a model": Operation(lambda _: registry.versions("late_2")),
        "decide on a version": Operation(lambda _: registry.decision(MODEL, versions)),
        "move a pointer": Operation(
            lambda number: registry.promote(MODEL, number, run=RUN).moved,
            prepare=lambda: next(moved),
            check=lambda done: require(done, True),
        ),
        "reserve a version": Operation(
            lambda seed: _reserve(registry, seed), lambda: next(requests)
        ),
        "commit a version": Operation(
            lambda version: _commit(registry, version).state,
            prepare=lambda: _reserve(registry, next(requests)),
            check=lambda state: require(state, "committed"),
        ),
    }


def _reserve(registry: Registry, seed: int) -> VersionRecord:
    recipe = Recipe(COMMITTED_MODEL, "late", (), (), {"holdout": "by_key"}, "code", {"s": seed}, {})
    backends = registry.backends
    reservation = reserve(
        backends.catalog,
        recipe,
        request=f"request {seed}",
        trigger="manual",
        actor=RUN.actor,
        reason="",
        clock=backends.clock,
    )
    require(reservation.outcome, "reserved")
    return reservation.version


def _commit(registry: Registry, version: VersionRecord) -> VersionRecord:
    backends = registry.backends
    facts: dict[str, Json] = {"model": version.model, "version": version.number}
    return commit(
        backends.catalog,
        model=version.model,
        number=version.number,
        digest=put_manifest(backends.store, Manifest("model", (), (), facts)),
        metadata={"tags": {"team": "team-7"}},
        findings=[
            Finding(name, commit_check_digest(name), "passed", rule)
            for name, rule in COMMIT_CHECKS.items()
        ],
        run_id=RUN.run_id,
        actor=RUN.actor,
        clock=backends.clock,
    )
