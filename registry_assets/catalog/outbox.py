"""The outbox: what is to be told of alerts, written with what it tells of, and its deliveries.

An occasion (`opened`, `repeated`, …) is appended in the transaction that made it, so none is
lost and none is told that did not happen. Whoever delivers settles once which sinks get it, and
then claims each delivery before it sends: one that dies on the way is tried again, and of two
that race for one delivery, one gets it. So every occasion is sent once at least, and its `key`
tells a receiver what it has seen.

No event vouches for these rows. Write under `CHAIN`, which no model waits for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog import statements
from registry_assets.catalog.ledger import Change
from registry_assets.catalog.monitoring_tables import deliveries, outbox
from registry_assets.catalog.stored import read_json
from registry_assets.references import clean_text

Occasion = Literal["opened", "repeated", "acknowledged", "resolved", "retrained", "escalated"]
OCCASIONS: tuple[Occasion, ...] = (
    "opened",
    "repeated",
    "acknowledged",
    "resolved",
    "retrained",
    "escalated",
)
"""What can become of an alert that somebody is told."""

State = Literal["waiting", "delivered", "given_up"]

CHAIN = "-outbox"
"""Whose lock deliverers take, as `catalog.write(chain=CHAIN)`; it has no events."""

LONGEST_ERROR = 2000


@dataclass(frozen=True, slots=True)
class Letter:
    """One occasion of an alert, to be told.

    Args:
        id: in the order of writing; not without gaps.
        key: stable: the same occasion is never written twice, and receivers tell by it what they
            have seen.
        alert: its number in the model.
        addressed_at: when it was settled which sinks get it; None where it was not yet.
    """

    id: int
    key: str
    model: str
    alert: int
    occasion: Occasion
    body: Mapping[str, Any]
    created_at: str
    addressed_at: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One letter to one sink.

    Args:
        attempts: how many were begun.
        next_at: not to be tried before; while one is under way, when it counts as lost.
        error: of the last attempt that failed.
    """

    letter: Letter
    sink: str
    state: State
    attempts: int
    next_at: str
    error: str | None
    updated_at: str


def append(
    draft: Change,
    *,
    key: str,
    model: str,
    alert: int,
    occasion: Occasion,
    body: Mapping[str, Json],
) -> Letter:
    """Write what is to be told, in the transaction of what happened; a known key changes nothing.

    Args:
        key: names the occasion: registry, model, alert, and what became of it the how often.
    """
    if (known := find_letter(draft.connection, key)) is not None:
        return known
    values = {
        "key": key,
        "model": model,
        "alert": alert,
        "occasion": occasion,
        "body": canonical_json(dict(body)).decode(),
        "created_at": draft.effective_at,
    }
    (made,) = statements.insert(draft.connection, outbox, values)
    return _letter(statements.find(draft.connection, outbox, id=made).one())


def find_letter(connection: sa.Connection, key: str) -> Letter | None:
    """Give the letter of a key; None where there is none."""
    row = statements.find(connection, outbox, key=key).one_or_none()
    return None if row is None else _letter(row)


def list_letters(
    connection: sa.Connection, model: str, alert: int | None = None
) -> tuple[Letter, ...]:
    """Give the letters about a model's alerts, or about one, in the order of writing."""
    key: dict[str, Any] = {"model": model}
    if alert is not None:
        key["alert"] = alert
    rows = statements.find(connection, outbox, **key)
    return tuple(_letter(row) for row in sorted(rows, key=lambda row: row.id))


def unaddressed(connection: sa.Connection, *, limit: int = 100) -> tuple[Letter, ...]:
    """Give the letters of which it is not settled who gets them, oldest first."""
    query = sa.select(outbox).where(outbox.c.addressed_at.is_(None))
    rows = connection.execute(query.order_by(outbox.c.id).limit(limit))
    return tuple(_letter(row) for row in rows)


def count_unaddressed(connection: sa.Connection) -> int:
    """Give of how many letters it is not settled who gets them."""
    query = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.addressed_at.is_(None))
    return int(connection.execute(query).scalar_one())


def address(
    connection: sa.Connection, letter: Letter, times: Mapping[str, str], *, now: str
) -> bool:
    """Settle which sinks get a letter, once and for all.

    Earlier letters about the same alert that only wait for their time are told no later than
    this one: what became of an alert is told in its order.

    Args:
        times: the names of the sinks, each with the time before which it is not told. Nobody
            gets the letter where it is empty.

    Returns:
        False where it was settled before; nothing is changed then.
    """
    of_letter = sa.and_(outbox.c.id == letter.id, outbox.c.addressed_at.is_(None))
    settled = connection.execute(sa.update(outbox).where(of_letter).values(addressed_at=now))
    if not settled.rowcount:
        return False
    for sink, time in sorted(times.items()):
        values = {"outbox_id": letter.id, "sink": sink, "state": "waiting", "attempts": 0}
        statements.insert(
            connection, deliveries, {**values, "next_at": time, "error": None, "updated_at": now}
        )
        _hasten(connection, letter, sink, time)
    return True


