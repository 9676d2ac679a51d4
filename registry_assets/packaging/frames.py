"""Comparing two frames value by value, to say where they part.

Used on features and predictions, which must come out the same alone and together, here
and in a fresh process.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

# Sums over a batch and over one row differ in the last bits; anything more is another value.
EXACT = 1e-9
# Of numbers next to zero the same is asked a thousand times finer.
_SMALL = 1e-3


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where two frames part; `row` counts from 0."""

    column: str
    row: int
    expected: object
    found: object

    def __str__(self) -> str:
        return f"{self.column!r} of row {self.row}: expected {self.expected}, found {self.found}"


def first_difference(
    expected: pd.DataFrame, found: pd.DataFrame, *, relative: float = EXACT
) -> Difference | None:
    """Compare frames of the same columns and length; empty values equal each other.

    Args:
        relative: by how much numbers may differ.
    """
    for column in expected.columns:
        same = _same(expected[column], found[column], relative)
        if not same.all():
            row = int(np.argmin(same))
            return Difference(
                column=str(column),
                row=row,
                expected=expected[column].iloc[row],
                found=found[column].iloc[row],
            )
    return None


def max_difference(expected: pd.DataFrame, found: pd.DataFrame) -> float:
    """Give the largest absolute difference between the numbers in two equal-shaped frames."""
    largest = 0.0
    for column in expected.columns:
        if pd.api.types.is_float_dtype(expected[column].dtype):
            parts = np.abs(_numbers(expected[column]) - _numbers(found[column]))
            largest = max(largest, float(np.nanmax(parts, initial=0.0)))
    return largest


def _same(expected: pd.Series, found: pd.Series, relative: float) -> np.ndarray:
    if pd.api.types.is_float_dtype(expected.dtype):
        close: np.ndarray = np.isclose(
            _numbers(found),
            _numbers(expected),
            rtol=relative,
            atol=relative * _SMALL,
            equal_nan=True,
        )
        return close
    # As objects, so that categories are compared by what they say.
    said, heard = expected.astype(object).to_numpy(), found.astype(object).to_numpy()
    no_said, no_heard = expected.isna().to_numpy(), found.isna().to_numpy()
    both = ~no_said & ~no_heard
    equal: np.ndarray = no_said & no_heard
    equal[both] = said[both] == heard[both]
    return equal


def _numbers(values: pd.Series) -> np.ndarray:
    return values.to_numpy(dtype=np.float64, na_value=np.nan)
