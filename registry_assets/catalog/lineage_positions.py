"""How much of the ledger was told to a receiver of lineage: a position in every chain.

A fact about this catalog, in `settings`; no event vouches for it. It moves by compare and swap, so
of two who tell the same at once one notes it. Write under `CHAIN`, which no model waits for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog import statements
from registry_assets.catalog.ledger import GENESIS, Head, chain_origin
from registry_assets.catalog.stored import read_json
from registry_assets.catalog.tables import events, heads, settings
from registry_assets.references import clean_text

CHAIN = "-lineage"
"""Whose lock is taken to note what was told, as `catalog.write(chain=CHAIN)`; it has no events."""

LONGEST_ERROR = 2000
_NAME = "lineage "
_NOTHING = Head(0, GENESIS)


@dataclass(frozen=True, slots=True)
class Refused:
    """An event of the ledger that the receiver will not take as it is, and what it said."""

    chain: str
    sequence: int
    error: str


@dataclass(frozen=True, slots=True)
class Position:
    """How much one receiver was told.

    Args:
        receiver: its identity.
        told: the last event of each chain that was passed on, or refused.
        failures: rounds in a row that came to an end because it did not answer.
        next_at: not to be tried before; None where it may be at once.
    """

    receiver: str
    told: Mapping[str, Head] = field(default_factory=dict)
    refused: tuple[Refused, ...] = ()
    failures: int = 0
    error: str | None = None
    next_at: str | None = None
    updated_at: str | None = None

    def head(self, chain: str) -> Head:
        """Give how far a chain was told."""
        return self.told.get(chain, _NOTHING)

    def moved(self, chain: str, head: Head) -> "Position":
        """Give it as it is once a chain was told up to here."""
        return replace(self, told={**self.told, chain: head})

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON."""
        told: dict[str, Json] = {
            chain: {"sequence": head.sequence, "digest": head.digest}
            for chain, head in sorted(self.told.items())
        }
        return {
            "told": told,
            "refused": [
                {"chain": each.chain, "sequence": each.sequence, "error": each.error}
                for each in self.refused
            ],
            "failures": self.failures,
            "error": None if self.error is None else clean_text(self.error, limit=LONGEST_ERROR),
            "next_at": self.next_at,
            "updated_at": self.updated_at,
        }


def read_position(connection: sa.Connection, receiver: str) -> Position:
    """Give how much a receiver was told; nothing where it is a new one."""
    text = statements.find(connection, settings, "value", name=_NAME + receiver).scalar()
    return Position(receiver) if text is None else _position(receiver, str(text))


def write_position(connection: sa.Connection, before: Position, after: Position) -> bool:
    """Note how much was told.

    Returns:
        False where somebody else noted something since `before` was read; nothing is changed.
    """
    name = _NAME + before.receiver
    value = canonical_json(after.to_json()).decode()
    found = statements.find(connection, settings, "value", name=name).scalar()
    if found is None:
        if before != Position(before.receiver):
            return False
        statements.insert(connection, settings, {"name": name, "value": value})
        return True
    was = {"name": name, "value": canonical_json(before.to_json()).decode()}
    return statements.update(connection, settings, was, {"value": value}) == 1


def told_chains(connection: sa.Connection) -> dict[str, Head]:
    """Give every chain that is told of, with its end; the registry's own comes first.

    Not those of other registries, which came with what was imported: they told it themselves.
    """
    rows = connection.execute(sa.select(heads).order_by(heads.c.chain))
    return {
        row.chain: Head(row.sequence, row.digest) for row in rows if chain_origin(row.chain) is None
    }


def is_of_this_ledger(connection: sa.Connection, chain: str, head: Head) -> bool:
    """Tell whether a position is one of the chain as it is now, and not as it was elsewhere."""
    if head == _NOTHING:
        return True
    found = statements.find(connection, events, "digest", chain=chain, sequence=head.sequence)
    return bool(found.scalar() == head.digest)


def _position(receiver: str, text: str) -> Position:
    value: Mapping[str, Any] = read_json(text, where="what was told of lineage")
    told = {chain: Head(**each) for chain, each in value["told"].items()}
    refused = tuple(Refused(**each) for each in value["refused"])
    names = ("failures", "error", "next_at", "updated_at")
    return Position(receiver, told, refused, **{name: value[name] for name in names})
