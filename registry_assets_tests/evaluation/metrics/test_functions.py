"""Users' own metrics: any function, measured like the built-in one it equals."""

import math
import sys
import warnings
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import metrics as theirs

from registry_assets.canonical import canonical_json
from registry_assets.declaration.metrics import MetricFunction, Needs, Task, metric
from registry_assets.evaluation.estimating import Estimates, estimate
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.scored import Outcomes, Predictions, Scored
from registry_assets_tests.evaluation.rows import (
    binary,
    breast_cancer,
    measures,
    multiclass,
    permuted,
    real,
    shifted,
    synthetic,
    weighted,
)


def _measured(scored: Scored, *metrics: Any, baseline: Predictions | None = None) -> Estimates:
    return estimate(scored.outcomes, scored.predictions, baseline, metrics=metrics, resamples=1000)


def _own(scored: Scored, function: Callable[..., Any], **more: Any) -> Estimate:
    own = MetricFunction(function, name="own", **more)
    return _measured(scored, own).metrics["own"]


def _complain(y_true: Any, y_pred: Any) -> float:
    raise RuntimeError("\udcff\0\nand more")


SAME: list[tuple[Task, str, Callable[..., Any], Needs]] = [
    ("binary", "accuracy", theirs.accuracy_score, "prediction"),
    ("binary", "roc_auc", theirs.roc_auc_score, "probability"),
    ("binary", "brier_score", theirs.brier_score_loss, "probability"),
    ("multiclass", "balanced_accuracy", theirs.balanced_accuracy_score, "prediction"),
    ("multiclass", "log_loss", theirs.log_loss, "probability"),
    ("regression", "mean_absolute_error", theirs.mean_absolute_error, "prediction"),
    ("regression", "r2", theirs.r2_score, "prediction"),
]


@pytest.mark.parametrize("weights", [False, True], ids=["each row once", "weighted"])
@pytest.mark.parametrize(("task", "name", "function", "needs"), SAME)
def test_a_function_gives_the_value_and_about_the_interval_of_the_built_in_one(
    task: Task, name: str, function: Callable[..., Any], needs: Needs, weights: bool
) -> None:
    scored = weighted(real(task)) if weights else real(task)
    if name == "log_loss":
        # Its columns are taken in the order of the labels.
        scored = multiclass(
            scored.outcomes.y, scored.probabilities, classes=("a", "b", "c"),
            weight=scored.weight if weights else None,
        )  # fmt: skip
    own = MetricFunction(function, name="own", needs=needs)
    found = _measured(scored, metric(name), own).metrics
    assert_allclose(found["own"].value, found[name].value, rtol=1e-12)
    widths = [found[each].high - found[each].low for each in ("own", name)]
    assert_allclose(widths[0], widths[1], rtol=0.25)


def test_the_interval_of_many_rows_is_scaled_from_that_of_2000() -> None:
    scored = synthetic("regression", 20_000, seed=1)
    own = MetricFunction(theirs.mean_absolute_error, name="own")
    found = _measured(scored, metric("mean_absolute_error"), own).metrics
    theirs_, ours = found["mean_absolute_error"], found["own"]
    assert_allclose(ours.value, theirs_.value, rtol=1e-12)
    assert_allclose(ours.high - ours.low, theirs_.high - theirs_.low, rtol=0.25)


def test_a_function_is_given_the_labels_that_people_wrote() -> None:
    seen: list[Any] = []

    def share_of_wrong(y_true: Any, y_pred: Any) -> float:
        seen.append((set(y_true.tolist()), set(y_pred.tolist())))
        return float(np.mean(y_true != y_pred))

    rows = breast_cancer()
    for classes in ((False, True), ("benign", "malignant"), (0, 1)):
        scored = binary(rows.outcomes.y, rows.scores, classes=classes)
        found = _own(scored, share_of_wrong, greater_is_better=False)
        assert_allclose(found.value, 1 - theirs.accuracy_score(rows.outcomes.y, rows.scores >= 0.5))
        assert seen[0] == (set(classes), set(classes))
        seen.clear()


def test_probabilities_come_as_one_column_of_two_classes_and_as_all_of_more() -> None:
    for task, shape in (("binary", (284,)), ("multiclass", (89, 3))):
        shapes: list[Any] = []

        def look(y_true: Any, p: Any, shapes: Any = shapes) -> float:
            shapes.append(p.shape)
            return float(p.mean())

        _own(real(task), look, needs="probability")  # type: ignore[arg-type]
        assert set(shapes) == {shape}


