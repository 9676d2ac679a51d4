"""What is done to a registry of a million versions: our operations, with no peer."""

from itertools import count

from benchmarks.measuring import Operation, require
from benchmarks.shapes import MODEL
from registry_assets.canonical import Json
from registry_assets.catalog.evaluations import Finding
from registry_assets.catalog.versions import VersionRecord, commit, reserve
from registry_assets.clock import system_clock
from registry_assets.governance.policy import COMMIT_CHECKS, commit_check_digest
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.manifest import Manifest
from registry_assets.recipe import Recipe
from registry_assets.registry import Registry
from registry_assets.store.manifests import put_manifest

RUN = RunInfo(actor="bench", run_id="bench")
COMMITTED_MODEL = "late_1"
PAGE = 100
SEARCHES = {
    "a model and a tag": "model = 'late_3' and tags.team = 'team-7'",
    "a unique tag": "tags.ticket = 'late_3-77'",
    "one tag": "tags.team = 'team-7'",
    "two tags": "tags.team = 'team-7' and tags.region = 'region-3'",
    "a metric's range": "metrics.roc_auc > 0.9",
    "no filter": "",
}


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
    edits = count(stage * 1_000_000)
    return {
        "resolve a pointer": Operation(lambda _: registry.resolve(pointer)),
        "resolve a digest": Operation(
            lambda _: registry.resolve(digest), check=lambda found: require(found, example)
        ),
        "get a model and its pointers": Operation(
            lambda _: (registry.model(MODEL), registry.pointers(MODEL))
        ),
        "list the versions of a model": Operation(lambda _: registry.versions("late_2")),
        "lineage of a version": Operation(lambda _: registry.ancestors(f"{MODEL}:{held}")),
        "what was in production at an instant": Operation(
            lambda now: registry.at(pointer, now), prepare=system_clock
        ),
        **{f"search: {name}": _search(registry, said) for name, said in SEARCHES.items()},
        "decide on a version": Operation(lambda _: registry.decision(MODEL, versions)),
        "move a pointer": Operation(
            lambda number: registry.promote(MODEL, number, run=RUN).moved,
            prepare=lambda: next(moved),
            check=lambda done: require(done, True),
        ),
        "edit a tag": Operation(
            lambda number: registry.tag(f"{MODEL}:{held}", {"edited": f"{number}"}, run=RUN),
            prepare=lambda: next(edits),
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


def _search(registry: Registry, said: str) -> Operation:
    return Operation(
        lambda _: len(registry.search(said, limit=PAGE).items),
        check=lambda found: require(found > 0, True),
    )


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
