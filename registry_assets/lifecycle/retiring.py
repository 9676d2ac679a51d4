"""Retire: archive a version by hand, take that back, or reject a version for good.

Nothing is deleted: every byte stays, and what is archived or rejected can still be read, loaded
and compared. Only a pointer does not move forward to it.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.canonical import Json
from registry_assets.catalog.ledger import Change, change
from registry_assets.catalog.marks import Mark, MarkRecord, read_mark, write_mark
from registry_assets.catalog.pointers import list_pointers
from registry_assets.catalog.tables import promotions
from registry_assets.catalog.versions import VersionRecord, get_committed
from registry_assets.declaration.checks import require
from registry_assets.errors import ApprovalRefused, RetiringRefused
from registry_assets.lifecycle.approving import Given, accept, facts_of, open_envelope
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.deploying import resolve
from registry_assets.references import Reference

_KINDS = {
    "archived": "version_archived",
    "none": "version_unarchived",
    "rejected": "version_rejected",
}


@dataclass(frozen=True, slots=True)
class Retired:
    """How a version is marked now; `changed` is False where it was so already."""

    version: VersionRecord
    mark: MarkRecord
    changed: bool


def archive(backends: Backends, reference: Reference, *, run: RunInfo, reason: str = "") -> Retired:
    """Archive a version: no pointer moves forward to it until it is unarchived.

    Raises:
        NotFound, VersionFailed: there is no such version, or it was never committed.
        RetiringRefused: a pointer holds it, or it was rejected.
    """
    return _mark(backends, reference, "archived", run=run, reason=reason)


def unarchive(
    backends: Backends, reference: Reference, *, run: RunInfo, reason: str = ""
) -> Retired:
    """Take back that a person archived a version.

    Raises:
        NotFound, VersionFailed: there is no such version, or it was never committed.
        RetiringRefused: no person archived it, or it was rejected.
    """
    return _mark(backends, reference, "none", run=run, reason=reason)


def reject(
    backends: Backends,
    reference: Reference,
    *,
    run: RunInfo,
    reason: str = "",
    envelope: bytes | None = None,
) -> Retired:
    """Reject a version for good: no pointer ever moves to it.

    Args:
        envelope: the rejection as somebody signed it, whose reason is then the one.

    Raises:
        DeclarationError: no reason is given.
        NotFound, VersionFailed: there is no such version, or it was never committed.
        RetiringRefused: a pointer holds it.
        SigningError, ApprovalRefused: what is signed is damaged, or does not count for it.
    """
    given = None if envelope is None else open_envelope(envelope)
    reason = reason if given is None else given.statement.reason
    require(
        bool(reason.strip()),
        "a rejection is for good, and needs a reason",
        "say why, with `--reason`, or reason=… in Python; nothing was changed",
    )
    return _mark(backends, reference, "rejected", run=run, reason=reason, given=given)


def _mark(
    backends: Backends,
    reference: Reference,
    mark: Mark,
    *,
    run: RunInfo,
    reason: str,
    given: Given | None = None,
) -> Retired:
    with change(
        backends.catalog,
        chain=reference.model,
        kind=_KINDS[mark],
        actor=run.actor,
        reason=reason,
        clock=backends.clock,
    ) as draft:
        # All of it under the write lock: else a promotion at the same moment could leave a
        # version in production that was archived a moment before.
        version = _committed(draft.connection, reference)
        before = read_mark(draft.connection, version.model, version.number)
        if before is not None and before.mark == mark:
            return Retired(version, before, changed=False)
        _refuse(draft, version, before, mark)
        signed: dict[str, Json] = {}
        by = run.actor
        if given is not None:
            _require_of(given, version)
            record = accept(draft, given, run=run)
            signed, by = facts_of(record), record.person
        after = write_mark(draft, version.model, version.number, mark, actor=by, reason=reason)
        draft.sentence = f"version {version.number} was {after.word}"
        if signed:
            draft.sentence += f", signed by {by}"
        draft.facts = {
            **signed,
            "version": version.number,
            "before": before.mark if before else None,
            "after": mark,
        }
        return Retired(version, after, changed=True)


def _require_of(given: Given, version: VersionRecord) -> None:
    """Refuse a rejection of another version, or what is none."""
    statement = given.statement
    if (statement.decision, statement.bound.reference) != ("reject", version.reference):
        raise ApprovalRefused(
            f"what {statement.person} signed is to {statement.decision}"
            f" {statement.bound.reference}, and not to reject {version.reference}",
            hint="sign the rejection of this very version; nothing was changed",
        )


def _committed(connection: sa.Connection, reference: Reference) -> VersionRecord:
    if reference.version is not None:
        return get_committed(connection, reference.model, reference.version)
    return resolve(connection, reference)


def _refuse(draft: Change, version: VersionRecord, before: MarkRecord | None, mark: Mark) -> None:
    name = version.reference
    if before is not None and before.mark == "rejected":
        raise RetiringRefused(
            f"{name} was {before.sentence}",
            hint="a rejection is for good: train another version; nothing was changed",
        )
    if mark == "none":
        if before is None:
            raise RetiringRefused(
                f"{name} was never archived by hand{_replaced(draft.connection, version)}",
                hint=f"`registry explain {name}` says what holds it; nothing was changed",
            )
        return
    holding = [
        pointer.name
        for pointer in list_pointers(draft.connection, version.model)
        if pointer.version == version.number
    ]
    if holding:
        word = "archived" if mark == "archived" else "rejected"
        raise RetiringRefused(
            f"{name} cannot be {word}: {' and '.join(holding)} holds it",
            hint="promote another version first, or roll back: `registry rollback"
            f" {version.model}@{holding[0]}`; nothing was changed",
        )


def _replaced(connection: sa.Connection, version: VersionRecord) -> str:
    moved = sa.select(promotions.c.pointer).filter_by(model=version.model, version=version.number)
    pointer = connection.execute(moved.limit(1)).scalar()
    return "" if pointer is None else f": {pointer} held it once and has moved on"
