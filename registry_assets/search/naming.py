"""Names that a filter speaks of, held against those that there are.

A name of a group is whatever somebody gave: one that nothing has is no error, as it may be
given tomorrow, and the note beside the answer says what is near. A name that has only values
of another type is one: the comparison can never be true.
"""

from collections.abc import Iterator

import sqlalchemy as sa

from registry_assets.catalog.index_tables import number_terms, text_terms
from registry_assets.errors import InvalidQuery
from registry_assets.search.conditions import NUMBER, Named
from registry_assets.search.mistakes import mistake, near
from registry_assets.search.questions import Question

_TABLES = {"text_terms": text_terms, "number_terms": number_terms}
_EXAMPLES = {
    "a number": "a number, such as 200",
    "text": "text in single quotes",
    "a truth value": "true or false",
}
_MOST_NAMES = 500


def check_names(connection: sa.Connection, question: Question) -> tuple[str, ...]:
    """Give a note for each name that nothing has.

    Raises:
        InvalidQuery: a name whose values are all of another type than what it is compared with.
    """
    return tuple(note for name in question.names for note in _check(connection, question, name))


def _check(connection: sa.Connection, question: Question, name: Named) -> Iterator[str]:
    entity = question.searched.term
    types = tuple(_types(connection, entity, name.name))
    asked = _asked(name)
    if not types:
        known = _names(connection, entity, name.name.partition(".")[0])
        hint = near(name.name, known)
        yield f"no {entity} has {name.name}" + (f"; {hint}" if hint else "")
    elif asked not in types and name.use == "order":
        raise InvalidQuery(
            f"{name.name} is known as {types[0]} only, and only numbers are ordered by",
            hint="order by created_at, or by a metric",
        )
    elif asked not in types and name.use == "compared":
        raise mistake(
            question.text,
            name.at,
            f"{name.name} is compared with {asked}, and known as {types[0]} only",
            hint=f"compare it with {_EXAMPLES[types[0]]}",
        )


def _asked(name: Named) -> str:
    if name.place.table == NUMBER:
        return "a number"
    return "text" if name.place.name == name.name else "a truth value"


def _types(connection: sa.Connection, entity: str, name: str) -> Iterator[str]:
    for kind, table, said in (
        ("a number", number_terms, name),
        ("text", text_terms, name),
        ("a truth value", text_terms, f"{name}?"),
    ):
        found = sa.select(table.c.name).where(table.c.entity == entity, table.c.name == said)
        if connection.execute(found.limit(1)).scalar() is not None:
            yield kind


def _names(connection: sa.Connection, entity: str, group: str) -> list[str]:
    """Give the names of a group, from one to the next by the index."""
    names: set[str] = set()
    for table in (number_terms, text_terms):
        last = f"{group}."
        while len(names) < _MOST_NAMES:
            found = connection.execute(
                sa.select(sa.func.min(table.c.name)).where(
                    table.c.entity == entity,
                    table.c.name > last,
                    table.c.name < f"{group}/",  # the character after the full stop
                )
            ).scalar()
            if found is None:
                break
            names.add(str(found).removesuffix("?"))
            last = str(found)
    return sorted(names)
