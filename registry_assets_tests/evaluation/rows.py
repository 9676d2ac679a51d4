"""Rows to evaluate: real ones from scikit-learn, and synthetic ones whose truth is known."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.linear_model import LinearRegression, LogisticRegression

from registry_assets.declaration.metrics import METRICS, Measure, Task, metric
from registry_assets.evaluation.estimating import estimate
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.scored import FloatArray, Outcomes, Predictions, Scored

DIGEST = "sha256:" + "a" * 64
TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")


def binary(
    y: ArrayLike,
    p: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    classes: tuple[Any, Any] = (False, True),
) -> Scored:
    """Rows of two classes, called positive from one half up."""
    scores = np.asarray(p, dtype=np.float64)
    w = None if weight is None else np.asarray(weight, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        called = (scores >= 0.5).astype(np.int64)
    outcomes = Outcomes("binary", np.asarray(y).astype(np.int64), classes, w)
    return Scored(outcomes, Predictions(called, np.stack([1 - scores, scores], axis=1)))


def multiclass(
    y: ArrayLike, p: ArrayLike, *, classes: tuple[Any, ...], weight: ArrayLike | None = None
) -> Scored:
    """Rows of several classes, called by the greatest probability."""
    probabilities = np.asarray(p, dtype=np.float64)
    w = None if weight is None else np.asarray(weight, dtype=np.float64)
    outcomes = Outcomes("multiclass", np.asarray(y, dtype=np.int64), classes, w)
    return Scored(outcomes, Predictions(probabilities.argmax(axis=1), probabilities))


def regression(y: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None) -> Scored:
    """Rows with a number each."""
    w = None if weight is None else np.asarray(weight, dtype=np.float64)
    said = Predictions(np.asarray(predicted, dtype=np.float64))
    return Scored(Outcomes.of_numbers(y, weight=w), said)


@cache
def breast_cancer() -> Scored:
    """284 tumours that the model, on two columns, was not fitted on.

    The scores are rounded to two digits: half of the rows are tied with another one.
    """
    features, target = load_breast_cancer(return_X_y=True)
    columns = features[:, [1, 4]]
    model = LogisticRegression(max_iter=1000).fit(columns[::2], target[::2])
    return binary(target[1::2], model.predict_proba(columns[1::2])[:, 1].round(2))


@cache
def wine() -> Scored:
    """89 wines of three growers, told by two columns; scores of two digits, with ties."""
    features, target = load_wine(return_X_y=True)
    columns = features[:, [0, 1]]
    model = LogisticRegression(max_iter=1000).fit(columns[::2], target[::2])
    coarse = model.predict_proba(columns[1::2]).round(2) + 0.01
    p = coarse / coarse.sum(axis=1, keepdims=True)
    return multiclass(target[1::2], p, classes=("Barolo", "Grignolino", "Barbera"))


@cache
def digits() -> Scored:
    """898 handwritten digits, told by eight pixels: ten classes, many of them mistaken."""
    features, target = load_digits(return_X_y=True)
    columns = features[:, 20:28] / 16
    model = LogisticRegression(max_iter=1000).fit(columns[::2], target[::2])
    return multiclass(target[1::2], model.predict_proba(columns[1::2]), classes=tuple(range(10)))


@cache
def diabetes() -> Scored:
    """221 patients; predictions are whole numbers, so that errors are tied."""
    features, target = load_diabetes(return_X_y=True)
    model = LinearRegression().fit(features[::2], target[::2])
    return regression(target[1::2], model.predict(features[1::2]).round())


def real(task: Task) -> Scored:
    """Real rows of a task."""
    return {"binary": breast_cancer, "multiclass": wine, "regression": diabetes}[task]()


def bernoulli(rows: int, *, seed: int) -> Scored:
    """Targets drawn with exactly the probability that their score says."""
    generator = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(-generator.normal(-1, 1.2, size=rows)))
    return binary(generator.random(rows) < p, p)


def synthetic(task: Task, rows: int, *, seed: int) -> Scored:
    """Any number of rows of a task, told well but not perfectly."""
    generator = np.random.default_rng(seed)
    if task == "binary":
        return bernoulli(rows, seed=seed)
    if task == "regression":
        y = generator.normal(50, 10, rows)
        return regression(y, y + generator.normal(0, 5, rows))
    strength = np.exp(generator.normal(0, 1.5, size=(rows, 4)))
    p = strength / strength.sum(axis=1, keepdims=True)
    y = (generator.random((rows, 1)) > p.cumsum(axis=1)).sum(axis=1).clip(max=3)
    return multiclass(y, p, classes=("ant", "bee", "cow", "doe"))


def weighted(scored: Scored, *, seed: int = 0) -> Scored:
    """The same rows, each counting differently, a few of them not at all."""
    generator = np.random.default_rng(seed)
    weight = generator.exponential(size=scored.rows) * (generator.random(scored.rows) > 0.05)
    outcomes = scored.outcomes
    return Scored(Outcomes(outcomes.task, outcomes.y, outcomes.classes, weight), scored.predictions)


def shifted(scored: Scored, *, seed: int = 0) -> Predictions:
    """What another, somewhat worse model says of the same rows."""
    generator = np.random.default_rng(seed)
    if scored.outcomes.task == "regression":
        off = generator.normal(0, np.std(scored.predictions.predicted) / 5, scored.rows)
        return Predictions(scored.predictions.predicted + off)
    noise = generator.dirichlet(np.ones(scored.probabilities.shape[1]), scored.rows)
    p: FloatArray = 0.7 * scored.probabilities + 0.3 * noise
    return Predictions(p.argmax(axis=1), p)


def measures(task: Task) -> tuple[Measure, ...]:
    """Every built-in metric of a task."""
    return tuple(each for each in METRICS.values() if task in each.tasks)


def estimated(
    scored: Scored, *names: str, resamples: int = 100, seed: int = 0, among: int | None = None
) -> dict[str, Estimate]:
    """The metrics of these names; without a name, every one of the task."""
    chosen = tuple(map(metric, names)) or measures(scored.outcomes.task)
    found = estimate(
        scored.outcomes,
        scored.predictions,
        metrics=chosen,
        resamples=resamples,
        seed=seed,
        among=among,
    )
    return dict(found.metrics)


def permuted(scored: Scored, *others: Predictions, seed: int) -> tuple[Any, ...]:
    """The order, the rows in it, and other models' predictions in it."""
    order = np.random.default_rng(seed).permutation(scored.rows)
    return (order, scored.take(order), *(each.take(order) for each in others))
