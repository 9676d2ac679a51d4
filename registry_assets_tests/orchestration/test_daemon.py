"""Dagster's own daemon and ours, on one pipeline: the same story, told by the same UI."""

import json
from pathlib import Path
from typing import Any

import dagster as dg

from registry_assets.orchestration.local import LocalDaemon
from registry_assets_tests.orchestration.dagster_dev import DagsterDev, dagster_dev
from registry_assets_tests.orchestration.homes import make_home

_SELECTOR = '{repositoryName: "__repository__", repositoryLocationName: "demo", name: "%s"}'
_STORY = """
{
  runsOrError {
    ... on Runs {
      results { jobName status tags { key value } repositoryOrigin { repositoryLocationName } }
    }
  }
  assetNodes {
    assetKey { path }
    assetMaterializations { partition tags { key value } metadataEntries { label } }
    assetChecksOrError {
      ... on AssetChecks {
        checks {
          name
          partitionStatuses {
            ... on AssetCheckDefaultPartitionStatuses {
              succeededPartitions failedPartitions executionFailedPartitions
            }
          }
        }
      }
    }
  }
  versions: instigationStateOrError(instigationSelector: VERSIONS) { ...state }
  promotion: instigationStateOrError(instigationSelector: PROMOTION) { ...state }
}
fragment state on InstigationState {
  status
  ticks { status skipReason runKeys dynamicPartitionsRequestResults { partitionKeys } }
}
""".replace("VERSIONS", _SELECTOR % "versions").replace("PROMOTION", _SELECTOR % "promotion")

# Tags that name one tick, one event or one process; what else had been made by that minute;
# and that no other daemon may retry a run of the local one later.
_OWN = (
    "dagster/tick",
    "dagster/input_event_pointer/",
    ".dagster/",
    "dagster/input_data_version/",
    "dagster/max_retries",
)


def _tags(event: dict[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in event["tags"] if not tag["key"].startswith(_OWN)}


def _ticks(state: dict[str, Any]) -> list[str]:
    """The different ticks of a sensor, oldest first; idle ones repeat as time goes by."""
    ticks = [json.dumps(tick, sort_keys=True) for tick in reversed(state["ticks"])]
    return list(dict.fromkeys(ticks))


def _story(server: DagsterDev) -> dict[str, Any]:
    """All that the UI shows of a home, without what differs between two runs of anything."""
    told = server.graphql(_STORY)
    runs = [{**run, "tags": _tags(run)} for run in told["runsOrError"]["results"]]
    assets = {}
    for node in told["assetNodes"]:
        checks = {
            check["name"]: check["partitionStatuses"]
            for check in node["assetChecksOrError"]["checks"]
        }
        made = [{**event, "tags": _tags(event)} for event in node["assetMaterializations"]]
        assets["/".join(node["assetKey"]["path"])] = {
            "made": sorted(made, key=lambda event: event["partition"] or ""),
            "checks": checks,
        }
    return {
        "runs": sorted(runs, key=lambda run: run["tags"]["dagster/run_key"]),
        "assets": assets,
        "versions": _ticks(told["versions"]),
        "promotion": _ticks(told["promotion"]),
        "status": (told["versions"]["status"], told["promotion"]["status"]),
    }


def test_both_daemons_leave_the_same_story(tmp_path: Path) -> None:
    real = make_home(tmp_path / "real")
    with dagster_dev(real / "workspace.yaml", home=real) as server:

        def done() -> dict[str, Any] | None:
            story = _story(server)
            finished = [run for run in story["runs"] if run["status"] == "SUCCESS"]
            idle = any("waits for training" in tick for tick in story["versions"])
            return story if len(finished) == 3 and idle else None

        expected = server.wait("the daemon had nothing left to do", done, seconds=240)

    local = make_home(tmp_path / "local")
    with (
        dg.DagsterInstance.from_config(str(local)) as instance,
        LocalDaemon(instance=instance, workspace=local / "workspace.yaml") as daemon,
    ):
        for _ in range(5):
            daemon.tick("promotion")
            daemon.tick("versions")
    with dagster_dev(local / "workspace.yaml", home=local) as server:
        found = _story(server)

    assert expected["assets"]["demo/evaluation"]["checks"]["good"]["failedPartitions"] == ["2"]
    assert len(expected["versions"]) == 5
    assert found == expected
