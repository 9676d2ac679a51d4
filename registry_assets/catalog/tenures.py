"""When a pointer held what: read from the promotions, each lasting until the next one.

The order of a pointer's promotions is that of their generations. Their times grow with it,
except where the registry's clock was set back, or a past was replayed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.pointers import (
    PointerRecord,
    PromotionRecord,
    as_promotion,
    newest_promotion,
)
from registry_assets.catalog.tables import pointers, promotions

_following = sa.alias(promotions, "following")
_WITH_UNTIL = (
    sa.select(promotions, _following.c.created_at.label("until"))
    .select_from(
        promotions.outerjoin(
            _following,
            sa.and_(
                _following.c.model == promotions.c.model,
                _following.c.pointer == promotions.c.pointer,
                _following.c.generation == promotions.c.generation + 1,
            ),
        )
    )
    .order_by(promotions.c.pointer, promotions.c.generation)
)


@dataclass(frozen=True, slots=True)
class Tenure:
    """A time in which a pointer held a version; `until` is None while it does."""

    promotion: PromotionRecord
    until: str | None


def version_tenures(
    connection: sa.Connection, model: str, *, first: int, last: int
) -> tuple[Tenure, ...]:
    """Give the times in which pointers held the versions of these numbers, oldest first."""
    query = _WITH_UNTIL.where(
        promotions.c.model == model, promotions.c.version.between(first, last)
    )
    return tuple(_tenures(connection, query))


def tenure_at(connection: sa.Connection, model: str, pointer: str, instant: str) -> Tenure | None:
    """Give what a pointer held at an instant; None where it held nothing yet.

    That is the last promotion, in their order, of those made up to then: where a clock was
    set back and an instant came twice, what held after it came for the last time. So asking
    about now always gives what the pointer holds. The way goes back from the newest.
    """
    table = promotions
    generation = connection.execute(
        sa.select(table.c.generation)
        .where(table.c.model == model, table.c.pointer == pointer, table.c.created_at <= instant)
        .order_by(table.c.generation.desc())
        .limit(1)
    ).scalar()
    if generation is None:
        return None
    return tenure_of(connection, model, pointer, generation)


def tenure_of(
    connection: sa.Connection, model: str, pointer: str, generation: int
) -> Tenure | None:
    """Give the time that one promotion began; None where there is no such promotion."""
    query = _WITH_UNTIL.where(
        promotions.c.model == model,
        promotions.c.pointer == pointer,
        promotions.c.generation == generation,
    )
    return next(_tenures(connection, query), None)


def current_holdings(
    connection: sa.Connection, *, first: str, last: str
) -> dict[str, list[tuple[PointerRecord, PromotionRecord | None]]]:
    """Give the pointers of the models of these names, and between, by model.

    Each stands beside the promotion behind what it holds; None where it holds nothing.
    """
    moved = connection.execute(
        sa.select(promotions)
        .select_from(
            promotions.join(
                pointers,
                sa.and_(
                    pointers.c.model == promotions.c.model,
                    pointers.c.name == promotions.c.pointer,
                    pointers.c.generation == promotions.c.generation,
                ),
            )
        )
        .where(pointers.c.model.between(first, last))
    )
    held = {(row.model, row.pointer): as_promotion(row._asdict()) for row in moved}
    rows = connection.execute(
        sa.select(pointers)
        .where(pointers.c.model.between(first, last))
        .order_by(pointers.c.model, pointers.c.name)
    )
    found: dict[str, list[tuple[PointerRecord, PromotionRecord | None]]] = {}
    for pointer in (PointerRecord(**row._asdict()) for row in rows):
        behind = held.get((pointer.model, pointer.name))
        if behind is None and pointer.version is not None:
            behind = newest_promotion(connection, pointer.model, pointer.name)
        found.setdefault(pointer.model, []).append((pointer, behind))
    return found


def _tenures(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[Tenure]:
    for row in connection.execute(query).mappings():
        fields = dict(row)
        until = fields.pop("until")
        yield Tenure(as_promotion(fields), until)
