"""Intervals by resampling rows: which rows are drawn together, and how often.

A resample of the rows is a weighting of them, and every metric here is a function of sums
over the rows, so 1,000 resamples are one matrix product: draws times sums. Up to 2,000 rows
each row is drawn by itself: the ordinary bootstrap. Of more rows, 2,000 groups are drawn
that the rows are put into at random. The spread of 2,000 random groups tells that of the
rows within 1.6 %, one part in the root of 4,000, which is less than what 1,000 resamples
leave open by themselves; and a million rows take as long as 2,000.

Rows are first put in an order that depends on their contents only, and then drawn by a
seeded generator: the same rows give the same interval in whatever order they come.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeVar

import numpy as np

from registry_assets.evaluation.mixing import GOLDEN, Bits, mixed
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.scored import FloatArray, IntArray, Outcomes, Predictions

GROUPS = 2000
# Resamples whose sums are held at once: 1,000 of the widest sums take 8 MB.
_BATCH = 1000
# Resamples in which a metric is undefined (all of one class) are left out. Up to this share
# the rest still covers 95 % in practice; it takes about three rows of the rarer class.
_UNDEFINED_SHARE = 0.05
# Of the sums of groups; with more of them that are not 0 to multiply all is faster.
_SPARSE = 0.02
_KEPT = 2**19  # products with draws that are kept for the next metric: 4 MB
_WHOLE = 2**24  # single precision holds whole numbers exactly up to here
_Z = 1.959963984540054  # the normal quantile of a two-sided 95 % interval

_Made = TypeVar("_Made")

Reduce = Callable[[FloatArray], FloatArray]
"""From sums, (batch, k), to a metric's values, (batch,) or (batch, m); NaN where undefined."""

Interval = Literal["percentile", "reflected", "normal"]
"""How replicates become an interval.

    percentile  their 2.5 % and 97.5 % quantiles
    reflected   the same, mirrored at the value: for what chance alone makes larger, such as
                a calibration error, where it takes the bias off again
    normal      1.96 standard errors on both sides: for few replicates
"""


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """A metric on all rows and on each resample, (resamples,); NaN where it is undefined.

    Args:
        limits: the least and the greatest value that there can be.
        noise: of a reflected interval, what chance makes of a true value at the least limit:
            (any number,). One that it may well be has an interval that reaches that limit.
    """

    value: float
    replicates: FloatArray
    interval: Interval = "percentile"
    limits: tuple[float, float] = (-np.inf, np.inf)
    noise: FloatArray | None = None

    def __sub__(self, other: "Sampled") -> "Sampled":
        """Give the difference of two models that were drawn together."""
        # A difference is not pushed up by chance as its two parts are.
        interval: Interval = "normal" if self.interval == "normal" else "percentile"
        return Sampled(self.value - other.value, self.replicates - other.replicates, interval)

    def estimate(self, *, rows: int, undefined: str) -> Estimate:
        """Give the value with its 95 % interval.

        Args:
            undefined: why there is no value, if there is none.
        """
        if not np.isfinite(self.value):
            return Estimate.undefined(rows=rows, reason=undefined)
        finite = self.replicates[np.isfinite(self.replicates)]
        missing = len(self.replicates) - len(finite)
        if missing > _UNDEFINED_SHARE * len(self.replicates):
            reason = (
                f"too few rows for an interval: undefined in {missing} of"
                f" {len(self.replicates)} resamples"
            )
            return Estimate.undefined(rows=rows, reason=reason)
        low, high = self._ends(finite)
        return Estimate(self.value, low, high, rows=rows)

    def _ends(self, finite: FloatArray) -> tuple[float, float]:
        if self.interval == "normal":
            spread = _Z * float(np.std(finite, ddof=1))
            return self.value - spread, self.value + spread
        low, high = map(float, np.quantile(finite, (0.025, 0.975)))
        least, most = self.limits
        if self.interval == "reflected":
            low, high = 2 * self.value - high, 2 * self.value - low
            # Mirroring alone takes too little off where all there is is chance: of perfectly
            # calibrated models 45 % would be told to be off.
            if self.noise is not None and self.value <= np.nanquantile(self.noise, 0.975):
                low = least
            # A value that chance pushed up lies beyond what is likely; it stays in sight.
            return max(least, min(low, self.value)), min(most, max(high, self.value))
        return low, high


