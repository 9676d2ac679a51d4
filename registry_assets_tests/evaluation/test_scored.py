"""Rows with their outcomes: classes by number, and rows that no metric can be computed from."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry_assets.evaluation.scored import (
    Outcomes,
    Predictions,
    Scored,
    positions,
    why_unusable,
)
from registry_assets_tests.evaluation.rows import binary, multiclass, regression, synthetic


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["b", "a", "z", "a"], ("a", "b")),
        ([True, False, None, False], (False, True)),
        ([1, 0, 2, 0], (0, 1)),
        ([1.0, 0.0, math.nan, 0.0], (0, 1)),
        (pd.Series([1, 0, None, 0], dtype="Int64"), (0, 1)),
        (pd.Series(["b", "a", None, "a"], dtype="str"), ("a", "b")),
        (pd.Series(["b", "a", "z", "a"], dtype="category"), ("a", "b")),
        (pd.Series([True, False, None, False], dtype="boolean"), (False, True)),
        (pd.Series(["b", 1, 2.5, 1], dtype="object"), (1, "b")),
    ],
)
def test_a_label_is_its_position_in_the_classes(labels: Any, classes: tuple[Any, ...]) -> None:
    assert positions(labels, classes).tolist() == [1, 0, -1, 0]
    outcomes = Outcomes.of_labels("binary", labels, classes=classes)
    assert outcomes.y.tolist() == [1, 0, -1, 0]
    assert "1 of 4 targets are none of the classes" in why_unusable(outcomes)


def test_no_labels_have_no_positions() -> None:
    assert positions([], ("a",)).shape == (0,)


def test_probabilities_are_put_in_the_order_of_the_outcomes_classes() -> None:
    found = Predictions.of_labels(
        ["b", "a"], [[0.9, 0.1], [0.2, 0.8]], known=("b", "a"), classes=("a", "b", "new")
    )
    assert found.predicted.tolist() == [1, 0]
    assert found.probabilities is not None
    assert found.probabilities.tolist() == [[0.1, 0.9, 0], [0.8, 0.2, 0]]


def test_a_class_that_only_the_model_knows_takes_nobody_else_s_column() -> None:
    outcomes = Outcomes.of_labels("multiclass", ["a", "b"], classes=("a", "b"))
    found = Predictions.of_labels(
        ["a", "b"], [[0.3, 0.6, 0.1], [0.1, 0.3, 0.6]], known=("old", "a", "b"), classes=("a", "b")
    )
    assert found.probabilities is not None
    assert found.probabilities.tolist() == [[0.6, 0.1], [0.3, 0.6]]
    assert "2 of 2 scores are no probabilities: they do not add up" in why_unusable(outcomes, found)


def test_some_of_the_rows_are_taken_with_all_that_belongs_to_them() -> None:
    p = [[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8]]
    scored = multiclass([0, 1, 2], p, classes=("a", "b", "c"), weight=[1, 2, 3])
    taken = scored.take(np.array([2, 0]))
    assert taken.outcomes.y.tolist() == taken.predictions.predicted.tolist() == [2, 0]
    assert taken.weight.tolist() == [3, 1]
    assert taken.probabilities.tolist() == [p[2], p[0]]
    assert scored.take(np.array([False, True, False])).rows == 1


def _with(y: Any = (0, 1), p: Any = (0.1, 0.9), **more: Any) -> Scored:
    return binary(np.array(y), np.array(p, dtype=np.float64), **more)


def _said(scored: Scored, predicted: Any, p: Any) -> Scored:
    return Scored(scored.outcomes, Predictions(np.array(predicted), p))


UNUSABLE: dict[str, tuple[Callable[[], Scored], str]] = {
    "no rows": (lambda: _with([], []), "there are no rows"),
    "an unknown label": (lambda: _with([0, -1]), "1 of 2 targets are none of the classes False"),
    "a NaN score": (lambda: _with(p=[0.1, math.nan]), "1 of 2 scores are not finite"),
    "infinite scores": (lambda: _with(p=[-math.inf, math.inf]), "2 of 2 scores are not finite"),
    "a score above 1": (lambda: _with(p=[0.1, 1.5]), "they lie outside 0 to 1"),
    "a score below 0": (lambda: _with(p=[-0.1, 0.5]), "they lie outside 0 to 1"),
    "scores that add up to less": (
        lambda: _said(_with(), [0, 1], np.array([[0.5, 0.4], [0.5, 0.5]])),
        "1 of 2 scores are no probabilities: they do not add up to 1",
    ),
    "no scores": (lambda: _said(_with(), [0, 1], None), "there are no probabilities"),
    "scores of another number of classes": (
        lambda: _said(_with(), [0, 1], np.full((2, 3), 1 / 3)),
        "probabilities of shape (2, 3) for 2 rows",
    ),
    "scores of other rows": (
        lambda: _said(_with(), [0, 1], np.full((3, 2), 1 / 2)),
        "probabilities of shape (3, 2) for 2 rows",
    ),
    "predictions of other rows": (
        lambda: _said(_with(), [0, 1, 1], np.full((2, 2), 1 / 2)),
        "predictions of shape (3,) for 2 rows",
    ),
    "a prediction of no class": (
        lambda: _said(_with(), [0, -1], np.full((2, 2), 1 / 2)),
        "1 of 2 predictions are none of the classes",
    ),
    "a negative weight": (lambda: _with(weight=[1, -1]), "1 of 2 weights are negative or not"),
    "a missing weight": (lambda: _with(weight=[1, math.nan]), "1 of 2 weights are negative or"),
    "an infinite weight": (lambda: _with(weight=[1, math.inf]), "1 of 2 weights are negative or"),
    "nothing but zeros": (lambda: _with(weight=[0, 0]), "all 2 weights are 0"),
    "weights without a sum": (lambda: _with(weight=[1e308, 1e308]), "too large to be added up"),
    "a missing target": (lambda: regression([1, math.nan], [1, 2]), "1 of 2 targets are not fin"),
    "an infinite target": (lambda: regression([1, math.inf], [1, 2]), "1 of 2 targets are not fi"),
    "a NaN prediction": (lambda: regression([1, 2], [1, math.nan]), "1 of 2 predictions are not"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_unusable_rows_are_told_apart(case: str) -> None:
    make, said = UNUSABLE[case]
    scored = make()
    assert said in why_unusable(scored.outcomes, scored.predictions)


def test_the_second_model_is_looked_at_too() -> None:
    scored = synthetic("regression", 2, seed=0)
    bad = Predictions(np.array([1.0, math.inf]))
    assert "1 of 2 predictions" in why_unusable(scored.outcomes, scored.predictions, bad)


@pytest.mark.parametrize("p", [[0.0, 1.0], [1e-300, 1 + 1e-15], [0.5, 0.5]])
def test_usable_rows_have_no_reason(p: list[float]) -> None:
    scored = _with(p=p, weight=[0, 1e-300])
    assert why_unusable(scored.outcomes, scored.predictions, scored.predictions) == ""


def test_probabilities_of_single_precision_add_up_well_enough() -> None:
    p = synthetic("multiclass", 500, seed=0).probabilities.astype(np.float32)
    scored = multiclass(np.zeros(500), p, classes=("ant", "bee", "cow", "doe"))
    assert why_unusable(scored.outcomes, scored.predictions) == ""
