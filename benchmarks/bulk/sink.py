"""Sinks: many rows of one table at once, as fast as the database takes them."""

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

Row = Sequence[Any]
CACHE_KIB = 256 * 1024


def insert_rows(connection: sa.Connection, table: sa.Table, rows: list[Row]) -> None:
    """Insert rows that have a value for every column, in the table's order."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, table, rows)
        return
    places = ", ".join("?" for _ in table.columns)
    # Past the compiler: executemany of plain tuples is ten times as fast.
    connection.exec_driver_sql(
        f"INSERT INTO {_quoted(connection, table)} VALUES ({places})",  # noqa: S608
        [tuple(row) for row in rows],
    )


def _copy(connection: sa.Connection, table: sa.Table, rows: Iterable[Row]) -> None:
    stream = io.StringIO("".join("\t".join(map(_field, row)) + "\n" for row in rows))
    cursor: Any = connection.connection.cursor()
    cursor.copy_expert(f"COPY {_quoted(connection, table)} FROM STDIN", stream)


def _field(value: Any) -> str:
    if value is None:
        return r"\N"
    if not isinstance(value, str):
        return str(value)
    escaped = value.replace("\\", r"\\") if "\\" in value else value
    return escaped.replace("\t", r"\t").replace("\n", r"\n")


def _quoted(connection: sa.Connection, table: sa.Table) -> str:
    preparer = connection.dialect.identifier_preparer
    columns = ", ".join(preparer.quote(column.name) for column in table.columns)
    return f"{preparer.quote(table.name)} ({columns})"


@contextmanager
def large_cache(connection: sa.Connection) -> Iterator[None]:
    """Let SQLite keep the pages that a load comes back to: its own 2 MB hold one table's."""
    if connection.dialect.name != "sqlite":
        yield
        return
    before = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size = {-CACHE_KIB}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size = {before}")


def next_id(connection: sa.Connection, table: sa.Table) -> int:
    """Give the first id that a table with counted ids has not given out."""
    return int(connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0) + 1


def set_next_id(connection: sa.Connection, table: sa.Table) -> None:
    """Let the database go on counting after the rows that brought their own ids."""
    if connection.dialect.name == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(table.name, "id")
        newest = sa.select(sa.func.max(table.c.id)).scalar_subquery()
        connection.execute(sa.select(sa.func.setval(sequence, newest)))
