"""Holds: that a pointer was rolled back from a version, which stays off it until released.

A hold is about one pointer: elsewhere the version may be held and promoted. A mark sets a
version aside everywhere, and is in `marks`.
"""

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from registry_assets.catalog import statements
from registry_assets.catalog.ledger import Change
from registry_assets.catalog.tables import pointer_holds

State = Literal["held", "released"]


@dataclass(frozen=True, slots=True)
class HoldRecord:
    """Who rolled a pointer back from a version, or released it since, when and why."""

    model: str
    pointer: str
    number: int
    state: State
    reason: str
    actor: str
    set_at: str

    @property
    def in_force(self) -> bool:
        """Whether it still keeps the version off the pointer."""
        return self.state == "held"

    @property
    def sentence(self) -> str:
        """`production was rolled back from version 3 by ann on 2026-03-01: it was slow`."""
        if self.in_force:
            return f"{self.pointer} was rolled back from version {self.number} {self.by_whom}"
        return f"version {self.number} was released for {self.pointer} {self.by_whom}"

    @property
    def by_whom(self) -> str:
        """`by ann on 2026-03-01: it was slow`."""
        why = f": {self.reason}" if self.reason else ""
        return f"by {self.actor} on {self.set_at[:10]}{why}"


def read_hold(
    connection: sa.Connection, model: str, pointer: str, number: int
) -> HoldRecord | None:
    """Give the hold of a version on a pointer; None where it was never rolled back from."""
    key = {"model": model, "pointer": pointer, "number": number}
    row = statements.find(connection, pointer_holds, **key).one_or_none()
    return None if row is None else HoldRecord(**row._asdict())


def list_holds(
    connection: sa.Connection, model: str, pointer: str | None = None
) -> tuple[HoldRecord, ...]:
    """Give the holds of a model, on one pointer if given, by pointer and number."""
    table = pointer_holds
    query = sa.select(table).where(table.c.model == model)
    if pointer is not None:
        query = query.where(table.c.pointer == pointer)
    rows = connection.execute(query.order_by(table.c.pointer, table.c.number))
    return tuple(HoldRecord(**row._asdict()) for row in rows)


def write_hold(
    draft: Change, model: str, pointer: str, number: int, state: State, *, actor: str, reason: str
) -> HoldRecord:
    """Hold a version on a pointer, or release it there, inside the caller's change."""
    key = {"model": model, "pointer": pointer, "number": number}
    values = {"state": state, "reason": reason, "actor": actor, "set_at": draft.effective_at}
    if not draft.update(pointer_holds, key, **values):
        draft.insert(pointer_holds, **key, **values)
    return HoldRecord(model, pointer, number, state, reason, actor, draft.effective_at)
