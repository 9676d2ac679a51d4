"""Marks: that a person archived a version, or rejected it.

A mark is not the stage: a version is also archived by the next one's promotion, and rejected
by a gate. What both make of it is derived in `indexing`.
"""

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from registry_assets.catalog import statements
from registry_assets.catalog.ledger import Change
from registry_assets.catalog.tables import marks

Mark = Literal["none", "archived", "rejected"]


@dataclass(frozen=True, slots=True)
class MarkRecord:
    """Who marked a version last, when and why; `none` where an archived one was taken back."""

    model: str
    number: int
    mark: Mark
    reason: str
    actor: str
    marked_at: str

    @property
    def in_force(self) -> bool:
        """Whether it still sets the version aside."""
        return self.mark != "none"

    @property
    def word(self) -> str:
        """What was done: `archived`, `unarchived` or `rejected`."""
        return self.mark if self.in_force else "unarchived"

    @property
    def sentence(self) -> str:
        """`archived by ann on 2026-03-01: it is old`."""
        return f"{self.word} {self.by_whom}"

    @property
    def by_whom(self) -> str:
        """`by ann on 2026-03-01: it is old`."""
        why = f": {self.reason}" if self.reason else ""
        return f"by {self.actor} on {self.marked_at[:10]}{why}"


def read_mark(connection: sa.Connection, model: str, number: int) -> MarkRecord | None:
    """Give a version's mark; None where no person ever archived or rejected it."""
    row = statements.find(connection, marks, model=model, number=number).one_or_none()
    return None if row is None else MarkRecord(**row._asdict())


def marked_above(
    connection: sa.Connection, model: str, number: int, *, limit: int
) -> tuple[int, ...]:
    """Give the newest versions above a number that are set aside, in ascending order."""
    rows = connection.execute(
        sa.select(marks.c.number)
        .where(marks.c.model == model, marks.c.number > number, marks.c.mark != "none")
        .order_by(marks.c.number.desc())
        .limit(limit)
    )
    return tuple(sorted(rows.scalars()))


def list_marks(
    connection: sa.Connection, model: str, *, first: int, last: int
) -> dict[int, MarkRecord]:
    """Give the marks of a model's versions of these numbers, and between, by number."""
    rows = connection.execute(
        sa.select(marks).where(marks.c.model == model, marks.c.number.between(first, last))
    )
    return {row.number: MarkRecord(**row._asdict()) for row in rows}


def write_mark(
    draft: Change, model: str, number: int, mark: Mark, *, actor: str, reason: str
) -> MarkRecord:
    """Mark a version, inside the caller's change."""
    key = {"model": model, "number": number}
    values = {"mark": mark, "reason": reason, "actor": actor, "marked_at": draft.effective_at}
    if not draft.update(marks, key, **values):
        draft.insert(marks, **key, **values)
    return MarkRecord(model, number, mark, reason, actor, draft.effective_at)
