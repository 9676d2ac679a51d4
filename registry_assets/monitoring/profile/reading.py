"""A column of Arrow or pandas as what a profile is made of: numbers, or texts with their counts.

What the many types come down to is the same for both: a frame has the profile of the table that
it is stored as. Only columns of mixed objects, which no table holds, are text by their values.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api import types

from registry_assets.evaluation.data.pairs import Column, as_numbers, as_text, kind_of
from registry_assets.evaluation.data.pairs import written as printed
from registry_assets.monitoring.profile.cells import Cells
from registry_assets.monitoring.profile.columns import ColumnProfile, Kind
from registry_assets.monitoring.profile.labels import LONGEST_LABEL, Labels
from registry_assets.monitoring.profile.ordering import FloatArray, IntArray, keys_of

_ROWS = 1 << 18
"""Rows that are looked at at once: what is made of them stays in the processor's cache."""

_MICROSECONDS = 1e6


def profile_of_array(values: pa.Array | pa.ChunkedArray, *, shift: int = 0) -> ColumnProfile:
    """Give the profile of an Arrow column.

    Args:
        shift: how coarse its grid will be at least, as that of other rows is.
    """
    if isinstance(values, pa.ChunkedArray):
        return _sum(values.chunks, shift)
    if len(values) > _ROWS:
        return _sum(_parts(values), shift)
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _of_dictionary(values)
    if pa.types.is_null(kind) or values.null_count == len(values):
        return _nothing(len(values))
    if pa.types.is_boolean(kind):
        return _of_numbers("truth", values.cast(pa.uint8()).to_numpy(zero_copy_only=False), shift)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        numbers = values.to_numpy(zero_copy_only=False)
        return _of_numbers("number", numbers, shift, whole=pa.types.is_integer(kind))
    if pa.types.is_decimal(kind):
        return _of_numbers(
            "number", values.cast(pa.float64()).to_numpy(zero_copy_only=False), shift
        )
    if pa.types.is_temporal(kind) and not pa.types.is_interval(kind):
        return _of_numbers("time", _seconds(values), shift)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _of_texts(values)
    return ColumnProfile("other", len(values), values.null_count)


def profile_of_series(values: Column, *, shift: int = 0) -> ColumnProfile:
    """Give the profile of a pandas column; `shift` as for an array."""
    dtype = values.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "iufb":
        numbers = values.to_numpy()
        kind: Kind = "truth" if dtype.kind == "b" else "number"
        return _of_numbers(kind, numbers, shift, whole=dtype.kind in "iu")
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return _of_objects(values)
    if isinstance(array, pa.ExtensionArray):
        return _of_objects(values)
    return profile_of_array(array, shift=shift)


def _sum(parts: "Iterator[pa.Array] | list[pa.Array]", shift: int) -> ColumnProfile:
    found = ColumnProfile("empty", 0)
    for part in parts:
        found += profile_of_array(part, shift=max(shift, found.cells.shift))
    return found


def _parts(values: pa.Array) -> Iterator[pa.Array]:
    for first in range(0, len(values), _ROWS):
        yield values.slice(first, _ROWS)


def _nothing(rows: int) -> ColumnProfile:
    return ColumnProfile("empty", rows, rows)


def _of_numbers(kind: Kind, numbers: Any, shift: int, *, whole: bool = False) -> ColumnProfile:
    """Give the profile of (n,) numbers of any type, of which NaN is missing."""
    if len(numbers) > _ROWS:
        found = ColumnProfile("empty", 0)
        for first in range(0, len(numbers), _ROWS):
            part = numbers[first : first + _ROWS]
            shift = max(shift, found.cells.shift)
            found += _of_numbers(kind, part, shift, whole=whole)
        return found
    rows = len(numbers)
    # A copy, which is sorted in place: minus infinity comes first, infinity and NaN last.
    ordered: FloatArray = np.array(numbers, dtype=np.float64)
    ordered.sort()
    first = int(np.searchsorted(ordered, -np.inf, side="right"))
    end = int(np.searchsorted(ordered, np.inf, side="left"))
    present = int(np.searchsorted(ordered, np.inf, side="right"))
    if not present:
        return _nothing(rows)
    values = ordered[first:end]
    return ColumnProfile(
        kind,
        rows,
        rows - present,
        present - len(values),
        whole=whole,
        minimum=float(values[0]) + 0.0 if len(values) else None,
        maximum=float(values[-1]) + 0.0 if len(values) else None,
        cells=Cells.of_sorted(keys_of(values), shift=shift),
    )


