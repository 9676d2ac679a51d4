"""The metrics as scikit-learn computes them, beside which ours are held."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn import metrics as theirs

from registry_assets.evaluation.scored import FloatArray, Scored

Reference = Callable[[Scored, FloatArray | None], float]


def _labels(function: Any, **options: Any) -> Reference:
    """A function of the predicted classes or numbers."""

    def compute(scored: Scored, weight: FloatArray | None) -> float:
        y, said = scored.outcomes.y, scored.predictions.predicted
        return float(function(y, said, sample_weight=weight, **options))

    return compute


def _scores(function: Any, **options: Any) -> Reference:
    """A function of the probabilities."""

    def compute(scored: Scored, weight: FloatArray | None) -> float:
        p = scored.scores if scored.outcomes.task == "binary" else scored.probabilities
        return float(function(scored.outcomes.y, p, sample_weight=weight, **options))

    return compute


def _log_loss(scored: Scored, weight: FloatArray | None) -> float:
    labels = range(len(scored.outcomes.classes))
    y, p = scored.outcomes.y, scored.probabilities
    return float(theirs.log_loss(y, p, sample_weight=weight, labels=list(labels)))


def _calibration_error(scored: Scored, weight: FloatArray | None) -> float:
    """Not scikit-learn's: the mean distance over ten bins of about equally many rows."""
    w = np.ones(scored.rows) if weight is None else weight
    p, held = scored.scores, scored.outcomes.y
    if scored.outcomes.task == "multiclass":
        p = scored.probabilities.max(axis=1)
        held = np.equal(scored.outcomes.y, scored.predictions.predicted)
    bins = np.searchsorted(np.quantile(p, np.arange(1, 10) / 10), p)
    apart = [abs(np.sum((w * (p - held))[bins == at])) for at in range(10)]
    return float(sum(apart) / w.sum())


REFERENCE: Mapping[str, Reference] = {
    "roc_auc": _scores(theirs.roc_auc_score),
    "average_precision": _scores(theirs.average_precision_score),
    "roc_auc_ovr": _scores(theirs.roc_auc_score, multi_class="ovr"),
    "roc_auc_ovr_weighted": _scores(theirs.roc_auc_score, multi_class="ovr", average="weighted"),
    "log_loss": _log_loss,
    "brier_score": _scores(theirs.brier_score_loss),
    "calibration_error": _calibration_error,
    "accuracy": _labels(theirs.accuracy_score),
    "balanced_accuracy": _labels(theirs.balanced_accuracy_score),
    "matthews_corrcoef": _labels(theirs.matthews_corrcoef),
    "precision": _labels(theirs.precision_score, zero_division=0),
    "recall": _labels(theirs.recall_score, zero_division=0),
    "f1": _labels(theirs.f1_score, zero_division=0),
    "precision_macro": _labels(theirs.precision_score, average="macro", zero_division=0),
    "recall_macro": _labels(theirs.recall_score, average="macro", zero_division=0),
    "f1_macro": _labels(theirs.f1_score, average="macro", zero_division=0),
    "precision_weighted": _labels(theirs.precision_score, average="weighted", zero_division=0),
    "recall_weighted": _labels(theirs.recall_score, average="weighted", zero_division=0),
    "f1_weighted": _labels(theirs.f1_score, average="weighted", zero_division=0),
    "r2": _labels(theirs.r2_score),
    "explained_variance": _labels(theirs.explained_variance_score),
    "mean_absolute_error": _labels(theirs.mean_absolute_error),
    "mean_squared_error": _labels(theirs.mean_squared_error),
    "root_mean_squared_error": _labels(theirs.root_mean_squared_error),
    "median_absolute_error": _labels(theirs.median_absolute_error),
    "mean_absolute_percentage_error": _labels(theirs.mean_absolute_percentage_error),
}