def test_a_function_that_takes_no_weight_is_given_none() -> None:
    def off(y_true: Any, y_pred: Any) -> float:
        return float(np.mean(y_pred - y_true))

    scored = synthetic("regression", 200, seed=0)
    assert _own(weighted(scored), off).value == _own(scored, off).value


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda y, p: 1 / 0, "own raised ZeroDivisionError"),
        (lambda y, p: "good", "own gave the text 'good': expected one number"),
        (lambda y, p: "0.93", "own gave the text '0.93': expected one number"),
        (lambda y, p: "x" * 200_000, "… (200,"),
        (lambda y, p: True, "own gave True: expected one number"),
        (lambda y, p: np.bool_(True), "own gave True: expected one number"),
        (lambda y, p: 1 + 2j, "own gave a complex: expected one number"),
        (lambda y, p: 10**400, "own raised OverflowError"),
        (lambda y, p: 1e308, "1e+308 is too large for an interval"),
        (lambda y, p: 1e200 * p.mean(), "is too large for an interval"),
        (lambda y, p: sys.exit(3), "own raised SystemExit: 3"),
        (lambda y, p: float("\udcff\n2"), "own raised ValueError: could not convert string"),
        (_complain, "own raised RuntimeError: \\udcff\\x00"),
        (lambda y, p: None, "own gave None: expected one number"),
        (lambda y, p: np.ones(1), "own gave a ndarray: expected one number"),
        (lambda y: 1.0, "own raised TypeError"),
        (lambda y, p: math.nan, "own is not defined on these rows"),
        (lambda y, p: math.inf, "own is not defined on these rows"),
        (lambda y, p: np.divide(1.0, y[:1] * 0)[0], "own is not defined on these rows"),
    ],
)
def test_a_function_that_fails_is_undefined_and_leaves_the_others_alone(
    function: Callable[..., Any], said: str
) -> None:
    scored = synthetic("regression", 50, seed=0)
    own = MetricFunction(function, name="own")
    found = _measured(scored, *measures("regression"), own, baseline=shifted(scored))
    for estimates in (found.metrics, found.baseline, found.differences):
        assert said in estimates["own"].reason
        assert canonical_json(estimates["own"].to_json())
    without = _measured(scored, *measures("regression"), baseline=shifted(scored))
    assert {**found.metrics, "own": None} == {**without.metrics, "own": None}


@pytest.mark.parametrize(
    ("task", "needs"),
    [
        ("binary", "prediction"),
        ("binary", "probability"),
        ("multiclass", "probability"),
        ("regression", "prediction"),
    ],
)
def test_a_function_that_works_in_place_changes_no_other_figure(task: Task, needs: Needs) -> None:
    def wreck(y_true: Any, y_pred: Any, sample_weight: Any) -> float:
        for each in (y_true, y_pred, sample_weight):
            each[...] = each[0]
        return 1.0

    def rows() -> Scored:
        return weighted(synthetic(task, 50, seed=0))

    own = MetricFunction(wreck, name="own", needs=needs)
    found = _measured(rows(), own, *measures(task), baseline=shifted(rows()))
    without = _measured(rows(), *measures(task), baseline=shifted(rows()))
    for estimates, expected in (
        (found.metrics, without.metrics),
        (found.baseline, without.baseline),
        (found.differences, without.differences),
    ):
        assert estimates["own"].defined
        assert {**estimates, "own": None} == {**expected, "own": None}


@pytest.mark.parametrize(
    "number", [np.float32(0.5), np.array(0.5), Decimal("0.5"), Fraction(1, 2), np.longdouble(0.5)]
)
def test_a_number_of_any_kind_is_a_number(number: Any) -> None:
    assert _own(synthetic("regression", 50, seed=0), lambda y, p: number).value == 0.5


def test_resamples_that_a_function_refuses_are_left_out_like_undefined_ones() -> None:
    def warned(y_true: Any, y_pred: Any) -> float:
        if len(set(y_true.tolist())) < 2:
            raise ValueError("one class only")
        if y_true.sum() < 5:
            warnings.warn("few positives", stacklevel=2)
        return float(theirs.log_loss(y_true, y_pred))

    few = binary(np.arange(100) % 20 == 0, np.linspace(0.1, 0.3, 100))
    assert _own(few, warned, needs="probability").defined
    single = binary(np.arange(100) == 50, np.linspace(0.1, 0.3, 100))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert "too few rows" in _own(single, warned, needs="probability").reason


def test_a_function_of_the_order_of_the_rows_is_given_one_that_is_always_the_same() -> None:
    def first(y_true: Any, y_pred: Any) -> float:
        return float(y_true[0] + y_pred[-1])

    scored = synthetic("regression", 300, seed=0)
    _, other = permuted(scored, seed=1)
    assert _own(scored, first) == _own(other, first)


def test_the_difference_of_identical_models_is_exactly_zero() -> None:
    for rows in (300, 3000):
        scored = weighted(synthetic("binary", rows, seed=0))
        own = MetricFunction(_f2, name="own")
        found = _measured(scored, own, baseline=scored.predictions).differences["own"]
        assert (found.value, found.low, found.high) == (0, 0, 0)


def _f2(y_true: Any, y_pred: Any, sample_weight: Any) -> float:
    return float(theirs.fbeta_score(y_true, y_pred, beta=2, sample_weight=sample_weight))


def test_users_see_a_regression_s_numbers_as_they_are() -> None:
    outcomes = Outcomes.of_numbers([1, 2, 4])
    scored = Scored(outcomes, Predictions(np.array([1.0, 2.0, 3.0])))
    found = _own(scored, lambda y, p: np.max(np.abs(y - p)), greater_is_better=False)
    assert found.value == 1


def test_a_function_of_c_that_does_not_say_what_it_takes_is_called_all_the_same() -> None:
    own = MetricFunction(math.dist, name="own", greater_is_better=False)
    scored = weighted(synthetic("regression", 50, seed=0))
    expected = np.linalg.norm(scored.outcomes.y - scored.predictions.predicted)
    assert_allclose(_measured(scored, own).metrics["own"].value, expected)
