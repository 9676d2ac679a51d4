"""Intervals: that they cover, that they are repeatable, and what happens where there is none."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from registry_assets.evaluation.bootstrap import estimates, paired_differences
from registry_assets.evaluation.scoring import FloatArray
from registry_assets_tests.evaluation.rows import METRICS, bernoulli, breast_cancer


def _sigmoid(z: FloatArray) -> FloatArray:
    return 1 / (1 + np.exp(-z))


def test_values_are_those_of_all_rows_and_lie_within_their_intervals() -> None:
    y, p = breast_cancer()
    found = estimates(y, p, metrics=METRICS)
    expected = [roc_auc_score(y, p), average_precision_score(y, p), log_loss(y, p)]
    assert_allclose([found[name].value for name in METRICS], expected, rtol=1e-12)
    for estimate in found.values():
        assert estimate.low < estimate.value < estimate.high
        assert estimate.rows == len(y)


def test_intervals_of_the_auc_cover_its_true_value_at_their_nominal_rate() -> None:
    truth = NormalDist().cdf(1 / math.sqrt(2))
    covered = 0
    for seed in range(300):
        generator = np.random.default_rng(seed)
        y = np.arange(250) % 3 == 0
        p = _sigmoid(generator.normal(y, 1))
        [found] = estimates(y, p, metrics=["roc_auc"], resamples=400, seed=seed).values()
        covered += found.low <= truth <= found.high
    # 95 % of 300, give or take three standard errors.
    assert 0.91 <= covered / 300 <= 0.99


def test_intervals_of_the_log_loss_cover_its_true_value_at_their_nominal_rate() -> None:
    _, p = bernoulli(400_000, seed=99)
    truth = float(np.mean(-p * np.log(p) - (1 - p) * np.log(1 - p)))
    covered = 0
    for seed in range(300):
        y, scores = bernoulli(250, seed=seed)
        [found] = estimates(y, scores, metrics=["log_loss"], resamples=400, seed=seed).values()
        covered += found.low <= truth <= found.high
    assert 0.91 <= covered / 300 <= 0.99


def test_intervals_of_a_difference_cover_the_true_one_and_are_narrower_than_apart() -> None:
    truth = NormalDist().cdf(1.2 / math.sqrt(2)) - NormalDist().cdf(1 / math.sqrt(2))
    covered = narrower = 0
    for seed in range(300):
        generator = np.random.default_rng(seed)
        y = np.arange(250) % 3 == 0
        shared = generator.normal(0, 1, size=250)
        noise = generator.normal(0, 1, size=250)
        strong = _sigmoid(shared + 1.2 * y)
        weak = _sigmoid(0.8 * shared + 0.6 * noise + y)
        [found] = paired_differences(
            y, strong, weak, metrics=["roc_auc"], resamples=400, seed=seed
        ).values()
        covered += found.low <= truth <= found.high
        [alone] = estimates(y, strong, metrics=["roc_auc"], resamples=400, seed=seed).values()
        narrower += found.high - found.low < alone.high - alone.low
    assert 0.91 <= covered / 300 <= 0.99
    assert narrower > 290


def test_equal_rows_and_seed_give_equal_intervals_and_another_seed_others() -> None:
    y, p = bernoulli(500, seed=1)
    first = estimates(y, p, metrics=METRICS, seed=5)
    assert estimates(y, p, metrics=METRICS, seed=5) == first
    assert estimates(y, p, metrics=METRICS, seed=6) != first


def test_one_metric_is_the_same_alone_and_among_others() -> None:
    y, p = breast_cancer()
    alone = estimates(y, p, metrics=["log_loss"])
    assert alone["log_loss"] == estimates(y, p, metrics=METRICS)["log_loss"]


@pytest.mark.parametrize("seed", range(5))
def test_a_permuted_row_order_changes_nothing(seed: int) -> None:
    y, p = breast_cancer()
    other = np.roll(p, 7)
    order = np.random.default_rng(seed).permutation(len(y))
    assert estimates(y, p, metrics=METRICS) == estimates(y[order], p[order], metrics=METRICS)
    assert paired_differences(y, p, other, metrics=METRICS) == paired_differences(
        y[order], p[order], other[order], metrics=METRICS
    )


def test_boolean_targets_are_the_same_as_integers() -> None:
    y, p = breast_cancer()
    assert estimates(y == 1, p, metrics=METRICS) == estimates(y, p, metrics=METRICS)


def test_the_difference_of_identical_scores_is_exactly_zero() -> None:
    y, p = bernoulli(3000, seed=2)
    for found in paired_differences(y, p, p.copy(), metrics=METRICS).values():
        assert (found.value, found.low, found.high) == (0, 0, 0)


def test_the_difference_is_candidate_minus_baseline() -> None:
    y, p = bernoulli(3000, seed=2)
    found = paired_differences(y, p, p[::-1], metrics=METRICS)
    assert found["roc_auc"].low > 0
    assert found["log_loss"].high < 0
    expected = roc_auc_score(y, p) - roc_auc_score(y, p[::-1])
    assert_allclose(found["roc_auc"].value, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("y", "p", "reason"),
    [
        ([], [], "no rows"),
        ([1], [0.3], "a single row"),
        ([0, 1, 1], [0.2, math.nan, 0.4], "1 of 3 scores are not finite"),
        ([0, 1], [0.2], "for 2 rows"),
    ],
)
def test_rows_without_an_interval_give_undefined_estimates(
    y: list[int], p: list[float], reason: str
) -> None:
    for found in estimates(y, p, metrics=METRICS).values():
        assert not found.defined
        assert reason in found.reason
        assert found.rows == len(y)
        assert not found.value >= 0


@pytest.mark.parametrize("target", [0, 1])
def test_one_class_leaves_only_the_log_loss_defined(target: int) -> None:
    y, p = np.full(50, target), np.linspace(0.1, 0.9, 50)
    found = estimates(y, p, metrics=METRICS)
    assert [name for name in METRICS if found[name].defined] == ["log_loss"]
    assert found["roc_auc"].reason == f"all 50 targets are {target}, roc_auc needs both classes"


def test_an_interval_is_withheld_where_many_resamples_lack_a_class() -> None:
    y, p = np.arange(100) == 0, np.linspace(0, 1, 100)
    found = estimates(y, p, metrics=METRICS)
    assert "too few rows of one class" in found["roc_auc"].reason
    assert found["log_loss"].defined


def test_five_rows_of_the_rarer_class_are_enough_for_an_interval() -> None:
    y, p = np.arange(100) % 20 == 0, np.linspace(0, 1, 100)
    assert estimates(y, p, metrics=["roc_auc"])["roc_auc"].defined


def test_more_rows_than_one_batch_holds_are_resampled_one_by_one() -> None:
    y, p = bernoulli(70_000, seed=4)
    found = estimates(y, p, metrics=["roc_auc"], resamples=100)["roc_auc"]
    assert 0.004 < found.high - found.low < 0.02
