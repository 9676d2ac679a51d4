"""The catalog's rows and events as lines of canonical JSON, written and read again.

What is read was written by anybody: every value has its column's type, or the export is
refused. Whether the rows are those that the events vouch for is asked by `checking.py`.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

from registry_assets.canonical import canonical_json
from registry_assets.catalog.tables import events
from registry_assets.errors import RegistryError
from registry_assets.transfer.layout import LONGEST_LINE

Row = dict[str, Any]
T = TypeVar("T")

AT_ONCE = 500
_LARGEST_INTEGER = 2**53 - 1


def lines(rows: Iterable[Mapping[Any, Any]]) -> Iterator[bytes]:
    """Write rows, one on a line."""
    for row in rows:
        yield canonical_json({str(name): value for name, value in row.items()}) + b"\n"


def event_lines(rows: Iterable[Mapping[Any, Any]]) -> Iterator[bytes]:
    """Write a chain's events, one on a line, without the chain's name, which the file has.

    The body is written as the text that it is: another spelling would be another event.
    """
    for row in rows:
        said = {name: row[name] for name in ("sequence", "previous", "digest", "kind", "body")}
        yield canonical_json(said) + b"\n"


def read_lines(chunks: Iterable[bytes], *, refuse: Callable[[str], RegistryError]) -> Iterator[Row]:
    """Read objects, one on a line, each in the one spelling that `lines` writes.

    Raises:
        RegistryError: what `refuse` makes of the reason why they cannot be read.
    """
    for number, line in enumerate(_split(chunks, refuse), start=1):
        try:
            row = json.loads(line, parse_int=_number)
            if isinstance(row, dict) and canonical_json(row) == line:
                yield row
                continue
        except (ValueError, RecursionError, RegistryError) as error:
            raise refuse(f"line {number} is no row: {error}") from error
        raise refuse(f"line {number} is not in the form in which rows are written")


def _number(digits: str) -> int | float:
    # Canonical JSON writes the double 1e20 without an exponent.
    return int(digits) if abs(float(digits)) <= _LARGEST_INTEGER else float(digits)


def _split(chunks: Iterable[bytes], refuse: Callable[[str], RegistryError]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
        if len(rest) > LONGEST_LINE:
            raise refuse(f"a line is longer than {LONGEST_LINE:,} bytes")
    if rest:
        raise refuse("it is cut off in a line")


def check_row(table: sa.Table, row: Row) -> Row:
    """Give a row that a table of this form can hold.

    Raises:
        ValueError: it has other columns, or a value that is not of its column's type.
    """
    if set(row) != {column.name for column in table.columns}:
        raise ValueError(f"{table.name} has other columns than {', '.join(sorted(row))[:200]}")
    return {column.name: _value(column, row[column.name]) for column in table.columns}


def _value(column: "sa.Column[Any]", value: Any) -> Any:
    if value is None and column.nullable:
        return None
    match column.type:
        case sa.Text():
            # PostgreSQL keeps no NUL in a text; no release ever wrote one.
            fits = isinstance(value, str) and "\0" not in value
        case sa.Integer():
            fits = type(value) is int and abs(value) <= _LARGEST_INTEGER
        case _:
            fits = type(value) in (int, float) and math.isfinite(value)
            value = float(value) if fits else value
    if not fits:
        raise ValueError(f"{column.table.name}.{column.name} cannot be {value!r:.100}")
    return value


def insert_all(connection: sa.Connection, table: sa.Table, rows: Iterable[Row]) -> int:
    """Insert rows in their order, some hundred at a time; give how many they were."""
    count = 0
    for some in batches(rows):
        connection.execute(sa.insert(table), some)
        count += len(some)
    return count


def batches(values: Iterable[T]) -> Iterator[list[T]]:
    """Give values some hundred at a time: no database takes a statement of any length."""
    rest = iter(values)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def events_of(chain: str, rows: Iterable[Row]) -> Iterator[Row]:
    """Give lines of a chain's file as rows of `events`.

    Raises:
        ValueError: one is no event.
    """
    for row in rows:
        yield check_row(events, {**row, "chain": chain})
