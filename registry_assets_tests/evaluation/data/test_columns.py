"""What columns hold: counted on frames small enough to count by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine

from registry_assets.evaluation.data.columns import column_profiles, schema_problems
from registry_assets.evaluation.results.data import ColumnProfile
from registry_assets.packaging.signature import ColumnSpec, columns_of
from registry_assets_tests.evaluation.data.frames import odd


def _profiles(training: pd.DataFrame, holdout: pd.DataFrame) -> dict[str, ColumnProfile]:
    return {each.column: each for each in column_profiles(training, holdout)}


def test_missing_infinite_and_unseen_values_are_counted() -> None:
    training = pd.DataFrame({"x": [1.0, np.nan, np.inf, 2.0], "text": ["a", "b", None, "a"]})
    holdout = pd.DataFrame({"x": [np.nan, -np.inf], "text": ["c", "a"]})
    found = _profiles(training, holdout)
    assert found["x"] == ColumnProfile(
        column="x",
        training_type="float64",
        holdout_type="float64",
        training_missing=0.25,
        holdout_missing=0.5,
        constant=False,
        training_infinite=1,
        holdout_infinite=1,
        unseen_values=None,
        unseen_share=None,
    )
    assert (found["text"].unseen_values, found["text"].unseen_share) == (1, 0.5)
    assert found["text"].training_missing == 0.25


def test_a_missing_cell_is_not_an_unseen_category() -> None:
    training, holdout = pd.DataFrame({"x": ["a", "b"]}), pd.DataFrame({"x": ["a", None, "z", "z"]})
    found = _profiles(training, holdout)["x"]
    assert (found.unseen_values, found.unseen_share) == (1, 0.5)


def test_a_category_that_is_declared_but_does_not_occur_is_unseen() -> None:
    dtype = pd.CategoricalDtype(["a", "b"])
    training = pd.DataFrame({"x": pd.Series(["a", "a"], dtype=dtype)})
    holdout = pd.DataFrame({"x": pd.Series(["a", "b"], dtype=dtype)})
    assert _profiles(training, holdout)["x"].unseen_values == 1
    assert _profiles(training, training)["x"].unseen_values == 0


@pytest.mark.parametrize(
    ("values", "constant"),
    [
        ([1.0, 1.0], True),
        ([1.0, np.nan], False),
        ([np.nan, np.nan], True),
        (["a", "a"], True),
        (["a", "b"], False),
        ([np.inf, np.inf], True),
        ([0.0, -0.0], True),
        ([[1], [1]], True),
        ([], False),
    ],
)
def test_a_column_is_constant_if_all_rows_are_alike(values: list[object], constant: bool) -> None:
    frame = pd.DataFrame({"x": values})
    assert _profiles(frame, frame)["x"].constant is constant


def test_columns_of_one_side_only_are_listed_without_the_other() -> None:
    found = _profiles(pd.DataFrame({"a": [1], "b": [2]}), pd.DataFrame({"c": [3], "b": [2]}))
    assert list(found) == ["a", "b", "c"]
    assert (found["a"].holdout_type, found["a"].holdout_missing) == (None, None)
    assert (found["c"].training_type, found["c"].constant) == (None, False)


def test_columns_of_one_name_are_told_apart() -> None:
    frame = pd.DataFrame([[1, 2, 3]], columns=["x", "x", "y"])
    assert list(_profiles(frame, frame)) == ["x", "x (2)", "y"]


@pytest.mark.parametrize("rows", [0, 1, 60])
def test_odd_columns_are_described(rows: int) -> None:
    found = column_profiles(odd(60).head(rows), odd(60, seed=1))
    assert len(found) == len({each.column for each in found}) == odd(1).shape[1]
    for each in found:
        assert each.holdout_missing is not None
        assert 0 <= each.holdout_missing <= 1
        each.column.encode()  # valid text, whatever the name was


def test_real_features_are_as_their_own_specification_says() -> None:
    frame = load_wine(as_frame=True).data
    assert schema_problems(frame, columns_of(frame)) == ()
    assert schema_problems(odd(5), columns_of(odd(5))[:30]) != ()


def test_every_difference_of_the_columns_is_a_sentence() -> None:
    expected = [
        ColumnSpec("age", "int64"),
        ColumnSpec("city", "str"),
        ColumnSpec("income", "float64"),
    ]
    frame = pd.DataFrame({"income": [1.0], "age": [30.0], "extra": [1]})
    assert schema_problems(frame, expected) == (
        "city is missing, expected str.",
        "extra (int64) is not expected.",
        "age is float64, expected int64.",
        "The order is another: income is where age is expected.",
    )
    assert schema_problems(pd.DataFrame(), expected[:1]) == ("age is missing, expected int64.",)
    assert schema_problems(pd.DataFrame({"age": [1]}), expected[:1]) == ()
