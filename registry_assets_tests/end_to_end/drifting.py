"""A user's project whose world changes in April, and those who are told of it. Not a test.

From April on flights leave ten hours later, and are late for another reason than before: what
was trained until March is no better than a guess, and so is whatever is trained until March anew.
"""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from registry_assets.alerting import Occasion
from registry_assets_tests.orchestration.dagster_dev import DagsterDev
from registry_assets_tests.orchestration.projects import make_project
from registry_assets_tests.servers.receiver import Received

MODEL = "ontime"
BEFORE = ("2013-01", "2013-02", "2013-03")
APRIL, MAY = "2013-04", "2013-05"
KEY = bytes(range(32))
PASSWORD = "correct horse"
SECRETS = {
    "HOOK_SECRET": "whsec_" + base64.b64encode(KEY).decode(),
    "MAIL_PASSWORD": PASSWORD,
}
REGISTRY = Path(sys.executable).with_name("registry")

DEFINITIONS = f'''
"""The code location of the project."""

import dagster as dg
import numpy as np
import pandas as pd
from ontime.features import make_features
from ontime.training import train

from registry_assets import (
    BetterThanProduction, Evaluation, LatestPartitions, Params, Promotion, RegisteredModel,
    features_asset, registry_definitions,
)
from registry_assets.declaration import (
    Alerting, Dashboard, Decay, Drift, Monitoring, OnDrift, OnNewData,
)
from registry_assets_tests import worlds

months = dg.MonthlyPartitionsDefinition(start_date="2013-01", end_date="2014-01", fmt="%Y-%m")


@dg.asset(partitions_def=months, io_manager_key="snapshots", code_version="1")
def flights(context: dg.AssetExecutionContext) -> pd.DataFrame:
    """Flights, one month a partition."""
    month = context.partition_key
    seed = int(month.replace("-", ""))
    rows = worlds.flights(seed=seed)
    if month < {APRIL!r}:
        return rows
    chance = 1 / (1 + np.exp((rows["distance"] - 1500) / 300))
    late = np.random.default_rng(seed).uniform(size=len(rows)) < chance
    return rows.assign(sched_dep_time=rows["sched_dep_time"] + 1000, late=late)


@dg.asset(io_manager_key="snapshots", code_version="1")
def planes() -> pd.DataFrame:
    """Planes by tail number."""
    return worlds.planes()


ontime = RegisteredModel(
    name={MODEL!r},
    description="Will a flight be late?",
    features=features_asset(
        make_features, name="ontime_features", keep=["late", "origin", "key"], partitions_def=months
    ),
    target="late",
    task="binary",
    train=train,
    params=Params(C=1.0, sense=True),
    holdout=LatestPartitions(1),
    evaluation=Evaluation(metrics=("roc_auc",), resamples=100),
    gates=(BetterThanProduction("roc_auc", by=0.05),),
    promotion=Promotion(risk="low"),
    monitoring=Monitoring(
        drift=Drift(watch=("hour",), min_rows=50),
        decay=(Decay("roc_auc", margin=0.05),),
        dashboards=(Dashboard("Grafana", "https://grafana.example/d?v={{version}}&p={{partition}}"),),
        alerting=Alerting(severities={{"performance_decay": "critical"}}),
    ),
    # New data starts the first version, and drift those after it: this month none other is due.
    retrain=(OnDrift(cooldown_days=0), OnNewData(cooldown_days=30)),
    owners=("team:ops",),
    tags=worlds.TAGS,
)

defs = registry_definitions(
    models=[ontime],
    assets=[flights, planes],
    sensor_interval=1,
    executor=dg.in_process_executor,
)
'''
_BEGIN = f"""
from pathlib import Path
import dagster as dg
from registry_assets.orchestration.instance import open_instance
from registry_assets.orchestration.local import LocalDaemon
home = Path.cwd()
with LocalDaemon(instance=open_instance(home), workspace=home / "workspace.yaml") as daemon:
    assert daemon.materialize([dg.AssetKey("planes")]).success
    for month in {BEFORE}:
        keys = [dg.AssetKey("flights"), dg.AssetKey("ontime_features")]
        outcome = daemon.materialize(keys, partition_key=month)
        assert outcome.success, outcome.failures
    for sensor in ("retraining", "versions", "promotion"):
        (outcome,) = daemon.tick(f"{MODEL}__{{sensor}}").runs
        assert outcome.success, outcome.failures
"""
# Every run is waited for: five seconds in the queue are most of what a short one takes.
_IMPATIENT = """
run_coordinator:
  module: dagster._core.run_coordinator
  class: QueuedRunCoordinator
  config: {dequeue_interval_seconds: 1}
"""
_LAUNCH = """
mutation ($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""


def make_home(folder: Path, *, hook: str, mail_port: int) -> Path:
    """Make the project, with three months of data and version 1 in production since."""
    make_project(folder, definitions=DEFINITIONS)
    with (folder / "dagster.yaml").open("a") as settings:
        settings.write(_IMPATIENT)
    sinks = {
        "hook": {"type": "webhook", "url": f"{hook}/in", "secret_env": "HOOK_SECRET"},
        "oncall": {
            "type": "smtp",
            "server": f"localhost:{mail_port}",
            "sender": "registry@example.org",
            "recipients": ["oncall@example.org"],
            "user": "registry",
            "password_env": "MAIL_PASSWORD",
        },
    }
    (folder / "alerts.yaml").write_text(json.dumps({"sinks": sinks}))
    run([sys.executable, "-c", _BEGIN], folder)
    return folder


def run(command: list[str], folder: Path) -> str:
    """Run a command as somebody who stands in the project; give what it printed."""
    hidden = ("REGISTRY_", "DAGSTER_", *SECRETS)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**kept, "DAGSTER_HOME": str(folder), "LOGNAME": "ann", "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def registry(folder: Path, *arguments: str) -> Any:
    """The JSON answer of the `registry` command."""
    return json.loads(run([str(REGISTRY), *arguments, "--json"], folder))


def arrive(server: DagsterDev, month: str) -> None:
    """Materialize a month's flights and features, as "Materialize" in the UI does."""
    params = {
        "selector": {
            "repositoryName": "__repository__",
            "repositoryLocationName": "ontime",
            "pipelineName": "__ASSET_JOB",
            "assetSelection": [{"path": ["flights"]}, {"path": ["ontime_features"]}],
        },
        "runConfigData": {},
        "executionMetadata": {"tags": [{"key": "dagster/partition", "value": month}]},
    }
    answer = server.graphql(_LAUNCH, params=params)["launchRun"]
    assert answer["__typename"] == "LaunchRunSuccess", answer


def verified(request: Received) -> bool:
    """Do what the documentation tells receivers to."""
    headers = request.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.body
    right = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
    given = headers["webhook-signature"].split(" ")
    return any(hmac.compare_digest(each, f"v1,{right}") for each in given)


def occasion(request: Received) -> Occasion:
    """What a request tells."""
    return Occasion.from_json(json.loads(request.body)["data"])
