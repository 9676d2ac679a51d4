"""A registered model under a real `dagster dev`, and the same story by the local daemon."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from registry_assets.registry import Registry
from registry_assets_tests.orchestration.dagster_dev import DagsterDev, dagster_dev
from registry_assets_tests.orchestration.projects import MONTHS, make_project

LAUNCH = """
mutation ($job: String!, $config: RunConfigData!) {
  launchRun(executionParams: {
    selector: {
      repositoryName: "__repository__", repositoryLocationName: "ontime", pipelineName: $job
    }
    runConfigData: $config
  }) { __typename ... on PythonError { message } }
}
"""
PRODUCTION = """
{
  assetNodeOrError(assetKey: {path: ["ontime", "production"]}) {
    ... on AssetNode {
      assetMaterializations {
        tags { key value }
        metadataEntries { label ... on IntMetadataEntry { intValue } ... on TextMetadataEntry { text } }
      }
    }
  }
}
"""  # noqa: E501
CHECKS = """
{
  assetNodeOrError(assetKey: {path: ["ontime", "evaluation"]}) {
    ... on AssetNode {
      assetChecksOrError {
        ... on AssetChecks {
          checks {
            name
            partitionStatuses {
              ... on AssetCheckDefaultPartitionStatuses { succeededPartitions failedPartitions }
            }
          }
        }
      }
    }
  }
}
"""
TICKS = """
{
  instigationStateOrError(instigationSelector: {
    repositoryName: "__repository__", repositoryLocationName: "ontime", name: "ontime__promotion"
  }) { ... on InstigationState { ticks { skipReason } } }
}
"""


def config(**values: Any) -> dict[str, Any]:
    """The retrain job's run config."""
    return {"ops": {"ontime__reserve": {"config": values}}}


PREAMBLE = """
from pathlib import Path
import dagster as dg
from registry_assets.orchestration.instance import open_instance
from registry_assets.orchestration.local import LocalDaemon
home = Path.cwd()
with LocalDaemon(instance=open_instance(home), workspace=home / "workspace.yaml") as daemon:
"""
DATA = f"""
assert daemon.materialize([dg.AssetKey("planes")]).success
for month in {MONTHS}:
    keys = [dg.AssetKey("flights"), dg.AssetKey("ontime_features")]
    outcome = daemon.materialize(keys, partition_key=month)
    assert outcome.success, outcome.failures
"""
POOR = config(params={"sense": False}, reason="upside down")


def local(folder: Path, script: str) -> None:
    """Run a script with `daemon`, the local one, in a process that stands in the project."""
    done = subprocess.run(
        [sys.executable, "-c", f"{PREAMBLE}{textwrap.indent(script, '    ')}"],
        cwd=folder,
        env={**os.environ, "REGISTRY_HOME": str(folder), "DAGSTER_HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def story(folder: Path) -> dict[str, Any]:
    """What the registry tells of the model, without times, run ids and digests."""
    registry = Registry.open(folder)
    return {
        "versions": [
            (
                summary.version.number,
                summary.stage,
                [(v.finding.gate, v.finding.outcome) for v in summary.verdicts],
            )
            for summary in registry.versions("ontime")
        ],
        "promotions": [(p.generation, p.version, p.reason) for p in registry.promotions("ontime")],
        "events": [(event.kind, event.body["actor"]) for event in registry.log("ontime")],
    }


def run_keys(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """Job, run key and registry tags of every run that a sensor asked for."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    with dg.DagsterInstance.get() as instance:
        runs = instance.get_runs()
    return sorted(
        (
            run.job_name,
            str(run.tags.get("dagster/run_key")),
            json.dumps({k: v for k, v in run.tags.items() if k.startswith("registry/v")}),
        )
        for run in runs
        if "dagster/run_key" in run.tags
    )


# What both daemons do alike is tried by `test_daemon` in every run, on fewer assets.
@pytest.mark.thorough
def test_the_real_daemon_promotes_one_holds_one_and_the_local_one_does_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = make_project(tmp_path / "real")
    local(real, DATA)
    environment = {"REGISTRY_HOME": str(real)}
    with dagster_dev(real / "workspace.yaml", home=real, environment=environment) as server:
        launch(server, config(reason="first"))
        made = server.wait("version 1 was promoted", lambda: materializations(server), seconds=200)
        launch(server, POOR)
        skipped = server.wait("version 2 was held", lambda: held(server, "ontime:2"), seconds=200)
        checks = server.graphql(CHECKS)["assetNodeOrError"]["assetChecksOrError"]["checks"]

    registry = Registry.open(real)
    digest = registry.resolve("ontime@production").digest
    (production,) = made
    tags = {tag["key"]: tag["value"] for tag in production["tags"]}
    assert tags["dagster/data_version"] == digest
    assert shown(real)["digest"] == digest
    assert shown(real)["version"] == 1

    assert "roc_auc_at_least failed" in skipped
    assert "roc_auc_not_worse_than_production failed" in skipped
    statuses = {check["name"]: check["partitionStatuses"] for check in checks}
    assert statuses["roc_auc_at_least"] == {"succeededPartitions": ["1"], "failedPartitions": ["2"]}

    twin = make_project(tmp_path / "twin")
    whole = f"""
for run_config in ({config(reason="first")}, {POOR}):
    assert daemon.run_job("ontime__retrain", run_config=run_config).success
    for sensor in ("ontime__versions", "ontime__promotion"):
        assert all(run.success for run in daemon.tick(sensor).runs)
"""
    local(twin, DATA + whole)
    assert story(twin) == story(real)
    twin_runs = run_keys(twin, monkeypatch)
    assert [run[0] for run in twin_runs] == [run[0] for run in run_keys(real, monkeypatch)]
    assert registry.verify().clean
    assert Registry.open(twin).verify().clean


def launch(server: DagsterDev, run_config: dict[str, Any]) -> None:
    """Launch the retrain job, as the UI does."""
    answer = server.graphql(LAUNCH, job="ontime__retrain", config=run_config)
    assert answer["launchRun"]["__typename"] == "LaunchRunSuccess", answer


def materializations(server: DagsterDev) -> list[dict[str, Any]]:
    """The materializations of the production asset."""
    found: list[dict[str, Any]] = server.graphql(PRODUCTION)["assetNodeOrError"][
        "assetMaterializations"
    ]
    return found


def held(server: DagsterDev, reference: str) -> str | None:
    """The skip reason in which the promotion sensor holds a version."""
    for tick in server.graphql(TICKS)["instigationStateOrError"]["ticks"]:
        reason = tick["skipReason"] or ""
        if reason.startswith(f"{reference} is held"):
            return str(reason)
    return None


def shown(folder: Path) -> dict[str, Any]:
    """What `registry show` answers about production."""
    done = subprocess.run(
        [Path(sys.executable).with_name("registry"), "show", "ontime@production", "--json"],
        cwd=folder,
        env={**os.environ, "REGISTRY_HOME": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
