"""Rows to evaluate: real ones from scikit-learn, and synthetic ones whose truth is known."""

from functools import cache

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

from registry_assets.evaluation.scoring import FloatArray, IntArray

METRICS = ("roc_auc", "average_precision", "log_loss")


@cache
def breast_cancer() -> tuple[IntArray, FloatArray]:
    """Targets and scores of 285 tumours that the model, on two columns, was not fitted on.

    The scores are rounded to two digits: half of the rows are tied with another one.
    """
    features, target = load_breast_cancer(return_X_y=True)
    columns = features[:, [1, 4]]
    model = LogisticRegression(max_iter=1000).fit(columns[::2], target[::2])
    return target[1::2].astype(np.int64), model.predict_proba(columns[1::2])[:, 1].round(2)


def bernoulli(rows: int, *, seed: int) -> tuple[IntArray, FloatArray]:
    """Targets drawn with exactly the probability that their score says."""
    generator = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(-generator.normal(-1, 1.2, size=rows)))
    return (generator.random(rows) < p).astype(np.int64), p
