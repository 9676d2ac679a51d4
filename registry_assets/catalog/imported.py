"""Imported versions: made in another kind of registry, and kept here as history.

Each has a number of the model's, and no row in `versions`: it has no package of ours, so whatever
trains, evaluates, promotes or loads does not find it. One that is a version of ours takes no
number, and is linked to that version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog import statements
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.imported_tables import imported_versions
from registry_assets.catalog.ledger import change
from registry_assets.catalog.stored import Confirm, read_json, trust
from registry_assets.catalog.tables import registered_models
from registry_assets.clock import Clock
from registry_assets.errors import VersionImported

IMPORTED, COMPLETED, LINKED = "version_imported", "version_completed", "version_linked"
SHOWN_AS = {"mlflow": "MLflow", "sagemaker": "SageMaker", "wandb": "Weights & Biases"}
"""What people call a kind of registry."""

State = Literal["imported", "linked"]
FilesState = Literal["whole", "absent"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A version of another registry, about to be recorded.

    Args:
        identity: a digest of what it is there, wherever that server is.
        files: whether its files came.
        said: everything that is known of it.
        said_digest: of what was said of it there.
    """

    identity: str
    source: str
    address: str
    foreign_name: str
    foreign_number: str
    files: FilesState
    said: Mapping[str, Json]
    said_digest: str


@dataclass(frozen=True, slots=True)
class ImportedRecord:
    """What became of a version of another registry here."""

    model: str
    identity: str
    source: str
    address: str
    foreign_name: str
    foreign_number: str
    number: int
    digest: str
    state: State
    files: FilesState
    said: Mapping[str, Any]
    said_digest: str
    actor: str
    run_id: str
    imported_at: str

    @property
    def reference(self) -> str:
        """`churn:3`: what it is called here."""
        return f"{self.model}:{self.number}"

    @property
    def there(self) -> str:
        """`MLflow churn/7`: what it is called there."""
        return f"{SHOWN_AS[self.source]} {self.foreign_name}/{self.foreign_number}"

    @property
    def unsafe(self) -> tuple[str, ...]:
        """Its files that are pickles, or hold one: nothing here ever opens them."""
        return tuple(self.said.get("unsafe", ()))

    @property
    def why_not(self) -> str:
        """Why it can be neither loaded, evaluated nor promoted."""
        pickled = " and its estimator is a pickle, which is never opened," if self.unsafe else ""
        return (
            f"{self.reference} was imported from {self.there}: it has no package of this"
            f" registry,{pickled} so it can be neither loaded, evaluated nor promoted"
        )

    @property
    def remedy(self) -> str:
        """What makes a version of it that can."""
        return (
            "register its estimator anew by `registry register DIR`, in its framework's own format"
            f" and with the declaration of {self.model}: that becomes a version of its own, which"
            " is evaluated and judged here"
        )


def list_imported(
    connection: sa.Connection,
    model: str,
    *,
    before: int | None = None,
    limit: int | None = None,
    linked: bool = False,
) -> tuple[ImportedRecord, ...]:
    """Give a model's imported versions in the order of their numbers here.

    Args:
        before: only numbers below this one.
        limit: the newest of them, at most so many.
        linked: also those that are versions of ours.
    """
    table = imported_versions
    query = sa.select(table).where(table.c.model == model)
    if not linked:
        query = query.where(table.c.state == "imported")
    if before is not None:
        query = query.where(table.c.number < before)
    query = query.order_by(table.c.number.desc(), table.c.identity).limit(limit)
    return tuple(reversed([_record(row) for row in connection.execute(query)]))


def imports_of(connection: sa.Connection, model: str, number: int) -> tuple[ImportedRecord, ...]:
    """Give what a number of a model is elsewhere: the imported version, or those linked to it."""
    rows = statements.find(connection, imported_versions, model=model, number=number)
    return tuple(_record(row) for row in sorted(rows, key=lambda row: row.identity))


def find_imported(
    connection: sa.Connection, model: str, *, number: int | None = None, digest: str | None = None
) -> ImportedRecord | None:
    """Give the imported version of a number or a digest; None where there is none."""
    key = {"number": number} if number is not None else {"digest": digest}
    found = statements.find(connection, imported_versions, model=model, state="imported", **key)
    row = found.one_or_none()
    return None if row is None else _record(row)


def refuse_imported(
    connection: sa.Connection, model: str, *, number: int | None = None, digest: str | None = None
) -> None:
    """Refuse a version that only came as history.

    Raises:
        VersionImported: it is one; says why that is no version to be used, and what to do.
    """
    found = find_imported(connection, model, number=number, digest=digest)
    if found is not None:
        raise VersionImported(
            found.why_not,
            hint=f"`registry show {found.reference}` shows what came; to use it, {found.remedy}",
        )


def next_number(connection: sa.Connection, model: str) -> int:
    """Give the number that the next version of a model gets."""
    found = statements.find(connection, registered_models, "next_version", name=model)
    return int(found.scalar_one())


