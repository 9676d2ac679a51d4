"""The ledger: append-only events, hash-chained, one chain per registered model and one
for the registry itself.

A change to the catalog is made through `change`, which writes the rows and their one event
in the same transaction: there is no other way to write, so there is no change without an
event. The event carries the digest of every row it wrote; an edited row is found by that.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.indexing import Touched, refresh
from registry_assets.catalog.tables import events, heads
from registry_assets.clock import Clock, system_clock, timestamp
from registry_assets.errors import CatalogError
from registry_assets.faults import reached
from registry_assets.manifest import Json, canonical_json, sha256_digest
from registry_assets.references import check_text

REGISTRY = "-registry"
"""The registry's own chain; no model can have this name."""

GENESIS = "sha256:" + "0" * 64

LONGEST_ACTOR = 500
LONGEST_REASON = 10_000


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: how many events it has, and the digest of the last."""

    sequence: int
    digest: str


@dataclass(frozen=True, slots=True)
class Event:
    """One recorded change."""

    chain: str
    sequence: int
    digest: str
    previous: str
    kind: str
    body: Mapping[str, Any]

    @property
    def effective_at(self) -> str:
        """When it took effect, by the registry's clock."""
        return str(self.body["effective_at"])

    @property
    def sentence(self) -> str:
        """What happened, as a sentence."""
        return str(self.body["sentence"])


@dataclass(slots=True)
class Change:
    """One transaction in the making: rows to write, and what its event will say."""

    connection: sa.Connection
    effective_at: str
    sentence: str = ""
    facts: dict[str, Json] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def insert(self, table: sa.Table, **values: Any) -> Any:
        """Insert one row; give its primary key."""
        result = self.connection.execute(sa.insert(table).values(**values))
        inserted = result.inserted_primary_key
        assert inserted is not None
        key = {column.name: inserted[i] for i, column in enumerate(table.primary_key)}
        self._vouch(table, key)
        return tuple(inserted)

    def update(self, table: sa.Table, key: Mapping[str, Any], **values: Any) -> int:
        """Update the row of this key, and any further columns given in `key`; count rows."""
        condition = sa.and_(*(table.c[name] == value for name, value in key.items()))
        found = self.connection.execute(sa.select(table).where(condition)).mappings()
        before = found.one_or_none()
        if before is None:
            return 0
        count = self.connection.execute(sa.update(table).where(condition).values(**values)).rowcount
        if count:
            primary = {c.name: {**key, **values}[c.name] for c in table.primary_key}
            # What was there before is on record too: else a row that somebody edited would
            # be vouched for, edit and all, by the next honest change of it.
            self._vouch(table, primary, before=row_digest(dict(before)))
        return count

    @property
    def touched(self) -> list[Touched]:
        """The rows written so far, by table and primary key."""
        return [(row["table"], row["key"]) for row in self.rows]

    def _vouch(self, table: sa.Table, key: Mapping[str, Any], *, before: str | None = None) -> None:
        condition = sa.and_(*(table.c[name] == value for name, value in key.items()))
        row = self.connection.execute(sa.select(table).where(condition)).mappings().one()
        entry: dict[str, Any] = {"table": table.name, "key": dict(key)}
        if before is not None:
            entry["before"] = before
        self.rows.append({**entry, "digest": row_digest(dict(row))})


def row_digest(row: Mapping[str, Any]) -> str:
    """The digest of one row: sha256 of its canonical JSON."""
    return sha256_digest(canonical_json({str(name): value for name, value in row.items()}))


