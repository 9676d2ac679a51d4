"""MLflow opened on a folder: its database, its artifacts, its client."""

import importlib
from pathlib import Path
from typing import Any

EXPERIMENT = "bench"


def library(name: str) -> Any:
    """Import a module of MLflow's environment, of which this one knows nothing."""
    return importlib.import_module(name)


def database(folder: Path) -> str:
    """Give the address of MLflow's database in a folder."""
    return f"sqlite:///{folder / 'mlflow.db'}"


def open_mlflow(folder: Path) -> Any:
    """Let `mlflow` work on this folder; give its client."""
    mlflow = library("mlflow")
    folder.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(database(folder))
    mlflow.set_registry_uri(database(folder))
    client = mlflow.MlflowClient()
    if client.get_experiment_by_name(EXPERIMENT) is None:
        client.create_experiment(EXPERIMENT, artifact_location=(folder / "artifacts").as_uri())
    mlflow.set_experiment(EXPERIMENT)
    return client
