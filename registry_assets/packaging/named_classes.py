"""A classifier that numbers its classes, and what they are called.

XGBoost knows classes as 0, 1, 2 … only, an ONNX graph may not name them at all, and CatBoost
gives those of several as a column. A model of this registry answers with the target's own values.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from registry_assets.errors import PackagingRefused
from registry_assets.packaging.signature import Label


class NamedClasses(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # both have no types
    """A classifier of numbered classes that answers with the target's own values.

        NamedClasses(XGBClassifier(n_estimators=100)).fit(features, target)

    Args:
        estimator: one that is to be fitted. `NamedClasses.of` takes one that is.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    @classmethod
    def of(cls, fitted: Any, classes: Sequence[Label]) -> Self:
        """Call the classes of a fitted classifier by these values, in its own order.

        Raises:
            PackagingRefused: it knows another number of classes.
        """
        known = getattr(fitted, "classes_", None)
        if known is None or len(known) != len(classes):
            found = "no classes" if known is None else f"{len(known)} classes"
            raise PackagingRefused(
                f"The estimator knows {found}, and {len(classes)} were named: "
                f"{', '.join(map(repr, classes))}.",
                hint="Name each class once, in the order in which the estimator numbers them.",
            )
        made = cls(fitted)
        made.estimator_ = fitted
        made.classes_ = as_labels(classes)
        return made

    def fit(self, features: Any, target: Any, **more: Any) -> Self:
        """Fit the estimator on the numbers of the target's values, which are sorted first."""
        numbers, values = pd.factorize(pd.Series(target).astype(object), sort=True)
        self.classes_ = as_labels(list(values))
        self.estimator_ = clone(self.estimator).fit(features, numbers, **more)
        return self

    def predict(self, features: Any) -> np.ndarray:
        """Give one of the classes per row."""
        said = np.asarray(self.estimator_.predict(features)).ravel()
        numbers = pd.Index(np.asarray(self.estimator_.classes_)).get_indexer(pd.Index(said))
        found: np.ndarray = self.classes_[numbers]
        return found

    def predict_proba(self, features: Any) -> np.ndarray:
        """Give the probability of each class per row."""
        return np.asarray(self.estimator_.predict_proba(features))


def as_labels(classes: Sequence[Label]) -> np.ndarray:
    """Give class labels as an array of their own type; texts and mixtures as objects."""
    kinds = {type(label) for label in classes}
    plain = kinds <= {bool} or kinds <= {int} or kinds <= {float}
    return np.asarray(classes, dtype=None if plain else object)
