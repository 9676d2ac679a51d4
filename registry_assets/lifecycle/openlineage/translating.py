"""What an event of the ledger is in OpenLineage's words: a run, a job, a dataset, or nothing.

Names of people, reasons and values of parameters stay here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.catalog.evaluations import EvaluationRecord, list_evaluations, read_verdicts
from registry_assets.catalog.index_tables import edges
from registry_assets.catalog.ledger import Event
from registry_assets.catalog.models import get_model
from registry_assets.catalog.pointers import get_promotion
from registry_assets.catalog.snapshots import SnapshotRecord, find_snapshots
from registry_assets.catalog.tables import registered_models
from registry_assets.catalog.versions import VersionRecord, get_version
from registry_assets.errors import NotFound
from registry_assets.openlineage.documents import (
    LEDGER,
    Document,
    Place,
    dataset_event,
    facet,
    job_event,
    run_event,
)
from registry_assets.recipe import SnapshotRef


@dataclass(frozen=True, slots=True)
class Telling:
    """One event, and what it is told with."""

    connection: sa.Connection
    place: Place
    event: Event

    @property
    def model(self) -> str:
        """The model that it is of, where it is of one."""
        return self.event.chain

    @property
    def number(self) -> int:
        """The version that it is about, where it is about one."""
        return int(self.event.facts["version"])

    def run(
        self,
        job: Document,
        *,
        began: str = "",
        failed: str = "",
        told: Mapping[str, object] | None = None,
        inputs: list[Document],
        outputs: list[Document],
    ) -> Iterator[Document]:
        """Give how a run began and how it ended.

        Args:
            began: when; by default it took no time.
            failed: what it says of why; empty where it was done.
            told: fields of our own facet.
        """
        event = self.event
        said = {name: value for name, value in (told or {}).items() if value}
        ledger: Document = {
            "registry": self.place.registry,
            "chain": event.chain,
            "sequence": event.sequence,
            "digest": event.digest,
            "kind": event.kind,
            **said,  # type: ignore[dict-item]
        }
        run_id, facets = self.place.run_id(event.digest), {LEDGER: ledger}
        yield run_event(
            "START", at=began or event.effective_at, run_id=run_id, job=job, run=facets,
            inputs=inputs,
        )  # fmt: skip
        if failed:
            facets["errorMessage"] = {"message": failed, "programmingLanguage": "PYTHON"}
        yield run_event(
            "FAIL" if failed else "COMPLETE", at=event.effective_at, run_id=run_id, job=job,
            run=facets, inputs=inputs, outputs=outputs,
        )  # fmt: skip


def documents_of(connection: sa.Connection, place: Place, event: Event) -> tuple[Document, ...]:
    """Give the events of OpenLineage that an event of the ledger is told as, in their order."""
    tell = _TOLD.get(event.kind)
    return () if tell is None else tuple(tell(Telling(connection, place, event)))


def _snapshot(telling: Telling) -> Iterator[Document]:
    facts, place = telling.event.facts, telling.place
    ref = SnapshotRef(str(facts["asset"]), str(facts["partition"]), str(facts["digest"]))
    behind = telling.connection.execute(
        sa.select(edges.c.parent).where(edges.c.child == ref.digest).order_by(edges.c.parent)
    ).scalars()
    found = find_snapshots(telling.connection, [str(digest) for digest in behind])
    inputs = [_of(place, each.ref) for each in found.values()]
    if not inputs:
        yield dataset_event(at=telling.event.effective_at, dataset=_of(place, ref))
        return
    record = find_snapshots(telling.connection, [ref.digest])[ref.digest]
    yield from telling.run(
        place.job(f"features/{ref.asset}"),
        told={"run_id": record.run_id},
        inputs=inputs,
        outputs=[_of(place, ref, written=record)],
    )


def _declared(telling: Telling) -> Iterator[Document]:
    rows = telling.event.body.get("rows")
    for row in rows if isinstance(rows, list) else ():
        if row.get("table") == registered_models.name:
            yield from _jobs(telling, str(row["key"]["name"]))


def _redeclared(telling: Telling) -> Iterator[Document]:
    return _jobs(telling, telling.model)


def _jobs(telling: Telling, name: str) -> Iterator[Document]:
    """Give the jobs of a model, as it is declared now."""
    model = get_model(telling.connection, name)
    facets: dict[str, Document] = {
        "ownership": {"owners": [{"name": owner} for owner in model.owners]},
        "documentation": {"description": model.description},
    }
    for verb in ("train", "evaluate", "promote"):
        job = telling.place.job(f"{verb}/{name}", facets)
        yield job_event(at=telling.event.effective_at, job=job)


def _trained(telling: Telling) -> Iterator[Document]:
    version = get_version(telling.connection, telling.model, telling.number)
    metadata = version.metadata
    yield from telling.run(
        _training(telling.place, version),
        began=str(metadata.get("started_at") or ""),
        told=_made(version),
        inputs=[_of(telling.place, ref) for ref in version.recipe.train],
        outputs=[_version(telling.place, version)],
    )


def _failed(telling: Telling) -> Iterator[Document]:
    version = get_version(telling.connection, telling.model, telling.number)
    yield from telling.run(
        _training(telling.place, version),
        began=version.reserved_at,
        # Not what it says itself: a traceback may hold anything.
        failed=f"the training of {version.reference} failed; `registry show` says why",
        told=_made(version),
        inputs=[_of(telling.place, ref) for ref in version.recipe.train],
        outputs=[],
    )


def _evaluated(telling: Telling) -> Iterator[Document]:
    place, digest = telling.place, str(telling.event.facts["evaluation"])
    version = get_version(telling.connection, telling.model, telling.number)
    found = list_evaluations(telling.connection, version.model, version=version.number)
    same = [each for each in found if each.digest == digest]
    if not same:
        raise NotFound(f"{version.reference} has no evaluation {digest}")
    # Repeating one may give the same manifest again: the last record of it has the verdicts.
    record = same[-1]
    gates = facet("dataQualityAssertions", {"assertions": list(_assertions(telling, record))})
    yield from telling.run(
        place.job(f"evaluate/{version.model}"),
        told={"run_id": record.run_id},
        inputs=[
            _version(place, version, more={"inputFacets": {"dataQualityAssertions": gates}}),
            *(_of(place, ref) for ref in version.recipe.holdout),
        ],
        outputs=[
            place.dataset(
                f"evaluations/{version.model}",
                digest=digest,
                kind="evaluation",
                reference=version.reference,
            )
        ],
    )


def _assertions(telling: Telling, record: EvaluationRecord) -> Iterator[Document]:
    for verdict in read_verdicts(
        telling.connection, record.model, record.version, evaluation_id=record.id
    ):
        found = verdict.finding
        passed = found.outcome in ("passed", "no_baseline")
        said: Document = {"assertion": found.gate, "success": passed, "name": found.gate}
        for name, value in (("expected", found.threshold), ("actual", found.value)):
            if value is not None:
                said[name] = repr(value)
        yield said


def _moved(telling: Telling) -> Iterator[Document]:
    place, facts = telling.place, telling.event.facts
    pointer, generation = str(facts["pointer"]), int(facts["generation"])
    promotion = get_promotion(telling.connection, telling.model, pointer, generation)
    version = get_version(telling.connection, telling.model, promotion.version)
    yield from telling.run(
        place.job(f"promote/{version.model}"),
        told={
            "run_id": promotion.run_id,
            "pointer": pointer,
            "generation": generation,
            "attestation": promotion.evidence.get("attestation"),
        },
        inputs=[_version(place, version)],
        outputs=[
            place.dataset(
                f"pointers/{version.model}@{pointer}",
                digest=promotion.digest,
                kind="model",
                reference=version.reference,
            )
        ],
    )


def _training(place: Place, version: VersionRecord) -> Document:
    told = version.metadata
    repository, commit = str(told.get("code_repository") or ""), str(told.get("code_commit") or "")
    facets: dict[str, Document] = {}
    if repository.startswith(("https://", "http://")) and commit:
        facets["sourceCodeLocation"] = {"type": "git", "url": repository, "version": commit}
    return place.job(f"train/{version.model}", facets)


def _made(version: VersionRecord) -> dict[str, object]:
    return {
        "run_id": version.run_id,
        "run_url": version.metadata.get("run_url"),
        "recipe": version.recipe_digest,
    }


def _version(
    place: Place, version: VersionRecord, *, more: Mapping[str, Document] | None = None
) -> Document:
    return place.dataset(
        f"models/{version.model}",
        digest=str(version.digest),
        kind="model",
        reference=version.reference,
        more=more,
    )


def _of(place: Place, ref: SnapshotRef, *, written: SnapshotRecord | None = None) -> Document:
    more: dict[str, Document] | None = None
    if written is not None:
        counted = facet("outputStatistics", {"rowCount": written.rows, "size": written.size})
        more = {"outputFacets": {"outputStatistics": counted}}
    return place.dataset(
        f"snapshots/{ref}", digest=ref.digest, kind="snapshot", reference=str(ref), more=more
    )


_TOLD: Mapping[str, Callable[[Telling], Iterator[Document]]] = {
    "snapshot_recorded": _snapshot,
    "model_declared": _declared,
    "declaration_changed": _redeclared,
    "version_committed": _trained,
    "version_failed": _failed,
    "version_evaluated": _evaluated,
    "pointer_moved": _moved,
    "pointer_rolled_back": _moved,
}
TOLD_KINDS = tuple(_TOLD)
"""Kinds of events of the ledger that anything is told of."""
