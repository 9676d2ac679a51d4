"""The same model as ours, trained and registered in MLflow; and its ways to register one."""

import shutil
from pathlib import Path
from typing import Any

from benchmarks.peer.client import library, open_mlflow
from benchmarks.peer.loading import ALIAS
from benchmarks.subject.features import make_features
from benchmarks.subject.rows import flights, planes
from benchmarks.subject.training import train

MODEL = "late_0"
PARAMS = {"C": 1.0, "max_iter": 200}
REQUIREMENTS = ["scikit-learn==1.9.1", "pandas==3.0.6", "skops==0.16.0"]
# Of the imputer; skops, which MLflow writes by default, asks for it by name.
TRUSTED = ["numpy.dtype"]


def make_trained(folder: Path) -> None:
    """Train and register version 1, and let the alias name it."""
    client = open_mlflow(folder)
    log_documented(*fitted())
    client.set_registered_model_alias(MODEL, ALIAS, "1")


def fitted() -> tuple[Any, Any]:
    """Give the fitted estimator, and the features it was fitted on."""
    rows = flights()
    features = make_features(rows, planes())
    return train(features, rows["late"], PARAMS), features


def log_documented(estimator: Any, features: Any) -> int:
    """Log and register as MLflow's quickstart does: signature, example, the rest by itself."""
    mlflow = library("mlflow")
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(
            sk_model=estimator,
            name="model",
            signature=mlflow.models.infer_signature(features, estimator.predict(features)),
            input_example=features.head(20),
            registered_model_name=MODEL,
            skops_trusted_types=TRUSTED,
        )
    return int(info.registered_model_version)


def log_fast(estimator: Any, features: Any, signature: Any) -> int:
    """Log and register with what takes long switched off: no example, requirements given."""
    mlflow = library("mlflow")
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(
            sk_model=estimator,
            name="model",
            signature=signature,
            pip_requirements=REQUIREMENTS,
            registered_model_name=MODEL,
            skops_trusted_types=TRUSTED,
        )
    return int(info.registered_model_version)


def save(estimator: Any, folder: Path) -> str:
    """Save the estimator as a folder of MLflow's, without registering it; give its address."""
    mlflow = library("mlflow")
    shutil.rmtree(folder, ignore_errors=True)
    mlflow.sklearn.save_model(
        estimator, folder, pip_requirements=REQUIREMENTS, skops_trusted_types=TRUSTED
    )
    return folder.as_uri()
