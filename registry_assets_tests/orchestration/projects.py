"""A user's project on disk with a small registered model, as Dagster loads it. Not a test."""

import os
import shutil
import subprocess
from pathlib import Path

from registry_assets.registry import Registry
from registry_assets_tests.worlds import USER_PROJECT

ROOT = Path(__file__).parents[2]
PACKAGE = "ontime"
MONTHS = ("2013-01", "2013-02", "2013-03")

DEFINITIONS = '''
"""The code location of the project."""

import dagster as dg
import pandas as pd
from ontime.features import make_features
from ontime.training import train

from registry_assets import (
    AtLeast, Evaluation, LatestPartitions, NotWorseThanProduction, Params, Promotion,
    RegisteredModel, Schedule, features_asset, registry_definitions,
)
from registry_assets.orchestration import data_check
from registry_assets_tests import worlds

months = dg.MonthlyPartitionsDefinition(start_date="2013-01", end_date="2014-01", fmt="%Y-%m")


@dg.asset(partitions_def=months, io_manager_key="snapshots", code_version="1")
def flights(context: dg.AssetExecutionContext) -> pd.DataFrame:
    """Flights, one month a partition."""
    return worlds.flights(seed=int(context.partition_key.replace("-", "")))


@dg.asset(io_manager_key="snapshots", code_version="1")
def planes() -> pd.DataFrame:
    """Planes by tail number."""
    return worlds.planes()


def problems(table: pd.DataFrame) -> list[str]:
    """There are rows."""
    return [] if len(table) else ["no rows"]


ontime_features = features_asset(
    make_features, name="ontime_features", keep=["late", "origin", "key"], partitions_def=months
)


def declare(name: str, promotion: Promotion) -> RegisteredModel:
    return RegisteredModel(
        name=name,
        description="Will a flight be late?",
        features=ontime_features,
        target="late",
        task="binary",
        train=train,
        params=Params(C=1.0, sense=True, fail=False),
        holdout=LatestPartitions(1),
        evaluation=Evaluation(
            metrics=("roc_auc",), slices=("origin",), resamples=100, min_slice_rows=50
        ),
        gates=(AtLeast("roc_auc", 0.6), NotWorseThanProduction("roc_auc", margin=0.05)),
        promotion=promotion,
        retrain=Schedule("0 6 1 * *"),
        owners=("team:ops",),
        tags=worlds.TAGS,
    )


ontime = declare("ontime", Promotion(risk="low"))
risky = declare("risky", Promotion(risk="high", roles=("risk",)))

defs = registry_definitions(
    models=[ontime, risky],
    assets=[flights, planes, ontime_features],
    asset_checks=[data_check(flights, problems)],
    sensor_interval=1,
    executor=dg.in_process_executor,
)
'''


def make_project(folder: Path, *, definitions: str = DEFINITIONS) -> Path:
    """A git repository with the user's package, an empty registry, and Dagster's two files."""
    files = {**USER_PROJECT, f"{PACKAGE}/definitions.py": definitions}
    files[".gitignore"] = ".registry/\n.dagster/\n*.log\n__pycache__/\n"
    where = f"module_name: ontime.definitions, working_directory: {folder}, location_name: ontime"
    files["workspace.yaml"] = f"load_from:\n  - python_module: {{{where}}}\n"
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copy(ROOT / "dagster.yaml", folder)
    _git(folder, "init", "--quiet")
    _git(folder, "add", ".")
    _git(folder, "commit", "--quiet", "-m", "Start")
    Registry.init(folder)
    return folder


def _git(folder: Path, *arguments: str) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=Alice", "-c", "user.email=alice@example.com")
    subprocess.run(["git", *who, *arguments], cwd=folder, env=environ, check=True)
