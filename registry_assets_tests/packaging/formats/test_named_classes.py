"""Numbered classes are called by the target's own values."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry_assets import NamedClasses
from registry_assets.errors import PackagingRefused
from registry_assets.packaging.estimator import classes_kept, predictor_of
from registry_assets_tests.packaging.formats.fitted import HEAVY, NAMED, NUMBERS, TABLE, fitted


def test_they_are_numbered_in_their_order_and_named_again() -> None:
    from sklearn.ensemble import RandomForestClassifier

    inner = RandomForestClassifier(5, random_state=0)
    model = NamedClasses(inner).fit(TABLE[NUMBERS], NAMED)
    assert model.classes_.tolist() == ["huge", "large", "small"]
    assert model.estimator_.classes_.tolist() == [0, 1, 2]
    said = model.predict(TABLE[NUMBERS])
    assert (said == NAMED.to_numpy()).mean() > 0.9
    most = model.classes_[model.predict_proba(TABLE[NUMBERS]).argmax(axis=1)]
    np.testing.assert_array_equal(said, most)
    assert not hasattr(inner, "classes_")  # what was given to be fitted stays as it was


def test_gaps_in_the_numbers_and_columns_of_answers_do_no_harm() -> None:
    odd = SimpleNamespace(
        classes_=np.array([3, 7]),
        predict=lambda _features: np.array([[7], [3], [7]]),
        predict_proba=lambda _features: np.full((3, 2), 0.5),
    )
    model = NamedClasses.of(odd, ["no", "yes"])
    assert model.predict(None).tolist() == ["yes", "no", "yes"]


def test_one_name_for_each_class() -> None:
    estimator = fitted("xgboost", "binary").estimator
    with pytest.raises(PackagingRefused, match="knows 2 classes, and 3 were named: 'a', 'b', 'c'"):
        NamedClasses.of(estimator, ["a", "b", "c"])
    with pytest.raises(PackagingRefused, match="knows no classes, and 2 were named"):
        NamedClasses.of(fitted("xgboost", "regression").estimator, ["a", "b"])


def test_zero_and_one_of_a_framework_stand_for_false_and_true() -> None:
    booster = fitted("xgboost", "binary").estimator
    named = predictor_of(booster, classes=(False, True))
    assert classes_kept(named) == (False, True)
    assert named.predict(TABLE).tolist() == [bool(each) for each in booster.predict(TABLE)]


def test_zero_and_one_of_scikit_learn_stay_what_they_are() -> None:
    from sklearn.linear_model import LogisticRegression

    # Whoever fitted it on numbers did not fit it on the target as `train` receives it.
    model: Any = LogisticRegression().fit(TABLE[["depth"]], HEAVY.astype(int))
    assert predictor_of(model, classes=(False, True)) is model


def test_other_numbers_than_zero_and_one_are_not_taken_for_booleans() -> None:
    import catboost

    few = {"iterations": 2, "verbose": 0, "allow_writing_files": False}
    model = catboost.CatBoostClassifier(**few).fit(TABLE[NUMBERS], HEAVY.astype(int) + 1)
    assert predictor_of(model, classes=(False, True)) is model


def test_texts_with_a_type_of_their_own_and_whole_numbers_keep_their_kind() -> None:
    from sklearn.tree import DecisionTreeClassifier

    for target in (NAMED.astype("str"), NAMED.astype("category")):
        model = NamedClasses(DecisionTreeClassifier(max_depth=2)).fit(TABLE[NUMBERS], target)
        assert {type(label) for label in model.classes_.tolist()} == {str}
    numbers = pd.Series(np.where(HEAVY, 7, 3))
    model = NamedClasses(DecisionTreeClassifier(max_depth=2)).fit(TABLE[NUMBERS], numbers)
    assert model.classes_.tolist() == [3, 7]
    assert {type(label) for label in model.classes_.tolist()} == {int}