def due(
    connection: sa.Connection,
    *,
    now: str,
    sinks: Sequence[str] | None = None,
    limit: int = 100,
) -> tuple[Delivery, ...]:
    """Give the deliveries that wait and may be tried now, in the order of their letters.

    Of the letters about one alert a sink gets the next one when it has the one before, or that
    was given up: an incident that is resolved first and opened then would stay open.

    Args:
        sinks: to these only: one that is configured no more is not tried.
    """
    query = _BOTH.where(deliveries.c.state == "waiting", deliveries.c.next_at <= now)
    query = query.where(~_IS_BEHIND)
    if sinks is not None:
        query = query.where(deliveries.c.sink.in_(list(sinks)))
    return _read(connection, query.order_by(outbox.c.id, deliveries.c.sink).limit(limit))


def claim(
    connection: sa.Connection, delivery: Delivery, *, until: str, now: str
) -> Delivery | None:
    """Begin an attempt: count it, and keep others off; None where somebody else was faster.

    Commit before sending: a deliverer that dies is an attempt that was made, and after `until`
    there is another one.
    """
    began = replace(delivery, attempts=delivery.attempts + 1, next_at=until, updated_at=now)
    return began if _put(connection, delivery, began) else None


def settle(
    connection: sa.Connection,
    claimed: Delivery,
    state: State,
    *,
    next_at: str | None = None,
    error: str | None = None,
    now: str,
) -> bool:
    """Note how a claimed attempt ended.

    Args:
        state: `waiting` where there is to be another one.
        next_at: not to be tried before; by default as it was.

    Returns:
        False where somebody else has begun another attempt since: what they note counts.
    """
    said = None if error is None else clean_text(error, limit=LONGEST_ERROR)
    when = claimed.next_at if next_at is None else next_at
    ended = replace(claimed, state=state, next_at=when, error=said, updated_at=now)
    return _put(connection, claimed, ended)


def retry(connection: sa.Connection, delivery: Delivery, *, now: str) -> bool:
    """Let a delivery that was given up be tried again from now on, as if it were new.

    Returns:
        False where it is not given up any more.
    """
    again = replace(delivery, state="waiting", attempts=0, next_at=now, updated_at=now)
    return delivery.state == "given_up" and _put(connection, delivery, again)


def list_deliveries(
    connection: sa.Connection,
    model: str | None = None,
    alert: int | None = None,
    *,
    states: Sequence[State] = ("waiting", "delivered", "given_up"),
    limit: int | None = None,
) -> tuple[Delivery, ...]:
    """Give deliveries, those of the newest letters first.

    Args:
        states: only those in one of these; `given_up` are those that nobody was told.
    """
    query = _BOTH.where(deliveries.c.state.in_(list(states)))
    if model is not None:
        query = query.where(outbox.c.model == model)
    if alert is not None:
        query = query.where(outbox.c.alert == alert)
    return _read(connection, query.order_by(outbox.c.id.desc(), deliveries.c.sink).limit(limit))


def count_deliveries(connection: sa.Connection) -> dict[State, int]:
    """Give how many deliveries are in each state."""
    query = sa.select(deliveries.c.state, sa.func.count()).group_by(deliveries.c.state)
    return {state: int(count) for state, count in connection.execute(query)}


_OF_DELIVERY = ("sink", "state", "attempts", "next_at", "error", "updated_at")
_BOTH = sa.select(outbox, *(deliveries.c[name] for name in _OF_DELIVERY)).join_from(
    outbox, deliveries
)


_before, _letter_before = sa.alias(deliveries, "before"), sa.alias(outbox, "letter_before")
_IS_BEHIND = (
    sa.select(sa.literal(1))
    .select_from(_before.join(_letter_before, _letter_before.c.id == _before.c.outbox_id))
    .where(
        _before.c.state == "waiting",
        _before.c.sink == deliveries.c.sink,
        _letter_before.c.model == outbox.c.model,
        _letter_before.c.alert == outbox.c.alert,
        _letter_before.c.id < outbox.c.id,
    )
    .correlate(outbox, deliveries)
    .exists()
)


def _hasten(connection: sa.Connection, letter: Letter, sink: str, time: str) -> None:
    earlier = sa.select(outbox.c.id).where(
        outbox.c.model == letter.model, outbox.c.alert == letter.alert, outbox.c.id < letter.id
    )
    connection.execute(
        sa.update(deliveries)
        .where(
            deliveries.c.sink == sink,
            deliveries.c.state == "waiting",
            deliveries.c.attempts == 0,
            deliveries.c.next_at > time,
            deliveries.c.outbox_id.in_(earlier),
        )
        .values(next_at=time)
    )


def _put(connection: sa.Connection, seen: Delivery, becomes: Delivery) -> bool:
    """Change a delivery that is still as it was seen: compare and swap on its attempts."""
    key = {
        "outbox_id": seen.letter.id,
        "sink": seen.sink,
        "state": seen.state,
        "attempts": seen.attempts,
    }
    names = ("state", "attempts", "next_at", "error", "updated_at")
    values = {name: getattr(becomes, name) for name in names}
    return statements.update(connection, deliveries, key, values) == 1


def _read(connection: sa.Connection, query: "sa.Select[Any]") -> tuple[Delivery, ...]:
    return tuple(
        Delivery(_letter(row), *(getattr(row, name) for name in _OF_DELIVERY))
        for row in connection.execute(query)
    )


def _letter(row: sa.Row[Any]) -> Letter:
    body = read_json(row.body, where=f"letter {row.id} of the outbox")
    return Letter(
        row.id, row.key, row.model, row.alert, row.occasion, body, row.created_at, row.addressed_at
    )
