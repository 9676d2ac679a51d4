"""A chain of the ledger read from its end: the newest events, some of them, one version's.

Nothing reads more of a chain than it shows and what lies between. The chain as a whole,
and whether it is sound, is in `ledger` and `lifecycle.auditing`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa

from registry_assets.catalog.ledger import Event, as_event, require_readable
from registry_assets.catalog.tables import events, promotions

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are asked for; by default all.

    Args:
        since: by when they took effect, a timestamp; those of that very moment are in.
        until: the same; those of that very moment are not in.
        version: the number of a version that they are about.
    """

    since: str | None = None
    until: str | None = None
    kind: str | None = None
    actor: str | None = None
    version: int | None = None

    @property
    def everything(self) -> bool:
        """Whether no event is left out."""
        return self == Wanted()


@dataclass(frozen=True, slots=True)
class LogPage:
    """Events of a chain, oldest first.

    Args:
        earlier: how many the chain has before the first of them, asked for or not; 0 where
            none of those is.
    """

    events: tuple[Event, ...]
    earlier: int


def read_event(connection: sa.Connection, chain: str, sequence: int) -> Event | None:
    """Give one event; None where the chain has no such sequence number."""
    row = connection.execute(
        sa.select(events).where(events.c.chain == chain, events.c.sequence == sequence)
    ).one_or_none()
    return None if row is None else require_readable(*as_event(row))


def read_backwards(
    connection: sa.Connection,
    chain: str,
    *,
    before: int | None = None,
    kind: str | None = None,
    mentioning: tuple[str, ...] = (),
) -> Iterator[Event]:
    """Give a chain's events, newest first, reading on only as long as they are asked for.

    Args:
        before: a sequence number; that event and the later ones are left out.
        mentioning: texts, one of which stands in an event's body.
    """
    query = sa.select(events).where(events.c.chain == chain)
    if kind is not None:
        query = query.where(events.c.kind == kind)
    if mentioning:
        query = query.where(sa.or_(*(events.c.body.contains(text) for text in mentioning)))
    while True:
        page = query if before is None else query.where(events.c.sequence < before)
        rows = connection.execute(page.order_by(events.c.sequence.desc()).limit(_PAGE)).all()
        for row in rows:
            yield require_readable(*as_event(row))
        if len(rows) < _PAGE:
            return
        before = rows[-1].sequence


def read_log(
    connection: sa.Connection, chain: str, wanted: Wanted, *, last: int, before: int | None = None
) -> LogPage:
    """Give the newest events that are wanted, as many as `last`, oldest first."""
    replaced: frozenset[tuple[object, object]] = frozenset()
    mentioning: tuple[str, ...] = ()
    if wanted.version is not None:
        # As canonical JSON writes it; what only looks like it is left out below.
        mentioning = tuple(
            f'"{name}":{wanted.version}{end}' for name in ("number", "version") for end in ",}"
        )
        replaced = _replacing(connection, chain, wanted.version)
        mentioning += tuple(f'"generation":{generation},' for _, generation in replaced)
    every = read_backwards(
        connection, chain, before=before, kind=wanted.kind, mentioning=mentioning
    )
    found = list(islice((e for e in every if _is_wanted(e, wanted, replaced)), last))
    if len(found) < last:
        return LogPage(tuple(reversed(found)), earlier=0)
    return LogPage(tuple(reversed(found)), earlier=found[-1].sequence - 1)


def _is_wanted(event: Event, wanted: Wanted, replaced: frozenset[tuple[object, object]]) -> bool:
    if wanted.since is not None and event.effective_at < wanted.since:
        return False
    if wanted.until is not None and event.effective_at >= wanted.until:
        return False
    if wanted.actor is not None and event.body.get("actor") != wanted.actor:
        return False
    return wanted.version is None or _is_about(event, wanted.version, replaced)


def _is_about(event: Event, version: int, replaced: frozenset[tuple[object, object]]) -> bool:
    """Whether an event's facts or rows name a version, or it took the version's place."""
    facts = event.facts
    if version in (facts.get("version"), facts.get("number")):
        return True
    if (facts.get("pointer"), facts.get("generation")) in replaced:
        return True
    observed = facts.get("observed")
    for each in observed if isinstance(observed, list) else ():
        if isinstance(each, dict) and each.get("version") == version:
            return True
    rows = event.body.get("rows")
    written = rows if isinstance(rows, list) else []
    keys = [row.get("key") for row in written if isinstance(row, dict)]
    return any(isinstance(key, dict) and key.get("number") == version for key in keys)


def _replacing(
    connection: sa.Connection, model: str, version: int
) -> frozenset[tuple[object, object]]:
    """Give the promotions after which a pointer no longer held a version."""
    moved, following = promotions, sa.alias(promotions, "following")
    rows = connection.execute(
        sa.select(following.c.pointer, following.c.generation)
        .select_from(
            moved.join(
                following,
                sa.and_(
                    following.c.model == moved.c.model,
                    following.c.pointer == moved.c.pointer,
                    following.c.generation == moved.c.generation + 1,
                ),
            )
        )
        .where(moved.c.model == model, moved.c.version == version)
    )
    return frozenset((row.pointer, row.generation) for row in rows)
