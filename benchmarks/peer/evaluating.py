"""MLflow's evaluation of the candidate: `mlflow.models.evaluate`, as documented.

Ours is `subject.evaluating`.
"""

from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.measuring import peak_memory
from benchmarks.peer.client import library, open_mlflow
from benchmarks.subject.applicants import CANDIDATE, TARGET, holdout, model

# By default it explains the model by SHAP as well, if that is installed, which takes longer; and
# it raises TypeError for a frame with a column of pandas' type for categories.
CONFIG = {"log_model_explainability": False}

# What MLflow calls the metrics that both compute.
SHARED = {
    "accuracy": "accuracy_score",
    "precision": "precision_score",
    "recall": "recall_score",
    "f1": "f1_score",
    "log_loss": "log_loss",
    "roc_auc": "roc_auc",
    "average_precision": "precision_recall_auc",
}


def make_peer(folder: str) -> None:
    """Make MLflow's database, and save the candidate as it wants it."""
    import skops.io

    place = Path(folder)
    open_mlflow(place)
    library("mlflow.sklearn").save_model(
        model(place, CANDIDATE),
        place / "model",
        pip_requirements=["scikit-learn"],
        skops_trusted_types=skops.io.get_untrusted_types(file=place / CANDIDATE),
    )


def measure(folder: str, rows: int) -> dict[str, Any]:
    """Evaluate twice; give the seconds of each, the peak of memory, and what came out.

    Args:
        folder: where `make_peer` was before.
    """
    place = Path(folder)
    open_mlflow(place)
    mlflow, models = library("mlflow"), library("mlflow.models")
    loaded = library("mlflow.pyfunc").load_model(str(place / "model"))
    asked = holdout(rows)
    seconds, metrics = [], {}
    for _ in range(2):
        started = perf_counter()
        with mlflow.start_run():
            result = models.evaluate(
                loaded,
                asked,
                targets=TARGET,
                model_type="classifier",
                evaluators="default",
                evaluator_config=CONFIG,
            )
        seconds.append(perf_counter() - started)
        metrics = result.metrics
    return {
        "seconds": seconds[0],
        "again": seconds[1],
        "peak": peak_memory(),
        "parts": {},
        "metrics": {ours: float(metrics[name]) for ours, name in SHARED.items()},
    }
