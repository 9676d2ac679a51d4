"""Conditions over a column's cells: which there are, and which rows fulfil one.

Any column is read as numbers, times or text, so that no data is refused. `search` combines
and tests the conditions.
"""

import math
import sys
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from registry_assets.evaluation.results.weak import Condition
from registry_assets.evaluation.scored import BoolArray, FloatArray, IntArray

# The most frequent values of a text column are tried; numbers of few distinct values are tried
# value by value, others in quantile bins.
_VALUES, _DISTINCT, _BINS = 20, 10, 5
_SHOWN = 60  # characters of a value that a condition's text shows

_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_INFINITE = sys.float_info.max
_MISSING, _NONE = -1, -2  # codes of rows that fulfil no condition on a value

Kind = Literal["text", "number", "time"]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The conditions over a column; no row fulfils two.

    Args:
        codes: (n,), which of the conditions each row fulfils; their number if none.
    """

    name: str
    codes: IntArray
    conditions: tuple[Condition, ...]

    @property
    def entropy(self) -> float:
        """How well the conditions tell rows apart, in nats."""
        shares = np.bincount(self.codes) / len(self.codes)
        return -float(np.sum(shares * np.log(np.where(shares > 0, shares, 1))))


def conditions_of(values: "pd.Series[Any]", name: str, *, kind: Kind, least: int) -> Column:
    """Give the conditions that at least so many rows fulfil, and as many do not."""
    if kind == "text":
        codes, conditions = _values(name, *_texts(values), least=least)
    else:
        codes, conditions = _parts(name, _numbers(values, kind), kind)
    sizes = np.bincount(codes[codes >= 0], minlength=len(conditions))
    taken = [at for at, size in enumerate(sizes) if least <= size <= len(codes) - least]
    if least <= np.sum(codes == _MISSING) <= len(codes) - least:
        conditions.append(Condition(name, f"{name} is missing", "missing"))
        codes = np.where(codes == _MISSING, len(conditions) - 1, codes)
        taken.append(len(conditions) - 1)
    # The codes that are below 0 select from the end.
    place = np.full(len(conditions) + 2, len(taken))
    place[taken] = np.arange(len(taken))
    return Column(name, place[codes], tuple(conditions[at] for at in taken))


def fulfilled(values: "pd.Series[Any]", condition: Condition) -> BoolArray:
    """Tell of each cell whether the condition holds: (n,). A cell of another kind fulfils none."""
    kind = kind_of(values)
    if kind == "text":
        codes, labels = _texts(values)
        sought = [-1] if condition.kind == "missing" else []
        if condition.kind == "text":
            sought = [at for at, label in enumerate(labels) if label == condition.value]
        return np.isin(codes, sought)
    numbers = _numbers(values, kind)
    if condition.kind == "missing":
        return np.isnan(numbers)
    if condition.kind == "text":
        return np.zeros(len(numbers), dtype=np.bool_)
    inside = ~np.isnan(numbers)
    if condition.low is not None:
        inside &= numbers >= condition.low
    if condition.high is not None:
        inside &= numbers <= condition.high
        if condition.kind == "range":
            inside &= numbers != condition.high
    return inside


def content_bits(values: "pd.Series[Any]", *, kind: Kind) -> NDArray[np.uint64]:
    """Give 64 bits for each cell that are equal where the cells are: (n,)."""
    if kind != "text":
        return number_bits(_numbers(values, kind))
    codes, labels = _texts(values)
    hashes = pd.util.hash_array(np.array(labels, dtype=object), categorize=False)
    return np.append(hashes, np.uint64(0))[codes]


def number_bits(numbers: FloatArray) -> NDArray[np.uint64]:
    """Give the bits of each number: (n,)."""
    # Adding 0 makes one zero of the two, and NaN has many forms.
    return np.where(np.isnan(numbers), np.nan, numbers + 0.0).view(np.uint64)


def kind_of(values: "pd.Series[Any]") -> Kind:
    """Tell how a column is read. It takes all rows: text may occur in a single one."""
    types = pd.api.types
    if types.is_datetime64_any_dtype(values.dtype):
        return "time"
    if types.is_object_dtype(values.dtype):
        numbers = ("integer", "floating", "mixed-integer-float", "decimal")
        return "number" if types.infer_dtype(values, skipna=True) in numbers else "text"
    numeric = types.is_numeric_dtype(values.dtype) and not types.is_complex_dtype(values.dtype)
    return "number" if numeric and not types.is_bool_dtype(values.dtype) else "text"


def _numbers(values: "pd.Series[Any]", kind: Kind) -> FloatArray:
    """Give each cell as a number, (n,): a time in seconds since 1970, NaN where it is null.

    Infinity is the largest number, because a condition's limits are stored as JSON.
    """
    if kind == "time":
        return _seconds(values)
    if pd.api.types.is_object_dtype(values.dtype):
        null = values.isna()
        cells = (np.nan if no else _float(cell) for cell, no in zip(values, null, strict=True))
        numbers = np.fromiter(cells, np.float64, count=len(values))
    else:
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.clip(numbers, -_INFINITE, _INFINITE)


def _seconds(values: "pd.Series[Any]") -> FloatArray:
    if isinstance(values.dtype, pd.ArrowDtype):
        values = pd.to_datetime(values.astype(object), utc=True)
    naive = values if values.dt.tz is None else values.dt.tz_convert(None)
    times = naive.to_numpy()
    # In its own unit: the years that seconds reach would overflow nanoseconds.
    second = _SECOND[np.datetime_data(times.dtype)[0]]
    return np.where(np.isnat(times), np.nan, times.view(np.int64) / second)


def _float(cell: Any) -> float:
    try:
        return float(cell)
    except OverflowError:
        # An integer of more than 308 digits.
        return math.inf if cell > 0 else -math.inf


def _texts(values: "pd.Series[Any]") -> tuple[IntArray, list[str]]:
    """Give each cell's place among the distinct texts, (n,), -1 if null; and these."""
    codes: NDArray[Any]
    distinct: list[Any]
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, distinct = values.cat.codes.to_numpy(), list(values.cat.categories)
    elif isinstance(values.dtype, pd.StringDtype | pd.BooleanDtype) or values.dtype == np.bool_:
        codes, found = pd.factorize(values)
        distinct = np.asarray(found, dtype=object).tolist()
    else:
        # By text: to a hash table 1 and True are one value, and a list has no hash.
        seen: dict[str, int] = {}
        null = values.isna()
        cells = (
            -1 if no else seen.setdefault(str(cell), len(seen))
            for cell, no in zip(values, null, strict=True)
        )
        codes, distinct = np.fromiter(cells, np.int64, count=len(values)), list(seen)
    # Two things may print alike.
    place: dict[str, int] = {}
    places = [place.setdefault(_text(each), len(place)) for each in distinct]
    return np.array([*places, _MISSING])[codes], list(place)


