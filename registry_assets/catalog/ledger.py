"""The ledger: append-only events, hash-chained, one chain per registered model and one
for the registry itself.

A change to the catalog is made through `change`, which writes the rows and their one event
in the same transaction: there is no other way to write, so there is no change without an
event. The event carries the digest of every row it wrote; an edited row is found by that.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import index
from typing import Any

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.catalog import statements
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.indexing import Touched, refresh
from registry_assets.catalog.tables import events, heads
from registry_assets.clock import Clock, system_clock, timestamp
from registry_assets.errors import CatalogError
from registry_assets.faults import reached
from registry_assets.references import check_text

REGISTRY = "-registry"
"""The registry's own chain; no model can have this name. That of another registry, whose
history was imported, is kept as `-registry@<its identity>`."""

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

    @property
    def facts(self) -> Mapping[str, Any]:
        """What happened, for programs; empty where the body has none."""
        found = self.body.get("facts")
        return found if isinstance(found, Mapping) else {}


@dataclass(slots=True)
class Change:
    """One transaction in the making: rows to write, and what its event will say."""

    connection: sa.Connection
    effective_at: str
    sentence: str = ""
    facts: dict[str, Json] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    consequences: list[tuple[str, "Change"]] = field(default_factory=list)
    """What followed from it, each with the kind of its own event."""

    def consequence(self, kind: str) -> "Change":
        """Begin another change in this transaction, whose event comes after this one's."""
        draft = Change(self.connection, self.effective_at)
        self.consequences.append((kind, draft))
        return draft

    def insert(self, table: sa.Table, **values: Any) -> Any:
        """Insert one row, with NULL in every column that is not given; give its primary key."""
        row = _whole_row(table, values)
        given = {name: value for name, value in row.items() if name != _numbered(table) or value}
        inserted = statements.insert(self.connection, table, given)
        key = {column.name: inserted[i] for i, column in enumerate(table.primary_key)}
        self._vouch(table, key, {**row, **key})
        return inserted

    def update(self, table: sa.Table, key: Mapping[str, Any], **values: Any) -> int:
        """Update the row of this key, and any further columns given in `key`; count rows."""
        row = statements.find(self.connection, table, **key).mappings().one_or_none()
        if row is None:
            return 0
        before = {str(name): value for name, value in row.items()}
        stored = {name: _plain(table.c[name], value) for name, value in values.items()}
        count = statements.update(self.connection, table, key, stored)
        if count:
            after = {**before, **stored}
            primary = {column.name: after[column.name] for column in table.primary_key}
            # What was there before is on record too: else a row that somebody edited would
            # be vouched for, edit and all, by the next honest change of it.
            self._vouch(table, primary, after, before=row_digest(before))
        return count

    @property
    def touched(self) -> list[Touched]:
        """The rows written so far, by table and primary key."""
        return [(row["table"], row["key"]) for row in self.rows]

    def _vouch(
        self,
        table: sa.Table,
        key: dict[str, Any],
        row: Mapping[str, Any],
        *,
        before: str | None = None,
    ) -> None:
        """Note what was written. The database gives it back so: a law of the tests."""
        entry: dict[str, Any] = {"table": table.name, "key": key}
        if before is not None:
            entry["before"] = before
        entry["digest"] = row_digest(row)
        self.rows.append(entry)


