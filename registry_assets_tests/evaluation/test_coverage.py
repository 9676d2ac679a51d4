"""Intervals cover what is true at their nominal rate: on rows whose truth is known."""

import math
from collections.abc import Callable, Mapping
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from registry_assets.declaration.fairness import Fairness
from registry_assets.declaration.metrics import metric
from registry_assets.evaluation.estimating import estimate
from registry_assets.evaluation.fairness import fairness_results
from registry_assets.evaluation.resampling import Sampled
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.scored import FloatArray, Outcomes, Predictions, Scored
from registry_assets_tests.evaluation.reference import REFERENCE
from registry_assets_tests.evaluation.rows import (
    bernoulli,
    binary,
    estimated,
    regression,
    synthetic,
)
from registry_assets_tests.sometimes import some

TIMES = 200
# 95 % of 200, give or take three standard errors.
LEAST, MOST = 0.904, 0.996
PHI = NormalDist().cdf


def _sigmoid(z: FloatArray) -> FloatArray:
    return 1 / (1 + np.exp(-z))


def _covered(
    make: Callable[[int], Mapping[str, Estimate]], truth: Mapping[str, float], *, times: int = TIMES
) -> dict[str, float]:
    """Give in which share of the worlds each truth lies within its interval."""
    inside = dict.fromkeys(truth, 0)
    for seed in range(times):
        found = make(seed)
        for name, true in truth.items():
            inside[name] += found[name].low <= true <= found[name].high
    return {name: count / times for name, count in inside.items()}


def test_intervals_of_the_auc_cover_its_true_value() -> None:
    def world(seed: int) -> Mapping[str, Estimate]:
        generator = np.random.default_rng(seed)
        y = np.arange(250) % 3 == 0
        return estimated(
            binary(y, _sigmoid(generator.normal(y, 1))), "roc_auc", resamples=400, seed=seed
        )

    share = _covered(world, {"roc_auc": PHI(1 / math.sqrt(2))})
    assert LEAST <= share["roc_auc"] <= MOST


@pytest.mark.parametrize(
    ("rows", "times"), [(250, TIMES), pytest.param(6000, 100, marks=pytest.mark.thorough)]
)
def test_intervals_of_losses_and_accuracy_cover_their_true_values(rows: int, times: int) -> None:
    p = bernoulli(400_000, seed=99).scores
    truth = {
        "log_loss": float(np.mean(-p * np.log(p) - (1 - p) * np.log(1 - p))),
        "brier_score": float(np.mean(p * (1 - p))),
        "accuracy": float(np.mean(np.maximum(p, 1 - p))),
    }

    def world(seed: int) -> Mapping[str, Estimate]:
        return estimated(bernoulli(rows, seed=seed), *truth, resamples=400, seed=seed)

    # Of 100 three standard errors are 6.5 %.
    least = LEAST if times == TIMES else 0.885
    for name, share in _covered(world, truth, times=times).items():
        assert least <= share <= 0.995, name


def test_intervals_of_errors_cover_their_true_values() -> None:
    def world(seed: int) -> Mapping[str, Estimate]:
        generator = np.random.default_rng(seed)
        y = generator.normal(0, 3, 250)
        scored = regression(y, y + generator.normal(0, 2, 250))
        return estimated(scored, *truth, resamples=400, seed=seed)

    truth = {
        "mean_absolute_error": 2 * math.sqrt(2 / math.pi),
        "root_mean_squared_error": 2.0,
        "median_absolute_error": 2 * NormalDist().inv_cdf(0.75),
        "r2": 1 - 4 / 9,
    }
    for name, share in _covered(world, truth).items():
        assert LEAST - 0.01 <= share <= MOST, name


