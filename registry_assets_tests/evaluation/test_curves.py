"""Curves, confusion and residuals as tables, beside scikit-learn's."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import metrics
from sklearn.calibration import calibration_curve

from registry_assets.evaluation.curves import (
    calibration_bins,
    confusion,
    operating_points,
    precision_points,
    precision_recall_curve,
    residual_bins,
    roc_curve,
)
from registry_assets.evaluation.estimating import in_order
from registry_assets.evaluation.scored import Scored
from registry_assets_tests.evaluation.rows import (
    TASKS,
    bernoulli,
    binary,
    breast_cancer,
    diabetes,
    digits,
    multiclass,
    permuted,
    regression,
    synthetic,
    weighted,
    wine,
)

BINARY: dict[str, Callable[[], Scored]] = {
    "real, tied": breast_cancer,
    "synthetic": lambda: bernoulli(500, seed=1),
    "weighted": lambda: weighted(breast_cancer()),
}
TABLES = (
    operating_points, precision_points, calibration_bins, confusion, residual_bins,
)  # fmt: skip


def _weight(scored: Scored) -> Any:
    return scored.outcomes.weight


@pytest.mark.parametrize("data", BINARY)
def test_the_roc_curve_is_that_of_scikit_learn(data: str) -> None:
    scored = BINARY[data]()
    false, true, thresholds = metrics.roc_curve(
        scored.outcomes.y, scored.scores, sample_weight=_weight(scored), drop_intermediate=False
    )
    # It leaves out scores that only rows of no weight have.
    found = [each[np.isin(roc_curve(scored)[0], thresholds)] for each in roc_curve(scored)]
    for ours, theirs in zip(found, (thresholds, false, true), strict=True):
        assert_allclose(ours, theirs[1:], rtol=1e-12)


@pytest.mark.parametrize("data", BINARY)
def test_the_precision_recall_curve_is_that_of_scikit_learn(data: str) -> None:
    scored = BINARY[data]()
    precision, recall, thresholds = metrics.precision_recall_curve(
        scored.outcomes.y, scored.scores, sample_weight=_weight(scored)
    )
    ours = precision_recall_curve(scored)
    found = [each[np.isin(ours[0], thresholds)][::-1] for each in ours]
    for mine, theirs in zip(found, (thresholds, precision[:-1], recall[:-1]), strict=True):
        assert_allclose(mine, theirs, rtol=1e-12)


def test_operating_points_say_what_their_threshold_does() -> None:
    scored = bernoulli(2000, seed=1)
    y, p = scored.outcomes.y, scored.scores
    points = operating_points(scored)
    assert len(points) == 7
    for point in points:
        called = p >= point.threshold
        assert_allclose(called[y == 0].mean(), point.false_positive_rate, rtol=1e-12)
        assert_allclose(called[y == 1].mean(), point.true_positive_rate, rtol=1e-12)
    assert points[3].false_positive_rate == pytest.approx(0.1, abs=0.002)
    assert points[3].false_positive_rate <= 0.1


def test_precision_points_say_what_their_threshold_does() -> None:
    scored = bernoulli(2000, seed=1)
    y, p = scored.outcomes.y, scored.scores
    points = precision_points(scored)
    assert [round(point.recall, 2) for point in points] == [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9]
    for point in points:
        called = p >= point.threshold
        assert_allclose(y[called].mean(), point.precision, rtol=1e-12)
        assert_allclose(called[y == 1].mean(), point.recall, rtol=1e-12)


def test_of_coarse_scores_several_rates_end_in_one_point() -> None:
    scored = binary([0, 1, 0, 1], [0.2, 0.8, 0.2, 0.8])
    [point] = operating_points(scored)
    assert (point.threshold, point.false_positive_rate, point.true_positive_rate) == (0.8, 0, 1)
    [precise] = precision_points(scored)
    assert (precise.threshold, precise.precision, precise.recall) == (0.8, 1, 1)


def test_calibration_bins_are_those_of_scikit_learn() -> None:
    scored = breast_cancer()
    y, p = scored.outcomes.y, scored.scores
    bins = calibration_bins(scored)
    observed, predicted = calibration_curve(y, p, n_bins=10, strategy="quantile")
    assert_allclose([each.predicted for each in bins], predicted, rtol=1e-12)
    assert_allclose([each.observed for each in bins], observed, rtol=1e-12)
    assert sum(each.rows for each in bins) == len(y)


def test_calibration_of_several_classes_is_that_of_what_was_predicted() -> None:
    scored = digits()
    bins = calibration_bins(scored)
    right = np.equal(scored.outcomes.y, scored.predictions.predicted)
    observed, predicted = calibration_curve(
        right, scored.probabilities.max(axis=1), n_bins=10, strategy="quantile"
    )
    assert_allclose([each.predicted for each in bins], predicted, rtol=1e-12)
    assert_allclose([each.observed for each in bins], observed, rtol=1e-12)


def test_weights_make_weighted_means_and_intervals_of_fewer_rows() -> None:
    scored = breast_cancer()
    plain = calibration_bins(scored)
    same = calibration_bins(binary(scored.outcomes.y, scored.scores, weight=np.full(284, 3.0)))
    for one, two in zip(plain, same, strict=True):
        assert_allclose([two.predicted, two.observed], [one.predicted, one.observed])
        assert_allclose([two.low, two.high], [one.low, one.high], atol=1e-12)
    uneven = weighted(scored)
    for one, two in zip(plain, calibration_bins(uneven), strict=True):
        assert two.rows == one.rows
        if 0 < one.observed < 1 and 0.1 < two.observed < 0.9:
            assert two.high - two.low > one.high - one.low
    bins = np.searchsorted(np.quantile(scored.scores, np.arange(1, 10) / 10), scored.scores)
    first = bins == bins.min()
    expected = np.average(uneven.scores[first], weights=uneven.weight[first])
    assert_allclose(calibration_bins(uneven)[0].predicted, expected)


def test_intervals_of_observed_shares_hold_them_and_stay_within_zero_and_one() -> None:
    scored = bernoulli(60, seed=1)
    y = np.where(scored.scores < 0.2, 0, scored.outcomes.y)
    for each in calibration_bins(binary(y, scored.scores)):
        assert 0 <= each.low <= each.observed <= each.high <= 1
        assert each.high - each.low > 0.1


def test_equal_scores_are_one_bin() -> None:
    [only] = calibration_bins(binary([0, 1, 0, 0], [0.3] * 4))
    assert (only.rows, only.observed) == (4, 0.25)


def test_a_bin_of_nothing_but_zero_weights_is_left_out() -> None:
    scored = binary([0, 1] * 20, np.linspace(0, 1, 40), weight=[0.0] * 4 + [1.0] * 36)
    assert sum(each.rows for each in calibration_bins(scored)) == 36


@pytest.mark.parametrize("weights", [False, True], ids=["each row once", "weighted"])
@pytest.mark.parametrize("data", [breast_cancer, wine, digits])
def test_the_confusion_is_that_of_scikit_learn(data: Any, weights: bool) -> None:
    scored = weighted(data()) if weights else data()
    found = confusion(scored)
    assert found is not None
    labels = list(range(len(scored.outcomes.classes)))
    expected = metrics.confusion_matrix(
        scored.outcomes.y, scored.predictions.predicted, labels=labels, sample_weight=scored.weight
    )
    assert_allclose(found.rows, expected, rtol=1e-12)
    assert found.classes == tuple(map(str, scored.outcomes.classes))
    assert found.others == 0


@pytest.mark.parametrize(("count", "shown", "others"), [(20, 20, 0), (21, 20, 1), (57, 20, 37)])
def test_of_more_than_20_classes_the_rarest_are_put_together(
    count: int, shown: int, others: int
) -> None:
    generator = np.random.default_rng(0)
    y = np.minimum(generator.geometric(0.08, size=3000) - 1, count - 1)
    p = generator.dirichlet(np.ones(count), size=3000)
    p = 0.9 * p + 0.1 * np.eye(count)[y]
    scored = multiclass(y, p, classes=tuple(f"c{at}" for at in range(count)))
    found = confusion(scored)
    assert found is not None
    assert (len(found.classes), len(found.rows), found.others) == (shown, shown, others)
    assert_allclose(np.sum(found.rows), 3000)
    whole = metrics.confusion_matrix(y, scored.predictions.predicted, labels=range(count))
    own = [int(label[1:]) for label in found.classes if label.startswith("c")]
    table = np.array(found.rows)[: len(own), : len(own)]
    assert_allclose(table, whole[np.ix_(own, own)])
    if others:
        assert found.classes[-1] == f"{others + 1} others"
        left_out = np.setdiff1d(np.arange(count), own)
        often = np.bincount(y, minlength=count)
        assert often[own].min() >= often[left_out].max()
        assert_allclose(found.rows[-1][-1], whole[np.ix_(left_out, left_out)].sum())


@pytest.mark.parametrize("data", [diabetes, lambda: synthetic("regression", 3000, seed=1)])
def test_residual_bins_hold_every_row_once_and_say_how_far_they_spread(data: Any) -> None:
    scored = data()
    bins = residual_bins(scored)
    assert len(bins) <= 20
    assert sum(each.rows for each in bins) == scored.rows
    predicted = [each.predicted for each in bins]
    assert predicted == sorted(predicted)
    rows = [each.rows for each in bins]
    assert_allclose(np.average(predicted, weights=rows), scored.predictions.predicted.mean())
    residual = scored.predictions.predicted - scored.outcomes.y
    assert_allclose(np.average([each.mean for each in bins], weights=rows), residual.mean())
    order = np.argsort(scored.predictions.predicted, kind="stable")
    first = residual[order][: bins[0].rows]
    assert_allclose([bins[0].low, bins[0].high], np.quantile(first, [0.05, 0.95]))


def test_a_constant_prediction_is_one_bin() -> None:
    [only] = residual_bins(regression([1.0, 2.0, 3.0], [2.0, 2.0, 2.0]))
    assert (only.rows, only.predicted, only.mean) == (3, 2, 0)


def _in_order(scored: Scored) -> Scored:
    return in_order(scored.outcomes, scored.predictions)[0]


@pytest.mark.parametrize("task", TASKS)
def test_a_permuted_row_order_changes_nothing(task: Any) -> None:
    scored = synthetic(task, 400, seed=0)
    for seed in range(3):
        _, again = permuted(scored, seed=seed)
        for table in TABLES:
            assert table(_in_order(again)) == table(_in_order(scored)), table.__name__


def test_tables_of_another_task_are_empty() -> None:
    for scored in (wine(), diabetes()):
        assert not operating_points(scored)
        assert not precision_points(scored)
    assert calibration_bins(diabetes()) == ()
    assert confusion(diabetes()) is None
    assert residual_bins(breast_cancer()) == residual_bins(wine()) == ()


@pytest.mark.parametrize(
    "scored",
    [
        binary([], []),
        binary([0, 1], [np.nan, 0.4]),
        binary([0, 1], [0.1, 0.4], weight=[0, 0]),
        regression([], []),
        regression([1.0], [np.inf]),
        regression([1e308, -1e308], [-1e308, 1e308]),
    ],
)
def test_unusable_rows_give_empty_tables(scored: Scored) -> None:
    assert scored.unusable
    for table in TABLES:
        assert not table(scored)


def test_one_class_has_no_curve_but_bins_and_a_confusion() -> None:
    scored = binary([1, 1], [0.2, 0.6])
    assert not operating_points(scored)
    assert not precision_points(scored)
    assert calibration_bins(scored)
    found = confusion(scored)
    assert found is not None
    assert found.rows == ((0, 0), (1, 1))
