"""A distribution as a few numbers with weights, and what can be said of it."""

from dataclasses import dataclass

import numpy as np

from registry_assets.monitoring.profile.ordering import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Numbers, each of which stands for those of its cell; at least one.

    Args:
        values: (n,) ascending, the middles of the cells.
        counts: (n,) how many values each stands for.
        errors: (n,) how far away a value may be from its middle.
    """

    values: FloatArray
    counts: IntArray
    errors: FloatArray

    @property
    def scale(self) -> float:
        """The largest size, by which squares and sums stay finite; 1 where all is zero."""
        sizes = np.abs(self.values).max(), self.errors.max()
        return float(max(sizes)) or 1.0

    @property
    def weights(self) -> FloatArray:
        """The share of all values that each stands for, (n,)."""
        found: FloatArray = self.counts / self.counts.sum()
        return found

    @property
    def mean(self) -> float:
        """The mean, wrong by no more than `error`."""
        return float(self.weights @ (self.values / self.scale)) * self.scale

    @property
    def std(self) -> float:
        """The standard deviation, of n, wrong by no more than the root of the mean squared error.

        It is a distance, that from the mean by squares, and so bound by the triangle inequality.
        """
        scaled, weights = self.values / self.scale, self.weights
        return float(np.sqrt(weights @ (scaled - weights @ scaled) ** 2)) * self.scale

    @property
    def error(self) -> float:
        """How far a value is from the middle of its cell, in the mean, at most."""
        return float(self.weights @ (self.errors / self.scale)) * self.scale

    def quantile(self, share: float) -> float:
        """Give the least number that this share of the values are at or below."""
        reached = np.cumsum(self.counts)
        wanted = min(max(share, 0.0), 1.0) * int(reached[-1])
        return float(self.values[min(int(np.searchsorted(reached, wanted)), len(reached) - 1)])
