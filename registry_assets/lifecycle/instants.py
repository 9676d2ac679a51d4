"""What a pointer held at an instant, on which evidence, made from what: as it was then.

Read from promotions, which carry the evidence that they were decided on, and from the
ledger, which knows when each was recorded. Nothing is decided again: today's policy and
today's gates have no say about the past.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.ledger import Event
from registry_assets.catalog.log import read_backwards, read_event
from registry_assets.catalog.models import get_model
from registry_assets.catalog.pointers import PromotionRecord, get_pointer, list_pointers
from registry_assets.catalog.tenures import Tenure, tenure_at, tenure_of
from registry_assets.catalog.versions import VersionRecord, get_version
from registry_assets.clock import parse_instant, timestamp
from registry_assets.errors import InvalidInstant, InvalidReference
from registry_assets.lifecycle.backends import Backends
from registry_assets.references import Reference


@dataclass(frozen=True, slots=True)
class Holding:
    """What one pointer held at one instant.

    Args:
        tenure: the promotion that brought it there, and until when; None before the first.
        version: the version that was held, with the recipe that it was made from.
        recorded_at: when the promotion was written down, by the machine's clock. In a replay
            of the past, or where the ledger was cut, that is another time, or none.
        first_at: when the pointer was moved for the first time, if it ever was.
        set_back: whether the promotion before this one carries a later time: the registry's
            clock was set back between the two, and the instant came twice.
    """

    model: str
    pointer: str
    instant: str
    tenure: Tenure | None
    version: VersionRecord | None
    recorded_at: str | None
    first_at: str | None
    set_back: bool

    @property
    def promotion(self) -> PromotionRecord | None:
        """The promotion that brought the version there."""
        return self.tenure.promotion if self.tenure else None

    @property
    def evidence(self) -> Mapping[str, Any]:
        """What the promotion was decided on; empty where nothing was held."""
        return self.tenure.promotion.evidence if self.tenure else {}

    @property
    def replayed(self) -> bool:
        """Whether it was recorded on another day than it took effect."""
        took_effect = self.tenure.promotion.created_at if self.tenure else None
        return bool(took_effect and self.recorded_at and took_effect[:10] != self.recorded_at[:10])


def holdings_at(
    backends: Backends, reference: Reference, instant: datetime | str
) -> tuple[Holding, ...]:
    """Give what a pointer held at an instant, or each pointer of a model.

    Raises:
        InvalidInstant: it has no time zone, or has not come yet.
        InvalidReference: the reference names a version: what a version is never changes.
        NotFound: there is no such model or pointer.
    """
    when = _past(backends, instant)
    if reference.version is not None or reference.digest is not None:
        raise InvalidReference(
            f"{reference} names a version, which is the same at any time",
            hint=f"ask about a pointer, {reference.model}@production, or about"
            f" {reference.model} for all its pointers",
        )
    with backends.catalog.read() as connection:
        get_model(connection, reference.model)
        if reference.pointer is not None:
            names = [get_pointer(connection, reference.model, reference.pointer).name]
        else:
            names = [pointer.name for pointer in list_pointers(connection, reference.model)]
        return tuple(_holding(connection, reference.model, name, when) for name in names)


def _past(backends: Backends, instant: datetime | str) -> str:
    text = instant if isinstance(instant, str) else instant.isoformat()
    when, now = timestamp(parse_instant(text)), timestamp(backends.clock())
    if when > now:
        raise InvalidInstant(
            f"{text} has not come yet: it is {now}", hint="ask about an instant of the past"
        )
    return when


def _holding(connection: sa.Connection, model: str, pointer: str, when: str) -> Holding:
    tenure = tenure_at(connection, model, pointer, when)
    first = tenure_of(connection, model, pointer, 1)
    before = None
    if tenure is not None:
        before = tenure_of(connection, model, pointer, tenure.promotion.generation - 1)
    moved = _event(connection, tenure.promotion) if tenure else None
    return Holding(
        model=model,
        pointer=pointer,
        instant=when,
        tenure=tenure,
        version=get_version(connection, model, tenure.promotion.version) if tenure else None,
        recorded_at=str(moved.body["recorded_at"]) if moved else None,
        first_at=first.promotion.created_at if first else None,
        set_back=bool(
            tenure and before and before.promotion.created_at > tenure.promotion.created_at
        ),
    )


def _event(connection: sa.Connection, promotion: PromotionRecord) -> Event | None:
    """Give the event that recorded a promotion; None where the ledger has none."""
    heads = promotion.evidence.get("ledger")
    head = heads.get(promotion.model) if isinstance(heads, Mapping) else None
    if isinstance(head, Mapping) and isinstance(head.get("sequence"), int):
        # The checkpoint was taken right before the event was appended.
        event = read_event(connection, promotion.model, head["sequence"] + 1)
        if event is not None and _is_of(event, promotion):
            return event
    every = read_backwards(connection, promotion.model)
    return next((event for event in every if _is_of(event, promotion)), None)


def _is_of(event: Event, promotion: PromotionRecord) -> bool:
    facts = event.facts
    return (facts.get("pointer"), facts.get("generation")) == (
        promotion.pointer,
        promotion.generation,
    )
