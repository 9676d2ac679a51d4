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
Z_95 = 1.959963984540054  # the normal quantile of a two-sided 95 % interval

_Made = TypeVar("_Made")

Reduce = Callable[[FloatArray], FloatArray]
"""From sums, (batch, k), to a metric's values, (batch,) or (batch, m); NaN where undefined."""

Precision = Literal["float32", "float64"]

Interval = Literal["percentile", "raised", "lowered", "normal"]
"""How replicates become an interval.

    percentile  their 2.5 % and 97.5 % quantiles
    raised      for what chance alone makes larger, such as a calibration error: away from 0
                as far as the farther quantile, towards 0 by what chance may have added
    lowered     the same for what chance makes smaller, such as a ratio that is at most 1
    normal      1.96 standard errors on both sides: for few replicates
"""


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """A metric on all rows and on each resample, (resamples,); NaN where it is undefined.

    Args:
        limits: the least and the greatest value that there can be.
        noise: of a raised or a lowered interval, what chance makes of a true value at the limit
            that it pushes away from, the least or the greatest: (any number,). A value that may
            well be such noise has an interval that reaches that limit.
    """

    value: float
    replicates: FloatArray
    interval: Interval = "percentile"
    limits: tuple[float, float] = (-np.inf, np.inf)
    noise: FloatArray | None = None

    def __sub__(self, other: "Sampled") -> "Sampled":
        """Give the difference of two models that were drawn together."""
        # A difference is not pushed to one side by chance as its two parts are.
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
        with np.errstate(over="ignore", invalid="ignore"):
            low, high = self._ends(finite)
        if not (np.isfinite(low) and np.isfinite(high)):
            reason = f"{self.value:g} is too large for an interval: its ends are no numbers"
            return Estimate.undefined(rows=rows, reason=reason)
        return Estimate(self.value, low, high, rows=rows)

    def _ends(self, finite: FloatArray) -> tuple[float, float]:
        if self.interval == "normal":
            spread = Z_95 * float(np.std(finite, ddof=1))
            return self.value - spread, self.value + spread
        low, high = map(float, np.quantile(finite, (0.025, 0.975)))
        if self.interval == "percentile":
            return low, high
        # Mirrored quantiles alone leave the truth beyond the far end in up to 26 % of worlds
        # where groups are a standard error apart, and 1.96 standard deviations in 9 %:
        # replicates are pushed away from the limit too, so they spread little towards it. The
        # farther quantile leaves at most 5 %, and hardly any of mild miscalibration.
        reach = max(self.value - low, high - self.value)
        least, most = self.limits
        if self.interval == "raised":
            return self._towards(least, reach), min(most, self.value + reach)
        return max(least, self.value - reach), self._towards(most, reach)

    def _towards(self, limit: float, reach: float) -> float:
        """Give the end on the side of a limit that chance alone pushes values away from."""
        assert self.noise is not None, f"an interval that is {self.interval} needs its noise"
        found = abs(self.value - limit)
        noise = float(np.nanquantile(np.abs(self.noise - limit), 0.975))
        if found <= noise:
            return limit
        # Of a true share s of what was found, chance makes up to about noise + s * (found +
        # reach - noise): right at 0 and at 1, too much between. The end is the share of which
        # it makes what was found. A mirrored end would leap off the limit, over mild truths:
        # it missed up to 20 % of them.
        return self.value + reach / (found + reach - noise) * (limit - self.value)


class Resampler:
    """Draws rows that are in canonical order; the same for all that is computed on them."""

    def __init__(self, rows: int, *, resamples: int, seed: int, among: int | None = None) -> None:
        """Put the rows into groups.

        Args:
            among: of how many rows these are a part. They are drawn as often as they come when
                all are drawn: every slice of a holdout takes the same draws, which for few rows
                take longer to make than to use.
        """
        self.rows = rows
        self.resamples = resamples
        self.seed = seed
        self.count = min(rows, GROUPS)
        self._among = min(among or rows, GROUPS)
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
        exact, precision = _summable(sums)
        return (_product(drawn, exact) for drawn in self.draws(precision))

    def draws(self, precision: Precision = "float64") -> Iterator[FloatArray]:
        """Give how often each group is in each resample: (batch, groups), batch by batch."""
        starts = range(0, self.resamples, _BATCH)
        for number, start in enumerate(starts):
            batch = min(_BATCH, self.resamples - start)
            yield _draw(self._among, batch, (self.seed, number), precision)[:, : self.count]


@lru_cache(maxsize=4)
def _draw(count: int, batch: int, seed: tuple[int, int], precision: Precision) -> FloatArray:
    if precision != "float64":
        return _draw(count, batch, seed, "float64").astype(precision)
    drawn = np.random.default_rng(seed).integers(count, size=(batch, count))
    # Counted as its transpose, which is the order that a product with few sums takes.
    apart = drawn * batch + np.arange(batch)[:, np.newaxis]
    counts = np.bincount(apart.ravel(), minlength=batch * count)
    return counts.reshape(count, batch).astype(np.float64).T


def _product(drawn: FloatArray, sums: FloatArray) -> FloatArray:
    """Multiply in the fastest way: all of them give the same, as all sums are exact.

    With the 512 counts behind a ROC AUC it is most of an evaluation's time. For 1,000 rows
    without the zeros it takes an eighth of the time.
    """
    if np.count_nonzero(sums) < _SPARSE * sums.size:
        from scipy.sparse import csr_array

        return np.ascontiguousarray((csr_array(sums.T) @ drawn.T).T, dtype=np.float64)
    return (drawn @ sums).astype(np.float64, copy=False)


def _summable(sums: FloatArray) -> tuple[Any, Precision]:
    """Round to multiples of a power of two so small that any sum of draws of them is exact.

    A matrix product adds in an order that depends on the processor and the number of
    threads. Where every sum is exact the order does not matter: an interval is the same on
    every machine, and the difference between two equal models is 0. It costs one part in
    2**40 of the largest. Counts are whole and stay as they are, in single precision where it
    holds them: a product of those takes half the time.
    """
    bound = np.abs(sums).max(initial=0.0, axis=0) * GROUPS
    if bound.max() < _WHOLE and (sums == np.rint(sums)).all():
        return sums.astype(np.float32), "float32"
    bound = np.maximum(bound, np.finfo(np.float64).tiny * 2.0**60)
    step = np.exp2(np.ceil(np.log2(bound)) - 52)
    return np.round(sums / step) * step, "float64"


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
    # Alone a key is sorted in a fifth of the time, and rows of equal keys are interchangeable.
    return np.argsort(keys[0]) if len(keys) == 1 else np.lexsort(keys[::-1])


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
