"""Each framework from the declaration to the deployment: what was trained is what predicts.

A training, a load check in a fresh process, an evaluation and a promotion for each; so few of
them, and between them every task, gaps and categories.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from registry_assets.errors import TrainingFailed
from registry_assets.lifecycle.reserving import Request
from registry_assets.packaging.signature import Task
from registry_assets_tests.packaging.formats.lived import birds, nest
from registry_assets_tests.worlds import PERSON, SENSOR

XGBOOST = """
from xgboost import XGBClassifier

def train(features, target, params):
    return XGBClassifier(n_estimators=5, max_depth=3, enable_categorical=True).fit(features, target)
"""
LIGHTGBM = """
import lightgbm

def train(features, target, params):
    model = lightgbm.LGBMClassifier(n_estimators=5, num_leaves=5, min_child_samples=3, verbose=-1)
    return model.fit(features, target)
"""
CATBOOST = """
def train(features, target, params):
    from catboost import CatBoostRegressor

    few = {"iterations": 20, "depth": 3, "learning_rate": 0.3, "thread_count": 1}
    model = CatBoostRegressor(
        **few, cat_features=["island"], verbose=0, allow_writing_files=False, random_seed=0
    )
    return model.fit(features, target)
"""
NAMED = """
from registry_assets import NamedClasses
from xgboost import XGBClassifier

def train(features, target, params):
    numbered = XGBClassifier(n_estimators=5, enable_categorical=True)
    return NamedClasses(numbered).fit(features, target)
"""
COMPOSITE = """
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from xgboost import XGBClassifier

from nest.depth import Deeper


def train(features, target, params):
    columns = make_column_transformer(
        (SimpleImputer(), ["length"]), (Deeper(), ["depth"]), (OneHotEncoder(), ["island"])
    )
    pipeline = make_pipeline(columns, XGBClassifier(n_estimators=5, max_depth=3))
    return CalibratedClassifierCV(pipeline, cv=2).fit(features, target)
"""
DEPTH = """
from sklearn.base import BaseEstimator, TransformerMixin


class Deeper(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.least_ = float(X.min().iloc[0])
        return self

    def transform(self, X):
        return X - self.least_
"""
ONNX = """
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder


def train(features, target, params):
    columns = make_column_transformer(
        (SimpleImputer(), ["length", "depth"]), (OneHotEncoder(sparse_output=False), ["island"])
    )
    model = make_pipeline(columns, RandomForestClassifier(5, max_depth=4, random_state=0))
    model.fit(features, target.astype(int))
    inputs = [(name, FloatTensorType([None, 1])) for name in ("length", "depth")]
    return to_onnx(model, initial_types=[*inputs, ("island", StringTensorType([None, 1]))])
"""


@pytest.mark.parametrize(
    ("training", "task", "target", "framework"),
    [
        (XGBOOST, "binary", "heavy", "xgboost"),
        (LIGHTGBM, "multiclass", "size", "lightgbm"),
        (CATBOOST, "regression", "mass", "catboost"),
        (NAMED, "multiclass", "size", "xgboost"),
        (COMPOSITE, "binary", "heavy", "xgboost"),
    ],
    ids=["xgboost", "lightgbm", "catboost", "xgboost of texts", "composite"],
)
def test_what_was_trained_is_what_production_predicts(
    training: str, task: Task, target: str, framework: str, tmp_path: Path
) -> None:
    with nest(tmp_path / "project", training, depth=DEPTH) as lived:
        number = lived.trained(task, target)
        version = lived.registry.version(f"{target}:{number}").version
        facts: Any = version.metadata
        assert facts["framework"] == framework
        loaded = lived.deployed(target)
        rows = birds(60, seed=1)
        own, features = lived.said_alone(task, target, rows)
        expected = np.asarray(own.predict(features)).ravel()
        np.testing.assert_array_equal(loaded.predict(rows), expected)
        if task != "regression":
            said = loaded.predict_proba(rows)
            np.testing.assert_allclose(said, own.predict_proba(features), rtol=1e-9)
        # A row alone, as a service is asked.
        np.testing.assert_array_equal(loaded.predict(rows.tail(1)), expected[-1:])
        assert framework in loaded.environment["distributions"]
        assert lived.registry.verify().problems == ()


def test_a_graph_that_train_returns_predicts_in_production(tmp_path: Path) -> None:
    with nest(tmp_path / "project", ONNX) as lived:
        lived.trained("binary", "heavy")
        loaded = lived.deployed("heavy")
        rows = birds(60, seed=1)
        graph, features = lived.said_alone("binary", "heavy", rows)
        assert loaded.estimator.estimator_.data == graph.SerializeToString()
        assert loaded.classes == (False, True)
        assert set(loaded.predict(rows).tolist()) == {False, True}
        found = loaded.predict_proba(rows)[:, 1] > 0.5
        np.testing.assert_array_equal(found, loaded.predict(rows))
        assert (found == rows["heavy"]).mean() > 0.8
        assert len(features) == len(rows)


def test_numbered_classes_of_a_target_of_texts_are_refused_with_what_to_do(tmp_path: Path) -> None:
    training = """
from sklearn.preprocessing import LabelEncoder
from xgboost import XGBClassifier

def train(features, target, params):
    numbers = LabelEncoder().fit_transform(target)
    return XGBClassifier(n_estimators=2, enable_categorical=True).fit(features, numbers)
"""
    with nest(tmp_path / "project", training) as lived:
        model = lived.model("multiclass", "size")
        lived.registry.reserve(model, Request("now"), run=PERSON)
        with pytest.raises(TrainingFailed, match=r"classes of the estimator are \[0, 1, 2\]") as e:
            lived.registry.train(model, 1, run=SENSOR)
        assert "NamedClasses(estimator)" in e.value.hint
