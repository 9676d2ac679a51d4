"""What is written of an estimator is read again, and predicts the same, row for row."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry_assets.errors import PackagingRefused
from registry_assets.packaging.estimator import (
    check_estimator,
    describe_estimator,
    estimator_files,
    frameworks_of,
    load_estimator,
    read_estimator,
    store_estimator,
)
from registry_assets.packaging.formats import format_of
from registry_assets.packaging.given import ask, given_object
from registry_assets_tests.packaging.formats.fitted import (
    EVERY,
    HEAVY,
    MASS,
    NUMBERED,
    NUMBERS,
    TABLE,
    fitted,
)


@pytest.mark.parametrize(("framework", "name"), EVERY)
def test_it_comes_back_with_the_same_predictions(framework: str, name: str) -> None:
    made = fitted(framework, name)
    given = given_object(made.estimator, made.features, task=made.task, classes=made.classes)
    assert (given.classes, given.framework) == (made.said, made.framework)
    files = estimator_files(given.stored)
    assert tuple(files) == made.files
    read = read_estimator(describe_estimator(given.stored), files.__getitem__)
    assert read == given.stored
    check_estimator(read)
    known, said = ask(load_estimator(read), made.features, task=made.task)
    assert known == made.said
    pd.testing.assert_frame_equal(said, given.expected)


@pytest.mark.parametrize(("framework", "name"), EVERY)
def test_what_it_is_given_to_predict_is_what_its_own_framework_says(
    framework: str, name: str
) -> None:
    made = fitted(framework, name)
    if not hasattr(made.estimator, "predict") or framework == "onnx" or name == "booster":
        return  # what it says by itself is not in the form of scikit-learn: told below
    given = given_object(made.estimator, made.features, task=made.task, classes=made.classes)
    own = np.asarray(made.estimator.predict(made.features)).ravel()
    np.testing.assert_array_equal(given.expected["prediction"].to_numpy(), own)
    if made.task != "regression":
        own = made.estimator.predict_proba(made.features)
        found = given.expected[[f"proba_{n}" for n in range(len(made.said))]].to_numpy()
        np.testing.assert_array_equal(found, np.asarray(own, dtype=np.float64))


def test_plain_boosters_answer_as_they_do_by_themselves() -> None:
    import xgboost

    made = fitted("xgboost", "booster")
    own = made.estimator.predict(xgboost.DMatrix(made.features))
    said = given_object(made.estimator, made.features, task="binary").expected
    np.testing.assert_allclose(said["proba_1"], own, rtol=1e-6)
    made = fitted("lightgbm", "booster")
    said = given_object(made.estimator, made.features, task="multiclass").expected
    own = made.estimator.predict(made.features)
    np.testing.assert_array_equal(said[["proba_0", "proba_1", "proba_2"]], own)


def test_a_graph_answers_as_the_estimator_that_it_was_made_of() -> None:
    from sklearn.linear_model import LogisticRegression

    made = fitted("onnx", "matrix")
    own = LogisticRegression().fit(made.features.to_numpy(), NUMBERED)
    said = given_object(made.estimator, made.features, task="multiclass").expected
    probabilities = own.predict_proba(made.features.to_numpy())
    np.testing.assert_allclose(said[["proba_0", "proba_1", "proba_2"]], probabilities, rtol=1e-5)
    assert said["prediction"].tolist() == own.predict(made.features.to_numpy()).tolist()
    made = fitted("onnx", "regression")
    said = given_object(made.estimator, made.features, task="regression").expected
    np.testing.assert_allclose(said["prediction"], made.features.sum(axis=1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["binary", "texts", "regression"])
def test_what_comes_back_of_lightgbm_has_what_a_fitted_one_has(name: str) -> None:
    # Its class is put together here, of attributes that LightGBM does not promise to keep.
    made = fitted("lightgbm", name)
    loaded = load_estimator(store_estimator(made.estimator))
    assert type(loaded) is type(made.estimator)
    for attribute in ("n_features_", "n_features_in_", "feature_name_", "objective_"):
        assert getattr(loaded, attribute) == getattr(made.estimator, attribute), attribute
    importances = made.estimator.feature_importances_
    np.testing.assert_array_equal(loaded.feature_importances_, importances)
    parameters = made.estimator.get_params()
    assert {key: loaded.get_params()[key] for key in ("n_estimators", "num_leaves")} == {
        key: parameters[key] for key in ("n_estimators", "num_leaves")
    }


def test_classes_of_their_own_kind_come_back() -> None:
    xgboost_estimator = fitted("xgboost", "multiclass").estimator
    loaded = load_estimator(store_estimator(xgboost_estimator))
    assert type(loaded) is type(xgboost_estimator)
    assert loaded.get_params()["n_estimators"] == 3
    catboost_estimator = fitted("catboost", "regression").estimator
    assert type(load_estimator(store_estimator(catboost_estimator))) is type(catboost_estimator)


def test_fitting_goes_on_with_an_estimator_that_was_written() -> None:
    made = fitted("composite", "pipeline")
    before = made.estimator.steps[-1][1]
    store_estimator(made.estimator)
    assert made.estimator.steps[-1][1] is before
    assert format_of(before).name == "xgboost"


def test_an_estimator_inside_a_subclass_of_ones_own_is_a_part() -> None:
    given = store_estimator(Careful.made())
    assert [part.format for part in given.parts] == ["xgboost"]
    loaded = load_estimator(given, own_modules=[__name__])
    assert type(loaded) is Careful
    np.testing.assert_array_equal(loaded.predict(TABLE[NUMBERS]), [True] * len(TABLE))


def test_a_part_wanted_twice_is_written_once() -> None:
    from sklearn.pipeline import make_pipeline

    last = fitted("xgboost", "multiclass").estimator
    pipeline = make_pipeline("passthrough", last)
    pipeline.also_ = [last, {"same": (last,)}]
    stored = store_estimator(pipeline)
    assert len(stored.parts) == 1
    loaded = load_estimator(stored)
    assert loaded.also_[0] is loaded.steps[-1][1] is loaded.also_[1]["same"][0]


def test_what_its_file_cannot_keep_is_said() -> None:
    import lightgbm
    import xgboost

    def gradient(y: Any, said: Any) -> tuple[Any, Any]:
        return said - y, np.ones_like(said)

    own = lightgbm.LGBMRegressor(n_estimators=2, objective=gradient, verbose=-1)
    with pytest.raises(PackagingRefused, match="objective that is a function"):
        store_estimator(own.fit(TABLE[NUMBERS], MASS))
    softmax = xgboost.train(
        {"objective": "multi:softmax", "num_class": 3}, xgboost.DMatrix(TABLE[NUMBERS], NUMBERED), 2
    )
    with pytest.raises(PackagingRefused, match="multi:softmax gives no probabilities") as caught:
        given_object(softmax, TABLE[NUMBERS], task="multiclass")
    assert "multi:softprob" in caught.value.hint
    with pytest.raises(PackagingRefused, match="DMatrix cannot be packaged"):
        store_estimator(xgboost.DMatrix(TABLE[NUMBERS], HEAVY))


def test_the_distributions_that_loading_needs_are_named() -> None:
    stacked = store_estimator(fitted("composite", "stacked").estimator)
    assert frameworks_of(stacked) == ("xgboost", "lightgbm", "scikit-learn", "skops")
    graph = store_estimator(fitted("onnx", "matrix").estimator)
    assert frameworks_of(graph) == ("onnxruntime", "onnx")


class Careful:
    """An estimator of one's own that holds one of another framework."""

    def __init__(self) -> None:
        self.inner: Any = None

    @classmethod
    def made(cls) -> "Careful":
        import xgboost

        found = cls()
        found.inner = xgboost.XGBClassifier(n_estimators=2).fit(TABLE[NUMBERS], HEAVY)
        return found

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        found: np.ndarray = self.inner.predict_proba(features)[:, 1] >= 0.0
        return found
