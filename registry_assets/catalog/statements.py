"""The plain statements on one table, each put together and compiled once for every shape.

To put one together, to find out that it is the same as an earlier one, and to carry its
parameters and rows through SQLAlchemy, takes many times what the database takes: a row by
its key, 13 us by `Connection.execute` with everything cached, and 2.4 us this way. A move of
a pointer reads thirty. Whoever listens to SQLAlchemy's events still sees every statement.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

_NOTHING = "-"
_KEY, _GIVEN = "key_", "new_"


def find(
    connection: sa.Connection, table: sa.Table, /, *columns: str, **key: Any
) -> "sa.Result[Any]":
    """Give the rows in which these columns have these values; all columns unless some are named.

    None finds the rows that have no value.
    """
    return select(connection, _selection(table, columns, _shape(key)), _asked(key))


def newest(
    connection: sa.Connection, table: sa.Table, by: str, /, *columns: str, **key: Any
) -> "sa.Row[Any] | None":
    """Give the row with the greatest value of a column among those that `find` gives.

    A sort, and no max(): by an index, it looks at one row however many there are.
    """
    statement = _newest(table, by, columns, _shape(key))
    return select(connection, statement, _asked(key)).one_or_none()


def insert(
    connection: sa.Connection, table: sa.Table, values: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Insert a row; give its primary key, also where the database numbers it."""
    numbered = table.autoincrement_column
    if numbered is not None and numbered.name in values:
        numbered = None
    statement = _insertion(table, tuple(values), returning=numbered is not None)
    if numbered is not None:
        return tuple(select(connection, statement, _new(values)).one())
    _change_rows(connection, statement, _new(values))
    return tuple(values.get(column.name) for column in table.primary_key)


def insert_all(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows with the same columns, in as few turns as the database allows."""
    if not rows:
        return
    compiled = _compiled(connection, _insertion(table, tuple(rows[0]), returning=False))
    if compiled.order is None or _is_watched(connection):
        # A turn for each row is what psycopg2 would make of it; SQLAlchemy packs them.
        connection.execute(sa.insert(table), list(rows))
        return
    order = [name.removeprefix(_GIVEN) for name in compiled.order]
    _execute_all(connection, compiled.sql, [[row[name] for name in order] for row in rows])


def update(
    connection: sa.Connection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> int:
    """Change the rows in which the key's columns have its values; count them."""
    statement = _change(table, _shape(key), tuple(values))
    return _change_rows(connection, statement, {**_asked(key), **_new(values)})


def delete(connection: sa.Connection, table: sa.Table, /, **key: Any) -> int:
    """Delete the rows in which these columns have these values; count them."""
    return _change_rows(connection, _removal(table, _shape(key)), _asked(key))


def select(
    connection: sa.Connection, statement: sa.Executable, given: Mapping[str, Any]
) -> "sa.Result[Any]":
    """Give the rows of a statement that is kept, and so is compiled once.

    Args:
        given: a value for each of its parameters.
    """
    if _is_watched(connection):
        return connection.execute(statement, given)
    compiled = _compiled(connection, statement)
    cursor = _execute(connection, compiled, given)
    return IteratorResult(compiled.rows, iter(cursor.fetchall()))


class _Compiled(NamedTuple):
    """What the driver is told: SQL, parameters that never change, their order if they have one."""

    sql: str
    fixed: dict[str, Any]
    order: tuple[str, ...] | None
    rows: SimpleResultMetaData


_known: dict[tuple[sa.Executable, str], _Compiled] = {}


def _compiled(connection: sa.Connection, statement: sa.Executable) -> _Compiled:
    key = (statement, connection.dialect.name)
    found = _known.get(key)
    if found is None:
        made: Any = statement.compile(dialect=connection.dialect)  # type: ignore[attr-defined]
        order = tuple(made.positiontup) if made.positional else None
        names = [column.name for column in getattr(statement, "exported_columns", ())]
        fixed = {name: value for name, value in made.params.items() if value is not None}
        found = _Compiled(str(made), fixed, order, SimpleResultMetaData(names))
        _known[key] = found
    return found


def _execute(connection: sa.Connection, compiled: _Compiled, given: Mapping[str, Any]) -> Any:
    raw: Any = connection.connection.dbapi_connection
    cursor = raw.cursor()
    order = compiled.order
    known = {**compiled.fixed, **given}
    cursor.execute(compiled.sql, known if order is None else [known[name] for name in order])
    return cursor


def _execute_all(connection: sa.Connection, sql: str, rows: Sequence[Sequence[Any]]) -> None:
    raw: Any = connection.connection.dbapi_connection
    raw.executemany(sql, rows)


def _change_rows(
    connection: sa.Connection, statement: sa.Executable, given: Mapping[str, Any]
) -> int:
    if _is_watched(connection):
        return connection.execute(statement, given).rowcount
    return int(_execute(connection, _compiled(connection, statement), given).rowcount)


def _is_watched(connection: sa.Connection) -> bool:
    return bool(connection.dispatch.before_cursor_execute)


def _asked(key: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{_KEY}{name}": value for name, value in key.items() if value is not None}


def _new(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{_GIVEN}{name}": value for name, value in values.items()}


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
def _insertion(table: sa.Table, names: tuple[str, ...], *, returning: bool) -> sa.Executable:
    statement = sa.insert(table).values(_places(table, names))
    return statement.returning(*table.primary_key) if returning else statement


@cache
def _change(table: sa.Table, key: tuple[str, ...], names: tuple[str, ...]) -> sa.Update:
    return sa.update(table).where(*_is(table, key)).values(_places(table, names))


@cache
def _removal(table: sa.Table, key: tuple[str, ...]) -> sa.Delete:
    return sa.delete(table).where(*_is(table, key))


def _places(table: sa.Table, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: sa.bindparam(f"{_GIVEN}{name}", type_=table.c[name].type) for name in names}


def _is(table: sa.Table, key: tuple[str, ...]) -> "list[sa.ColumnElement[bool]]":
    return [
        table.c[name.removeprefix(_NOTHING)].is_(None)
        if name.startswith(_NOTHING)
        else table.c[name] == sa.bindparam(f"{_KEY}{name}")
        for name in key
    ]