def test_weighted_intervals_cover_the_value_of_the_population_that_is_weighted_to() -> None:
    # Positives are sampled three times as often as they occur, and count a third each.
    def world(seed: int) -> Mapping[str, Estimate]:
        generator = np.random.default_rng(seed)
        y = generator.random(300) < 0.6
        called = generator.random(300) < np.where(y, 0.8, 0.1)
        weight = np.where(y, 1 / 3, 1.0)
        scored = binary(y, np.where(called, 0.9, 0.1), weight=weight)
        return estimated(scored, *truth, resamples=400, seed=seed)

    positive = 0.6 / 3 / (0.6 / 3 + 0.4)
    right = positive * 0.8
    truth = {
        "accuracy": right + (1 - positive) * 0.9,
        "precision": right / (right + (1 - positive) * 0.1),
    }
    for name, share in _covered(world, truth).items():
        assert LEAST <= share <= MOST, name


def test_intervals_of_a_difference_cover_the_true_one_and_are_narrower_than_apart() -> None:
    truth = PHI(1.2 / math.sqrt(2)) - PHI(1 / math.sqrt(2))
    narrower = 0

    def world(seed: int) -> Mapping[str, Estimate]:
        nonlocal narrower
        generator = np.random.default_rng(seed)
        y = np.arange(250) % 3 == 0
        shared, noise = generator.normal(0, 1, size=(2, 250))
        strong = binary(y, _sigmoid(shared + 1.2 * y))
        weak = binary(y, _sigmoid(0.8 * shared + 0.6 * noise + y)).predictions
        auc = [metric("roc_auc")]
        found = estimate(
            strong.outcomes, strong.predictions, weak, metrics=auc, resamples=400, seed=seed
        )
        alone, together = found.metrics["roc_auc"], found.differences["roc_auc"]
        narrower += together.high - together.low < alone.high - alone.low
        return found.differences

    share = _covered(world, {"roc_auc": truth})
    assert LEAST <= share["roc_auc"] <= MOST
    assert narrower > 0.97 * TIMES


@pytest.mark.parametrize(
    ("rows", "times"), [(500, 200), pytest.param(3000, 100, marks=pytest.mark.thorough)]
)
def test_a_perfectly_calibrated_model_s_error_may_well_be_zero(rows: int, times: int) -> None:
    def world(seed: int) -> Mapping[str, Estimate]:
        return estimated(bernoulli(rows, seed=seed), "calibration_error", resamples=400, seed=seed)

    # One-sided, 97.5 %; of 100 three standard errors are 4.7 %.
    share = _covered(world, {"calibration_error": 0.0}, times=times)
    assert share["calibration_error"] >= 0.928


# Of mild ones chance makes as much again; they are where mirrored quantiles are lenient.
@pytest.mark.parametrize(("rows", "off"), [(200, 0.1), (2000, 0.04), (2000, 0.15)])
def test_the_interval_of_a_calibration_error_covers_a_true_one(rows: int, off: float) -> None:
    too_low = 0

    def world(seed: int) -> Mapping[str, Estimate]:
        nonlocal too_low
        true = bernoulli(rows, seed=seed)
        boasting = binary(true.outcomes.y, np.clip(true.scores + off, 0, 1))
        # One seed of all worlds' draws, which take longer to make than to use.
        found = estimated(boasting, "calibration_error", resamples=400, seed=0)
        too_low += found["calibration_error"].high < off
        return found

    # Clipping at 1 takes less than 0.001 off the true one.
    share = _covered(world, {"calibration_error": off - 0.001}, times=120)
    # Three standard errors below 95 %, and above 2.5 % of the end that gates judge.
    assert share["calibration_error"] >= 0.89
    assert too_low <= 8


