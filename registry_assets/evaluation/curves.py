"""ROC and calibration as tables of a few rows; `plots` draws them."""

import math

import numpy as np
from numpy.typing import ArrayLike

from registry_assets.evaluation.results import CalibrationBin, RocPoint
from registry_assets.evaluation.scoring import FloatArray, ScoredRows, why_unusable

_FALSE_POSITIVE_RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
_BINS = 10
_Z = 1.959963984540054  # the normal quantile of a two-sided 95 % interval


def roc_curve(y: ArrayLike, p: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give thresholds, false and true positive rates, from the highest score down.

    One entry per distinct score; empty when the rows are unusable or of one class.
    """
    none = np.empty(0)
    if why_unusable(y, p):
        return none, none, none
    tally = ScoredRows.of(y, p).tally()
    false = np.cumsum(tally.negatives[0, ::-1])
    true = np.cumsum(tally.positives[0, ::-1])
    if not (false[-1] and true[-1]):
        return none, none, none
    return tally.scores[::-1], false / false[-1], true / true[-1]


def operating_points(y: ArrayLike, p: ArrayLike) -> tuple[RocPoint, ...]:
    """Give what is found at most at false positive rates of 1 % to 50 %."""
    thresholds, false, true = roc_curve(y, p)
    last = np.searchsorted(false, _FALSE_POSITIVE_RATES, side="right") - 1
    # Tied scores may make a rate unreachable, and two rates end in the same threshold.
    reached = sorted({int(at) for at in last if at >= 0})
    return tuple(RocPoint(float(thresholds[i]), float(false[i]), float(true[i])) for i in reached)


def calibration_bins(y: ArrayLike, p: ArrayLike) -> tuple[CalibrationBin, ...]:
    """Give at most ten bins of about equally many rows; none when the rows are unusable.

    Rows of equal score are never parted, so coarse scores give fewer bins.
    """
    if why_unusable(y, p):
        return ()
    # Sorted, because a mean depends in its last digit on the order of its rows.
    scores = np.asarray(p, dtype=np.float64)
    order = np.lexsort([np.asarray(y).astype(np.int64), scores])
    scores, targets = scores[order], np.asarray(y)[order].astype(np.float64)
    edges = np.quantile(scores, np.linspace(0, 1, _BINS + 1)[1:-1])
    bins = np.searchsorted(edges, scores)
    return tuple(_bin(scores[bins == at], targets[bins == at]) for at in np.unique(bins))


def _bin(scores: FloatArray, targets: FloatArray) -> CalibrationBin:
    rows, share = len(scores), float(targets.mean())
    low, high = _wilson(share, rows)
    return CalibrationBin(rows, float(scores.mean()), observed=share, low=low, high=high)


def _wilson(share: float, rows: int) -> tuple[float, float]:
    """Give the Wilson interval: unlike the normal one it holds for shares near 0 and 1."""
    scale = 1 + _Z**2 / rows
    centre = (share + _Z**2 / (2 * rows)) / scale
    half = _Z / scale * math.sqrt(share * (1 - share) / rows + _Z**2 / (4 * rows**2))
    return max(0.0, centre - half), min(1.0, centre + half)
