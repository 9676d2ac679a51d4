"""A search finds what a plain reading of all rows finds, in the same order, page by page."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry_assets.catalog.engine import Catalog
from registry_assets.errors import InvalidQuery
from registry_assets.search import planning
from registry_assets.search.fields import SEARCHED, Entity, Known
from registry_assets.search.filters import (
    Absent,
    Among,
    Compare,
    Field,
    Filter,
    Like,
    Not,
    Value,
    both,
    either,
)
from registry_assets.search.finding import find
from registry_assets.search.parsing import parse
from registry_assets_tests.search.rows import (
    MAKERS,
    Row,
    fill,
    instant,
    matching,
    ordered,
)

COMMON = ["a", "ab", "aB", "b"]
ODD = ["", "A", "a%", "a*b", "a_", "[a]", "ä", "日本", "'", "\\", "\U0010ffff"]
WORDS = [*COMMON, *COMMON, *ODD]
PATTERNS = [
    "a%",
    "a%b",
    "a%b",
    "a%",
    "a_",
    "%b",
    "b",
    "_",
    "%",
    "a!%",
    "a*%",
    "[a]%",
    "ä%",
    "\U0010ffff%",
    "",
]
NUMBERS = [0.0, 0.25, 1.0, 1.0, -1.5, 1e300]
NAMES = ["x", "x", "x", "y-z"]
COLUMNS: dict[str, list[Any]] = {
    "stage": ["staging", "production", "failed"],
    "state": ["reserved", "committed"],
    "digest": [None, "sha256:a", "sha256:b"],
    "code_commit": [None, "abc", "b"],
    "actor": WORDS,
    "description": WORDS,
    "task": ["binary", "a", "ab"],
    "risk": ["low", "high"],
    "passed": ["yes", "no", "unknown"],
    "suite_digest": ["sha256:a", "b"],
}
ENTITIES: tuple[Entity, ...] = ("versions", "models", "evaluations")


@st.composite
def rows_of(draw: st.DrawFn, entity: Entity) -> list[Row]:
    """A few entities, alike enough that filters find several."""
    made = []
    table = SEARCHED[entity].table
    for key in range(1, draw(st.integers(2, 14)) + 1):
        columns = {
            name: draw(
                st.sampled_from([v for v in values if v is not None or table.c[name].nullable])
            )
            for name, values in COLUMNS.items()
            if name in table.c
        }
        names = _term_names(entity)
        terms = draw(st.lists(st.sampled_from(names), min_size=len(names) // 2, unique=True))
        kept: dict[str, list[str | float]] = {}
        for name in terms:
            if name.startswith("metrics.") or name.endswith("#"):
                kept[name.rstrip("#")] = [draw(st.sampled_from(NUMBERS))]
            elif name.endswith("?"):
                kept[name] = [draw(st.sampled_from(["true", "false"]))]
            elif name.startswith(("owner", "params.")):
                kept[name] = draw(
                    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True)
                )
            else:
                kept[name] = [draw(st.sampled_from(WORDS))]
        made.append(MAKERS[entity](key, kept, **columns))
    return made


def _term_names(entity: Entity) -> list[str]:
    names: list[str] = []
    for known in SEARCHED[entity].fields:
        if known.names:
            names += [f"{known.name}.{name}" for name in dict.fromkeys(NAMES)]
            if known.kind == "text, number or truth value":
                names += [f"{known.name}.x?", f"{known.name}.y#"]
        elif not known.column:
            names.append(known.name)
    return names


@st.composite
def leaves(draw: st.DrawFn, entity: Entity) -> Filter:
    """One comparison that fits the field's type."""
    fields = SEARCHED[entity].fields
    terms = [known for known in fields if not known.column]
    known = draw(st.sampled_from([*fields, *terms, *terms, *terms]))
    field = (
        Field(known.name, draw(st.sampled_from(NAMES))) if known.names else Field("", known.name)
    )
    if draw(st.integers(0, 9)) == 0:
        return Absent(field, negated=draw(st.booleans()))
    value = _value(draw, known)
    if known.kind == "instant":
        return Compare(field, draw(st.sampled_from(["<", "<=", ">", ">="])), value)
    text = isinstance(value.value, str) and not known.choices
    form = draw(st.sampled_from(["compare", "among", "like"]))
    if isinstance(value.value, bool):
        return Compare(field, draw(st.sampled_from(["=", "!="])), value)
    if form == "like" and text:
        pattern = draw(st.sampled_from(PATTERNS))
        escape = draw(st.sampled_from(["", "!"]))
        return Like(field, pattern, escape, negated=draw(st.booleans()))
    if form == "among":
        more = draw(st.lists(st.just(0), max_size=3))
        values = (value, *(_value(draw, known, like=value.value) for _ in more))
        return Among(field, values, negated=draw(st.booleans()))
    return Compare(field, draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">="])), value)


