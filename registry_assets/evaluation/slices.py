"""The metrics on some of the rows: where a model is weaker than its average."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from registry_assets.declaration.metrics import Measure
from registry_assets.declaration.slicing import Bins, Column, Slicing, Where
from registry_assets.errors import DataUnusable
from registry_assets.evaluation.estimating import estimate
from registry_assets.evaluation.results.slices import SliceResult, slice_label
from registry_assets.evaluation.scored import BoolArray, IntArray, Outcomes, Predictions
from registry_assets.reasons import reason_of

# Values with too few rows say nothing one by one, and a key has a million of them.
_MOST_UNSUPPORTED = 50


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """Some of the rows, and what they go by.

    Args:
        index: positions of its rows, ascending.
    """

    by: str
    value: str | None
    index: IntArray

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.index)

    @property
    def label(self) -> str:
        """The slice, as people say it."""
        return slice_label(self.by, self.value)


def find_slices(frame: pd.DataFrame, slicings: Sequence[Slicing]) -> tuple[Slice, ...]:
    """Give the rows of every slice, in the order of the declaration and of the values.

    Rows in which a column is null are a slice of their own, the last.

    Raises:
        DataUnusable: a column is not there, or not of numbers where ranges are asked for; or
            a condition cannot be evaluated.
    """
    return tuple(found for slicing in slicings for found in _slices(frame, slicing))


def slice_results(
    slices: Sequence[Slice],
    outcomes: Outcomes,
    predictions: Predictions,
    *,
    metrics: Sequence[Measure],
    min_rows: int,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[SliceResult, ...]:
    """Give the metrics of each slice.

    A slice of fewer than `min_rows` rows is listed without estimates; of those of one
    column only the 50 largest, and the rest together.
    """
    found: list[SliceResult] = []
    for by in dict.fromkeys(each.by for each in slices):
        alike = [each for each in slices if each.by == by]
        small = sorted((each for each in alike if each.rows < min_rows), key=lambda s: -s.rows)
        together = small[_MOST_UNSUPPORTED:]
        left_out = {id(each) for each in together}
        apart = [each for each in alike if id(each) not in left_out]
        for each in apart:
            here = outcomes.take(each.index)
            supported = each.rows >= min_rows
            estimates = (
                estimate(
                    here,
                    predictions.take(each.index),
                    metrics=metrics,
                    resamples=resamples,
                    seed=seed,
                    among=outcomes.rows,
                ).metrics
                if supported
                else {}
            )
            positives = _positives(here)
            found.append(SliceResult(by, each.value, each.rows, positives, supported, estimates))
        if together:
            rest = np.concatenate([each.index for each in together])
            label = f"({len(together):,} other values)"
            positives = _positives(outcomes.take(rest))
            found.append(SliceResult(by, label, len(rest), positives, False, {}))
    return tuple(found)


def text_codes(column: "pd.Series[Any]") -> tuple[IntArray, list[str]]:
    """Give the position of each cell's text in the texts there are, sorted; -1 where it is null.

    By what is shown, so that no two groups bear the same label.
    """
    if not isinstance(column.dtype, pd.CategoricalDtype):
        codes, labels = pd.factorize(column.astype("string"), sort=True)
        return codes, [str(label) for label in labels]
    # Of a million cells a few categories: only they are written out as text.
    used, place = np.unique(column.cat.codes, return_inverse=True)
    categories = column.cat.categories.to_series().astype("string").to_numpy(dtype=object)
    codes, labels = pd.factorize(categories[used[used >= 0]], sort=True)
    missing = np.full(int((used < 0).any()), -1)
    return np.append(missing, codes)[place], [str(label) for label in labels]


def _positives(outcomes: Outcomes) -> int | None:
    return int((outcomes.y == 1).sum()) if outcomes.task == "binary" else None


def _slices(frame: pd.DataFrame, slicing: Slicing) -> Iterator[Slice]:
    match slicing:
        case Where():
            yield Slice(slicing.name, "", np.flatnonzero(_meets(frame, slicing)))
        case Bins():
            values = _numbers(_column(frame, slicing.column), slicing)
            edges = _edges(values, slicing)
            codes = np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="right"))
            yield from _groups(slicing.name, codes, _range_labels(edges))
        case Column():
            codes, labels = text_codes(_column(frame, slicing.column))
            yield from _groups(slicing.name, codes, labels)


def _groups(by: str, codes: "np.ndarray", labels: Sequence[str]) -> Iterator[Slice]:
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes + 1, minlength=len(labels) + 1)
    missing, *parts = np.split(order, np.cumsum(counts)[:-1])
    for label, index in zip(labels, parts, strict=True):
        if len(index):
            yield Slice(by, label, index)
    if len(missing):
        yield Slice(by, None, missing)


def _column(frame: pd.DataFrame, name: str) -> "pd.Series[Any]":
    if name not in frame.columns:
        raise DataUnusable(
            f"the holdout has no column {name} to slice by;"
            f" it has {', '.join(map(str, frame.columns))}",
            hint="correct Evaluation(slices=…), or keep the column in the data",
        )
    if isinstance(found := frame[name], pd.DataFrame):
        raise DataUnusable(
            f"the holdout has a column {name} twice: it cannot be sliced by",
            hint="keep it under another name than that of the feature",
        )
    return found


def _numbers(column: "pd.Series[Any]", slicing: Bins) -> "np.ndarray":
    numbers = pd.to_numeric(column, errors="coerce")
    unreadable = int((numbers.isna() & column.notna()).sum())
    if unreadable or column.dtype.kind in "mM":
        raise DataUnusable(
            f"Bins({slicing.column!r}, …): {unreadable or len(column):,} of {len(column):,} values"
            " are no numbers",
            hint=f"slice by its values, slices=[{slicing.column!r}], or by a condition, Where(…)",
        )
    found: np.ndarray = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    return found


def _edges(values: "np.ndarray", slicing: Bins) -> "np.ndarray":
    if not isinstance(slicing.edges, int):
        return np.array(slicing.edges)
    finite = values[np.isfinite(values)]
    if not len(finite):
        return np.empty(0)
    inner = np.linspace(0, 1, slicing.edges + 1)[1:-1]
    edges = np.unique(np.quantile(finite, inner))
    inside: np.ndarray = edges[edges > finite.min()]
    return inside


def _range_labels(edges: "np.ndarray") -> list[str]:
    shown = [f"{edge:.6g}" for edge in edges]
    if not shown:
        return ["all"]
    between = [f"{low} to {high}" for low, high in pairwise(shown)]
    return [f"below {shown[0]}", *between, f"{shown[-1]} and above"]


def _meets(frame: pd.DataFrame, where: Where) -> BoolArray:
    try:
        if callable(where.condition):
            # All of it copied: a shallow copy can be written through, `frame[c].array[0] = 1`.
            given = frame.copy().set_axis(frame.columns.copy(deep=True), axis=1)
            found = where.condition(given)
        else:
            # Text of the declaration, which is code that the team wrote.
            found = frame.eval(where.condition)
        member = np.asarray(pd.array(np.asarray(found), dtype="boolean").fillna(False), dtype=bool)
    except (Exception, SystemExit) as error:  # the user's code: anything
        raise DataUnusable(
            f"the slice {where.name!r} cannot be told: {reason_of(error)}",
            hint=f"correct Where({where.name!r}, …); the holdout has"
            f" {', '.join(map(str, frame.columns))}",
        ) from error
    if member.shape != (len(frame),):
        raise DataUnusable(
            f"the condition of {where.name!r} gave a result of shape {member.shape}"
            f" for {len(frame):,} rows",
            hint="let it give one bool per row",
        )
    return member