def record_imported(
    catalog: Catalog,
    incoming: Incoming,
    *,
    model: str,
    number: int,
    digest: str,
    actor: str,
    run_id: str,
    reason: str = "",
    confirm: Confirm = trust,
    clock: Clock,
) -> ImportedRecord | None:
    """Record an imported version under the model's next number; one that is known is given back.

    Gives None where somebody took that number meanwhile: take the next one.

    Args:
        digest: of its manifest, which names that number.
        confirm: makes sure, inside the transaction, that the bytes are there.
    """
    with change(
        catalog, chain=model, kind=IMPORTED, actor=actor, reason=reason, clock=clock
    ) as draft:
        known = _known(draft.connection, model, incoming.identity)
        if known is not None:
            return known
        taken = {"name": model, "next_version": number}
        if not draft.update(registered_models, taken, next_version=number + 1):
            return None
        confirm(draft.connection)
        values = _values(incoming, digest=digest, actor=actor, run_id=run_id)
        draft.insert(
            imported_versions,
            model=model,
            identity=incoming.identity,
            number=number,
            state="imported",
            imported_at=draft.effective_at,
            **values,
        )
        record = _known(draft.connection, model, incoming.identity)
        assert record is not None
        draft.sentence = f"version {number} was imported from {record.there}{_stage(incoming.said)}"
        draft.facts = _facts(record)
        return record


def record_linked(
    catalog: Catalog,
    incoming: Incoming,
    *,
    model: str,
    number: int,
    digest: str,
    actor: str,
    run_id: str,
    reason: str = "",
    clock: Clock,
) -> ImportedRecord:
    """Record that a version there is one of ours, which takes no number and no bytes.

    Args:
        number: of the version here, whose manifest has this digest.
    """
    with change(
        catalog, chain=model, kind=LINKED, actor=actor, reason=reason, clock=clock
    ) as draft:
        record = _known(draft.connection, model, incoming.identity)
        if record is None:
            values = _values(incoming, digest=digest, actor=actor, run_id=run_id)
            draft.insert(
                imported_versions,
                model=model,
                identity=incoming.identity,
                number=number,
                state="linked",
                imported_at=draft.effective_at,
                **values,
            )
            record = _known(draft.connection, model, incoming.identity)
            assert record is not None
            there = f"{record.there}{_stage(incoming.said)}"
            draft.sentence = f"{there} is version {number} of this registry"
            draft.facts = _facts(record)
        return record


def record_completed(
    catalog: Catalog,
    incoming: Incoming,
    *,
    model: str,
    digest: str,
    actor: str,
    run_id: str,
    reason: str = "",
    confirm: Confirm = trust,
    clock: Clock,
) -> ImportedRecord:
    """Record that the files of an imported version came after all, under its number.

    Args:
        digest: of the manifest that names them, and the one of before as its parent.
    """
    with change(
        catalog, chain=model, kind=COMPLETED, actor=actor, reason=reason, clock=clock
    ) as draft:
        known = _known(draft.connection, model, incoming.identity)
        assert known is not None, "nothing to complete"
        if known.files == "whole":
            return known
        confirm(draft.connection)
        key = {"model": model, "identity": incoming.identity}
        values = _values(incoming, digest=digest, actor=actor, run_id=run_id)
        draft.update(imported_versions, key, **values)
        record = _known(draft.connection, model, incoming.identity)
        assert record is not None
        draft.sentence = f"the files of version {record.number} came from {record.there}"
        draft.facts = {**_facts(record), "before": known.digest}
        return record


def _known(connection: sa.Connection, model: str, identity: str) -> ImportedRecord | None:
    found = statements.find(connection, imported_versions, model=model, identity=identity)
    row = found.one_or_none()
    return None if row is None else _record(row)


def _values(incoming: Incoming, *, digest: str, actor: str, run_id: str) -> dict[str, Any]:
    return {
        "source": incoming.source,
        "address": incoming.address,
        "foreign_name": incoming.foreign_name,
        "foreign_number": incoming.foreign_number,
        "digest": digest,
        "files": incoming.files,
        "said": canonical_json(dict(incoming.said)).decode(),
        "said_digest": incoming.said_digest,
        "actor": actor,
        "run_id": run_id,
    }


def _stage(said: Mapping[str, Any]) -> str:
    stage = said.get("stage")
    return f", where its stage is {stage}" if stage else ""


def _facts(record: ImportedRecord) -> dict[str, Json]:
    said = record.said
    return {
        "version": record.number,
        "digest": record.digest,
        "there": record.there,
        "address": record.address,
        "stage": said.get("stage"),
        "made_at": said.get("created_at"),
        "changed_at": said.get("updated_at"),
        "user": said.get("user"),
        "files": record.files,
        "unsafe": list(record.unsafe),
    }


def _record(row: sa.Row[Any]) -> ImportedRecord:
    where = f"what {row.model}:{row.number} was imported from"
    return ImportedRecord(**{**row._asdict(), "said": read_json(row.said, where=where)})