def _text(cell: object) -> str:
    text = str(cell)
    # Half of a surrogate pair is no character, and could not be stored.
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _values(
    name: str, codes: IntArray, labels: list[str], *, least: int
) -> tuple[IntArray, list[Condition]]:
    """Give the most frequent values' conditions, and which of them each row fulfils: (n,)."""
    sizes = np.bincount(codes[codes >= 0], minlength=len(labels))
    frequent = np.flatnonzero(sizes >= least).tolist()
    # By text where they are equally frequent: the rows' order decides nothing.
    taken = sorted(frequent, key=lambda at: (-sizes[at], labels[at]))[:_VALUES]
    place = np.full(len(labels) + 1, _NONE)
    place[taken] = np.arange(len(taken))
    place[_MISSING] = _MISSING
    return place[codes], [
        Condition(name, f"{name} is {_shown(labels[at])}", "text", value=labels[at]) for at in taken
    ]


def _parts(name: str, numbers: FloatArray, kind: Kind) -> tuple[IntArray, list[Condition]]:
    """Give conditions on a number, each value's or ranges, and which each row fulfils: (n,)."""
    present = numbers[~np.isnan(numbers)]
    distinct, sizes = np.unique(present, return_counts=True)
    if len(distinct) <= _DISTINCT:
        codes = np.searchsorted(distinct, numbers)
        conditions = [
            Condition(name, f"{name} is {_shown(each, kind)}", "number", low=each, high=each)
            for each in distinct.tolist()
        ]
    else:
        at = np.searchsorted(np.cumsum(sizes), np.arange(1, _BINS) / _BINS * len(present))
        # A value of many rows, such as the zeros among amounts, is a range of its own.
        at = np.union1d(at, at[sizes[at] >= len(present) / _BINS] + 1)
        starts = distinct[at[(at > 0) & (at < len(distinct))]].tolist()
        codes = np.searchsorted(starts, numbers, side="right")
        conditions = [
            Condition(name, f"{name} {_range(low, high, kind)}", "range", low=low, high=high)
            for low, high in zip([None, *starts], [*starts, None], strict=True)
        ]
    return np.where(np.isnan(numbers), _MISSING, codes), conditions


def _range(low: float | None, high: float | None, kind: Kind) -> str:
    if low is None:
        return "" if high is None else f"< {_shown(high, kind)}"
    if high is None:
        return f">= {_shown(low, kind)}"
    return f"in [{_shown(low, kind)}, {_shown(high, kind)})"


def _shown(value: str | float, kind: Kind = "text") -> str:
    if isinstance(value, str):
        return value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
    if kind == "time":
        # Unlike datetime, it knows years of more than four digits.
        moment = str(np.datetime64(math.floor(value), "s"))
        return moment.replace("T", " ").removesuffix(" 00:00:00")
    if abs(value) == _INFINITE:
        return "inf" if value > 0 else "-inf"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"