@contextmanager
def change(
    catalog: Catalog, *, chain: str, kind: str, actor: str, reason: str = "", clock: Clock
) -> Iterator[Change]:
    """Open one transaction that ends in one event; writes neither when no row was written.

    Raises:
        DeclarationError: actor or reason hold what is not text, or too much of it.
    """
    check_text(actor, what="actor", limit=LONGEST_ACTOR)
    check_text(reason, what="reason", limit=LONGEST_REASON)
    reached(f"{kind}.begin")
    with catalog.write(chain=chain) as connection:
        draft = Change(connection, timestamp(clock()))
        yield draft
        if draft.rows:
            refresh(connection, draft.touched)
            body: dict[str, Json] = {
                "actor": actor,
                "reason": reason,
                "sentence": draft.sentence,
                "effective_at": draft.effective_at,
                "recorded_at": timestamp(system_clock()),
                "facts": draft.facts,
                "rows": list(draft.rows),
            }
            append(connection, chain=chain, kind=kind, body=body)
        reached(f"{kind}.written")
    reached(f"{kind}.committed")


def append(connection: sa.Connection, *, chain: str, kind: str, body: dict[str, Json]) -> Event:
    """Append one event to a chain, inside the caller's transaction."""
    head = read_head(connection, chain)
    if chain != REGISTRY:
        # The position in the registry's chain at which keys and policies are judged.
        body = {**body, "registry_head": read_head(connection, REGISTRY).sequence}
    event = sealed(chain, head.sequence + 1, head.digest, kind, body)
    connection.execute(
        sa.insert(events).values(
            chain=chain,
            sequence=event.sequence,
            digest=event.digest,
            previous=event.previous,
            kind=kind,
            body=canonical_json(body).decode(),
        )
    )
    values = {"sequence": event.sequence, "digest": event.digest}
    moved = connection.execute(
        sa.update(heads)
        .where(heads.c.chain == chain, heads.c.sequence == head.sequence)
        .values(**values)
    )
    if not moved.rowcount:
        connection.execute(sa.insert(heads).values(chain=chain, **values))
    return event


def sealed(chain: str, sequence: int, previous: str, kind: str, body: Mapping[str, Json]) -> Event:
    """Give the event with its digest, which covers everything else in it."""
    content: dict[str, Json] = {
        "chain": chain,
        "sequence": sequence,
        "previous": previous,
        "kind": kind,
        "body": dict(body),
    }
    digest = sha256_digest(canonical_json(content))
    return Event(chain, sequence, digest, previous, kind, body)


def read_head(connection: sa.Connection, chain: str) -> Head:
    """Give the end of a chain; an empty chain ends in GENESIS at 0."""
    row = connection.execute(
        sa.select(heads.c.sequence, heads.c.digest).where(heads.c.chain == chain)
    ).one_or_none()
    return Head(0, GENESIS) if row is None else Head(row.sequence, row.digest)


def read_events(connection: sa.Connection, chain: str) -> Iterator[Event]:
    """Give a chain's events, oldest first, as they stand.

    Raises:
        CatalogError: the text of one is not what was written, and cannot be read.
    """
    for event, damage in read_stored(connection, chain):
        if damage:
            raise CatalogError(
                f"event {event.sequence} of {chain} cannot be read: {damage}",
                hint="run `registry verify`: it names everything that was changed",
            )
        yield event


def read_stored(connection: sa.Connection, chain: str) -> Iterator[tuple[Event, str]]:
    """Give a chain's events, each with what makes its text unreadable, if anything does.

    An unreadable event has an empty body.
    """
    rows = connection.execute(
        sa.select(events).where(events.c.chain == chain).order_by(events.c.sequence)
    )
    for row in rows:
        body, damage = {}, ""
        try:
            body = json.loads(row.body)
        except ValueError as error:
            damage = str(error)
        if not isinstance(body, dict):
            body, damage = {}, "it is no JSON object"
        yield Event(row.chain, row.sequence, row.digest, row.previous, row.kind, body), damage


def read_chains(connection: sa.Connection) -> tuple[str, ...]:
    """Give the names of all chains that have events or a head."""
    found = sa.union(sa.select(events.c.chain), sa.select(heads.c.chain)).subquery()
    return tuple(connection.execute(sa.select(found.c.chain).order_by("chain")).scalars())
