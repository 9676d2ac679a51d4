"""A user's code location with models that retrain at once, as a container holds it.

Not a git repository: an image has none, and is told its commit by REGISTRY_CODE_COMMIT. Not a
test.
"""

from collections.abc import Sequence
from pathlib import Path

from registry_assets_tests.worlds import FEATURES

PACKAGE = "ontime"
MODELS = ("early", "ontime", "tardy")
APPROVED = "early"
"""The one that waits for an approval of somebody of the role `risk`."""

MONTHS = ("2013-01", "2013-02")
HELD = "TEST_HELD_TRAINING"
"""Environment variable: the file that says which process a held training is in."""

TRAINING = f'''
"""Training on these features; the first one that is told to be held waits to be killed."""

import os
import time
from pathlib import Path

from sklearn.linear_model import LogisticRegression


def train(features, target, params):
    if params["held"]:
        held = Path(os.environ["{HELD}"])
        if not held.exists():
            held.write_text(str(os.getpid()))
            time.sleep(600)
    return LogisticRegression(C=params["C"], max_iter=200).fit(features, target)
'''

DEFINITIONS = f'''
"""The code location of the project."""

import dagster as dg
import pandas as pd
from dagster_aws.s3 import S3Resource
from ontime.features import make_features
from ontime.training import train

from registry_assets import (
    AtLeast, Evaluation, LatestPartitions, NotWorseThanProduction, Params, Promotion,
    RegisteredModel, features_asset, registry_definitions,
)
from registry_assets_tests import worlds

MODELS = ()
months = dg.MonthlyPartitionsDefinition(start_date="2013-01", end_date="2014-01", fmt="%Y-%m")


@dg.asset(partitions_def=months, io_manager_key="snapshots", code_version="1")
def flights(context: dg.AssetExecutionContext) -> pd.DataFrame:
    """Flights, one month a partition."""
    print("flights of", context.partition_key)
    return worlds.flights(seed=int(context.partition_key.replace("-", "")))


@dg.asset(io_manager_key="snapshots", code_version="1")
def planes() -> pd.DataFrame:
    """Planes by tail number."""
    return worlds.planes()


ontime_features = features_asset(
    make_features, name="ontime_features", keep=["late", "origin", "key"], partitions_def=months
)


def declare(name: str) -> RegisteredModel:
    return RegisteredModel(
        name=name,
        description="Will a flight be late?",
        features=ontime_features,
        target="late",
        task="binary",
        train=train,
        params=Params(C=1.0, held=False),
        holdout=LatestPartitions(1),
        evaluation=Evaluation(
            metrics=("roc_auc",), slices=("origin",), resamples=100, min_slice_rows=50
        ),
        gates=(AtLeast("roc_auc", 0.6), NotWorseThanProduction("roc_auc", margin=0.05)),
        promotion=Promotion(risk="high", roles=("risk",))
        if name == {APPROVED!r}
        else Promotion(risk="low"),
        owners=("team:ops",),
        tags=worlds.TAGS,
    )


defs = registry_definitions(
    models=[declare(name) for name in MODELS],
    assets=[flights, planes, ontime_features],
    sensor_interval=5,
    executor=dg.in_process_executor,
    s3=S3Resource(max_attempts=3),
)
'''


def make_project(folder: Path, *, models: Sequence[str] = MODELS) -> Path:
    """The user's package in a folder; no registry, and nothing of Dagster's."""
    files = {
        "__init__.py": "",
        "features.py": FEATURES,
        "training.py": TRAINING,
        "definitions.py": DEFINITIONS.replace("MODELS = ()", f"MODELS = {tuple(models)!r}"),
    }
    for name, text in files.items():
        path = folder / PACKAGE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
