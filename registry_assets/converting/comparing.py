"""Whether a version says the same in another form: row by row, beside what it says itself."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from registry_assets.canonical import Json
from registry_assets.errors import ConversionRefused

PREDICTION = "prediction"
"""The column of what is predicted; the others are the classes' probabilities."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison that found no row that differs.

    Args:
        rows: how many were compared.
        tolerance: how far numbers may be apart; from 1 on, as a share of the number.
        largest: how far they are, by the same measure.
    """

    rows: int
    tolerance: float
    largest: float

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {"rows": self.rows, "tolerance": self.tolerance, "largest": self.largest}


def compare(expected: pd.DataFrame, found: pd.DataFrame, *, tolerance: float) -> Compared:
    """Hold predictions against those of the version: see `packaging.predictions.predictions`.

    A class may be another one where its probability and the greatest are nearer to each other
    than both may be off: neither form decides there.

    Raises:
        ConversionRefused: rows differ; names the first and how many.
    """
    apart = np.zeros(len(expected))
    probabilities = [column for column in expected.columns if column != PREDICTION]
    numbers = probabilities or [PREDICTION]
    for column in numbers:
        apart = np.maximum(apart, _apart(expected[column], found[column]))
    wrong = apart > tolerance
    if probabilities:
        wrong |= _other_class(expected, found, within=2 * tolerance)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ConversionRefused(
            f"{int(wrong.sum()):,} of {len(expected):,} rows differ by more than {tolerance:g};"
            f" the first is row {row}: expected {_shown(expected, row)}, found"
            f" {_shown(found, row)}",
            hint="nothing was written: what would be served is not what was approved",
        )
    return Compared(len(expected), tolerance, float(apart.max(initial=0.0)))


def _apart(expected: "pd.Series[float]", found: "pd.Series[float]") -> np.ndarray:
    said, heard = expected.to_numpy(dtype=np.float64), found.to_numpy(dtype=np.float64)
    distance = np.abs(said - heard) / np.maximum(1.0, np.abs(said))
    # No number on one side only is as far apart as can be.
    both = np.isnan(said) & np.isnan(heard)
    apart: np.ndarray = np.where(both, 0.0, np.nan_to_num(distance, nan=np.inf))
    return apart


def _other_class(expected: pd.DataFrame, found: pd.DataFrame, *, within: float) -> np.ndarray:
    other = (expected[PREDICTION] != found[PREDICTION]).to_numpy(dtype=bool)
    greatest = np.sort(expected.drop(columns=PREDICTION).to_numpy(), axis=1)
    decided = greatest[:, -1] - greatest[:, -2] > within
    wrong: np.ndarray = other & decided
    return wrong


def _shown(frame: pd.DataFrame, row: int) -> str:
    return ", ".join(f"{name} {value}" for name, value in frame.iloc[row].items())
