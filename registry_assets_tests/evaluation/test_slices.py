"""Slices: every row in exactly one, in a stable order, with enough rows or without numbers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from registry_assets.evaluation.bootstrap import estimates
from registry_assets.evaluation.results import SliceResult
from registry_assets.evaluation.slices import slice_estimates
from registry_assets_tests.evaluation.rows import METRICS, bernoulli


def _slices(
    values: Sequence[object], *, min_rows: int = 1, dtype: str | None = None
) -> dict[str | None, SliceResult]:
    y, p = bernoulli(len(values), seed=0)
    column = pd.Series(list(values), name="carrier", dtype=dtype)
    parts = slice_estimates(column, y, p, metrics=METRICS, min_rows=min_rows, resamples=100)
    return {part.value: part for part in parts}


def test_a_slice_is_estimated_on_its_own_rows() -> None:
    y, p = bernoulli(600, seed=0)
    found = _slices(["AA", "UA", "DL"] * 200, min_rows=200)
    assert list(found) == ["AA", "DL", "UA"]
    own = estimates(y[1::3], p[1::3], metrics=METRICS, resamples=100)
    assert found["UA"].estimates == own
    assert (found["UA"].rows, found["UA"].positives) == (200, y[1::3].sum())
    assert found["UA"].label == "carrier UA"


def test_a_slice_of_fewer_rows_than_asked_for_is_listed_without_numbers() -> None:
    found = _slices(["AA"] * 200 + ["HA"] * 199, min_rows=200)
    assert found["AA"].supported
    assert not found["HA"].supported
    assert found["HA"].rows == 199
    assert not found["HA"].estimates


def test_missing_values_are_the_last_slice() -> None:
    found = _slices(["UA", None, "AA", None] * 20)
    assert list(found) == ["AA", "UA", None]
    assert found[None].label == "carrier is missing"
    assert found[None].rows == 40


def test_a_column_without_any_value_is_one_slice() -> None:
    found = _slices([None] * 30, dtype="float64")
    assert {value: part.rows for value, part in found.items()} == {None: 30}


def test_a_slice_of_one_row_has_no_interval_and_says_so() -> None:
    found = _slices(["AA"] * 30 + ["HA"])
    assert found["HA"].supported
    assert all("a single row" in each.reason for each in found["HA"].estimates.values())


def test_no_rows_make_no_slices() -> None:
    assert _slices([], dtype="str") == {}


def test_numbers_booleans_times_and_categories_are_named_as_they_print() -> None:
    assert list(_slices([1, 2] * 10)) == ["1", "2"]
    assert list(_slices([True, False] * 10)) == ["False", "True"]
    assert list(_slices([0.5, np.nan] * 10)) == ["0.5", None]
    assert list(_slices(["b", "a"] * 10, dtype="category")) == ["a", "b"]
    days = [pd.Timestamp("2013-01-02", tz="UTC"), pd.Timestamp("2013-01-01", tz="UTC")]
    assert [value[:10] for value in _slices(days * 10) if value] == ["2013-01-01", "2013-01-02"]


def test_values_that_print_alike_are_one_slice() -> None:
    found = _slices([1, "1"] * 10, dtype="object")
    assert {value: part.rows for value, part in found.items()} == {"1": 20}
