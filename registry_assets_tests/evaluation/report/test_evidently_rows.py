"""What Evidently gets: one name for a class, the model's own decisions, comparable columns."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_assets.evaluation.report.evidently_rows import (
    PREDICTION,
    TARGET,
    Outcome,
    compared,
    disagreement,
    scored,
    threshold_of,
)

BINARY = Outcome("binary", "y", "d", {1: "p"})
REGRESSION = Outcome("regression", "y", "d", {})


@settings(deadline=None)
@given(
    p=st.lists(st.floats(0, 1), min_size=1, max_size=30),
    cut=st.floats(0, 1) | st.just(np.inf),
)
def test_the_threshold_that_is_found_decides_as_the_model_did(p: list[float], cut: float) -> None:
    scores = np.array(p)
    decided = scores >= cut
    rows = pd.DataFrame({"yes": scores, PREDICTION: np.where(decided, "yes", "no")})
    found, note = threshold_of(rows, positive="yes")
    assert ((scores >= (0.5 if found is None else found)) == decided).all()
    assert (found is None) == (note == "")


def test_decisions_against_the_probabilities_have_no_threshold() -> None:
    rows = pd.DataFrame({"yes": [0.1, 0.9], PREDICTION: ["yes", "no"]})
    found, note = threshold_of(rows, positive="yes")
    assert found is None
    assert "in 2 of 2 rows" in note


def test_decisions_that_are_not_the_likeliest_class_are_counted() -> None:
    rows = pd.DataFrame({"a": [0.6, 0.6], "b": [0.4, 0.4], PREDICTION: ["a", "b"]})
    assert "in 1 of 2 rows" in disagreement(rows, ["a", "b"])
    assert disagreement(rows.iloc[:1], ["a", "b"]) == ""


@pytest.mark.parametrize(
    "column",
    [
        [0, 1, 1],
        [0.0, 1.0, 1.0],
        [False, True, True],
        ["0", "1", "1"],
        pd.array([0, 1, 1], dtype="Int64"),
        pd.array([False, True, True], dtype="boolean"),
        pd.Categorical([0, 1, 1]),
        pd.Series([0, 1.0, True], dtype=object),
    ],
)
def test_a_class_has_one_name_however_it_is_stored(column: object) -> None:
    frame = pd.DataFrame({"y": column, "d": [0, 1, 1], "p": [0.1, 0.9, 0.8]})
    rows = scored(frame, BINARY)
    assert isinstance(rows, pd.DataFrame)
    assert list(rows[TARGET]) == list(rows[PREDICTION]) == ["0", "1", "1"]
    assert list(rows["1"]) == [0.1, 0.9, 0.8]


def test_truth_values_are_named_as_such_if_the_model_knows_them_so() -> None:
    frame = pd.DataFrame({"y": [0, 1], "d": [False, True], "p": [0.1, 0.9]})
    rows = scored(frame, Outcome("binary", "y", "d", {True: "p"}))
    assert isinstance(rows, pd.DataFrame)
    assert list(rows[TARGET]) == list(rows[PREDICTION]) == ["False", "True"]


def test_classes_that_print_alike_remain_two() -> None:
    known = Outcome("multiclass", "y", "d", {1: "a", "1": "b"})
    assert known.classes == {1: "1", "1": "'1'"}


def test_rows_without_an_outcome_are_no_outcome() -> None:
    frame = pd.DataFrame({"y": [0, 1, None, 1], "d": [0, 1, 1, 1], "p": [0.1, np.inf, 0.5, 0.9]})
    rows = scored(frame, BINARY)
    assert isinstance(rows, pd.DataFrame)
    assert list(rows["1"]) == [0.1, 0.9]
    assert scored(frame.drop(columns="d"), BINARY) == "d"
    text = scored(pd.DataFrame({"y": ["a", "b"], "d": [1.0, 2.0]}), REGRESSION)
    assert isinstance(text, pd.DataFrame)
    assert text.empty


def test_few_whole_numbers_are_categories_and_infinity_is_missing() -> None:
    frame = pd.DataFrame(
        {
            "few": [1, 2, 3] * 8,
            "many": range(24),
            "parts": [0.5, 1.5, 2.5] * 8,
            "inf": [np.inf, *range(23)],
        }
    )
    kept, left_out = compared(frame, frame.astype({"few": "float32"}), REGRESSION)
    assert not left_out
    assert {name: str(pair[0].dtype) for name, pair in kept.items()} == {
        "few": "str",
        "many": "float64",
        "parts": "float64",
        "inf": "float64",
    }
    assert list(kept["few"][0]) == list(kept["few"][1])
    assert int(kept["inf"][0].isna().sum()) == 1


def test_so_many_categories_as_differ_by_chance_are_not_compared() -> None:
    def of(categories: int, rows: int) -> pd.DataFrame:
        return pd.DataFrame({"c": [f"c{number % categories}" for number in range(rows)]})

    assert compared(of(30, 100), of(30, 100), REGRESSION)[1] == {}
    assert compared(of(100, 5_000), of(100, 5_000), REGRESSION)[1] == {}
    _, left_out = compared(of(101, 5_000), of(101, 5_000), REGRESSION)
    assert left_out == {"c": "101 different values, more than these rows can compare (100)"}


def test_a_wide_table_has_an_end_and_the_outcome_is_before_it() -> None:
    wide = pd.DataFrame(np.ones((5, 110))).add_prefix("x").assign(y=1.0, d=1.0)
    kept, left_out = compared(wide, wide, REGRESSION)
    assert len(kept) == 100
    assert list(kept)[:3] == ["y", "d", "x0"]
    assert left_out == {f"x{n}": "beyond the first 100 columns" for n in range(98, 110)}
