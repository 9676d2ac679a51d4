"""Estimates: that they are repeatable, and what happens where there is no number."""

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from registry_assets.declaration.metrics import Measure, MetricFunction, Task, metric
from registry_assets.evaluation.estimating import Estimates, estimate
from registry_assets.evaluation.scored import Predictions, Scored
from registry_assets_tests.evaluation.reference import REFERENCE
from registry_assets_tests.evaluation.rows import (
    TASKS,
    binary,
    breast_cancer,
    digits,
    estimated,
    measures,
    multiclass,
    permuted,
    real,
    regression,
    shifted,
    synthetic,
    weighted,
)


def _both(scored: Scored, other: Predictions, **how: Any) -> Estimates:
    return estimate(
        scored.outcomes,
        scored.predictions,
        other,
        metrics=measures(scored.outcomes.task),
        **{"resamples": 100, **how},
    )


@pytest.mark.parametrize("task", TASKS)
def test_values_are_those_of_all_rows_and_lie_within_their_intervals(task: Task) -> None:
    scored = real(task)
    for name, found in estimated(scored, resamples=400).items():
        assert_allclose(found.value, REFERENCE[name](scored, None), rtol=1e-12)
        assert found.rows == scored.rows
        if name != "calibration_error":
            assert found.low < found.value < found.high, name


@pytest.mark.parametrize("weights", [False, True], ids=["each row once", "weighted"])
@pytest.mark.parametrize("rows", [300, 5000])
@pytest.mark.parametrize("task", TASKS)
def test_a_permuted_row_order_changes_nothing(task: Task, rows: int, weights: bool) -> None:
    scored = synthetic(task, rows, seed=3)
    scored = weighted(scored) if weights else scored
    other = shifted(scored)
    first = _both(scored, other, seed=1)
    for seed in range(2):
        _, again, moved = permuted(scored, other, seed=seed)
        assert _both(again, moved, seed=1) == first


def test_a_permuted_order_of_tied_rows_changes_nothing() -> None:
    scored = breast_cancer()
    first = estimated(scored)
    for seed in range(5):
        _, again = permuted(scored, seed=seed)
        assert estimated(again) == first


@pytest.mark.parametrize("task", TASKS)
def test_equal_rows_and_seed_give_equal_intervals_and_another_seed_others(task: Task) -> None:
    for rows in (300, 3000):
        scored = synthetic(task, rows, seed=1)
        first = estimated(scored, seed=5)
        assert estimated(scored, seed=5) == first
        other = estimated(scored, seed=6)
        for name, found in first.items():
            # Groups are added up in another order.
            assert_allclose(other[name].value, found.value, rtol=1e-12)
            assert (other[name].low, other[name].high) != (found.low, found.high), name


@pytest.mark.parametrize("task", TASKS)
def test_one_metric_is_the_same_alone_and_among_others(task: Task) -> None:
    for rows in (300, 2500):
        scored = weighted(synthetic(task, rows, seed=1))
        together = estimated(scored)
        for name, found in together.items():
            assert estimated(scored, name) == {name: found}


@pytest.mark.parametrize("task", TASKS)
def test_a_model_s_own_intervals_do_not_depend_on_what_it_is_compared_with(task: Task) -> None:
    for rows in (300, 3000):
        scored = synthetic(task, rows, seed=1)
        found = _both(scored, shifted(scored))
        assert found.metrics == estimated(scored)


@pytest.mark.parametrize("weights", [False, True], ids=["each row once", "weighted"])
@pytest.mark.parametrize("rows", [300, 5000])
@pytest.mark.parametrize("task", TASKS)
def test_the_difference_of_identical_predictions_is_exactly_zero(
    task: Task, rows: int, weights: bool
) -> None:
    scored = synthetic(task, rows, seed=2)
    scored = weighted(scored) if weights else scored
    again = scored.take(np.arange(rows)).predictions
    for name, found in _both(scored, again).differences.items():
        assert (found.value, found.low, found.high) == (0, 0, 0), name


def test_the_difference_is_first_minus_second() -> None:
    scored = synthetic("binary", 3000, seed=2)
    backwards = Predictions(
        scored.predictions.predicted[::-1], np.ascontiguousarray(scored.probabilities[::-1])
    )
    found = _both(scored, backwards)
    assert found.differences["roc_auc"].low > 0
    assert found.differences["log_loss"].high < 0
    for name, difference in found.differences.items():
        expected = found.metrics[name].value - found.baseline[name].value
        assert_allclose(difference.value, expected, rtol=1e-12)


def test_ten_classes_are_estimated_as_two_are() -> None:
    found = estimated(digits(), resamples=400)
    for name, each in found.items():
        assert each.defined, name
        assert each.high - each.low < 0.2, name


