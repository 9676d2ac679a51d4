"""A registry whose versions were never trained: the catalog's own functions, at no cost.

The manifests are real and in a real store, so that such a registry verifies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from registry_assets.canonical import Json, sha256_digest
from registry_assets.catalog import imported, imported_aliases, mirrors
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.evaluations import (
    Binding,
    EvaluationRecord,
    Finding,
    record_evaluation,
)
from registry_assets.catalog.ledger import GENESIS, REGISTRY, change
from registry_assets.catalog.models import ModelRecord, PolicyRule, declare, get_model
from registry_assets.catalog.pointers import get_pointer
from registry_assets.catalog.provenance import read_identity
from registry_assets.catalog.snapshots import SnapshotRecord, record_snapshot
from registry_assets.catalog.tables import imports
from registry_assets.catalog.versions import Reservation, VersionRecord, commit, fail, reserve
from registry_assets.clock import ReplayClock, timestamp
from registry_assets.evaluation.results import Estimate
from registry_assets.governance.document import PointerRules
from registry_assets.governance.policy import COMMIT_CHECKS, commit_check_digest, policy_in_force
from registry_assets.governance.separation import WHOLE_HISTORY
from registry_assets.governance.standing import read_passed
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.manifest import Manifest, file_entries
from registry_assets.mirroring.protocol import OutOfStep, Pointing
from registry_assets.packaging.authors import Author, CodeAuthors
from registry_assets.recipe import Recipe, SnapshotRef
from registry_assets.registry import Registry
from registry_assets.store.manifests import put_manifest

START = datetime(2013, 4, 1, 6, tzinfo=UTC)
MODEL = "late"
PERSON = RunInfo(actor="ann", run_id="run-1")
GATES = {"good_enough": False, "not_worse": True}
"""The gates of every model here, and whether they are relative."""


def suite(gates: dict[str, bool] | None = None) -> dict[str, Json]:
    """A plan and gates, as a declaration gives them."""
    return {
        "target": "late",
        "evaluation": {"metrics": ["roc_auc"]},
        "gates": [
            {
                "name": name,
                "sentence": f"it is {name}",
                "relative": relative,
                "digest": sha256_digest(name.encode()),
                "definition": {"gate": name},
            }
            for name, relative in (GATES if gates is None else gates).items()
        ],
    }


def policy(
    *, risk: str = "low", approvals: int = 0, asked: dict[str, Json] | None = None
) -> PolicyRule:
    """A policy, as a declaration gives it; `asked` are the tags that it demands."""
    declared: dict[str, Json] = {
        "risk": risk,
        "approvals": approvals,
        "roles": [],
        "suite": "irrelevant",
        **({"tags": asked} if asked else {}),
    }
    return lambda before: policy_in_force(before, declared)


def recipe(seed: int = 0, *, model: str = MODEL, train: Sequence[SnapshotRef] = ()) -> Recipe:
    """A recipe; another seed is another one."""
    split: dict[str, Json] = {"holdout": "by_key"}
    return Recipe(model, "late", tuple(train), (), split, "code", {"seed": seed}, {})


@dataclass(frozen=True, slots=True)
class History:
    """A registry, and short ways to let things happen in it."""

    registry: Registry
    clock: ReplayClock

    @property
    def catalog(self) -> Catalog:
        """The registry's catalog."""
        return self.registry.backends.catalog

    def declare(
        self,
        name: str = MODEL,
        *,
        gates: dict[str, bool] | None = None,
        approvals: int = 0,
        asked: dict[str, Json] | None = None,
        description: str = "Is it late?",
        pointers: Sequence[str] = ("production",),
    ) -> ModelRecord:
        """Declare a model, or change its declaration."""
        return declare(
            self.catalog,
            name=name,
            description=description,
            task="binary",
            owners=("team:ops",),
            tags={"team": "ops"},
            suite=suite(gates),
            policy=policy(risk="high" if approvals else "low", approvals=approvals, asked=asked),
            actor="ann",
            clock=self.clock,
            pointers=pointers,
        )

    def snapshot(self, partition: str, *, content: int = 0, rows: int = 5) -> SnapshotRecord:
        """Let an asset's partition hold some content."""
        facts: dict[str, Json] = {"asset": "flights", "partition": partition, "content": content}
        manifest = Manifest("dataset", (), (), facts)
        return record_snapshot(
            self.catalog,
            asset="flights",
            partition=partition,
            digest=put_manifest(self.registry.backends.store, manifest),
            kind="dataset",
            rows=rows,
            size=100,
            run_id="run-1",
            actor="ann",
            clock=self.clock,
        )

    def reserve(
        self,
        request: str,
        *,
        seed: int = 0,
        model: str = MODEL,
        trigger: str = "manual",
        train: Sequence[SnapshotRef] = (),
    ) -> Reservation:
        """Ask for a number."""
        return reserve(
            self.catalog,
            recipe(seed, model=model, train=train),
            request=request,
            trigger=trigger,
            actor="ann",
            reason="because",
            clock=self.clock,
        )

    def commit(
        self,
        number: int,
        *,
        model: str = MODEL,
        content: int = 0,
        authors: Sequence[str] = (),
        unknown: Sequence[str] = (),
        files: Mapping[str, bytes] | None = None,
    ) -> VersionRecord:
        """Bind a number to a manifest that differs with number and content.

        `authors` are the addresses of those who wrote its code; `unknown` says who is not known.
        """
        wrote = CodeAuthors(None, tuple(Author(a, a, 1) for a in authors), tuple(unknown))
        facts: dict[str, Json] = {"model": model, "version": number, "content": content}
        manifest = Manifest("model", file_entries(files or {}), (), facts)
        return commit(
            self.catalog,
            model=model,
            number=number,
            digest=put_manifest(self.registry.backends.store, manifest, files),
            metadata={
                "description": "the one with the hat",
                "tags": {"team": "ops"},
                "code_authors": {WHOLE_HISTORY: wrote.to_json()},
            },
            findings=[
                Finding(name, commit_check_digest(name), "passed", "it is so")
                for name in COMMIT_CHECKS
            ],
            run_id="run-1",
            actor="ann",
            clock=self.clock,
        )

    def evaluate(
        self,
        number: int,
        *,
        model: str = MODEL,
        failing: Sequence[str] = (),
        value: float = 0.7,
    ) -> EvaluationRecord:
        """Evaluate a committed version; every gate passes but those named.

        Gates that are asset checks of the user's own find nothing, as in life.
        """
        with self.catalog.read() as connection:
            declared = get_model(connection, model)
            pointer = get_pointer(connection, model, "production")
        version = self.registry.version_numbered(model, number).version
        facts: dict[str, Json] = {
            "model": model,
            "version": number,
            "suite": dict(declared.suite),
            "generation": pointer.generation,
            "at": timestamp(self.clock()),
        }
        manifest = Manifest("evaluation", (), (), facts)
        findings = [
            Finding(
                gate=gate["name"],
                gate_digest=gate["digest"],
                outcome="failed" if gate["name"] in failing else "passed",
                why="it was measured",
                value=value,
                low=0.69,
                high=0.71,
                threshold=0.6,
                rows=100,
                binding=Binding(pointer.name, pointer.generation, pointer.digest)
                if gate["relative"]
                else None,
            )
            for gate in declared.suite["gates"]
            if gate["definition"].get("gate") != "asset_check"
        ]
        return record_evaluation(
            self.catalog,
            model=model,
            version=number,
            version_digest=str(version.digest),
            digest=put_manifest(self.registry.backends.store, manifest),
            suite_digest=declared.suite_digest,
            metrics={"roc_auc": Estimate(0.7, 0.69, 0.71, rows=100).to_json()},
            findings=findings,
            parents=manifest.parents,
            passed=lambda connection: read_passed(connection, model, number),
            run_id="run-1",
            actor="ann",
            clock=self.clock,
        )

    def version(
        self,
        seed: int,
        *,
        model: str = MODEL,
        failing: Sequence[str] = (),
        authors: Sequence[str] = (),
        unknown: Sequence[str] = (),
        files: Mapping[str, bytes] | None = None,
        train: Sequence[SnapshotRef] = (),
    ) -> int:
        """Reserve, commit and evaluate the next version."""
        found = self.reserve(f"version {seed}", seed=seed, model=model, train=train)
        number = found.version.number
        self.commit(number, model=model, authors=authors, unknown=unknown, files=files)
        self.evaluate(number, model=model, failing=failing)
        return number

    def promote(self, number: int, *, model: str = MODEL) -> None:
        """Promote a version through the gate."""
        self.registry.promote(model, number, run=PERSON, reason="it is better")