def _seconds(values: pa.Array) -> FloatArray:
    kind = values.type
    if pa.types.is_date(kind):
        values = values.cast(pa.timestamp("ms" if kind == pa.date64() else "s"))
    elif pa.types.is_time(kind):
        # From time to duration there is a way over whole numbers alone.
        size = pa.int32() if pa.types.is_time32(kind) else pa.int64()
        values = values.cast(size).cast(pa.int64()).cast(pa.duration(kind.unit))
    timestamp = pa.types.is_timestamp(values.type)
    micros = pa.timestamp("us", values.type.tz) if timestamp else pa.duration("us")
    # In microseconds, whatever unit it came in: a double holds them exactly to 2255.
    ticks = values.cast(micros, safe=False).cast(pa.int64())
    return np.asarray(ticks.to_numpy(zero_copy_only=False) / _MICROSECONDS, dtype=np.float64)


def _of_dictionary(values: pa.DictionaryArray) -> ColumnProfile:
    codes = values.indices.drop_null().to_numpy(zero_copy_only=False)
    used, counts = np.unique(codes, return_counts=True)
    texts = values.dictionary.take(pa.array(used))
    if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
        known = pd.Series(texts.to_pandas())
        pairs = zip(known, known.isna(), strict=True)
        texts = pa.array([None if absent else printed(each) for each, absent in pairs], pa.string())
    return _counted(texts, counts, rows=len(values), category=True)


def _of_texts(values: pa.Array) -> ColumnProfile:
    found = pc.value_counts(values)
    counts = found.field("counts").to_numpy(zero_copy_only=False)
    return _counted(found.field("values"), counts, rows=len(values), category=False)


def _of_objects(values: Column) -> ColumnProfile:
    """Give the profile of what Arrow does not take: what is no number is told by its type."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return profile_of_array(pa.array(values.cat.rename_categories(printed)))
    kind = kind_of(values)
    if kind != "text":
        return _of_numbers(kind, as_numbers(values), 0)
    if types.infer_dtype(values, skipna=True) == "string":
        return profile_of_array(pa.array(as_text(values), pa.large_string(), from_pandas=True))
    missing = int(values.isna().sum())
    return ColumnProfile("other" if missing < len(values) else "empty", len(values), missing)


def _counted(texts: pa.Array, counts: IntArray, *, rows: int, category: bool) -> ColumnProfile:
    """Give the profile of texts, each of which occurs so often; null may be among them."""
    there = texts.is_valid().to_numpy(zero_copy_only=False)
    texts, counts = texts.drop_null(), counts[there].astype(np.int64)
    if not len(texts):
        return _nothing(rows)
    texts = texts.cast(pa.large_string())
    if pc.max(pc.utf8_length(texts)).as_py() > LONGEST_LABEL:
        texts, counts = _shortened(texts, counts)
    missing = rows - int(counts.sum())
    labels = Labels.of(texts, counts)
    return ColumnProfile("text", rows, missing, category=category, labels=labels)


def _shortened(texts: pa.Array, counts: IntArray) -> tuple[pa.Array, IntArray]:
    """Cut long texts, and end them with a hash so that different ones stay different."""
    from hashlib import blake2b

    def short(text: str) -> str:
        if len(text) <= LONGEST_LABEL:
            return text
        rest = blake2b(text.encode(), digest_size=8).hexdigest()
        return f"{text[: LONGEST_LABEL - 20]}… {rest}"

    found: dict[str, int] = {}
    for text, count in zip(texts.to_pylist(), counts.tolist(), strict=True):
        name = short(text)
        found[name] = found.get(name, 0) + count
    return pa.array(found, pa.large_string()), np.fromiter(found.values(), np.int64, len(found))