NONE: dict[str, tuple[Scored, str]] = {
    "no rows": (binary([], []), "there are no rows"),
    "one row": (binary([1], [0.3]), "a single row carries no interval"),
    "NaN scores": (binary([0, 1, 1], [0.2, math.nan, 0.4]), "1 of 3 scores are not finite"),
    "one row of a regression": (regression([1.0], [2.0]), "a single row carries no interval"),
    "no row of a regression": (regression([], []), "there are no rows"),
    "one row of many classes": (
        multiclass([0], [[0.2, 0.8, 0]], classes=("a", "b", "c")),
        "a single row carries no interval",
    ),
    "nothing but zero weights": (binary([0, 1], [0.2, 0.4], weight=[0, 0]), "all 2 weights are 0"),
}


@pytest.mark.parametrize("case", NONE)
def test_rows_without_an_interval_give_undefined_estimates(case: str) -> None:
    scored, reason = NONE[case]
    found = _both(scored, scored.predictions)
    for estimates in (found.metrics, found.baseline, found.differences):
        assert list(estimates) == [each.name for each in measures(scored.outcomes.task)]
        for each in estimates.values():
            assert not each.defined
            assert reason in each.reason
            assert each.rows == scored.rows
            assert not each.value >= 0


@pytest.mark.parametrize(("target", "label"), [(0, "benign"), (1, "malignant")])
def test_one_class_leaves_only_what_needs_no_other_defined(target: int, label: str) -> None:
    scored = binary(np.full(50, target), np.linspace(0.1, 0.9, 50), classes=("benign", "malignant"))
    found = estimated(scored)
    assert found["roc_auc"].reason == (f"all 50 targets are {label}, roc_auc needs both classes")
    undefined = {name for name, each in found.items() if not each.defined}
    always = {"roc_auc", "average_precision", "balanced_accuracy", "matthews_corrcoef"}
    assert undefined == always | (set() if target else {"recall"})


def test_one_of_several_classes_cannot_be_ranked() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(3), 50)
    found = estimated(multiclass(np.ones(50), p, classes=("a", "b", "c")))
    assert found["roc_auc_ovr"].reason == (
        "all 50 targets are b, roc_auc_ovr needs several classes"
    )
    assert found["log_loss"].defined


def test_a_constant_target_has_errors_and_no_explained_variance() -> None:
    found = estimated(regression(np.full(50, 7.0), np.linspace(6, 8, 50)))
    assert found["r2"].reason == "all 50 targets are 7, r2 needs several"
    undefined = {name for name, each in found.items() if not each.defined}
    assert undefined == {"r2", "explained_variance"}


def test_an_interval_is_withheld_where_many_resamples_lack_a_class() -> None:
    found = estimated(binary(np.arange(100) == 0, np.linspace(0, 1, 100)), resamples=1000)
    assert "too few rows for an interval: undefined in" in found["roc_auc"].reason
    assert found["log_loss"].defined


def test_five_rows_of_the_rarer_class_are_enough_for_an_interval() -> None:
    scored = binary(np.arange(100) % 20 == 0, np.linspace(0, 1, 100))
    assert estimated(scored, "roc_auc", resamples=1000)["roc_auc"].defined


def test_what_is_wrong_with_a_baseline_is_no_fault_of_the_candidate() -> None:
    scored = synthetic("binary", 100, seed=0)
    bad = Predictions(scored.predictions.predicted, scored.probabilities + 2)
    found = _both(scored, bad)
    assert found.metrics == estimated(scored)
    for estimates in (found.baseline, found.differences):
        assert all("no probabilities" in each.reason for each in estimates.values())


def test_a_baseline_on_which_a_metric_is_undefined_has_no_difference_in_it() -> None:
    scored = synthetic("binary", 100, seed=0)
    never = binary(scored.outcomes.y, scored.scores / 10).predictions
    found = _both(scored, never)
    assert found.metrics["precision"].defined
    assert not found.differences["precision"].defined
    assert found.differences["recall"].defined


@pytest.mark.parametrize("large", [1e141, 1e308])
def test_numbers_too_large_to_be_squared_are_told_apart(large: float) -> None:
    y = np.array([-large, large, 0.0, 5.0] * 10)
    for found in estimated(regression(y, np.zeros(40))).values():
        assert found.reason == "20 of 40 targets are beyond 1e+140: too large to be squared"
    assert estimated(regression(y / large * 1e139, np.zeros(40)))["r2"].defined


def test_a_metric_s_name_is_the_key_in_the_order_of_the_declaration() -> None:
    own = MetricFunction(lambda y, p: 1.0, name="own")
    scored = synthetic("binary", 50, seed=0)
    order: list[Measure] = [metric("log_loss"), own, metric("roc_auc")]
    found = estimate(scored.outcomes, scored.predictions, metrics=order, resamples=100)
    assert list(found.metrics) == ["log_loss", "own", "roc_auc"]
    assert (found.baseline, found.differences) == ({}, {})