def new_history(folder: Path) -> History:
    """Make an empty registry in a folder; nothing is declared."""
    clock = ReplayClock(START)
    return History(Registry.init(folder, clock=clock), clock)


def reopened(folder: Path) -> History:
    """Open a registry that is there, on the first day again."""
    clock = ReplayClock(START)
    return History(Registry.open(folder, clock=clock), clock)


def lived_in(folder: Path) -> History:
    """Make a registry in which every table has rows: 1 archived, 2 in production, 3 failed."""
    history = new_history(folder)
    history.declare()
    history.snapshot("2013-01")
    history.snapshot("2013-02")
    history.registry.recall("flights[2013-02]", reason="a day came twice", run=PERSON)
    for seed in (1, 2):
        history.promote(history.version(seed))
    go_back_and_come_again(history)
    say_things(history)
    agree(history)
    watch(history)
    mirror(history)
    come_again(history)
    broken = history.reserve("broken", seed=3).version.number
    fail_training(history, broken)
    return history


def agree(history: History) -> None:
    """Let a policy come into force that asks for nothing, and somebody sign version 2 under it."""
    # That module is made of this one.
    from registry_assets_tests.governance.people import governed

    world = governed(history, history.registry.home.folder / "keys")
    world.activate(world.document(PointerRules(unknown_author="nobody")))
    world.approve(2, "bob")


