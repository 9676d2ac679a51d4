"""DataFrames and Tables as Parquet bytes: equal content gives equal bytes, and comes back equal.

What would come back as something else is refused by column name, before anything is
stored. Which asset and partition a snapshot belongs to, and its manifest, are the IO
manager's; this module knows one value and its bytes. It imports pandas and pyarrow: import
it only where data is at hand.
"""

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from registry_assets.errors import DataUnusable, DeclarationError, SnapshotRefused
from registry_assets.references import check_text

# Fixed here, so that no change of a library's defaults changes the bytes of equal content.
_PARQUET: dict[str, Any] = {
    "version": "2.6",
    "data_page_version": "1.0",
    "row_group_size": 1 << 17,
    "compression": "zstd",
    "compression_level": 3,
    "use_dictionary": True,
    "write_statistics": True,
    # Otherwise lists come back with their items under another name, as another type.
    "use_compliant_nested_type": False,
}
_LONGEST_NAME = 1000
# What an object column may hold: the types that Arrow gives back as the same Python type.
_PLAIN_OBJECTS = frozenset({type(None), bool, bytes, dt.date, dt.time, Decimal})
# Of one of these alone an object column can be converted, unless a value is out of range.
_CONVERTIBLE = _PLAIN_OBJECTS | {str, int, float, dt.datetime, dt.timedelta}
_MAKE_PLAIN = "make them numbers, text, truth values, dates or times."
_ADDRESS = re.compile(" at 0x[0-9a-fA-F]+")
# What Arrow and pandas raise for a type or a value that they cannot convert.
_CONVERSION_ERRORS = (pa.ArrowException, ValueError, TypeError, OverflowError)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type in the words of the library it came from, and its missing values."""

    name: str
    type: str
    missing: int


@dataclass(frozen=True, slots=True)
class SnapshotContent:
    """One DataFrame or Table as Parquet bytes, with what people ask of it first."""

    data: bytes
    rows: int
    schema: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class _Problem:
    column: str | None
    reason: str


def encode(value: pd.DataFrame | pa.Table) -> SnapshotContent:
    """Write a value as Parquet, having read it back and found it the same.

    Bytes depend on the content alone: not on chunks, slices, or how an index that carries
    no data is represented. They do depend on the release of pyarrow, which writes its
    version into every file.

    Raises:
        SnapshotRefused: some columns would come back as something else; all are named.
    """
    # Subclasses hold more than their columns, and would come back as the base class.
    if type(value) is pd.DataFrame:
        return _encode_frame(value)
    if type(value) is pa.Table:
        return _encode_table(value)
    raise SnapshotRefused(
        "Expected a pandas DataFrame or a pyarrow Table; "
        f"found {type(value).__module__}.{type(value).__qualname__}.",
        hint="Return one of these two from the asset.",
    )


def decode_frame(data: bytes) -> pd.DataFrame:
    """Read the DataFrame that `encode` wrote.

    Raises:
        DataUnusable: the bytes are no Parquet that pandas can hold.
    """
    try:
        frame: pd.DataFrame = _read(data).to_pandas()
    except (*_CONVERSION_ERRORS, OSError) as error:
        raise _unreadable(error) from error
    return frame


def decode_table(data: bytes) -> pa.Table:
    """Read the Table that `encode` wrote.

    Raises:
        DataUnusable: the bytes are no Parquet.
    """
    try:
        return _read(data)
    except (*_CONVERSION_ERRORS, OSError) as error:
        raise _unreadable(error) from error


def _encode_frame(frame: pd.DataFrame) -> SnapshotContent:
    names = list(frame.columns)
    problems = [*_name_problems(names), *_frame_problems(frame)]
    # The well-named columns are looked at in any case, so that one refusal names all.
    named = [_name_reason(name, times=names.count(name)) is None for name in names]
    columns = frame.loc[:, named].reset_index(drop=True)
    columns.attrs = {}
    _refuse("DataFrame", [*problems, *_column_problems(columns)])
    return _content(_from_frame(columns), types=[str(dtype) for dtype in columns.dtypes])


def _encode_table(table: pa.Table) -> SnapshotContent:
    problems = _name_problems(table.column_names)
    if not problems:
        table = _uniform(table)
        problems = list(_table_problems(table))
    _refuse("Table", problems)
    return _content(table, types=[str(column_type) for column_type in table.schema.types])


def _content(table: pa.Table, *, types: list[str]) -> SnapshotContent:
    columns = zip(table.column_names, types, table.columns, strict=True)
    return SnapshotContent(
        data=_write(table),
        rows=table.num_rows,
        schema=tuple(Column(name, type_, column.null_count) for name, type_, column in columns),
    )


def _from_frame(frame: pd.DataFrame) -> pa.Table:
    return _uniform(pa.Table.from_pandas(frame, preserve_index=False))


def _uniform(table: pa.Table) -> pa.Table:
    """One chunk per column, and metadata without the versions of the libraries that made it."""
    metadata = dict(table.schema.metadata or {})
    if b"pandas" in metadata:
        described = json.loads(metadata[b"pandas"])
        for version in ("creator", "pandas_version"):
            described.pop(version, None)
        metadata[b"pandas"] = json.dumps(described, sort_keys=True).encode()
    table = table.combine_chunks()
    return table.replace_schema_metadata(dict(sorted(metadata.items())) or None)


def _write(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **_PARQUET)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _read(data: bytes) -> pa.Table:
    return pq.ParquetFile(pa.BufferReader(data)).read()


def _unreadable(error: Exception) -> DataUnusable:
    return DataUnusable(f"These bytes are no Parquet file that can be read: {error}")


def _refuse(what: str, problems: list[_Problem]) -> None:
    if not problems:
        return
    lines = [
        f"{problem.column}: {problem.reason}" if problem.column is not None else problem.reason
        for problem in problems
    ]
    raise SnapshotRefused(
        f"This {what} would not come back from Parquet as it is:\n  " + "\n  ".join(lines),
        columns=[problem.column for problem in problems if problem.column is not None],
        hint="Convert these in the asset, before it returns.",
    )


def _name_problems(names: Sequence[Any]) -> list[_Problem]:
    if not names:
        return [_Problem(None, "it has no columns.")]
    reasons = {name: _name_reason(name, times=times) for name, times in Counter(names).items()}
    # A name may hold what no terminal or log can show: `ascii` can.
    return [
        _Problem(str(name) if str(name).isprintable() else ascii(name), reason)
        for name, reason in reasons.items()
        if reason
    ]


def _name_reason(name: object, *, times: int) -> str | None:
    if not isinstance(name, str):
        return f"its name is no text but {type(name).__name__}; rename it to {str(name)!r}."
    if times > 1:
        return f"{times} columns have this name; rename them."
    try:
        check_text(name, what="column name", limit=_LONGEST_NAME)
    except DeclarationError as error:
        return error.message
    return None


def _frame_problems(frame: pd.DataFrame) -> Iterator[_Problem]:
    index = frame.index
    if not (
        index.names == [None] and index.dtype == "int64" and index.equals(pd.RangeIndex(len(frame)))
    ):
        for name in index.names:
            reason = "the index carries data; make it a column with .reset_index()."
            yield _Problem("index" if name is None else str(name), reason)
    if frame.columns.names != [None]:
        name = frame.columns.names[0]
        reason = f"the columns together have the name {name!r}"
        yield _Problem(None, f"{reason}; drop it with .rename_axis(columns=None).")
    if frame.attrs:
        yield _Problem(None, "frame.attrs is not empty; make it columns, or clear it.")


def _column_problems(frame: pd.DataFrame) -> Iterator[_Problem]:
    """What each column would come back as, where that is not itself."""
    try:
        back = _read(_write(_from_frame(frame))).to_pandas()
    except _CONVERSION_ERRORS as error:
        if frame.shape[1] == 1:
            yield _Problem(frame.columns[0], _unconvertible(frame.iloc[:, 0], error))
        else:
            # The libraries stop at the first column they cannot convert; we name them all.
            for name in frame.columns:
                yield from _column_problems(frame[[name]])
        return
    for name in frame.columns:
        reason = _difference(frame[name], back[name])
        if reason:
            yield _Problem(name, reason)


def _unconvertible(values: "pd.Series[Any]", error: Exception) -> str:
    """Say why a column cannot be converted, by the types that it holds.

    Arrow's own words are about its guess of a type, and show a value as `repr` does.
    """
    dtype, what = values.dtype, "this object column"
    if isinstance(dtype, pd.CategoricalDtype):
        values, what = dtype.categories.to_series(), "the list of categories"
    if values.dtype == "object":
        kinds = dict.fromkeys(type(value) for value in values[values.notna()])
        names = [kind.__name__ for kind in kinds]
        if len(names) > 1:
            mixed = f"{', '.join(names[:-1])} and {names[-1]}"
            return f'{what} mixes types: {mixed}; make them one, for example with .astype("str").'
        if kinds.keys().isdisjoint(_CONVERTIBLE):
            return f"{what} holds values of type {', '.join(names)}; {_MAKE_PLAIN}"
    return f"{dtype}: {_ADDRESS.sub('', _first_line(error))}"


def _difference(before: "pd.Series[Any]", after: "pd.Series[Any]") -> str | None:
    was, now = before.dtype, after.dtype
    # Unordered categories equal each other in any order, yet the order is content.
    if (
        isinstance(was, pd.CategoricalDtype)
        and isinstance(now, pd.CategoricalDtype)
        and not (was.categories.equals(now.categories) and was.ordered == now.ordered)
    ):
        return f"its categories {list(was.categories)[:5]} come back as {list(now.categories)[:5]}."
    if was != now:
        if str(was) == str(now):
            return f"{was!r} comes back as {now!r}."
        return f'{was} comes back as {now}; declare it with .astype("{now}").'
    if was == "object":
        return _object_difference(before, after)
    return None if before.equals(after) else "its values come back changed."


def _object_difference(before: "pd.Series[Any]", after: "pd.Series[Any]") -> str | None:
    for row, (was, now) in enumerate(zip(before, after, strict=True)):
        if type(was) not in _PLAIN_OBJECTS:
            return f"row {row} of this object column holds a {type(was).__name__}."
        if type(was) is not type(now) or was != now:
            shown = [_ADDRESS.sub("", repr(value))[:80] for value in (was, now)]
            return f"row {row} holds {shown[0]}, which comes back as {shown[1]}."
    return None


def _table_problems(table: pa.Table) -> Iterator[_Problem]:
    try:
        back = _read(_write(table))
    except _CONVERSION_ERRORS as error:
        if table.num_columns == 1:
            name, column_type = table.column_names[0], table.schema.types[0]
            yield _Problem(name, f"{column_type}: {_first_line(error)}")
        else:
            for name in table.column_names:
                yield from _table_problems(table.select([name]))
        return
    for name in table.column_names:
        was, now = table.field(name), back.field(name)
        if was.type != now.type or was.nullable != now.nullable or was.metadata != now.metadata:
            yield _Problem(name, f"{was} comes back as {now}; cast it to that.")
        elif not _same_values(table.column(name), back.column(name)):
            yield _Problem(name, "its values come back changed.")


def _same_values(before: pa.ChunkedArray, after: pa.ChunkedArray) -> bool:
    # To Arrow, NaN differs from itself; the texts of two NaN are the same.
    return bool(before.equals(after)) or repr(before.to_pylist()) == repr(after.to_pylist())


def _first_line(error: Exception) -> str:
    text = str(error.args[0] if error.args else error)
    return text.partition("\n")[0] or type(error).__name__
