"""Tell what was not told yet: from the ledger on, chain by chain, and note how far it came.

What was sent is noted a few events later, so one that dies on the way is told again: each event
arrives once at least, and its run's id says that it is the same. A receiver that is down is tried
again later and misses nothing; an event that it refuses for what it is, is passed over where
everybody sees it.
"""

import time
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from registry_assets.alerting.backoff import wait
from registry_assets.catalog.ledger import REGISTRY, Event, Head, as_event, require_readable
from registry_assets.catalog.lineage_positions import (
    CHAIN,
    Position,
    Refused,
    is_of_this_ledger,
    read_position,
    told_chains,
    write_position,
)
from registry_assets.catalog.provenance import read_identity
from registry_assets.catalog.tables import events
from registry_assets.clock import timestamp
from registry_assets.errors import DeliveryFailed, RegistryError
from registry_assets.faults import reached
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.openlineage.translating import TOLD_KINDS, documents_of
from registry_assets.openlineage.destination import Destination
from registry_assets.openlineage.documents import Document, Place

AT_ONCE = 50
"""Events of the ledger that are read, sent and noted together."""
MOST_EVENTS = 2000
"""Of one round: the first may have years to tell."""
SECONDS = 40.0
"""For one round, but for the event that it is at."""
MOST_REFUSED = 3
"""In a row, after which it is the receiver that is wrong, and not what it is told."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How much a receiver was told, and how much not.

    Args:
        waiting: events of the ledger that are to be told.
        due: whether it may be tried now.
        state: another one whenever something came, or was tried.
    """

    position: Position
    waiting: int
    due: bool
    state: str


@dataclass(frozen=True, slots=True)
class Emitted:
    """What one round came to.

    Args:
        sent: events of OpenLineage that were taken.
        refused: events of the ledger that were not, in this round.
        error: why it came to an end early; empty where it did not.
        waiting: events of the ledger that are still to be told.
    """

    sent: int
    refused: tuple[Refused, ...]
    error: str
    waiting: int


@dataclass(slots=True)
class _Round:
    backends: Backends
    destination: Destination
    place: Place
    position: Position
    until: float
    sent: int = 0
    looked_at: int = 0
    refused: list[Refused] = field(default_factory=list)
    in_a_row: int = 0
    error: str = ""

    @property
    def is_over(self) -> bool:
        """Whether no more is told in it."""
        spent = self.looked_at >= MOST_EVENTS or time.monotonic() > self.until
        return bool(self.error) or spent


def read_progress(backends: Backends, destination: Destination) -> Progress:
    """Give how much was told, and how much is to be."""
    now = timestamp(backends.clock())
    with backends.catalog.read() as connection:
        position = read_position(connection, destination.identity)
        chains = told_chains(connection)
        waiting = sum(
            _waiting(connection, chain, position.head(chain))
            for chain, head in chains.items()
            if head != position.head(chain)
        )
    due = position.next_at is None or position.next_at <= now
    ends = sum(head.sequence for head in chains.values())
    return Progress(position, waiting, due, f"{position.updated_at}/{position.failures}/{ends}")


def emit(backends: Backends, destination: Destination) -> Emitted:
    """Tell what is in the ledger and was not told to this receiver.

    It raises nothing because of the receiver: what it did not take is told the next time.
    """
    with backends.catalog.read() as connection:
        place = Place(read_identity(connection))
        position = read_position(connection, destination.identity)
        chains, known = told_chains(connection), _of_this_ledger(connection, position)
    this = _Round(backends, destination, place, position, time.monotonic() + SECONDS)
    if known != position:
        _note(this, known)
    # First the data, then what was made from it.
    for chain in sorted(chains, key=lambda chain: (chain != REGISTRY, chain)):
        while not this.is_over and _emit_some(this, chain):
            pass
    _close(this)
    waiting = read_progress(backends, destination).waiting
    return Emitted(this.sent, tuple(this.refused), this.error, waiting)