def watch(history: History) -> None:
    """Let version 2 be observed in production, and alerts be opened, acknowledged and resolved."""
    # That module is made of this one.
    from registry_assets_tests.catalog.watched import watched

    watched(history, number=2)


def mirror(history: History, number: int = 2) -> None:
    """Let a version be published elsewhere, after a failure, and its pointer be moved there."""
    model, mirror = MODEL, "mlflow"
    said: dict[str, Any] = {"actor": "ann", "clock": history.clock}
    mirrors.declare_mirrors(
        history.catalog, model=model, definitions={mirror: {"kind": "mlflow"}}, **said
    )
    digest = str(history.registry.version_numbered(model, number).version.digest)
    there = {"name": model, "number": "7", "url": "http://127.0.0.1/7", "sent_digest": digest}
    mirrors.record_failure(
        history.catalog, model=model, mirror=mirror, error="it is down", next_at="2013", **said
    )
    mirrors.record_receipt(
        history.catalog,
        model=model,
        mirror=mirror,
        version=number,
        receipt={**there, "digest": digest, "files": {}},
        run_id="run-1",
        **said,
    )
    held = Pointing("production", number, digest, 1, "7").to_json()
    mirrors.record_pointers(
        history.catalog, model=model, mirror=mirror, pointers={"production": held}, **said
    )
    moved = OutOfStep("pointer_moved", "production", "production was moved there to 8").to_json()
    mirrors.record_observation(
        history.catalog,
        model=model,
        mirror=mirror,
        state="out_of_step",
        differences=[moved],
        said="production was moved there to 8",
        verified=True,
        **said,
    )


def come_again(history: History, number: int = 2) -> None:
    """Let a version of here be found in another kind of registry, with an alias at it."""
    said: dict[str, Any] = {"actor": "ann", "clock": history.clock}
    there: dict[str, Any] = {"source": "mlflow", "foreign_name": "late flights"}
    digest = str(history.registry.version_numbered(MODEL, number).version.digest)
    incoming = imported.Incoming(
        identity=digest,
        address="http://127.0.0.1",
        foreign_number="7",
        files="whole",
        said={"stage": "Production"},
        said_digest=digest,
        **there,
    )
    imported.record_linked(
        history.catalog, incoming, model=MODEL, number=number, digest=digest, run_id="run-1", **said
    )
    imported_aliases.record_aliases(
        history.catalog, model=MODEL, aliases={"champion": "7"}, **there, **said
    )


def go_back_and_come_again(history: History) -> None:
    """Let production be rolled back to version 1, and take version 2 again once it is released."""
    history.registry.rollback(MODEL, run=PERSON, reason="it was slow")
    history.registry.release(f"{MODEL}:2", run=PERSON, reason="the machine was slow")
    history.evaluate(2)
    history.promote(2)


def say_things(history: History) -> None:
    """Let people tag, describe and archive version 1, and say that nothing of it was imported."""
    first = f"{MODEL}:1"
    history.registry.tag(first, {"quarter": "Q2"}, run=PERSON)
    history.registry.describe(first, "The first one.", run=PERSON)
    history.registry.archive(first, run=PERSON, reason="it is old")
    with change(
        history.catalog, chain=REGISTRY, kind="model_imported", actor="ann", clock=history.clock
    ) as draft:
        now, origin = draft.effective_at, read_identity(draft.connection)
        draft.insert(
            imports, model=MODEL, sequence=0, digest=GENESIS, origin=origin, imported_at=now
        )


def fail_training(
    history: History, number: int, failure: str = "the sky fell", *, model: str = MODEL
) -> VersionRecord:
    """Mark a number failed."""
    return fail(
        history.catalog,
        model=model,
        number=number,
        failure=failure,
        run_id="run-2",
        actor="ann",
        clock=history.clock,
    )