def _whole_row(table: sa.Table, values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = values.keys() - table.c.keys()
    assert not unknown, f"{table.name} has no column {', '.join(sorted(unknown))}"
    return {column.name: _plain(column, values.get(column.name)) for column in table.c}


def _plain(column: sa.Column[Any], value: Any) -> Any:
    """Give a value as the column gives it back: what it is digested as is what is stored.

    psycopg2 would write a number of NumPy's as a call of a function that there is not.
    """
    if value is None:
        return None
    kind = column.type.python_type
    if kind is str and "\0" in value:
        raise CatalogError(
            f"{column} cannot hold the text {value[:100]!r}: it has a NUL in it",
            hint="nothing was changed; PostgreSQL refuses it, and so do we everywhere",
        )
    return value if type(value) is kind else _AS[kind](value)


_AS: Mapping[type, Callable[[Any], Any]] = {str: str.__str__, int: index, float: float}


def _numbered(table: sa.Table) -> str | None:
    """Name the column that the database numbers by itself, if the table has one."""
    column = table.autoincrement_column
    return None if column is None else column.name


def row_digest(row: Mapping[str, Any]) -> str:
    """The digest of one row: sha256 of its canonical JSON."""
    return sha256_digest(canonical_json(dict(row)))


@contextmanager
def change(
    catalog: Catalog, *, chain: str, kind: str, actor: str, reason: str = "", clock: Clock
) -> Iterator[Change]:
    """Open one transaction that ends in one event; writes neither when no row was written.

    What it has as a consequence is an event of its own, in the same transaction.

    Raises:
        DeclarationError: actor or reason hold what is not text, or too much of it.
    """
    check_text(actor, what="actor", limit=LONGEST_ACTOR)
    check_text(reason, what="reason", limit=LONGEST_REASON)
    reached(f"{kind}.begin")
    # Policies, keys and recalls are the registry's: while a model's change is made by them, they
    # stay. In PostgreSQL a pointer moved to a version whose data had been recalled meanwhile.
    beside = None if chain == REGISTRY else REGISTRY
    with catalog.write(chain=chain, beside=beside) as connection:
        draft = Change(connection, timestamp(clock()))
        yield draft
        for its_kind, each in ((kind, draft), *draft.consequences):
            if each.rows:
                refresh(connection, each.touched)
                record(each, chain=chain, kind=its_kind, actor=actor, reason=reason)
        reached(f"{kind}.written")
    reached(f"{kind}.committed")


def record(draft: Change, *, chain: str, kind: str, actor: str, reason: str = "") -> Event:
    """Append the event of a change, inside its transaction."""
    body: dict[str, Json] = {
        "actor": actor,
        "reason": reason,
        "sentence": draft.sentence,
        "effective_at": draft.effective_at,
        "recorded_at": timestamp(system_clock()),
        "facts": draft.facts,
        "rows": list(draft.rows),
    }
    return append(draft.connection, chain=chain, kind=kind, body=body)


def append(connection: sa.Connection, *, chain: str, kind: str, body: dict[str, Json]) -> Event:
    """Append one event to a chain, inside the caller's transaction."""
    head = read_head(connection, chain)
    if chain != REGISTRY:
        # The position in the registry's chain at which keys and policies are judged.
        body = {**body, "registry_head": read_head(connection, REGISTRY).sequence}
    text, sequence = canonical_json(body), head.sequence + 1
    digest = _seal(chain, sequence, head.digest, kind, text)
    values = {"chain": chain, "sequence": sequence, "digest": digest}
    written = {**values, "previous": head.digest, "kind": kind, "body": text.decode()}
    statements.insert(connection, events, written)
    event = Event(chain, sequence, digest, head.digest, kind, body)
    if not head.sequence:
        statements.insert(connection, heads, values)
        return event
    moved = statements.update(connection, heads, {"chain": chain}, values)
    assert moved == 1, "a head moved under the lock of its chain"
    return event


def foreign_chain(origin: str) -> str:
    """Give the name under which another registry's own chain is kept here."""
    return f"{REGISTRY}@{origin}"


def chain_origin(chain: str) -> str | None:
    """Give the registry whose own chain this is; None of a model's chain, and of ours."""
    return chain.removeprefix(f"{REGISTRY}@") if chain.startswith(f"{REGISTRY}@") else None


def sealed(chain: str, sequence: int, previous: str, kind: str, body: Mapping[str, Json]) -> Event:
    """Give the event with its digest, which covers everything else in it."""
    # Another registry's own chain has a name here that it does not have there.
    name = chain if chain_origin(chain) is None else REGISTRY
    digest = _seal(name, sequence, previous, kind, canonical_json(dict(body)))
    return Event(chain, sequence, digest, previous, kind, body)


def _seal(chain: str, sequence: int, previous: str, kind: str, body: bytes) -> str:
    """Digest an event whose body is canonical already.

    It is the canonical JSON of all of them, in which `body` comes first: put together so, a
    body is written once and not twice.
    """
    others: dict[str, Json] = {
        "chain": chain,
        "kind": kind,
        "previous": previous,
        "sequence": sequence,
    }
    return sha256_digest(b'{"body":' + body + b"," + canonical_json(others)[1:])


def read_head(connection: sa.Connection, chain: str) -> Head:
    """Give the end of a chain; an empty chain ends in GENESIS at 0."""
    row = statements.find(connection, heads, "sequence", "digest", chain=chain).one_or_none()
    return Head(0, GENESIS) if row is None else Head(row.sequence, row.digest)


def read_events(connection: sa.Connection, chain: str) -> Iterator[Event]:
    """Give a chain's events, oldest first, as they stand.

    Raises:
        CatalogError: the text of one is not what was written, and cannot be read.
    """
    for event, damage in read_stored(connection, chain):
        yield require_readable(event, damage)


def require_readable(event: Event, damage: str) -> Event:
    """Give an event back, unless its text could not be read.

    Raises:
        CatalogError: it could not; says why.
    """
    if damage:
        raise CatalogError(
            f"event {event.sequence} of {event.chain} cannot be read: {damage}",
            hint="run `registry verify`: it names everything that was changed",
        )
    return event


def read_stored(connection: sa.Connection, chain: str) -> Iterator[tuple[Event, str]]:
    """Give a chain's events, each with what makes its text unreadable, if anything does.

    An unreadable event has an empty body.
    """
    rows = connection.execute(
        sa.select(events).where(events.c.chain == chain).order_by(events.c.sequence)
    )
    for row in rows:
        yield as_event(row)


def as_event(row: sa.Row[Any]) -> tuple[Event, str]:
    """Give a row of the table as the event that it is, and what makes its text unreadable."""
    body, damage = {}, ""
    try:
        body = json.loads(row.body)
    except (ValueError, TypeError) as error:
        damage = str(error)
    if not isinstance(body, dict):
        body, damage = {}, "it is no JSON object"
    return Event(row.chain, row.sequence, row.digest, row.previous, row.kind, body), damage


def read_chains(connection: sa.Connection) -> tuple[str, ...]:
    """Give the names of all chains that have events or a head."""
    found = sa.union(sa.select(events.c.chain), sa.select(heads.c.chain)).subquery()
    chains = connection.execute(sa.select(found.c.chain).order_by("chain")).scalars()
    return tuple(map(str, chains))  # NULL where a bit flipped in the file