def _value(draw: st.DrawFn, known: Known, *, like: Any = None) -> Value:
    if known.choices:
        return Value(draw(st.sampled_from(known.choices)))
    if known.kind == "instant":
        days = ["2026-01-01", "2026-01-02", "2025-12-31T23:00:00-02:00"]
        return Value(draw(st.sampled_from([*days, *map(instant, range(6))])))
    if known.kind == "whole number":
        return Value(draw(st.integers(0, 4)))
    if known.kind == "number" or isinstance(like, float):
        return Value(draw(st.sampled_from(NUMBERS)))
    words: list[Any] = [*WORDS, *COLUMNS.get(known.column, ()), "late_1", "late_2"]
    words = [word for word in words if word is not None]
    if known.kind == "text" or isinstance(like, str):
        return Value(draw(st.sampled_from(words)))
    return Value(draw(st.sampled_from([*words, *NUMBERS, True, False])))


def filters(entity: Entity) -> st.SearchStrategy[Filter]:
    """Filters of a few terms, most of them joined by `and`."""
    leaf = leaves(entity)
    small = st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(both, inner, inner),
            st.builds(either, inner, inner),
        ),
        max_leaves=4,
    )
    return st.one_of(leaf, st.builds(both, leaf, leaf), st.builds(both, leaf, small), small)


@st.composite
def searches(draw: st.DrawFn) -> tuple[Entity, list[Row], Filter, str]:
    """An entity, rows of it, a filter and an order."""
    entity = draw(st.sampled_from(ENTITIES))
    rows = draw(rows_of(entity))
    names = [*SEARCHED[entity].orders]
    groups = [known for known in SEARCHED[entity].fields if known.names]
    names += ["metrics.x"] if any(known.name == "metrics" for known in groups) else []
    order = f"{draw(st.sampled_from(names))} {draw(st.sampled_from(['asc', 'desc']))}"
    return entity, rows, draw(filters(entity)), order


class _EnoughError(Exception):
    """Takes back what an example wrote."""


@contextmanager
def indexed(catalog: Catalog, rows: list[Row], entity: Entity) -> Iterator[sa.Connection]:
    """The rows in the index, as long as this block: no example waits for the disk."""
    with suppress(_EnoughError), catalog.write() as connection:
        fill(connection, rows, entity=entity)
        yield connection
        raise _EnoughError


def read_all(connection: sa.Connection, text: str, limit: int, **asked: Any) -> list[Any]:
    """Every page, one after the other."""
    found: list[Any] = []
    cursor = None
    while True:
        page = find(connection, text, limit=limit, cursor=cursor, **asked)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found
        assert len(page.items) == limit


@pytest.mark.parametrize("gathered", [0, 5_000], ids=["walked", "gathered"])
@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(search=searches(), limit=st.integers(1, 5))
def test_a_search_finds_what_a_plain_reading_finds(
    scratch: Catalog,
    gathered: int,
    search: tuple[Entity, list[Row], Filter, str],
    limit: int,
) -> None:
    entity, rows, asked, order = search
    expected = ordered(matching(rows, asked, entity=entity), order, entity=entity)
    with pytest.MonkeyPatch.context() as patch, indexed(scratch, rows, entity) as connection:
        # How much is few decides between walking and gathering: each must give the answer.
        patch.setattr(planning, "GLANCE", gathered)
        patch.setattr(planning, "LOOK", gathered)
        try:
            found = read_all(connection, str(asked), limit, entity=entity, order_by=order)
        except InvalidQuery as error:
            if "known as" not in error.message:
                raise
            return  # a name has no value of that type
    assert [item.created_at for item in found] == [row.columns["created_at"] for row in expected]
    assert [item[:2] for item in found] == [_first_two(row, entity) for row in expected]


def _first_two(row: Row, entity: Entity) -> tuple[Any, ...]:
    names = {
        "versions": ("model", "number"),
        "models": ("name", "task"),
        "evaluations": ("id", "model"),
    }
    return tuple(row.columns[name] for name in names[entity])


@given(asked=st.sampled_from(ENTITIES).flatmap(filters))
def test_a_filter_reads_back_what_it_writes(asked: Filter) -> None:
    assert parse(str(asked)) == asked
