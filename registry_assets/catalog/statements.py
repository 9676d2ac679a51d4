"""The plain statements on one table, each put together once for every shape.

To put one together, and to find out that it is the same as an earlier one, takes SQLAlchemy
longer than to execute it: the move of a pointer took twice the computing without these.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

_NOTHING = "-"


def find(
    connection: sa.Connection, table: sa.Table, /, *columns: str, **key: Any
) -> "sa.CursorResult[Any]":
    """Give the rows in which these columns have these values; all columns unless some are named.

    None finds the rows that have no value.
    """
    return connection.execute(_selection(table, columns, _shape(key)), _asked(key))


def newest(
    connection: sa.Connection, table: sa.Table, by: str, /, *columns: str, **key: Any
) -> "sa.Row[Any] | None":
    """Give the row with the greatest value of a column among those that `find` gives.

    A sort, and no max(): by an index, it looks at one row however many there are.
    """
    statement = _newest(table, by, columns, _shape(key))
    return connection.execute(statement, _asked(key)).one_or_none()


def insert(
    connection: sa.Connection,
    table: sa.Table,
    values: Mapping[str, Any] | Sequence[Mapping[str, Any]],
) -> "sa.CursorResult[Any]":
    """Insert a row, or several with the same columns."""
    return connection.execute(_insertion(table), values)


def update(
    connection: sa.Connection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> int:
    """Change the rows in which the key's columns have its values; count them."""
    statement = _change(table, _shape(key), tuple(values))
    new = {f"new_{name}": value for name, value in values.items()}
    return connection.execute(statement, {**_asked(key), **new}).rowcount


def delete(connection: sa.Connection, table: sa.Table, /, **key: Any) -> None:
    """Delete the rows in which these columns have these values."""
    connection.execute(_removal(table, _shape(key)), _asked(key))


def _asked(key: Mapping[str, Any]) -> dict[str, Any]:
    return {f"key_{name}": value for name, value in key.items() if value is not None}


def _shape(key: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the names of the columns, those without a value marked."""
    return tuple(name if value is not None else f"{_NOTHING}{name}" for name, value in key.items())


@cache
def _selection(table: sa.Table, columns: tuple[str, ...], key: tuple[str, ...]) -> "sa.Select[Any]":
    return sa.select(*(table.c[name] for name in columns or table.c.keys())).where(*_is(table, key))


@cache
def _newest(
    table: sa.Table, by: str, columns: tuple[str, ...], key: tuple[str, ...]
) -> "sa.Select[Any]":
    return _selection(table, columns, key).order_by(table.c[by].desc()).limit(1)


@cache
def _insertion(table: sa.Table) -> sa.Insert:
    return sa.insert(table)


@cache
def _change(table: sa.Table, key: tuple[str, ...], names: tuple[str, ...]) -> sa.Update:
    values = {name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    return sa.update(table).where(*_is(table, key)).values(values)


@cache
def _removal(table: sa.Table, key: tuple[str, ...]) -> sa.Delete:
    return sa.delete(table).where(*_is(table, key))


def _is(table: sa.Table, key: tuple[str, ...]) -> "list[sa.ColumnElement[bool]]":
    return [
        table.c[name.removeprefix(_NOTHING)].is_(None)
        if name.startswith(_NOTHING)
        else table.c[name] == sa.bindparam(f"key_{name}")
        for name in key
    ]
