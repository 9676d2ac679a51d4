"""A question: a filter, an order and an entity, read and bound, ready to be planned.

The same question is asked page by page, and by every user of a page: what is made of its text
is kept for the next time.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from registry_assets.errors import InvalidQuery
from registry_assets.search.conditions import NUMBER, Binder, Condition, Named, Place
from registry_assets.search.dialects import Dialect, find_dialect
from registry_assets.search.fields import NEWEST, SEARCHED, Entity, Index, Searched
from registry_assets.search.filters import Field
from registry_assets.search.mistakes import near
from registry_assets.search.parsing import parse

NEWEST_FIRST = "created_at desc"

_ORDER = re.compile(
    r"\s*([a-z_]+)(?:\.(?:(\w+)|`((?:[^`]|``)+)`))?(?:\s+(asc|desc))?\s*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Order:
    """What the answer is sorted by.

    Args:
        keys: the columns it goes by; with a term, of the table of terms.
        term: where the number stands that it goes by; what has none comes last.
    """

    said: str
    keys: Index
    descending: bool
    term: Place | None = None

    def __str__(self) -> str:
        return self.said


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked.

    Args:
        params: of its SQL, by name.
        indexes: the names of the entity's indexes by their columns.
        names: every name of a group that it speaks of.
        doubtful: a name that nothing has may not show in an empty answer.
        digest: names the question: the same words in another spelling are the same question.
    """

    text: str
    searched: Searched
    dialect: Dialect
    conditions: tuple[Condition, ...]
    order: Order
    params: Mapping[str, Any]
    indexes: Mapping[Index, str]
    names: tuple[Named, ...]
    doubtful: bool
    digest: str


@lru_cache(maxsize=1_000)
def read_question(text: str, entity: Entity, order_by: str, database: str) -> Question:
    """Read a filter and an order.

    Args:
        database: SQLAlchemy's name of it.

    Raises:
        InvalidQuery: one of them is none.
    """
    searched = SEARCHED.get(entity)
    if searched is None:
        raise InvalidQuery(f"there is no entity {entity!r}", hint=f"search {', '.join(SEARCHED)}")
    found = parse(text)
    binder = Binder(text, searched, find_dialect(database))
    conditions = binder.conditions(found)
    order = _read_order(order_by, binder)
    names = tuple(name for part in conditions for name in part.names)
    doubtful = any(part.names and not part.bounds for part in conditions)
    if order.term is not None:
        names = (*names, Named(order.term, order.term.name, 0, use="order"))
    said = f"{entity}|{order}|{'' if found is None else found}"
    return Question(
        text,
        searched,
        binder.dialect,
        conditions,
        order,
        binder.params,
        searched.indexes(),
        names,
        doubtful,
        hashlib.sha256(said.encode()).hexdigest()[:16],
    )


def _read_order(text: str, binder: Binder) -> Order:
    searched = binder.searched
    matched = _ORDER.fullmatch(text)
    groups = [known.name for known in searched.fields if known.names and known.kind != "text"]
    known = [*searched.orders, *(f"{group}.name" for group in groups)]
    if matched is None:
        raise InvalidQuery(
            f"{text[:100]!r} is no order",
            hint=f"write one of {', '.join(known)}, and asc or desc after it",
        )
    name, plain, quoted, direction = matched.groups()
    descending = (direction or "asc").lower() == "desc"
    word = "desc" if descending else "asc"
    term = plain or (quoted or "").replace("``", "`")
    if term and name in groups:
        full = f"{name}.{term}"
        index = ("entity", "name", "value", *NEWEST)
        place = Place(NUMBER, "value", full, binder.mark(full), index)
        return Order(f"{Field(name, term)} {word}", ("value", *NEWEST), descending, place)
    if term or name not in searched.orders:
        raise InvalidQuery(
            f"{searched.entity} cannot be ordered by {text[:100]}",
            hint=near(name, known) or f"they can by {', '.join(known)}",
        )
    return Order(f"{name} {word}", searched.orders[name], descending)
