"""Our evaluation of the candidate, called as `lifecycle.evaluating` calls it.

MLflow's is `peer.evaluating`; `benchmarks.evaluation` runs both, each in a process of its own.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import pandas as pd

from benchmarks.measuring import peak_memory
from benchmarks.subject.applicants import (
    BASELINE,
    CANDIDATE,
    TARGET,
    features_of,
    holdout,
    model,
    training,
)
from registry_assets.canonical import canonical_json
from registry_assets.declaration.evaluation import Evaluation
from registry_assets.declaration.fairness import Fairness
from registry_assets.declaration.metrics import METRICS
from registry_assets.declaration.slicing import Bins
from registry_assets.evaluation.comparison import Baseline
from registry_assets.evaluation.data.examining import examine_data
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.results.data import DataResult
from registry_assets.evaluation.scored import Outcomes, Predictions
from registry_assets.evaluation.suite import Holdout, evaluate
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.publishing import Publication
from registry_assets.manifest import Manifest, file_entries
from registry_assets.packaging.predictions import fast_predictions
from registry_assets.packaging.signature import Output
from registry_assets.registry import Registry

BINARY = tuple(each.name for each in METRICS.values() if "binary" in each.tasks)
FULL = Evaluation(
    metrics=BINARY,
    slices=("region", "channel", Bins("income", 5)),
    fairness=Fairness(("region",)),
)
ALIKE = Evaluation(metrics=BINARY, weak_slices=0)
"""No more than MLflow looks at: one model on all rows. Every metric has its interval even so."""

CLASSES = (False, True)
Much = Literal["alike", "one", "full"]


def measure(folder: str, rows: int, *, much: Much) -> dict[str, Any]:
    """Evaluate twice; give seconds in all and by part, the peak of memory, and what came out.

    Args:
        folder: where `applicants.make_models` put the models.
        much: `alike`, no more than MLflow looks at; `one`, the same model and rows with slices,
            weak slices and fairness; `full`, with a second model, and the training examined.
    """
    place = Path(folder)
    backends = Registry.init(place / "registry").backends
    asked = holdout(rows)
    known = training(rows) if much == "full" else None
    names = (CANDIDATE, BASELINE) if much == "full" else (CANDIDATE,)
    models = [model(place, name) for name in names]
    suite = ALIKE if much == "alike" else FULL
    first = _once(backends, asked, known, models, suite)
    again = _once(backends, asked, known, models, suite)
    return {**first, "again": again["seconds"], "peak": peak_memory()}


def _once(
    backends: Backends,
    asked: pd.DataFrame,
    known: pd.DataFrame | None,
    models: Sequence[Any],
    suite: Evaluation,
) -> dict[str, Any]:
    times = [perf_counter()]
    outcomes = Outcomes.of_labels("binary", asked[TARGET].tolist(), classes=CLASSES)
    said = [_said(each, features_of(asked)) for each in models]
    times.append(perf_counter())
    data = None if known is None else _examined(known, asked)
    times.append(perf_counter())
    result = evaluate(
        Holdout(outcomes, asked, TARGET),
        said[0],
        suite=suite,
        baseline=Baseline("production", 1, 1, "sha256:" + "a" * 64, said[1])
        if len(said) > 1
        else None,
        data=data,
    )
    times.append(perf_counter())
    _store(result, Publication.begin(backends))
    times.append(perf_counter())
    parts = ("predict", "examine the data", "evaluate", "store")
    took = [after - before for before, after in pairwise(times)]
    return {
        "seconds": times[-1] - times[0],
        "parts": dict(zip(parts, took, strict=True)),
        "metrics": {name: each.value for name, each in result.metrics.items()},
    }


def _said(estimator: Any, features: pd.DataFrame) -> Predictions:
    said = fast_predictions(estimator, features, output=Output("binary", CLASSES))
    return Predictions.of_labels(
        said["prediction"].tolist(),
        said[["proba_0", "proba_1"]].to_numpy(),
        known=CLASSES,
        classes=CLASSES,
    )


def _examined(known: pd.DataFrame, asked: pd.DataFrame) -> DataResult:
    return examine_data(
        features_of(known),
        known[TARGET],
        features_of(asked),
        asked[TARGET],
        task="binary",
        classes=CLASSES,
    )


def _store(result: EvaluationResult, publication: Publication) -> None:
    """Put it where evaluations are kept, flushed to the disk."""
    pictures = {f"pictures/{name}.png": png for name, png in result.pictures.items()}
    contents = {"evaluation.json": canonical_json(result.to_json()), **pictures}
    publication.put(Manifest(kind="evaluation", files=file_entries(contents)), contents)