@pytest.mark.parametrize("apart", [0.0, 1.0, 1.8, 3.0])
def test_both_ends_hold_for_two_groups_however_far_apart(apart: float) -> None:
    """In standard errors of a difference that is normal: there chance does most."""
    generator = np.random.default_rng(7)
    stray = generator.normal(size=2000)
    outside = {"below": 0, "above": 0}
    for gap in apart + generator.normal(size=1000):
        drawn = np.abs(gap + stray)
        sampled = Sampled(abs(gap), drawn, "raised", (0, math.inf), np.abs(stray))
        found = sampled.estimate(rows=9, undefined="")
        outside["below"] += apart < found.low
        outside["above"] += apart > found.high
    # 2.5 % of 1,000, and three standard errors of it.
    assert max(outside.values()) <= 40


@pytest.mark.parametrize("apart", some([0.0, 0.05, 0.15], always=[0.05]))
def test_intervals_of_fairness_cover_the_true_differences_and_ratios(apart: float) -> None:
    plan = Fairness(("group",))

    def world(seed: int) -> Mapping[str, Estimate]:
        generator = np.random.default_rng(seed)
        group = np.arange(600) % 2
        y = generator.random(600) < 0.5
        called = generator.random(600) < np.where(y, 0.6, 0.2) + apart * group
        scored = binary(y, np.where(called, 0.9, 0.1))
        frame = pd.DataFrame({"group": group})
        [found] = fairness_results(
            frame, scored.outcomes, scored.predictions, plan=plan, resamples=400, seed=seed
        )
        return found.disparities

    truth = {
        "demographic_parity_difference": apart,
        "equalized_odds_difference": apart,
        "demographic_parity_ratio": 0.4 / (0.4 + apart),
        "equalized_odds_ratio": 0.2 / (0.2 + apart),
    }
    # Few, as fairlearn takes 0.1 s each: three standard errors of 40 are 10 %.
    for name, share in _covered(world, truth, times=40).items():
        assert share >= 0.85, name


def _ordinary(scored: Scored, name: str) -> float:
    """Give the width of the interval of a bootstrap that draws row by row."""
    generator = np.random.default_rng(0)
    values = []
    for _ in range(300):
        drawn = np.bincount(
            generator.integers(scored.rows, size=scored.rows), minlength=scored.rows
        )
        values.append(REFERENCE[name](scored, drawn.astype(np.float64)))
    low, high = np.quantile(values, [0.025, 0.975])
    return float(high - low)


@pytest.mark.parametrize("name", ["accuracy", "brier_score", "roc_auc"])
def test_the_interval_of_many_rows_is_as_wide_as_an_ordinary_bootstrap_s(name: str) -> None:
    scored = bernoulli(6000, seed=4)
    found = estimated(scored, name, resamples=4000)[name]
    # 300 resamples leave 9 % of the width open, two standard errors.
    assert_allclose(found.high - found.low, _ordinary(scored, name), rtol=0.12)


@pytest.mark.parametrize("name", ["mean_absolute_error", "accuracy"])
def test_the_interval_of_many_rows_is_as_wide_as_theory_says(name: str) -> None:
    task = "regression" if name == "mean_absolute_error" else "binary"
    widths = []
    for seed in range(5):
        scored = synthetic(task, 30_000, seed=seed)  # type: ignore[arg-type]
        found = estimated(scored, name, resamples=2000, seed=seed)[name]
        right = np.equal(scored.outcomes.y, scored.predictions.predicted)
        error = np.abs(scored.outcomes.y - scored.predictions.predicted)
        spread = np.std(error if task == "regression" else right)
        widths.append((found.high - found.low) / (2 * 1.96 * spread / math.sqrt(30_000)))
    # Each within 3 %: 2,000 groups leave 1.6 % open, 2,000 resamples 2 %.
    assert_allclose(np.mean(widths), 1, atol=0.03)


def test_the_interval_of_a_constant_prediction_s_auc_is_a_point() -> None:
    outcomes = Outcomes("binary", np.arange(300) % 2, (False, True))
    same = Predictions(np.zeros(300, dtype=np.int64), np.full((300, 2), 0.5))
    found = estimated(Scored(outcomes, same), "roc_auc")["roc_auc"]
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)
