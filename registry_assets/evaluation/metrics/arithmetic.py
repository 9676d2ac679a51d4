"""What the metrics' modules share: a metric as a function of sums, and careful division."""

from collections.abc import Callable

import numpy as np

from registry_assets.evaluation.resampling import Reduce, Resampler, Sampled
from registry_assets.evaluation.scored import FloatArray, Scored

Sums = Callable[[Scored, Resampler], FloatArray]


def of_sums(sums: Sums, reduce: Reduce) -> Callable[[Scored, Resampler], Sampled]:
    """Give the kernel of a metric that is a function of sums over the rows."""

    def kernel(scored: Scored, resampler: Resampler) -> Sampled:
        by_group = resampler.once((sums, scored), lambda: sums(scored, resampler))
        value = float(reduce(by_group.sum(axis=0)[np.newaxis])[0])
        return Sampled(value, resampler.replicate(by_group, reduce))

    return kernel


def ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Divide; NaN where there is nothing to divide by."""
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def mean_where(values: FloatArray, *, there: FloatArray) -> FloatArray:
    """Give the mean of each row's values with the weights `there`; NaN where all are 0."""
    return ratio((np.where(there > 0, values, 0) * there).sum(axis=-1), there.sum(axis=-1))
