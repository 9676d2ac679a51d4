"""The whole evaluation: what it holds, and that only contents decide it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry_assets.declaration.metrics import Task
from registry_assets.errors import DataUnusable
from registry_assets.evaluation.changes import changed_decisions
from registry_assets.evaluation.comparison import Baseline
from registry_assets.evaluation.curves import (
    calibration_bins,
    confusion,
    operating_points,
    precision_points,
    residual_bins,
)
from registry_assets.evaluation.estimating import estimate, in_order
from registry_assets.evaluation.fairness import fairness_results
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.scored import Predictions, Scored
from registry_assets.evaluation.slices import find_slices
from registry_assets.evaluation.suite import Holdout, evaluate
from registry_assets_tests.evaluation.plans import evaluated, frame, ordinary, plan, production
from registry_assets_tests.evaluation.rows import TASKS, binary, shifted, synthetic, weighted

PICTURES = {
    "binary": {
        "roc", "precision_recall", "calibration", "confusion", "slices", "difference",
    },
    "multiclass": {"calibration", "confusion", "slices", "difference"},
    "regression": {"residuals", "slices", "difference"},
}  # fmt: skip


@pytest.mark.parametrize("task", TASKS)
def test_an_evaluation_holds_all_that_the_plan_asks_for(task: Task) -> None:
    found = ordinary(task)
    asked = plan(task)
    assert (found.task, found.rows, found.seed, found.resamples) == (task, 400, 0, 100)
    assert tuple(found.metrics) == asked.metric_names
    assert found.less_is_better == tuple(
        each.name for each in asked.measures if not each.greater_is_better
    )
    assert [part.label for part in found.slices if part.column != "gust"] == [
        "carrier AA", "carrier DL", "carrier HA", "carrier UA", "carrier is missing",
        "origin EWR", "origin LGA", "nothing is missing",
        "distance below 500", "distance 500 to 1000", "distance 1000 and above", "calm",
    ]  # fmt: skip
    assert found.weak_slices is not None
    assert found.weak_slices.tried > 0
    assert found.comparison is not None
    assert found.comparison.outcome == "compared"
    assert found.comparison.changes is not None
    assert len(found.comparison.changes.examples) == 5
    assert set(found.pictures) == PICTURES[task]
    assert (found.data, found.speed) == (None, None)


@pytest.mark.parametrize("task", TASKS)
def test_every_part_is_what_its_own_function_gives(task: Task) -> None:
    scored = synthetic(task, 400, seed=0)
    found, suite = ordinary(task), plan(task)
    other = shifted(scored)
    estimates = estimate(
        scored.outcomes, scored.predictions, other, metrics=suite.measures, resamples=100
    )
    assert found.metrics == estimates.metrics
    assert found.comparison is not None
    assert found.comparison.differences == estimates.differences
    assert found.comparison.changes == changed_decisions(
        scored.outcomes,
        scored.predictions,
        other,
        frame=frame(400),
        slices=find_slices(frame(400), suite.slicings),
    )
    assert found.roc == operating_points(scored)
    assert found.precision_recall == precision_points(scored)
    [in_sequence, _] = in_order(scored.outcomes, scored.predictions)
    assert found.calibration == calibration_bins(in_sequence)
    assert found.confusion == confusion(scored)
    assert found.residuals == residual_bins(scored)
    if suite.fairness:
        assert found.fairness == fairness_results(
            frame(400), scored.outcomes, scored.predictions, plan=suite.fairness, resamples=100
        )


def test_classes_are_counted_and_the_second_of_two_is_the_positive_one() -> None:
    scored = binary([0, 1, 1, 0, 1] * 10, [0.3] * 50, classes=("on time", "late"))
    found = evaluated(scored, slices=(), fairness=None)
    assert found.classes == ("on time", "late")
    assert found.class_rows == (20, 30)
    assert found.positives == 30
    assert ordinary("multiclass").positives is None
    assert sum(ordinary("multiclass").class_rows) == 400
    assert ordinary("regression").class_rows == ()


@pytest.mark.parametrize("task", TASKS)
def test_a_permuted_row_order_changes_nothing(task: Task) -> None:
    scored = weighted(synthetic(task, 500, seed=0))
    other, rows = shifted(scored), frame(500)
    first = evaluated(scored, baseline=other, rows=rows)
    order = np.random.default_rng(1).permutation(500)
    # An index that is not in order, as a frame has that was filtered or shuffled.
    again = evaluated(scored.take(order), baseline=other.take(order), rows=rows.iloc[order])
    assert _everything(again) == _everything(first)
    assert again.pictures == first.pictures


def _everything(found: EvaluationResult) -> Any:
    """The document, but where the examples of changed decisions stand."""
    comparison = found.comparison
    assert comparison is not None
    assert comparison.changes is not None
    examples = tuple(replace(each, row=0) for each in comparison.changes.examples)
    changes = replace(comparison.changes, examples=examples)
    return replace(found, comparison=replace(comparison, changes=changes)).to_json()


def test_of_many_rows_too_only_the_contents_count() -> None:
    scored, rows = weighted(synthetic("regression", 4000, seed=0)), frame(4000)
    other = shifted(scored)
    changes = {"slices": ("origin",), "weak_slices": 2}
    first = evaluated(scored, baseline=other, rows=rows, **changes)
    order = np.random.default_rng(1).permutation(4000)
    again = evaluated(
        scored.take(order), baseline=other.take(order), rows=rows.iloc[order], **changes
    )
    assert _everything(again) == _everything(first)


def test_the_same_seed_gives_the_same_and_another_seed_another_evaluation() -> None:
    scored = synthetic("binary", 400, seed=0)
    few: dict[str, Any] = {"slices": ("origin",), "metrics": ("log_loss",)}
    first = evaluated(scored, seed=3, **few)
    assert evaluated(scored, seed=3, **few) == first
    assert evaluated(scored, seed=4, **few).metrics != first.metrics


@pytest.mark.parametrize("task", TASKS)
def test_the_candidates_own_figures_do_not_depend_on_a_baseline(task: Task) -> None:
    scored = synthetic(task, 400, seed=0)
    alone = evaluate(Holdout(scored.outcomes, frame(400)), scored.predictions, suite=plan(task))
    assert alone.comparison is None
    assert "difference" not in alone.pictures
    beside = ordinary(task)
    for name in ("metrics", "slices", "weak_slices", "fairness", "roc", "calibration"):
        assert getattr(alone, name) == getattr(beside, name)


@pytest.mark.parametrize("task", TASKS)
def test_the_same_model_again_differs_by_exactly_nothing(task: Task) -> None:
    scored = weighted(synthetic(task, 3000, seed=0))
    found = evaluated(
        scored, baseline=scored.predictions, slices=(), weak_slices=0, fairness=None
    ).comparison
    assert found is not None
    for name, each in found.differences.items():
        assert (each.value, each.low, each.high) == (0, 0, 0), name
    assert set(found.verdicts.values()) == {"not worse"}
    assert found.changes is not None
    assert found.changes.changed == 0


def test_the_first_version_has_nothing_to_compare_with() -> None:
    scored = synthetic("binary", 400, seed=0)
    found = evaluate(
        Holdout(scored.outcomes, frame(400)),
        scored.predictions,
        suite=plan("binary"),
        baseline=Baseline.absent(pointer="production"),
    )
    assert found.comparison is not None
    assert found.comparison.outcome == "no_baseline"
    assert "difference" not in found.pictures


def test_what_is_not_asked_for_is_not_there() -> None:
    scored = synthetic("binary", 400, seed=0)
    found = evaluated(
        scored, slices=(), fairness=None, weak_slices=0, examples=0, metrics=("log_loss",)
    )
    assert (found.slices, found.fairness, found.weak_slices) == ((), (), None)
    assert list(found.metrics) == ["log_loss"]
    assert found.comparison is not None
    assert found.comparison.changes is not None
    assert found.comparison.changes.examples == ()
    assert "slices" not in found.pictures


def test_margins_are_kept_with_what_they_decided() -> None:
    found = ordinary("binary").comparison
    assert found is not None
    assert found.margins["log_loss"] == 0.01
    assert set(found.margins.values()) == {0, 0.01}


def test_neither_the_target_nor_the_weight_is_searched_for_weak_slices() -> None:
    scored = synthetic("regression", 600, seed=0)
    rows = frame(600).assign(y=scored.outcomes.y, w=np.arange(600.0))
    weight = np.arange(600.0)
    outcomes = replace(scored.outcomes, weight=weight)
    found = evaluate(
        Holdout(outcomes, rows, target="y"),
        scored.predictions,
        suite=plan("regression", weight="w", weak_slices=100),
    ).weak_slices
    assert found is not None
    columns = {each.column for weak in found.found for each in weak.conditions}
    assert not columns & {"y", "w"}


def test_a_weak_slice_comes_with_its_headline_metric_on_all_its_rows() -> None:
    scored = synthetic("regression", 2000, seed=0)
    rows = frame(2000)
    bad = (rows["origin"] == "EWR").to_numpy()
    said = np.where(bad, scored.predictions.predicted + 25, scored.predictions.predicted)
    weak = evaluated(Scored(scored.outcomes, Predictions(said)), rows=rows).weak_slices
    assert weak is not None
    [first, *_] = weak.found
    assert first.label == "origin is EWR"
    own = Scored(scored.outcomes, Predictions(said)).take(bad)
    expected = estimate(
        own.outcomes, own.predictions, metrics=plan("regression").measures[:1], resamples=100
    )
    assert first.estimates == expected.metrics


def test_rows_that_do_not_match_are_refused() -> None:
    scored = synthetic("binary", 40, seed=0)
    suite = plan("binary")
    with pytest.raises(DataUnusable, match=r"a frame of 39 rows"):
        evaluate(Holdout(scored.outcomes, frame(39)), scored.predictions, suite=suite)
    wide = Predictions(scored.probabilities, scored.probabilities)
    with pytest.raises(DataUnusable, match=r"predictions of shape \(40, 2\)"):
        evaluate(Holdout(scored.outcomes, frame(40)), wide, suite=suite)


def test_absent_columns_are_all_named() -> None:
    scored = synthetic("binary", 40, seed=0)
    rows = frame(40).rename(columns={"carrier": "airline", "race": "group"})
    with pytest.raises(DataUnusable, match=r"no column carrier, race .* has airline, origin"):
        evaluate(Holdout(scored.outcomes, rows), scored.predictions, suite=plan("binary"))


def test_a_column_that_the_plan_reads_and_that_is_there_twice_is_refused() -> None:
    scored = synthetic("binary", 40, seed=0)
    rows = pd.concat([frame(40), frame(40)[["race", "wind"]]], axis=1)
    with pytest.raises(DataUnusable, match="a column race twice"):
        evaluate(
            Holdout(scored.outcomes, rows),
            scored.predictions,
            suite=plan("binary", slices=()),
        )


def test_a_baseline_is_drawn_beside_the_candidate() -> None:
    scored = synthetic("binary", 400, seed=0)
    suite = plan("binary", slices=(), fairness=None)
    holdout = Holdout(scored.outcomes, frame(400))
    alone = evaluate(holdout, scored.predictions, suite=suite)
    beside = evaluate(
        holdout, scored.predictions, suite=suite, baseline=production(shifted(scored))
    )
    for name in ("roc", "precision_recall", "calibration"):
        assert alone.pictures[name] != beside.pictures[name]
