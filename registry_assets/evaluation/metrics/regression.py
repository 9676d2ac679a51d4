"""Metrics of predicted numbers: functions of the sums of errors and their powers."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from registry_assets.evaluation.metrics.arithmetic import of_sums, ratio
from registry_assets.evaluation.resampling import Resampler, Sampled
from registry_assets.evaluation.scored import FloatArray, Scored

_BINS = 512


def errors(scored: Scored) -> FloatArray:
    """Give predicted minus observed: (n,)."""
    off: FloatArray = scored.predictions.predicted.astype(np.float64) - scored.outcomes.y
    return off


def _of_errors(power: Any) -> Any:
    """Weight each row's error, put through a function, and the weight."""

    def sums(scored: Scored, resampler: Resampler) -> FloatArray:
        return resampler.sums(scored.weight * power(scored), scored.weight)

    return sums


def _relative(scored: Scored) -> FloatArray:
    # scikit-learn's own floor: where nothing was observed the error counts immensely.
    least = np.finfo(np.float64).eps
    return np.abs(errors(scored)) / np.maximum(np.abs(scored.outcomes.y), least)


def _spread(scored: Scored, resampler: Resampler) -> FloatArray:
    """Give weight, targets, their squares, errors and their squares."""
    # Around the mean of all rows: squares of large numbers would leave no digits to tell
    # one from the other.
    w, y, e = scored.weight, scored.outcomes.y - np.mean(scored.outcomes.y), errors(scored)
    return resampler.sums(w, w * y, w * y**2, w * e, w * e**2)


def _variation(sums: FloatArray) -> FloatArray:
    """Give the targets' sum of squares around their mean; 0 where rounding is all there is."""
    w, y, yy = sums[:, 0], sums[:, 1], sums[:, 2]
    about = yy - np.divide(y**2, w, out=np.zeros_like(w), where=w > 0)
    return np.where(about > 1e-12 * yy, about, 0)


def _r2(sums: FloatArray) -> FloatArray:
    return 1 - ratio(sums[:, 4], _variation(sums))


def _explained_variance(sums: FloatArray) -> FloatArray:
    w, e, ee = sums[:, 0], sums[:, 3], sums[:, 4]
    around = ee - np.divide(e**2, w, out=np.zeros_like(w), where=w > 0)
    return 1 - ratio(np.maximum(around, 0), _variation(sums))


def _mean(sums: FloatArray) -> FloatArray:
    return ratio(sums[:, 0], sums[:, 1])


def _median_absolute_error(scored: Scored, resampler: Resampler) -> Sampled:
    """Weight the rows by size of their error, and take the middle.

    On resamples the errors are put into at most 512 bins, as scores are for ranking.
    """
    size = np.abs(errors(scored))
    distinct, position = np.unique(size, return_inverse=True)
    whole = np.bincount(position, weights=scored.weight).astype(np.float64, copy=False)
    exact = _middle(distinct, whole[np.newaxis])
    chosen = np.unique(np.linspace(0, len(distinct) - 1, _BINS).round().astype(np.int64))
    centres = distinct[chosen]
    cell = np.searchsorted(centres, size).astype(np.int64)
    binned = resampler.sums_by(cell, scored.weight, cells=len(centres))
    about = _middle(centres, binned.sum(axis=0)[np.newaxis])
    replicates = resampler.replicate(binned, lambda sums: _middle(centres, sums))
    return Sampled(float(exact[0]), replicates + (exact - about)[0])


def _middle(sizes: FloatArray, weight: FloatArray) -> FloatArray:
    """Give the weighted median: the mean of the two middle ones where half lie below."""
    below = np.cumsum(weight, axis=1)
    half = below[:, -1:] / 2
    first = np.argmax(below >= half, axis=1)
    after = np.argmax(below > half, axis=1)
    middle: FloatArray = (sizes[first] + sizes[after]) / 2
    return middle


KERNELS: Mapping[str, Any] = {
    "r2": of_sums(_spread, _r2),
    "explained_variance": of_sums(_spread, _explained_variance),
    "mean_absolute_error": of_sums(_of_errors(lambda rows: np.abs(errors(rows))), _mean),
    "mean_squared_error": of_sums(_of_errors(lambda rows: errors(rows) ** 2), _mean),
    "root_mean_squared_error": of_sums(
        _of_errors(lambda rows: errors(rows) ** 2), lambda sums: np.sqrt(_mean(sums))
    ),
    "mean_absolute_percentage_error": of_sums(_of_errors(_relative), _mean),
    "median_absolute_error": _median_absolute_error,
}
