"""Asking an estimator for its predictions, and holding the answer to its shape."""

from typing import Any

import numpy as np
import pandas as pd

from registry_assets.errors import DataUnusable
from registry_assets.packaging.signature import Output


def predict(estimator: Any, features: pd.DataFrame) -> np.ndarray:
    """Give one prediction per row of features.

    Raises:
        DataUnusable: the estimator returned another number of rows.
    """
    predicted = np.asarray(estimator.predict(features))
    if predicted.shape != (len(features),):
        raise DataUnusable(
            f"predict must return one value per row: expected shape ({len(features)},), "
            f"found {predicted.shape}.",
            hint="The estimator's predict gives a one-dimensional array, its values in the order "
            "of the rows.",
        )
    return predicted


def predict_proba(estimator: Any, features: pd.DataFrame, *, output: Output) -> np.ndarray:
    """Give the probability of each class per row: float64 of shape (rows, classes).

    Raises:
        DataUnusable: the model has no classes, or gave another shape, or no finite numbers.
    """
    if not output.classes:
        raise DataUnusable(
            f"A {output.task} model has no classes, and so no probabilities.",
            hint="Call predict: it gives the numbers.",
        )
    probabilities = np.asarray(estimator.predict_proba(features), dtype=np.float64)
    expected = (len(features), len(output.classes))
    if probabilities.shape != expected:
        raise DataUnusable(
            f"predict_proba must return a column per class: expected shape {expected}, "
            f"found {probabilities.shape}.",
            hint="The estimator gives one row per row of features, and in it a column for each "
            f"of {', '.join(map(repr, output.classes))}, in this order.",
        )
    unusable = np.flatnonzero(~np.isfinite(probabilities).all(axis=1))
    if len(unusable):
        raise DataUnusable(
            f"predict_proba returned values that are not finite numbers in {len(unusable):,} of "
            f"{len(features):,} rows; the first of them is row {unusable[0]}, counted from 0.",
            hint="Look for an overflow or a division by zero in the estimator, with the features "
            "of that row first.",
        )
    return probabilities


def predictions(estimator: Any, features: pd.DataFrame, *, output: Output) -> pd.DataFrame:
    """Give all an estimator says: `prediction`, and `proba_<i>` for the i-th class."""
    columns: dict[str, np.ndarray] = {}
    if output.classes:
        probabilities = predict_proba(estimator, features, output=output)
        columns |= {f"proba_{i}": probabilities[:, i] for i in range(len(output.classes))}
    columns["prediction"] = predict(estimator, features)
    return pd.DataFrame(columns)


# Of these their own `predict` gives the class of the greatest probability, so that
# one pass over the rows answers both questions. Exactly these: a subclass may decide otherwise.
_LIKELIEST = frozenset(
    {
        "sklearn.ensemble._forest.ExtraTreesClassifier",
        "sklearn.ensemble._forest.RandomForestClassifier",
        "sklearn.ensemble._gb.GradientBoostingClassifier",
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.tree._classes.DecisionTreeClassifier",
        "lightgbm.sklearn.LGBMClassifier",
        "xgboost.sklearn.XGBClassifier",
    }
)
# Closer than this the two greatest are compared by `predict` itself, which has not rounded.
_CLOSE = 1e-6


def fast_predictions(estimator: Any, features: pd.DataFrame, *, output: Output) -> pd.DataFrame:
    """Give what `predictions` gives, in one pass over the rows where that says the same."""
    if not output.classes or _kind(estimator) not in _LIKELIEST:
        return predictions(estimator, features, output=output)
    probabilities = predict_proba(estimator, features, output=output)
    labels = np.asarray(output.classes)[probabilities.argmax(axis=1)]
    greatest = np.partition(probabilities, -2, axis=1)[:, -2:]
    close = np.flatnonzero(greatest[:, 1] - greatest[:, 0] < _CLOSE)
    if len(close):
        labels[close] = predict(estimator, features.iloc[close])
    columns = {f"proba_{i}": probabilities[:, i] for i in range(len(output.classes))}
    return pd.DataFrame({**columns, "prediction": labels})


def _kind(estimator: Any) -> str:
    """Name the class that decides: of a pipeline, that of its last step."""
    kind = type(estimator)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if name == "sklearn.pipeline.Pipeline":
        return _kind(estimator.steps[-1][1])
    if name == "registry_assets.packaging.named_classes.NamedClasses":
        return _kind(estimator.estimator_)
    return name
