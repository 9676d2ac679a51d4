"""ROC and calibration tables, beside scikit-learn's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import metrics
from sklearn.calibration import calibration_curve

from registry_assets.evaluation.curves import calibration_bins, operating_points, roc_curve
from registry_assets_tests.evaluation.rows import bernoulli, breast_cancer


def test_the_roc_curve_is_that_of_scikit_learn() -> None:
    y, p = breast_cancer()
    false, true, thresholds = metrics.roc_curve(y, p, drop_intermediate=False)
    found = roc_curve(y, p)
    for ours, theirs in zip(found, (thresholds, false, true), strict=True):
        assert_allclose(ours, theirs[1:], rtol=1e-12)


def test_operating_points_say_what_their_threshold_does() -> None:
    y, p = bernoulli(2000, seed=1)
    points = operating_points(y, p)
    assert len(points) == 7
    for point in points:
        called = p >= point.threshold
        assert_allclose(called[y == 0].mean(), point.false_positive_rate, rtol=1e-12)
        assert_allclose(called[y == 1].mean(), point.true_positive_rate, rtol=1e-12)
    assert points[3].false_positive_rate == pytest.approx(0.1, abs=0.002)
    assert points[3].false_positive_rate <= 0.1


def test_calibration_bins_are_those_of_scikit_learn() -> None:
    y, p = breast_cancer()
    bins = calibration_bins(y, p)
    observed, predicted = calibration_curve(y, p, n_bins=10, strategy="quantile")
    assert_allclose([each.predicted for each in bins], predicted, rtol=1e-12)
    assert_allclose([each.observed for each in bins], observed, rtol=1e-12)
    assert sum(each.rows for each in bins) == len(y)


def test_intervals_of_observed_shares_hold_them_and_stay_within_zero_and_one() -> None:
    y, p = bernoulli(60, seed=1)
    for each in calibration_bins(np.where(p < 0.2, 0, y), p):
        assert 0 <= each.low <= each.observed <= each.high <= 1
        assert each.high - each.low > 0.1


def test_equal_scores_are_one_bin() -> None:
    [only] = calibration_bins([0, 1, 0, 0], [0.3] * 4)
    assert (only.rows, only.observed) == (4, 0.25)


def test_a_permuted_row_order_changes_nothing() -> None:
    y, p = breast_cancer()
    order = np.random.default_rng(0).permutation(len(y))
    assert calibration_bins(y, p) == calibration_bins(y[order], p[order])
    assert operating_points(y, p) == operating_points(y[order], p[order])


def test_rows_without_a_curve_give_empty_tables() -> None:
    assert operating_points([1, 1], [0.2, 0.4]) == ()
    assert operating_points([], []) == ()
    assert operating_points([0, 1], [np.nan, 0.4]) == ()
    assert calibration_bins([], []) == ()
    assert calibration_bins([0, 1], [np.nan, 0.4]) == ()
