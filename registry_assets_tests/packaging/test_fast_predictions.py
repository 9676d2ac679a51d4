"""One pass over the rows answers what two would: labels and probabilities, to the last row."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from pandas.testing import assert_frame_equal
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from registry_assets import NamedClasses
from registry_assets.packaging.predictions import _LIKELIEST, _kind, fast_predictions, predictions
from registry_assets.packaging.signature import Output

# Few and shallow, so that many rows are tied.
KINDS = [
    ExtraTreesClassifier(4, max_depth=2, random_state=0),
    RandomForestClassifier(4, max_depth=2, random_state=0),
    GradientBoostingClassifier(n_estimators=3, max_depth=1),
    HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=3),
    LogisticRegression(C=1e-4, max_iter=1000),
    DecisionTreeClassifier(max_depth=2),
    LGBMClassifier(n_estimators=2, max_depth=2, verbose=-1),
    NamedClasses(XGBClassifier(n_estimators=2, max_depth=2)),
]
DATA = {"two": load_breast_cancer, "three": load_wine}


class Pessimist(RandomForestClassifier):  # type: ignore[misc]  # scikit-learn has no types
    """A forest that always says the first class."""

    def predict(self, features: Any) -> Any:
        return np.full(len(features), self.classes_[0])


def asked(name: str, estimator: Any) -> tuple[Any, pd.DataFrame, Output]:
    """A fitted estimator, rows that it is asked about, and its classes."""
    data = DATA[name](as_frame=True)
    labels = pd.Series(data.target_names[data.target])
    rows = pd.concat([data.data, data.data.iloc[:20] * 0], ignore_index=True)
    estimator.fit(data.data, labels)
    task = "binary" if name == "two" else "multiclass"
    return estimator, rows, Output(task, tuple(estimator.classes_.tolist()))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("estimator", KINDS, ids=lambda each: type(each).__name__)
def test_it_says_what_two_passes_say(name: str, estimator: Any) -> None:
    fitted, rows, output = asked(name, estimator)
    assert _kind(fitted) in _LIKELIEST
    assert_frame_equal(
        fast_predictions(fitted, rows, output=output),
        predictions(fitted, rows, output=output),
        check_dtype=False,
    )


def test_rows_between_two_classes_are_decided_by_the_estimator_itself() -> None:
    rows = pd.DataFrame({"x": [-1.0, 1.0, 0.0, 0.0]})
    fitted = LogisticRegression().fit(rows[:2], ["no", "yes"])
    fitted.intercept_[:] = 0.0
    output = Output("binary", ("no", "yes"))
    found = fast_predictions(fitted, rows, output=output)
    assert found["proba_0"].tolist()[2:] == [0.5, 0.5]
    assert found["prediction"].tolist() == fitted.predict(rows).tolist()


@pytest.mark.parametrize(
    "estimator",
    [
        Pessimist(4, random_state=0),
        FixedThresholdClassifier(LogisticRegression(max_iter=5000), threshold=0.9),
        make_pipeline(StandardScaler(), GaussianNB()),
    ],
    ids=["a subclass", "another threshold", "another kind"],
)
def test_whatever_may_decide_otherwise_is_asked(estimator: Any) -> None:
    fitted, rows, output = asked("two", estimator)
    assert _kind(fitted) not in _LIKELIEST
    assert_frame_equal(
        fast_predictions(fitted, rows, output=output), predictions(fitted, rows, output=output)
    )


def test_a_pipeline_is_what_its_last_step_is() -> None:
    fitted, rows, output = asked("three", make_pipeline(StandardScaler(), LogisticRegression()))
    found = fast_predictions(fitted, rows, output=output)
    assert found["prediction"].tolist() == fitted.predict(rows).tolist()


def test_a_regression_gives_its_numbers() -> None:
    rows = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    fitted = Ridge().fit(rows, [1.0, 2.0, 3.0])
    found = fast_predictions(fitted, rows, output=Output("regression", ()))
    assert found["prediction"].tolist() == fitted.predict(rows).tolist()
