"""The same column of two frames, brought to values that can be compared with each other.

Here belongs what pandas' many types come down to: numbers, times as seconds, and text.
Which rows to look at is `sampling`.
"""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas.api import types

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
if TYPE_CHECKING:
    Column: TypeAlias = pd.Series[Any]
else:
    Column = pd.Series  # pandas' own is not generic
Kind = Literal["truth", "number", "time", "text"]

# What pandas infers of an object column in which everything is a number.
_NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "decimal"})
# pandas' own whole numbers and truth values that may be missing.
_MASKED = ("Int", "UInt", "boolean")


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A column of both frames; the two may be of different types and lengths.

    Args:
        kind: what the values are in both; text, where they have nothing in common.
    """

    name: str
    training: Column
    holdout: Column
    kind: Kind

    @classmethod
    def of(cls, name: str, training: Column, holdout: Column) -> Self:
        """Pair two columns."""
        kinds = {kind_of(training), kind_of(holdout)}
        if len(kinds) == 1:
            return cls(name, training, holdout, kinds.pop())
        return cls(name, training, holdout, "number" if kinds == {"truth", "number"} else "text")

    def numbers(self) -> tuple[FloatArray, FloatArray]:
        """Give both as numbers: a time in seconds, a truth value as 0 or 1, NaN for missing."""
        return as_numbers(self.training), as_numbers(self.holdout)

    def texts(self) -> tuple[Column, Column]:
        """Give both as text."""
        return as_text(self.training), as_text(self.holdout)

    def taken(self, training_rows: IntArray, holdout_rows: IntArray) -> Self:
        """Give the pair at these positions."""
        training = self.training.take(training_rows).reset_index(drop=True)
        holdout = self.holdout.take(holdout_rows).reset_index(drop=True)
        return replace(self, training=training, holdout=holdout)

    def comparable(self) -> tuple[Column, Column]:
        """Give both as one type, in which equal cells are equal and have equal hashes.

        Whole numbers stay whole where both are: ids beyond 2**53 stay different.
        """
        if self.kind == "text":
            return self.texts()
        dtype = self.training.dtype
        exact = isinstance(dtype, np.dtype | pd.DatetimeTZDtype) or str(dtype).startswith(_MASKED)
        if exact and dtype == self.holdout.dtype and dtype.kind in "biumM":
            return self.training, self.holdout
        first, second = self.numbers()
        # Zero has two signs, and a NaN many patterns of bits: each becomes one.
        return pd.Series(first + 0.0), pd.Series(second + 0.0)


def paired(
    training: pd.DataFrame, holdout: pd.DataFrame, *, ignore: Collection[str] = ()
) -> tuple[Pair, ...]:
    """Give the columns that both frames have, in training's order."""
    ignored = set(ignore)
    others = dict(named_columns(holdout))
    return tuple(
        Pair.of(name, values, others[name])
        for name, values in named_columns(training)
        if name in others and name not in ignored
    )


def named_columns(frame: pd.DataFrame) -> Iterator[tuple[str, Column]]:
    """Give each column under a name of its own: the second `a` of a frame is `a (2)`."""
    seen: set[str] = set()
    for label, values in frame.items():
        name = text = written(label)
        times = 1
        while name in seen:
            times += 1
            name = f"{text} ({times})"
        seen.add(name)
        yield name, values.reset_index(drop=True)


def as_column(y: ArrayLike) -> Column:
    """Give targets as a column of their own: whatever index they had says nothing."""
    values: Column = y if isinstance(y, pd.Series) else pd.Series(cast("Any", y))
    return values.reset_index(drop=True)


def kind_of(values: Column) -> Kind:
    """Say what a column holds: what is not a number or a time is text, such as categories."""
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "text"
    if types.is_object_dtype(dtype):
        inferred = types.infer_dtype(values, skipna=True)
        if inferred == "boolean":
            return "truth"
        return "number" if inferred in _NUMBERS else "text"
    if types.is_bool_dtype(dtype):
        return "truth"
    if types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype):
        return "number"
    plain = isinstance(dtype, (np.dtype, pd.DatetimeTZDtype))
    return "time" if plain and dtype.kind in "mM" else "text"


def as_numbers(values: Column) -> FloatArray:
    """Give a column of numbers, truth values or times as (n,) floats, NaN where missing."""
    dtype = values.dtype
    if types.is_object_dtype(dtype):
        cells = zip(values, values.isna(), strict=True)
        return np.array([np.nan if absent else _number(cell) for cell, absent in cells], float)
    if isinstance(dtype, (np.dtype, pd.DatetimeTZDtype)) and dtype.kind in "mM":
        if isinstance(dtype, pd.DatetimeTZDtype):
            values = values.dt.tz_convert(None)
        ticks = values.to_numpy()
        # In microseconds, whatever unit it came in: a double holds them exactly to 2255.
        micros = ticks.astype(f"{dtype.kind}8[us]").astype(np.int64)
        return np.where(np.isnat(ticks), np.nan, micros / 1e6)
    return np.asarray(values.to_numpy(dtype="float64", na_value=np.nan))


def as_text(values: Column) -> Column:
    """Give any column as text, as its values print; what is missing stays so."""
    dtype = values.dtype
    if isinstance(dtype, pd.StringDtype):
        return values.astype("str")
    if isinstance(dtype, pd.CategoricalDtype):
        # Each category is written once, not once a row.
        labels = pd.array([written(each) for each in dtype.categories], dtype="str")
        codes = values.cat.codes.to_numpy()
        return pd.Series(labels.take(codes, allow_fill=True))
    cells = zip(values, values.isna(), strict=True)
    return pd.Series([None if absent else written(cell) for cell, absent in cells], dtype="str")


def written(value: object) -> str:
    """Write a value or a column's name as text that is valid UTF-8."""
    return str(value).encode("utf-8", "backslashreplace").decode()


def _number(cell: Any) -> float:
    try:
        return float(cell)
    except OverflowError:  # a Python integer beyond 1.8e308
        return math.inf if cell > 0 else -math.inf
