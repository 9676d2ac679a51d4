"""Whole evaluations of synthetic rows, with a frame to slice by."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from registry_assets.declaration.evaluation import Evaluation
from registry_assets.declaration.fairness import Fairness
from registry_assets.declaration.metrics import MetricFunction, Task
from registry_assets.declaration.slicing import Bins, Where
from registry_assets.evaluation.comparison import Baseline
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.scored import Predictions, Scored
from registry_assets.evaluation.suite import Holdout, evaluate
from registry_assets_tests.evaluation.rows import DIGEST, measures, shifted, synthetic


def bias(y_true: Any, y_pred: Any) -> float:
    """A metric of the user's own."""
    return float(np.mean(y_pred == y_true))


def frame(rows: int) -> pd.DataFrame:
    """Columns of all kinds, one of them without any value."""
    generator = np.random.default_rng(7)
    carriers = ["AA", "UA", "DL", None, "HA"]
    return pd.DataFrame(
        {
            "carrier": pd.Series([carriers[at % 5] for at in range(rows)], dtype="str"),
            "origin": pd.Series([("EWR", "LGA")[at % 2] for at in range(rows)], dtype="category"),
            "distance": generator.integers(100, 3000, rows),
            "wind": np.where(generator.random(rows) < 0.1, np.nan, generator.normal(size=rows)),
            "gust": np.where(generator.random(rows) < 0.1, np.inf, generator.normal(size=rows)),
            "nothing": pd.Series([None] * rows, dtype="float64"),
            "race": pd.Series(generator.choice(["x", "y"], rows), dtype="str"),
            "w": np.ones(rows),
        }
    )


def plan(task: Task, **changes: Any) -> Evaluation:
    """A plan that asks for everything."""
    own = MetricFunction(bias, name="own")
    everything: dict[str, Any] = {
        "metrics": (*(each.name for each in measures(task)), own),
        "slices": (
            "carrier",
            "origin",
            "nothing",
            Bins("distance", (500, 1000)),
            Bins("gust", 3),
            Where("calm", "wind < 0"),
        ),
        "fairness": Fairness(("race", "origin")) if task == "binary" else None,
        "resamples": 100,
        "min_slice_rows": 50,
        "weak_slices": 3,
    }
    return Evaluation(**{**everything, **changes})


def production(predictions: Predictions | None, **more: Any) -> Baseline:
    """Version 1, in production."""
    return Baseline(
        "production", generation=2, version=1, digest=DIGEST, predictions=predictions, **more
    )


def evaluated(
    scored: Scored,
    *,
    baseline: Predictions | None = None,
    rows: pd.DataFrame | None = None,
    **changes: Any,
) -> EvaluationResult:
    """The evaluation of these rows beside a baseline; by default a somewhat worse one."""
    task = scored.outcomes.task
    return evaluate(
        Holdout(scored.outcomes, frame(scored.rows) if rows is None else rows),
        scored.predictions,
        suite=plan(task, **changes),
        baseline=production(shifted(scored) if baseline is None else baseline),
        margins={"log_loss": 0.01},
    )


@cache
def ordinary(task: Task) -> EvaluationResult:
    """An evaluation of 400 rows in which nothing is wrong."""
    return evaluated(synthetic(task, 400, seed=0))
