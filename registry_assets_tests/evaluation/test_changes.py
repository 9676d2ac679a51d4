"""Changed decisions: counted by brute force, with the rows on which the two are farthest apart."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from registry_assets.declaration.metrics import Task
from registry_assets.declaration.slicing import Column
from registry_assets.evaluation.changes import changed_decisions
from registry_assets.evaluation.results.comparison import ChangedDecisions
from registry_assets.evaluation.scored import Predictions, Scored
from registry_assets.evaluation.slices import find_slices
from registry_assets_tests.evaluation.rows import (
    TASKS,
    binary,
    multiclass,
    regression,
    shifted,
    synthetic,
)


def _changed(
    scored: Scored, other: Predictions, *, frame: pd.DataFrame | None = None, examples: int = 5
) -> ChangedDecisions:
    frame = pd.DataFrame({"id": np.arange(scored.rows)}) if frame is None else frame
    slices = find_slices(frame, [Column("site")]) if "site" in frame else ()
    found = changed_decisions(
        scored.outcomes, scored.predictions, other, frame=frame, slices=slices, examples=examples
    )
    assert found is not None
    return found


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_counts_and_flows_are_those_of_counting_row_by_row(task: Task) -> None:
    scored = synthetic(task, 500, seed=0)
    other = shifted(scored)
    y, after, before = scored.outcomes.y, scored.predictions.predicted, other.predicted
    rows = list(zip(y.tolist(), before.tolist(), after.tolist(), strict=True))
    found = _changed(scored, other)
    assert found.rows == 500
    assert found.changed == sum(b != a for _, b, a in rows) > 0
    assert found.corrected == sum(b != a and a == true for true, b, a in rows)
    assert found.broken == sum(b != a and b == true for true, b, a in rows)
    assert found.tolerance is None
    names = list(map(str, scored.outcomes.classes))
    for flow in found.flows:
        path = names.index(flow.before), names.index(flow.after)
        assert flow.rows == sum((b, a) == path for _, b, a in rows)
        assert flow.right == sum((b, a) == path and a == true for true, b, a in rows)
        assert flow.before != flow.after
    assert sum(flow.rows for flow in found.flows) == found.changed
    assert sum(flow.right for flow in found.flows) == found.corrected
    assert [flow.rows for flow in found.flows] == sorted(
        (flow.rows for flow in found.flows), reverse=True
    )


def test_of_a_regression_what_moves_by_a_tenth_of_the_spread_is_another_answer() -> None:
    scored = synthetic("regression", 500, seed=0)
    other = shifted(scored)
    y, after, before = scored.outcomes.y, scored.predictions.predicted, other.predicted
    found = _changed(scored, other)
    assert found.tolerance is not None
    assert_allclose(found.tolerance, np.std(y) / 10)
    moved = np.abs(after - before) > found.tolerance
    closer = np.abs(after - y) < np.abs(before - y)
    assert 0 < found.changed == moved.sum() < 500
    assert found.corrected == (moved & closer).sum()
    assert found.broken == found.changed - found.corrected
    assert found.flows == ()


def test_examples_are_the_rows_on_which_the_two_are_farthest_apart() -> None:
    y = [1, 0, 1, 1, 0]
    scored = binary(y, [0.9, 0.2, 0.6, 0.4, 0.51], classes=("on time", "late"))
    before = binary(y, [0.4, 0.1, 0.45, 0.9, 0.49]).predictions
    frame = pd.DataFrame({"carrier": list("ABCDE"), "km": [1.5, 2, 3.25, 4, None]})
    found = _changed(scored, before, frame=frame, examples=3)
    assert found.changed == 4
    # Rows 0 and 3 moved by half, row 2 by 0.15; of equally far ones the target decides.
    assert sorted(each.row for each in found.examples[:2]) == [0, 3]
    assert found.examples[2].row == 2
    first = {each.row: each for each in found.examples}[0]
    assert (first.target, first.before, first.after) == ("late", "on time", "late")
    assert first.before_score == pytest.approx(0.6)
    assert first.after_score == pytest.approx(0.9)
    assert first.values == {"carrier": "A", "km": "1.5"}


def test_examples_of_a_regression_are_numbers_without_scores() -> None:
    scored = regression([1.0, 2.0, 3.0], [1.0, 2.0, 10.0 / 3])
    found = _changed(scored, Predictions(np.array([1.0, 7.0, 3.0])))
    assert [each.row for each in found.examples] == [1, 2]
    example = found.examples[1]
    assert (example.target, example.before, example.after) == ("3", "3", "3.33333")
    assert (example.before_score, example.after_score) == (None, None)


@pytest.mark.parametrize("count", [0, 1, 5, 100])
def test_as_many_examples_are_shown_as_were_asked_for(count: int) -> None:
    scored = synthetic("binary", 200, seed=0)
    found = _changed(scored, shifted(scored), examples=count)
    assert len(found.examples) == min(count, found.changed)


@pytest.mark.parametrize("task", TASKS)
def test_identical_models_change_nothing(task: Task) -> None:
    scored = synthetic(task, 200, seed=0)
    found = _changed(scored, scored.predictions)
    assert (found.changed, found.corrected, found.broken) == (0, 0, 0)
    assert (found.flows, found.slices, found.examples) == ((), (), ())


def test_slices_are_those_with_changes_the_largest_share_first() -> None:
    site = ["a"] * 10 + ["b"] * 10 + [None] * 4 + ["c"] * 6
    after = np.full(30, 0.2)
    before = after.copy()
    before[[0, 10, 11, 12, 20, 21]] = 0.8
    y = np.zeros(30)
    found = _changed(
        binary(y, after), binary(y, before).predictions, frame=pd.DataFrame({"site": site})
    )
    assert [(each.label, each.rows, each.changed) for each in found.slices] == [
        ("site is missing", 4, 2),
        ("site b", 10, 3),
        ("site a", 10, 1),
    ]


@pytest.mark.parametrize("task", TASKS)
def test_a_permuted_row_order_changes_nothing_but_the_rows_numbers(task: Task) -> None:
    scored = synthetic(task, 300, seed=0)
    other = shifted(scored)
    if task != "regression":
        # Coarse, so that many rows moved equally far.
        other = Predictions(1 - scored.predictions.predicted.clip(max=1), other.probabilities)
    frame = pd.DataFrame({"site": np.arange(300) % 5, "id": np.arange(300)})
    first = _changed(scored, other, frame=frame)
    order = np.random.default_rng(3).permutation(300)
    again = _changed(
        scored.take(order), other.take(order), frame=frame.iloc[order].reset_index(drop=True)
    )
    assert _without_positions(again) == _without_positions(first)
    assert [int(order[each.row]) for each in again.examples] == [
        each.row for each in first.examples
    ]


def test_equally_far_rows_are_shown_in_an_order_of_their_contents() -> None:
    scored = binary(np.zeros(50), np.full(50, 0.2))
    other = binary(np.zeros(50), np.full(50, 0.8)).predictions
    frame = pd.DataFrame({"id": np.arange(50), "note": [f"n{at}" for at in range(50)]})
    first = _changed(scored, other, frame=frame)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(50)
        moved = frame.iloc[order].reset_index(drop=True)
        again = _changed(scored, other, frame=moved)
        assert [each.values for each in again.examples] == [each.values for each in first.examples]


def _without_positions(found: ChangedDecisions) -> Any:
    examples = tuple((each.target, each.values) for each in found.examples)
    return (found.changed, found.corrected, found.broken, found.flows, found.tolerance), examples


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_predictions_that_are_no_numbers_change_nothing_that_could_be_counted(bad: float) -> None:
    scored = synthetic("regression", 10, seed=0)
    other = Predictions(np.full(10, bad))
    frame = pd.DataFrame({"id": range(10)})
    for pair in ((scored.predictions, other), (other, scored.predictions)):
        assert changed_decisions(scored.outcomes, *pair, frame=frame) is None


def test_a_constant_target_leaves_no_tolerance() -> None:
    found = _changed(regression([5.0] * 3, [5.0, 5.0, 6.0]), Predictions(np.array([5.0, 5.1, 5.0])))
    assert (found.tolerance, found.changed, found.corrected, found.broken) == (0, 2, 1, 1)


def test_values_of_any_type_are_shown_as_text_and_not_too_long() -> None:
    frame = pd.DataFrame(
        {
            "text": ["x" * 500],
            "time": pd.to_datetime(["2020-01-01"], utc=True),
            "maybe": pd.array([None], dtype="Int64"),
            "infinite": [np.inf],
            "many": pd.Series([[1, 2]], dtype="object"),
            7: [True],
        }
    )
    found = _changed(binary([0], [0.2]), binary([0], [0.8]).predictions, frame=frame)
    values = found.examples[0].values
    assert values["text"] == "x" * 99 + "…"
    assert values["time"].startswith("2020-01-01")
    assert (values["maybe"], values["infinite"], values["many"]) == ("<NA>", "inf", "[1, 2]")
    assert values["7"] == "True"


def test_columns_of_one_name_are_shown_once_each() -> None:
    frame = pd.DataFrame([[1, "a"]], columns=["id", "id"])
    found = _changed(binary([0], [0.2]), binary([0], [0.8]).predictions, frame=frame)
    assert found.examples[0].values["id"] in ("1", "a")


def test_of_many_classes_the_50_largest_flows_are_told() -> None:
    generator = np.random.default_rng(0)
    p, q = generator.dirichlet(np.ones(12), size=(2, 3000))
    scored = multiclass(generator.integers(12, size=3000), p, classes=tuple(range(12)))
    found = _changed(scored, Predictions(q.argmax(axis=1), q))
    assert len(found.flows) == 50
    assert found.flows[0].rows >= found.flows[-1].rows > 0
