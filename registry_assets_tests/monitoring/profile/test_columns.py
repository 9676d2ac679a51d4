"""What a profile says of a column, held against the rows."""

import numpy as np
import pandas as pd
import pytest

from registry_assets.monitoring.profile import ColumnProfile, profile_of
from registry_assets_tests.monitoring.distributions import SHAPES, drawn


def column_of(values: object) -> ColumnProfile:
    return profile_of(pd.DataFrame({"x": values})).columns["x"]


@pytest.mark.parametrize("shape", SHAPES)
def test_means_spreads_and_quantiles_are_those_of_the_rows_within_the_error(shape: str) -> None:
    values = drawn(shape, 50_000, seed=1)
    column = column_of(values)
    error = column.error
    assert column.mean is not None
    assert column.std is not None
    assert error is not None
    rounding = 1e-9 * np.abs(values).max()
    assert abs(column.mean - values.mean()) <= error + rounding
    points = column.points()
    spread = float(np.sqrt(np.average(points.errors**2, weights=points.counts)))
    assert abs(column.std - values.std()) <= spread + rounding
    assert (column.minimum, column.maximum) == (values.min(), values.max())
    for share in (0.0, 0.05, 0.5, 0.95, 1.0):
        found = column.quantile(share)
        assert found is not None
        exact = np.quantile(values, share, method="inverted_cdf")
        cell = np.abs(points.values - found).argmin()
        assert abs(found - exact) <= points.errors[cell] + rounding


def test_the_error_of_a_normal_column_is_far_below_a_drift() -> None:
    column = column_of(np.random.default_rng(0).normal(10, 3, 200_000))
    assert column.error is not None
    assert 0 < column.error < 0.01 * 3


def test_few_values_are_exact() -> None:
    values = np.random.default_rng(0).integers(0, 4_000, 30_000)
    column = column_of(values)
    assert column.error == 0
    assert column.distinct == len(np.unique(values))
    assert column.mean == pytest.approx(values.mean(), rel=1e-12)


def test_missing_and_infinite_rows_are_counted_and_do_not_matter() -> None:
    column = column_of([1.0, np.nan, np.inf, -np.inf, 3.0])
    assert (column.rows, column.values, column.missing, column.infinite) == (5, 2, 1, 2)
    assert (column.mean, column.minimum, column.maximum) == (2.0, 1.0, 3.0)
    assert column.missing_share == 0.2


def test_the_largest_and_smallest_numbers_there_are_stay_numbers() -> None:
    generator = np.random.default_rng(0)
    for unit in (1.7e308, 5e-324, 1e-300):
        column = column_of(generator.uniform(-1, 1, 20_000) * unit)
        for found in (column.mean, column.std, column.error, column.median):
            assert found is not None
            assert np.isfinite(found)


def test_a_column_without_values_says_nothing() -> None:
    for values in ([None, None], [np.nan, np.nan]):
        column = column_of(values)
        assert column.kind == "empty"
        assert (column.mean, column.std, column.median, column.error) == (None,) * 4
        assert column.missing_share == 1
    assert column_of([]).missing_share is None


def test_truths_beside_numbers_are_numbers_and_nothing_beside_anything_is_nothing() -> None:
    truth, number, text = column_of([True, False]), column_of([5.0]), column_of(["a"])
    empty = column_of([None])
    assert (truth + number).kind == "number"
    assert (truth + number).maximum == 5
    for one in (truth, number, text):
        assert (empty + one).kind == (one + empty).kind == one.kind
    assert (text + number).kind == "other"
    assert ((text + number) + number).kind == "other"
