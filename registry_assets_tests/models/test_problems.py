"""The common part of the data checks: every problem, in sentences, and none invented."""

import pandas as pd

from registry_assets.models.problems import (
    missing_values,
    outside,
    repeated_keys,
    table_problems,
    unknown_values,
)

COLUMNS = {"name": "str", "size": "int64"}
FRAME = pd.DataFrame({"name": ["a", "b", "b"], "size": [1, 2, 2]})


def test_a_sound_table_has_no_problems() -> None:
    assert table_problems(FRAME, COLUMNS) == []
    assert missing_values(FRAME, ["name", "size"]) == []
    assert repeated_keys(FRAME.head(2), ["name", "size"]) == []
    assert unknown_values(FRAME, "name", {"a", "b", "c"}) == []
    assert outside(FRAME, "size", 1, 2) == []


def test_columns_beyond_the_expected_ones_are_no_problem() -> None:
    assert table_problems(FRAME.assign(more=1.5), COLUMNS) == []


def test_all_problems_of_columns_are_told_at_once() -> None:
    frame = pd.DataFrame({"size": pd.Series([], dtype="float64")})
    assert table_problems(frame, COLUMNS) == [
        "the table has no rows",
        "column 'name' is missing",
        "column 'size': expected int64, found float64",
    ]


def test_missing_values_are_counted_per_column() -> None:
    frame = pd.DataFrame({"name": ["a", None, None], "size": [1.0, 2.0, float("nan")]})
    assert missing_values(frame, ["name", "size"]) == [
        "column 'name': 2 of 3 values are missing",
        "column 'size': 1 of 3 values are missing",
    ]


def test_rows_that_repeat_a_key_are_counted() -> None:
    assert repeated_keys(FRAME, ["name", "size"]) == ["1 rows repeat the key (name, size)"]


def test_unknown_values_are_named_once_and_missing_ones_are_not_unknown() -> None:
    frame = pd.DataFrame({"name": ["x", "x", "a", None]})
    assert unknown_values(frame, "name", {"a", "b"}) == ["column 'name': 'x' is none of a, b"]


def test_values_outside_the_range_are_counted_and_missing_ones_are_not() -> None:
    frame = pd.DataFrame({"size": [0.5, 1.0, 2.0, 9.0, float("nan")]})
    assert outside(frame, "size", 1, 2) == ["column 'size': 2 values outside 1 to 2"]
