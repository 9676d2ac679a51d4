"""The metrics a declaration may use: by name, or as a function of one's own."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import fbeta_score

from registry_assets.declaration import Evaluation, MetricFunction
from registry_assets.declaration.metrics import METRICS, TASKS, Metric, measure, metric
from registry_assets.errors import DeclarationError
from registry_assets.evaluation.metrics import kernel
from registry_assets.evaluation.resampling import Resampler
from registry_assets.evaluation.scored import Predictions, Scored
from registry_assets_tests.evaluation.rows import estimated, synthetic


def cost(y_true: Any, y_pred: Any) -> float:
    """What mistakes cost."""
    return float((y_true != y_pred).sum())


def test_every_metric_is_found_by_its_name() -> None:
    assert [metric(name).name for name in METRICS] == list(METRICS)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_can_be_computed_for_every_task_it_names(name: str) -> None:
    for task in METRICS[name].tasks:
        found = kernel(metric(name))(
            synthetic(task, 50, seed=0), Resampler(50, resamples=3, seed=0)
        )
        assert found.replicates.shape == (3,)
    assert METRICS[name].tasks


@pytest.mark.parametrize("task", TASKS)
def test_a_perfect_model_has_the_best_value_and_no_other_a_better_one(task: Any) -> None:
    scored = synthetic(task, 300, seed=0)
    y = scored.outcomes.y
    certain = None if task == "regression" else np.eye(len(scored.outcomes.classes))[y]
    perfect = Scored(scored.outcomes, Predictions(y, certain))
    best, usual = estimated(perfect), estimated(scored)
    for name, found in best.items():
        known = METRICS[name]
        assert known.best is not None
        assert found.value == pytest.approx(known.best, abs=1e-12)
        assert usual[name].value != found.value
        assert (usual[name].value < found.value) == known.greater_is_better


@pytest.mark.parametrize(
    ("mistaken", "meant"),
    [
        ("auc", "roc_auc"),
        ("neg_log_loss", "log_loss"),
        ("avg_precision", "average_precision"),
        ("neg_mean_absolute_error", "mean_absolute_error"),
        ("f1_macr", "f1_macro"),
    ],
)
def test_a_mistaken_name_is_refused_with_the_one_that_was_meant(mistaken: str, meant: str) -> None:
    with pytest.raises(DeclarationError, match=f"did you mean '{meant}'"):
        metric(mistaken)


def test_a_name_like_no_other_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DeclarationError, match="roc_auc, average_precision") as caught:
        metric("zzz")
    assert "did you mean" not in str(caught.value)


def test_a_plan_names_metrics_and_functions_alike() -> None:
    own = MetricFunction(fbeta_score, name="f2", needs="prediction", best=1)
    plan = Evaluation(metrics=["roc_auc", cost, own, METRICS["r2"]])  # type: ignore[arg-type]
    assert plan.metric_names == ("roc_auc", "cost", "f2", "r2")
    first, second, third, _ = plan.measures
    assert isinstance(first, Metric)
    assert isinstance(second, MetricFunction)
    assert (second.greater_is_better, second.best, second.title) == (True, None, "cost")
    assert isinstance(third, MetricFunction)
    assert third.best == 1.0
    assert measure(first) is first
    assert measure("roc_auc") == first


def test_another_source_or_direction_is_another_metric() -> None:
    def plan(function: Any, **more: Any) -> Any:
        return Evaluation(metrics=(MetricFunction(function, name="own", **more),)).definition()

    assert plan(cost) == plan(cost)
    assert plan(cost) != plan(lambda y_true, y_pred: 0.0)
    assert plan(cost) != plan(cost, greater_is_better=False)
    assert plan(cost) != plan(cost, needs="probability")
    assert plan(cost)["metrics"] == ["own"]


def test_declaring_metrics_imports_no_numeric_library() -> None:
    script = (
        "import sys, registry_assets; before = set(sys.modules)\n"
        "import registry_assets.declaration, registry_assets.evaluation.results\n"
        "from registry_assets.declaration import *\n"
        "Evaluation(metrics=['roc_auc', lambda y, p: 0.0][:1], slices=[Bins('x', 3)])\n"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    imported = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "registry_assets" in imported
    assert not {"numpy", "pandas", "sklearn", "scipy", "matplotlib"} & set(imported)