def retry(backends: Backends, destination: Destination) -> tuple[Refused, ...]:
    """Tell once more what was refused; give what is refused still.

    Raises:
        DeliveryFailed: the receiver does not answer; nothing is changed.
    """
    with backends.catalog.read() as connection:
        before = read_position(connection, destination.identity)
        place = Place(read_identity(connection))
    still: list[Refused] = []
    for each in before.refused:
        with backends.catalog.read() as connection:
            found = _events(connection, each.chain, each.sequence - 1, limit=1)
            documents = _documents(connection, place, found[0]) if found else ()
        try:
            if isinstance(documents, DeliveryFailed):
                raise documents
            for document in documents:
                destination.send(document)
        except DeliveryFailed as error:
            if not error.permanent:
                raise
            still.append(replace(each, error=error.message))
    after = replace(before, refused=tuple(still), updated_at=timestamp(backends.clock()))
    with backends.catalog.write(chain=CHAIN) as connection:
        write_position(connection, before, after)
    return tuple(still)


def _emit_some(this: _Round, chain: str) -> bool:
    """Tell some events of a chain, and note it; False where there are none, or no more can be."""
    began = this.position.head(chain)
    with this.backends.catalog.read() as connection:
        found = _events(connection, chain, began.sequence, limit=AT_ONCE)
        told = [(event, _documents(connection, this.place, event)) for event in found]
    head, refused = began, []
    for event, documents in told:
        if this.is_over:
            break
        try:
            _send(this, documents)
        except DeliveryFailed as error:
            if not error.permanent or this.in_a_row + 1 >= MOST_REFUSED:
                this.error = error.message
                break
            this.in_a_row += 1
            refused.append(Refused(chain, event.sequence, error.message))
        this.looked_at += 1
        head = Head(event.sequence, event.digest)
        reached("lineage.sent")
    if head != began:
        this.refused += refused
        kept = (*this.position.refused, *refused)
        _note(this, replace(this.position.moved(chain, head), refused=kept))
    return bool(told)


def _documents(
    connection: sa.Connection, place: Place, event: Event
) -> tuple[Document, ...] | DeliveryFailed:
    """Give what is sent of an event; or why it can never be, which must not hold up the others."""
    try:
        return documents_of(connection, place, event)
    except RegistryError as error:
        return DeliveryFailed(f"it cannot be told: {error.message}", permanent=True)


def _send(this: _Round, documents: tuple[Document, ...] | DeliveryFailed) -> None:
    if isinstance(documents, DeliveryFailed):
        raise documents
    for document in documents:
        this.destination.send(document)
        this.sent += 1
        this.in_a_row = 0


def _close(this: _Round) -> None:
    """Note that the receiver did not answer, and when it is asked again; or that it did."""
    position = this.position
    if this.error:
        failures = position.failures + 1
        later = timestamp(this.backends.clock() + wait(failures))
        _note(this, replace(position, failures=failures, error=this.error, next_at=later))
    elif position.failures:
        _note(this, replace(position, failures=0, error=None, next_at=None))


def _note(this: _Round, after: Position) -> None:
    after = replace(after, updated_at=timestamp(this.backends.clock()))
    with this.backends.catalog.write(chain=CHAIN) as connection:
        noted = write_position(connection, this.position, after)
    if noted:
        this.position = after
    elif not this.error:
        this.error = "somebody else is telling the same receiver now"
    reached("lineage.noted")


def _of_this_ledger(connection: sa.Connection, position: Position) -> Position:
    """Give a position without the chains that were told as they were before a restore."""
    told = {
        chain: head
        for chain, head in position.told.items()
        if is_of_this_ledger(connection, chain, head)
    }
    return position if told == position.told else replace(position, told=told)


def _waiting(connection: sa.Connection, chain: str, told: Head) -> int:
    """Count the events of a chain that are to be told; most of what happens is told to nobody."""
    after = told.sequence if is_of_this_ledger(connection, chain, told) else 0
    query = sa.select(sa.func.count()).where(
        events.c.chain == chain, events.c.sequence > after, events.c.kind.in_(TOLD_KINDS)
    )
    return int(connection.execute(query).scalar_one())


def _events(connection: sa.Connection, chain: str, after: int, *, limit: int) -> list[Event]:
    rows = connection.execute(
        sa.select(events)
        .where(events.c.chain == chain, events.c.sequence > after)
        .order_by(events.c.sequence)
        .limit(limit)
    )
    return [require_readable(*as_event(row)) for row in rows]
