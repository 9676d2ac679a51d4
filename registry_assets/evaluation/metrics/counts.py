"""Metrics of the predicted classes: functions of three counts per class."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from registry_assets.evaluation.metrics.arithmetic import mean_where, of_sums, ratio
from registry_assets.evaluation.resampling import Resampler
from registry_assets.evaluation.scored import FloatArray, IntArray, Scored


def class_counts(scored: Scored, resampler: Resampler) -> FloatArray:
    """Give the rows of each class, those called so, and those rightly: (groups, 3 × classes)."""
    classes = len(scored.outcomes.classes)
    y: IntArray = scored.outcomes.y.astype(np.int64)
    called: IntArray = scored.predictions.predicted.astype(np.int64)
    right = np.where(y == called, scored.weight, 0)
    return np.concatenate(
        [
            resampler.sums_by(y, scored.weight, cells=classes),
            resampler.sums_by(called, scored.weight, cells=classes),
            resampler.sums_by(y, right, cells=classes),
        ],
        axis=1,
    )


def _parts(counts: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give true, called and right, each (batch, classes)."""
    true, called, right = np.moveaxis(counts.reshape(len(counts), 3, -1), 1, 0)
    return true, called, right


def _accuracy(counts: FloatArray) -> FloatArray:
    true, _, right = _parts(counts)
    return ratio(right.sum(axis=1), true.sum(axis=1))


def _balanced_accuracy(counts: FloatArray) -> FloatArray:
    # Of one class it is that class's recall, which calling every row by its name makes 1.
    true, _, right = _parts(counts)
    several = (true > 0).sum(axis=1) > 1
    mean = mean_where(ratio(right, true), there=(true > 0).astype(np.float64))
    return np.where(several, mean, np.nan)


def _precision(counts: FloatArray) -> FloatArray:
    _, called, right = _parts(counts)
    return ratio(right, called)


def _recall(counts: FloatArray) -> FloatArray:
    true, _, right = _parts(counts)
    return ratio(right, true)


def _f1(counts: FloatArray) -> FloatArray:
    true, called, right = _parts(counts)
    return ratio(2 * right, true + called)


def _matthews(counts: FloatArray) -> FloatArray:
    true, called, right = _parts(counts)
    total = true.sum(axis=1)
    together = right.sum(axis=1) * total - (true * called).sum(axis=1)
    apart = (total**2 - (called**2).sum(axis=1)) * (total**2 - (true**2).sum(axis=1))
    return ratio(together, np.sqrt(np.maximum(apart, 0)))


def _of_positive(per_class: Any) -> Any:
    return lambda counts: per_class(counts)[:, 1]


def _macro(per_class: Any) -> Any:
    """The plain mean over the classes that occur or are called, as scikit-learn takes it."""

    def reduce(counts: FloatArray) -> FloatArray:
        true, called, _ = _parts(counts)
        there = (true + called > 0).astype(np.float64)
        # A class that occurs and is never called, or the reverse, has found nothing.
        return mean_where(np.nan_to_num(per_class(counts)), there=there)

    return reduce


def _weighted(per_class: Any) -> Any:
    """The mean over the classes by how often each occurs."""

    def reduce(counts: FloatArray) -> FloatArray:
        true, _, _ = _parts(counts)
        return mean_where(np.nan_to_num(per_class(counts)), there=true)

    return reduce


KERNELS: Mapping[str, Any] = {
    name: of_sums(class_counts, reduce)
    for name, reduce in {
        "accuracy": _accuracy,
        "balanced_accuracy": _balanced_accuracy,
        "precision": _of_positive(_precision),
        "recall": _of_positive(_recall),
        "f1": _of_positive(_f1),
        "precision_macro": _macro(_precision),
        "recall_macro": _macro(_recall),
        "f1_macro": _macro(_f1),
        "precision_weighted": _weighted(_precision),
        "recall_weighted": _weighted(_recall),
        "f1_weighted": _weighted(_f1),
        "matthews_corrcoef": _matthews,
    }.items()
}
