"""Decisions on many versions at once: what `standing` reads of one, at a few queries for all.

For lists. A test holds that each answer is the one that `standing.read_decision` gives.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from registry_assets.catalog.approvals import ApprovalRecord, approvals_between
from registry_assets.catalog.evaluations import (
    EvaluationRecord,
    VerdictRecord,
    as_evaluation,
    as_verdict,
)
from registry_assets.catalog.holds import list_holds
from registry_assets.catalog.marks import list_marks
from registry_assets.catalog.models import ModelRecord
from registry_assets.catalog.pointers import get_pointer
from registry_assets.catalog.provenance import read_identity
from registry_assets.catalog.recalls import list_recalls
from registry_assets.catalog.tables import evaluations, promotions, tags, verdicts
from registry_assets.catalog.versions import VersionRecord
from registry_assets.governance.active import read_active
from registry_assets.governance.decide import Standing, decide
from registry_assets.governance.policy import Policy
from registry_assets.governance.recalls import recalled_of_each
from registry_assets.governance.standing import Decision, baseline_of, with_policy


def read_decisions(
    connection: sa.Connection,
    model: ModelRecord,
    versions: Sequence[VersionRecord],
    pointer: str,
    *,
    now: str,
) -> Iterator[Decision]:
    """Decide on each of these versions, in their order, for one pointer.

    Args:
        versions: of one model, by ascending number.
    """
    if not versions:
        return
    first, last = versions[0].number, versions[-1].number
    policy = Policy.of(model, read_active(connection), pointer)
    held_now = get_pointer(connection, model.name, pointer)
    baseline = baseline_of(connection, held_now)
    evaluated = _newest_evaluations(connection, model, first, last)
    found = _verdicts(connection, model.name, first, last, evaluated)
    highest, held = _held(connection, model.name, pointer, first, last)
    holds = {hold.number: hold for hold in list_holds(connection, model.name, pointer)}
    marked = list_marks(connection, model.name, first=first, last=last)
    edited = _edited_tags(connection, model.name, first, last)
    recalled = recalled_of_each(connection, versions, list_recalls(connection, in_force=True))
    approved: defaultdict[int, list[ApprovalRecord]] = defaultdict(list)
    for record in approvals_between(connection, model.name, first=first, last=last):
        approved[record.version].append(record)
    registry = read_identity(connection) if policy.active else None
    for version in versions:
        number = version.number
        mark = marked.get(number)
        together = {**version.metadata.get("tags", {}), **edited[number]}
        standing = Standing(
            now=now,
            version=version,
            evaluation=evaluated.get(number),
            verdicts=tuple(found[number]),
            approvals=(),
            pointer=held_now,
            baseline=baseline,
            held=frozenset(highest | ({number} & held)),
            hold=holds.get(number),
            mark=mark if mark and mark.in_force else None,
            tags={name: together[name] for name in sorted(together) if together[name] is not None},
        )
        standing = with_policy(
            connection,
            policy,
            standing,
            approvals=approved[number],
            recalled=recalled.get(version.reference, ()),
            registry=registry,
        )
        yield Decision(policy, standing, decide(policy, standing))


def _newest_evaluations(
    connection: sa.Connection, model: ModelRecord, first: int, last: int
) -> dict[int, EvaluationRecord]:
    """Give the newest complete evaluation of each version under the suite in force."""
    table = evaluations
    newest = (
        sa.select(sa.func.max(table.c.id))
        .where(
            table.c.model == model.name,
            table.c.version.between(first, last),
            table.c.suite_digest == model.suite_digest,
        )
        .group_by(table.c.version)
    )
    rows = connection.execute(sa.select(table).where(table.c.id.in_(newest)))
    return {row.version: as_evaluation(row) for row in rows}


def _verdicts(
    connection: sa.Connection,
    model: str,
    first: int,
    last: int,
    evaluated: dict[int, EvaluationRecord],
) -> defaultdict[int, list[VerdictRecord]]:
    """Give the verdicts of those evaluations, after those reached at commit."""
    table = verdicts
    rows = connection.execute(
        sa.select(table)
        .where(table.c.model == model, table.c.version.between(first, last))
        .order_by(table.c.evaluation_id.is_not(None), table.c.id)
    )
    found: defaultdict[int, list[VerdictRecord]] = defaultdict(list)
    for row in rows:
        newest = evaluated.get(row.version)
        if row.evaluation_id is None or (newest and row.evaluation_id == newest.id):
            found[row.version].append(as_verdict(row))
    return found


def _held(
    connection: sa.Connection, model: str, pointer: str, first: int, last: int
) -> tuple[set[int], set[int]]:
    """Give the highest version that the pointer has held, and which of these it has."""
    column = promotions.c.version
    of_pointer = (promotions.c.model == model, promotions.c.pointer == pointer)
    highest = sa.select(column).where(*of_pointer).order_by(column.desc()).limit(1)
    these = sa.select(column).where(*of_pointer, column.between(first, last))
    return (
        set(connection.execute(highest).scalars()),
        set(connection.execute(these).scalars()),
    )


def _edited_tags(
    connection: sa.Connection, model: str, first: int, last: int
) -> defaultdict[int, dict[str, str | None]]:
    """Give what people changed in the tags of each version; None where one was taken away."""
    table = tags
    rows = connection.execute(
        sa.select(table.c.number, table.c.name, table.c.value).where(
            table.c.model == model, table.c.number.between(first, last)
        )
    )
    found: defaultdict[int, dict[str, str | None]] = defaultdict(dict)
    for row in rows:
        found[row.number][row.name] = row.value
    return found
