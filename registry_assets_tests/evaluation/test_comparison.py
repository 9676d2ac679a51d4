"""A candidate beside production: the figures, or why there are none."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.declaration.metrics import Task
from registry_assets.evaluation.changes import changed_decisions
from registry_assets.evaluation.comparison import Baseline, compare, verdict
from registry_assets.evaluation.estimating import estimate
from registry_assets.evaluation.results.comparison import Comparison
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.scored import Predictions, Scored
from registry_assets_tests.evaluation.rows import (
    DIGEST,
    TASKS,
    binary,
    measures,
    shifted,
    synthetic,
)


def _compared(scored: Scored, baseline: Baseline, **margins: float) -> Comparison:
    metrics = measures(scored.outcomes.task)
    beside = baseline.predictions
    estimates = estimate(
        scored.outcomes, scored.predictions, beside, metrics=metrics, resamples=100
    )
    frame = pd.DataFrame(index=range(scored.rows))
    changes = (
        changed_decisions(scored.outcomes, scored.predictions, beside, frame=frame)
        if beside is not None
        else None
    )
    return compare(
        scored.outcomes, baseline, estimates, metrics=metrics, margins=margins, changes=changes
    )


def _held(predictions: Predictions | None, **more: Any) -> Baseline:
    return Baseline(
        "production", generation=4, version=3, digest=DIGEST, predictions=predictions, **more
    )


def test_a_pointer_that_never_held_a_version_leaves_nothing_to_compare_with() -> None:
    found = _compared(synthetic("binary", 50, seed=0), Baseline.absent(pointer="production"))
    assert found.outcome == "no_baseline"
    assert (found.pointer, found.generation, found.baseline_version) == ("production", 0, None)
    assert (found.differences, found.baseline, found.margins, found.verdicts) == ({}, {}, {}, {})


@pytest.mark.parametrize("task", TASKS)
def test_a_comparison_names_what_it_compared_with_and_has_every_figure(task: Task) -> None:
    scored = synthetic(task, 300, seed=0)
    other = shifted(scored)
    found = _compared(scored, _held(other), accuracy=0.01, r2=0.02)
    assert found.outcome == "compared"
    assert (found.generation, found.baseline_version, found.baseline_digest) == (4, 3, DIGEST)
    assert found.rows == 300
    names = [each.name for each in measures(task)]
    estimates = estimate(
        scored.outcomes, scored.predictions, other, metrics=measures(task), resamples=100
    )
    assert found.differences == estimates.differences
    assert found.baseline == estimates.baseline
    assert list(found.differences) == list(found.verdicts) == list(found.margins) == names
    assert found.margins.get("accuracy", 0.01) == 0.01
    assert found.margins.get("r2", 0.02) == 0.02
    assert found.margins.get("log_loss", 0) == 0
    assert found.changes is not None
    assert found.changes.changed > 0


def test_a_better_model_is_told_to_be_better_and_the_other_way_round_worse() -> None:
    scored = synthetic("binary", 2000, seed=0)
    weak = binary(scored.outcomes.y, np.random.default_rng(0).random(2000))
    better = _compared(scored, _held(weak.predictions)).verdicts
    worse = _compared(weak, _held(scored.predictions)).verdicts
    for name in ("roc_auc", "log_loss", "accuracy", "brier_score"):
        assert better[name] == "better"
        assert worse[name] == "worse"


def test_an_identical_model_is_not_worse_at_any_margin() -> None:
    scored = synthetic("regression", 300, seed=0)
    assert set(_compared(scored, _held(scored.predictions)).verdicts.values()) == {"not worse"}


@pytest.mark.parametrize(
    ("low", "high", "margin", "said"),
    [
        (0.01, 0.03, 0.0, "better"),
        (0.0, 0.03, 0.0, "not worse"),
        (-0.01, 0.03, 0.01, "not worse"),
        (-0.02, 0.03, 0.01, "undecided"),
        (-0.03, 0.0, 0.01, "undecided"),
        (-0.03, -0.01, 0.01, "worse"),
        (-0.009, -0.001, 0.01, "not worse"),
    ],
)
def test_a_verdict_is_read_off_the_interval_and_the_margin(
    low: float, high: float, margin: float, said: str
) -> None:
    more = Estimate((low + high) / 2, low, high, rows=9)
    less = Estimate(-(low + high) / 2, -high, -low, rows=9)
    assert verdict(more, greater_is_better=True, margin=margin) == said
    assert verdict(less, greater_is_better=False, margin=margin) == said


def test_an_undefined_difference_decides_nothing() -> None:
    undefined = Estimate.undefined(rows=9, reason="one class only")
    assert verdict(undefined, greater_is_better=True, margin=math.inf) == "undecided"


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_a_wider_margin_never_makes_a_verdict_worse(
    value: float, width: float, one: float, other: float, greater: bool
) -> None:
    order = ["worse", "undecided", "not worse", "better"]
    difference = Estimate(value, value - width, value + width, rows=9)
    said = [
        order.index(verdict(difference, greater_is_better=greater, margin=margin))
        for margin in sorted((one, other))
    ]
    assert said == sorted(said)


def test_a_baseline_trained_on_the_holdout_proves_nothing_and_keeps_its_reason() -> None:
    reason = "holdout partitions 2013-05 were in the training of production"
    found = _compared(synthetic("binary", 50, seed=0), _held(None, undecided=reason))
    assert (found.outcome, found.undecided) == ("undecided", reason)
    assert not found.differences


def test_a_candidate_trained_on_the_holdout_is_undecided_even_without_a_baseline() -> None:
    reason = "holdout partitions 2013-05 were in the training of the candidate"
    baseline = Baseline.absent(pointer="production", undecided=reason)
    found = _compared(binary([0, 1], [0.1, 0.7]), baseline)
    assert (found.outcome, found.undecided) == ("undecided", reason)


@pytest.mark.parametrize("scores", [[0.5, np.nan, 0.1], [0.5, 0.1], [0.5, 3.0, 0.1]])
def test_a_baseline_with_unusable_scores_proves_nothing(scores: list[float]) -> None:
    bad = binary(np.zeros(len(scores)), scores).predictions
    found = _compared(binary([0, 1, 1], [0.1, 0.7, 0.4]), _held(bad))
    assert found.outcome == "undecided"
    assert "the scores of production cannot be used" in str(found.undecided)
    assert found.differences
    assert not any(difference.defined for difference in found.differences.values())
    assert set(found.verdicts.values()) == {"undecided"}
    assert found.changes is None


def test_a_candidate_with_unusable_scores_has_undefined_differences() -> None:
    good = binary([0, 1, 1], [0.1, 0.7, 0.4]).predictions
    found = _compared(binary([0, 1, 1], [0.1, np.nan, 0.4]), _held(good))
    assert found.differences
    assert not any(difference.defined for difference in found.differences.values())
    assert set(found.verdicts.values()) == {"undecided"}


SOME = Predictions(np.zeros(2))


@pytest.mark.parametrize(
    ("version", "digest", "predictions", "undecided", "message"),
    [
        (1, None, SOME, None, "both or neither"),
        (None, DIGEST, None, None, "both or neither"),
        (1, DIGEST, None, None, "either predictions or a reason"),
        (1, DIGEST, SOME, "seen in training", "either predictions or a reason"),
        (None, None, SOME, None, "no version that made them"),
        (None, None, SOME, "seen in training", "no version that made them"),
    ],
)
def test_a_baseline_that_contradicts_itself_is_refused(
    version: int | None,
    digest: str | None,
    predictions: Predictions | None,
    undecided: str | None,
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        Baseline("production", 1, version, digest, predictions, undecided)


def test_a_baseline_is_called_by_its_pointer_and_version() -> None:
    assert _held(SOME).label == "production, version 3"
