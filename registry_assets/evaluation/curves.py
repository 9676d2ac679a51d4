"""ROC, precision and recall, calibration, confusion and residuals as tables of a few rows.

`plots` draws them. Means depend in a last digit on the order of the rows: `in_order` gives one.
"""

import math

import numpy as np

from registry_assets.evaluation.metrics.probabilities import confidence, equal_bins
from registry_assets.evaluation.metrics.ranking import tallied
from registry_assets.evaluation.metrics.regression import errors
from registry_assets.evaluation.resampling import Z_95
from registry_assets.evaluation.results.curves import (
    CalibrationBin,
    Confusion,
    PrecisionRecallPoint,
    ResidualBin,
    RocPoint,
)
from registry_assets.evaluation.scored import FloatArray, Scored, remembered

_FALSE_POSITIVE_RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
_RECALLS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
_RESIDUAL_BINS = 20
_MOST_CLASSES = 20


def roc_curve(scored: Scored) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give thresholds, false and true positive rates, from the highest score down.

    One entry per distinct score; empty when the rows are unusable or of one class.
    """
    thresholds, true, false = _found(scored)
    if not len(thresholds):
        return thresholds, thresholds, thresholds
    return thresholds, false / false[-1], true / true[-1]


def precision_recall_curve(scored: Scored) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give thresholds, precisions and recalls, from the highest score down.

    One entry per distinct score; empty when the rows are unusable or of one class.
    """
    thresholds, true, false = _found(scored)
    if not len(thresholds):
        return thresholds, thresholds, thresholds
    called = true + false
    precision = np.divide(true, called, out=np.ones_like(true), where=called > 0)
    return thresholds, precision, true / true[-1]


@remembered
def _found(scored: Scored) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give scores, descending, and the weight of positives and negatives at or above each."""
    none = np.empty(0)
    if scored.unusable or scored.outcomes.task != "binary":
        return none, none, none
    scores, positive, negative = tallied(scored)
    true, false = np.cumsum(positive[::-1]), np.cumsum(negative[::-1])
    if not (false[-1] and true[-1]):
        return none, none, none
    return scores[::-1], true, false


def operating_points(scored: Scored) -> tuple[RocPoint, ...]:
    """Give what is found at most at false positive rates of 1 % to 50 %."""
    thresholds, false, true = roc_curve(scored)
    last = np.searchsorted(false, _FALSE_POSITIVE_RATES, side="right") - 1
    # Tied scores may make a rate unreachable, and two rates end in the same threshold.
    reached = sorted({int(at) for at in last if at >= 0})
    return tuple(RocPoint(float(thresholds[i]), float(false[i]), float(true[i])) for i in reached)


def precision_points(scored: Scored) -> tuple[PrecisionRecallPoint, ...]:
    """Give the precision where at least 5 % to 90 % of the positives are found."""
    thresholds, precision, recall = precision_recall_curve(scored)
    if not len(thresholds):
        return ()
    first = np.searchsorted(recall, _RECALLS)
    reached = sorted({int(at) for at in first if at < len(recall)})
    return tuple(
        PrecisionRecallPoint(float(thresholds[i]), float(precision[i]), float(recall[i]))
        for i in reached
    )


@remembered
def calibration_bins(scored: Scored) -> tuple[CalibrationBin, ...]:
    """Give at most ten bins of about equally many rows; none when the rows are unusable.

    Of two classes the probability of the positive is claimed; of more that of the predicted.
    """
    if scored.unusable or scored.outcomes.task == "regression":
        return ()
    claimed, held = confidence(scored)
    bins = equal_bins(claimed)
    found = [
        _bin(*(each[bins == at] for each in (claimed, held, scored.weight)))
        for at in np.unique(bins)
    ]
    return tuple(each for each in found if each is not None)


def _bin(claimed: FloatArray, held: FloatArray, weight: FloatArray) -> CalibrationBin | None:
    if not weight.any():
        return None
    # The squares of tiny weights would be 0.
    weight = weight / weight.max()
    total = float(weight.sum())
    share = float((weight * held).sum() / total)
    # As many rows as would say as much if each counted the same (Kish).
    low, high = _wilson(share, total**2 / float(np.square(weight).sum()))
    predicted = float((weight * claimed).sum() / total)
    return CalibrationBin(len(claimed), predicted, observed=share, low=low, high=high)


def _wilson(share: float, rows: float) -> tuple[float, float]:
    """Give the Wilson interval: unlike the normal one it holds for shares near 0 and 1."""
    scale = 1 + Z_95**2 / rows
    centre = (share + Z_95**2 / (2 * rows)) / scale
    half = Z_95 / scale * math.sqrt(share * (1 - share) / rows + Z_95**2 / (4 * rows**2))
    return max(0.0, centre - half), min(1.0, centre + half)


@remembered
def confusion(scored: Scored) -> Confusion | None:
    """Count what each class was called; of more than 20 classes the rarest together."""
    if scored.unusable or scored.outcomes.task == "regression":
        return None
    classes = scored.outcomes.classes
    count = len(classes)
    true = scored.outcomes.y.astype(np.int64)
    called = scored.predictions.predicted.astype(np.int64)
    cells = np.bincount(true * count + called, weights=scored.weight, minlength=count**2)
    table = cells.reshape(count, count)
    labels = list(map(str, classes))
    others = max(0, count - _MOST_CLASSES)
    if others:
        often = np.sort(np.argsort(-table.sum(axis=1), kind="stable")[: _MOST_CLASSES - 1])
        rest = np.setdiff1d(np.arange(count), often)
        table = np.stack([*table[often], table[rest].sum(axis=0)])
        table = np.concatenate([table[:, often], table[:, rest].sum(axis=1)[:, np.newaxis]], axis=1)
        labels = [*(labels[at] for at in often), f"{len(rest)} others"]
    return Confusion(tuple(labels), tuple(tuple(map(float, line)) for line in table), others)


@remembered
def residual_bins(scored: Scored) -> tuple[ResidualBin, ...]:
    """Give at most 20 bins of similar prediction, of about equally many rows each."""
    if scored.unusable or scored.outcomes.task != "regression":
        return ()
    predicted, residual = scored.predictions.predicted, errors(scored)
    order = np.lexsort([residual, predicted])
    predicted, residual = predicted[order].astype(np.float64), residual[order]
    edges = np.quantile(predicted, np.linspace(0, 1, _RESIDUAL_BINS + 1)[1:-1])
    bins = np.searchsorted(edges, predicted)
    found = []
    for at in np.unique(bins):
        here = residual[bins == at]
        low, high = np.quantile(here, (0.05, 0.95))
        mean = float(predicted[bins == at].mean())
        found.append(ResidualBin(len(here), mean, float(here.mean()), float(low), float(high)))
    return tuple(found)
