"""What the team had in MLflow before: three models, made by MLflow's own client.

One is saved by skops, as MLflow does it now; one as a pickle, as it did for years; one in the
format of LightGBM. Aliases have moved, a version was deleted, and stages are in use as ever.
"""

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

ORIGIN, ALCOHOL, CRATES = "wine-origin", "alcohol_estimate", "crate_digits"
"""The registered models there."""

KEPT_ORIGINS = ("1", "3")
"""The versions of the first that are left."""

_SEED = 0


def make_history(url: str) -> None:
    """Log the runs, register the versions, and move aliases and stages, as a team would have."""
    import mlflow

    with _quietly():
        mlflow.set_tracking_uri(url)
        mlflow.set_registry_uri(url)
        mlflow.set_experiment("cellar")
        _origins()
        _alcohol()
        _crates()


def move_alias(url: str, name: str, alias: str, number: str) -> None:
    """Set an alias, as anybody does who may write there."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=url, registry_uri=url)
    client.set_registered_model_alias(name, alias, number)


def _origins() -> None:
    """Three versions, of which the second was deleted; production went from 1 to 3."""
    import mlflow
    from mlflow import MlflowClient
    from sklearn.datasets import load_wine
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    client, data = MlflowClient(), load_wine(as_frame=True).frame
    data = data[[*data.columns[:6], "target"]]
    for number, strength in enumerate((0.01, 0.03, 0.1), start=1):
        train, test = _halves(data)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=strength))
        model.fit(train.drop(columns="target"), train["target"])
        accuracy = float(model.score(test.drop(columns="target"), test["target"]))
        _log(
            ORIGIN,
            partial(mlflow.sklearn.log_model, model, serialization_format="skops"),
            train,
            params={"C": strength},
            metrics={"accuracy": accuracy},
        )
        client.set_model_version_tag(ORIGIN, str(number), "laboratory", "turin")
        if number in (1, 3):
            client.set_registered_model_alias(ORIGIN, "production", str(number))
    client.delete_model_version(ORIGIN, "2")
    client.update_registered_model(ORIGIN, "Which vine is a bottle of?")


def _alcohol() -> None:
    """Two versions, pickled, by stages: the first was replaced by the second."""
    import mlflow
    from mlflow import MlflowClient
    from sklearn.datasets import load_wine
    from sklearn.tree import DecisionTreeRegressor

    client, data = MlflowClient(), load_wine(as_frame=True).data
    data = data.rename(columns={"alcohol": "target"})
    for depth in (2, 4):
        train, test = _halves(data)
        model = DecisionTreeRegressor(max_depth=depth, random_state=_SEED)
        model.fit(train.drop(columns="target"), train["target"])
        number = _log(
            ALCOHOL,
            partial(mlflow.sklearn.log_model, model, serialization_format="cloudpickle"),
            train,
            params={"max_depth": depth},
            metrics={"r2": float(model.score(test.drop(columns="target"), test["target"]))},
        )
        with warnings.catch_warnings():
            # MLflow deprecates stages, and servers are full of them.
            warnings.simplefilter("ignore", FutureWarning)
            client.transition_model_version_stage(
                ALCOHOL, number, "Production", archive_existing_versions=True
            )


def _crates() -> None:
    """One version of another framework."""
    import lightgbm
    import mlflow
    from sklearn.datasets import load_digits

    data = load_digits(as_frame=True).frame
    train, test = _halves(data.head(400))
    params = {"objective": "multiclass", "num_class": 10, "num_threads": 1, "verbosity": -1}
    columns = train.drop(columns="target")
    model = lightgbm.train(params, lightgbm.Dataset(columns, train["target"]), num_boost_round=5)
    told = np.asarray(model.predict(test.drop(columns="target"))).argmax(axis=1)
    _log(
        CRATES,
        partial(mlflow.lightgbm.log_model, model),
        train,
        params={"num_boost_round": 5, **params},
        metrics={"accuracy": float((told == test["target"]).mean())},
    )


def _log(
    name: str,
    log_model: Callable[..., Any],
    train: pd.DataFrame,
    *,
    params: Mapping[str, Any],
    metrics: Mapping[str, float],
) -> str:
    """Log a run with a model of it, registered; give the version's number."""
    import mlflow
    from mlflow.data import pandas_dataset

    columns = train.drop(columns="target")
    with mlflow.start_run(run_name=f"{name} {next(iter(params.values()))}"):
        mlflow.log_params(dict(params))
        mlflow.log_metrics(dict(metrics))
        data = pandas_dataset.from_pandas(train, targets="target", name=f"rows of {name}")
        mlflow.log_input(data, context="training")
        logged = log_model(
            name="model",
            registered_model_name=name,
            signature=mlflow.models.infer_signature(columns),
            # Given, because finding them takes a process of its own.
            pip_requirements=["scikit-learn", "lightgbm"],
        )
    return str(logged.registered_model_version)


def _halves(data: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the rows to train on and those to judge by, mixed the same way each time."""
    mixed = data.sample(frac=1.0, random_state=_SEED).astype("float64")
    half = len(mixed) // 2
    return mixed.head(half), mixed.tail(len(mixed) - half)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Let MLflow's client say nothing: it prints a line for every run and version."""
    logger = logging.getLogger("mlflow")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        aside = io.StringIO()
        with contextlib.redirect_stdout(aside), contextlib.redirect_stderr(aside):
            yield
    finally:
        logger.setLevel(before)