class Resampler:
    """Draws rows that are in canonical order; the same for all that is computed on them."""

    def __init__(self, rows: int, *, resamples: int, seed: int) -> None:
        self.rows = rows
        self.resamples = resamples
        self.seed = seed
        self.count = min(rows, GROUPS)
        # Not in stretches: rows beside each other in canonical order are alike.
        shuffled = np.random.default_rng(seed).permutation(rows)
        self.group: IntArray = np.arange(rows) if rows <= GROUPS else shuffled % GROUPS
        self._made: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """Give what was made under this key before, or make it: many metrics share their sums."""
        if key not in self._made:
            self._made[key] = make()
        found: _Made = self._made[key]
        return found

    def sums(self, *columns: FloatArray) -> FloatArray:
        """Give the sum of each column over each group: (groups, columns)."""
        return np.stack(
            [np.bincount(self.group, weights=each, minlength=self.count) for each in columns],
            axis=1,
        )

    def sums_by(self, cell: IntArray, weight: FloatArray, *, cells: int) -> FloatArray:
        """Give the weight in each cell of each group: (groups, cells)."""
        at = self.group * cells + cell
        flat = np.bincount(at, weights=weight, minlength=self.count * cells)
        return flat.astype(np.float64, copy=False).reshape(self.count, cells)

    def replicate(self, sums: FloatArray, reduce: Reduce) -> FloatArray:
        """Compute a metric on each resample: (resamples,) or (resamples, m)."""
        if sums.shape[1] * self.resamples > _KEPT:
            return np.concatenate([reduce(each) for each in self._products(sums)])
        # Twelve metrics are functions of the same six sums.
        _, kept = self.once(id(sums), lambda: (sums, np.concatenate([*self._products(sums)])))
        return reduce(kept)

    def _products(self, sums: FloatArray) -> Iterator[FloatArray]:
        exact = _summable(sums)
        return (_product(drawn, exact) for drawn in self.draws())

    def draws(self) -> Iterator[FloatArray]:
        """Give how often each group is in each resample: (batch, groups), batch by batch."""
        starts = range(0, self.resamples, _BATCH)
        for number, start in enumerate(starts):
            yield _draw(self.count, min(_BATCH, self.resamples - start), (self.seed, number))


@lru_cache(maxsize=4)
def _draw(count: int, batch: int, seed: tuple[int, int]) -> FloatArray:
    drawn = np.random.default_rng(seed).integers(count, size=(batch, count))
    # Counted as its transpose, which is the order that a product with few sums takes.
    apart = drawn * batch + np.arange(batch)[:, np.newaxis]
    counts = np.bincount(apart.ravel(), minlength=batch * count)
    return counts.reshape(count, batch).astype(np.float64).T


def _product(drawn: FloatArray, sums: FloatArray) -> FloatArray:
    """Multiply in the fastest way: all of them give the same, as all sums are exact.

    With the 1,024 counts behind a ROC AUC it is most of an evaluation's time. For 1,000 rows
    the first way takes an eighth of the last one's time, and for a million the second half.
    """
    if np.count_nonzero(sums) < _SPARSE * sums.size:
        from scipy.sparse import csr_array

        return np.ascontiguousarray((csr_array(sums.T) @ drawn.T).T)
    whole = bool((sums == np.rint(sums)).all())
    if whole and np.abs(sums).max(initial=0.0) * len(sums) < _WHOLE:
        return (drawn.astype(np.float32) @ sums.astype(np.float32)).astype(np.float64)
    return drawn @ sums


def _summable(sums: FloatArray) -> FloatArray:
    """Round to multiples of a power of two so small that any sum of draws of them is exact.

    A matrix product adds in an order that depends on the processor and the number of
    threads. Where every sum is exact the order does not matter: an interval is the same on
    every machine, and the difference between two equal models is 0. It costs one part in
    2**40 of the largest.
    """
    largest = np.abs(sums).max(initial=0.0, axis=0)
    bound = np.maximum(largest * len(sums), np.finfo(np.float64).tiny * 2.0**60)
    step = np.exp2(np.ceil(np.log2(bound)) - 52)
    rounded: FloatArray = np.round(sums / step) * step
    return rounded


def canonical_order(
    outcomes: Outcomes, models: Sequence[Predictions], *, parts: IntArray | None = None
) -> IntArray:
    """Give an order of the rows that depends on their contents only.

    Rows that agree in every number are interchangeable, so their order does not matter. The
    first model comes first: its intervals do not depend on what it is compared with.

    Args:
        parts: (n,), which part of the rows each belongs to, where that is counted apart.
    """
    weight = [] if outcomes.weight is None else [outcomes.weight]
    first, *others = [_numbers(each) for each in models]
    keys = [_keys([outcomes.y, *weight, *first]), *map(_keys, others)]
    if parts is not None:
        keys.append(_keys([parts]))
    return np.lexsort(keys[::-1])


def _numbers(predictions: Predictions) -> list[FloatArray | IntArray]:
    p = predictions.probabilities
    return [predictions.predicted, *([] if p is None else list(p.T))]


def _keys(columns: Sequence[FloatArray | IntArray]) -> Bits:
    """Mix a row's numbers into one of 64 bits: sorting that is ten times as fast."""
    keys = np.full(len(columns[0]), GOLDEN)
    for column in columns:
        # Adding 0 makes one zero of the two.
        keys = mixed(keys ^ (column.astype(np.float64) + 0.0).view(np.uint64))
    return keys
