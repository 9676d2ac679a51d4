"""Distances of two columns, as Evidently computes them of the rows, and how wrong they may be.

A profile has the middles of the cells that numbers lie in. By the triangle inequality the
Wasserstein distance is wrong by no more than the rows are from the middles, on both sides together.
What is in one cell is never told apart, so a Jensen-Shannon distance of cells is at most that of
the values: it is exact where each cell is one value.
"""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from registry_assets.monitoring.profile.cells import Cells
from registry_assets.monitoring.profile.columns import ColumnProfile
from registry_assets.monitoring.profile.ordering import FloatArray, IntArray

Method: TypeAlias = Literal["wasserstein", "jensenshannon"]

# What is left of a constant is rounding. Evidently takes 0.001 for every spread below, so that a
# column in small units never drifts; this does only for a constant.
_CONSTANT = 1e-12
_CONSTANT_SPREAD = 0.001
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance between two columns.

    Args:
        value: may be infinite, where numbers are too large.
        error: the distance of the rows is within this much of the value.
    """

    method: Method
    value: float
    error: float


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """How often the same cells, or categories, occur on both sides.

    Args:
        before: (n,) counts in the reference.
        after: (n,) counts in what is compared with it.
        exact: whether each cell is one value.
        names: (n,) the categories' texts, or none.
    """

    before: IntArray
    after: IntArray
    exact: bool
    names: tuple[str, ...] = ()


def wasserstein(reference: ColumnProfile, current: ColumnProfile) -> Distance:
    """Give the area between the two cumulative distributions, over the reference's spread."""
    before, after = reference.points(), current.points()
    # Scaled, for the square of 1e200 is infinite.
    own = float(np.abs(before.values).max())
    scale = max(own, float(np.abs(after.values).max())) or 1.0
    weights, others = before.weights, after.weights
    values = np.concatenate([before.values, after.values]) / scale
    order = np.argsort(values, kind="stable")
    steps = np.concatenate([weights, -others])[order]
    area = float((np.abs(np.cumsum(steps)[:-1]) * np.diff(values[order])).sum())
    wrong = float(weights @ (before.errors / scale) + others @ (after.errors / scale))
    spread, spread_wrong = _spread(before.values, before.errors, weights, own)
    if spread_wrong and spread_wrong >= spread:
        return Distance("wasserstein", math.inf, math.inf)
    constant = spread <= _CONSTANT and not spread_wrong
    unit = scale / _CONSTANT_SPREAD if constant else scale / own / spread
    value = area * unit
    if not spread_wrong:
        return Distance("wasserstein", value, wrong * unit + _ROUNDING * (1 + value))
    highest = (area + wrong) * unit * (spread / (spread - spread_wrong))
    lowest = (area - wrong) * unit * (spread / (spread + spread_wrong))
    error = max(highest - value, value - lowest) + _ROUNDING * (1 + value)
    return Distance("wasserstein", value, error)


def jensen_shannon(shared: Shared) -> Distance:
    """Give the square root of the mean divergence of both from their middle, in natural units."""
    p, q = _shares(shared.before), _shares(shared.after)
    parts = _divergence(p, q)
    low = math.sqrt(max(float(parts.sum()), 0.0))
    if shared.exact:
        return Distance("jensenshannon", low, _ROUNDING)
    # In a cell of several values the two sides may have none in common.
    most = np.where((p > 0) & (q > 0), (p + q) / 2 * math.log(2), parts)
    return Distance("jensenshannon", low, math.sqrt(float(most.sum())) - low + _ROUNDING)


def shared(reference: ColumnProfile, current: ColumnProfile) -> Shared:
    """Give both columns' counts over the same cells: of numbers, or of texts."""
    if reference.kind != "text":
        return _shared_cells(reference.cells, current.cells)
    if reference.labels.counts is None or current.labels.counts is None:
        first, second = reference.labels.hashed(), current.labels.hashed()
        found = _shared_cells(first.cells, second.cells)
        return Shared(found.before, found.after, exact=False)
    before, after = reference.labels.counts, current.labels.counts
    names = tuple(sorted({**before, **after}))
    return Shared(
        np.array([before.get(name, 0) for name in names], dtype=np.int64),
        np.array([after.get(name, 0) for name in names], dtype=np.int64),
        exact=True,
        names=names,
    )


def _shared_cells(first: Cells, second: Cells) -> Shared:
    shift = max(first.shift, second.shift)
    first, second = first.coarsened(shift), second.coarsened(shift)
    keys = np.sort(np.concatenate([first.keys, second.keys]))
    keys = keys[np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))]
    before, after = np.zeros((2, len(keys)), dtype=np.int64)
    before[np.searchsorted(keys, first.keys)] = first.counts
    after[np.searchsorted(keys, second.keys)] = second.counts
    return Shared(before, after, exact=shift == 0)


def _spread(
    values: FloatArray, errors: FloatArray, weights: FloatArray, own: float
) -> tuple[float, float]:
    """Give the standard deviation in units of the largest number, and how wrong it may be.

    It is the distance from the mean by squares, so it is wrong by no more than the rows are from
    the middles of their cells, by squares.
    """
    if not own:
        return 0.0, 0.0
    scaled = values / own
    variance = float(weights @ (scaled - weights @ scaled) ** 2)
    return math.sqrt(variance), math.sqrt(float(weights @ (errors / own) ** 2))


def _divergence(p: FloatArray, q: FloatArray) -> FloatArray:
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(p > 0, p * np.log(p / middle), 0.0)
        second = np.where(q > 0, q * np.log(q / middle), 0.0)
    found: FloatArray = (first + second) / 2
    return found


def _shares(counts: IntArray) -> FloatArray:
    found: FloatArray = counts / counts.sum()
    return found
