"""The registry on PostgreSQL and S3, under webserver, daemon and code server of their own.

Three models retrain at once through queued runs, each a process; one is killed in the middle
of its training. What stands in the end is looked at from other processes.
"""

import json
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from registry_assets_tests.deploy.project import HELD, MODELS, MONTHS, make_project
from registry_assets_tests.deploy.running import COMMIT, LOGS, Distributed, distributed
from registry_assets_tests.servers.postgresql import PostgresServer
from registry_assets_tests.servers.seaweedfs import BUCKET, SeaweedFS

STORE = f"s3://{BUCKET}/production"
REGISTRY = ("-c", "from registry_assets.cli import main; main()")  # in another process
KILLED = "tardy"
STAGES = """
import json, sys
from registry_assets.registry import Registry
registry = Registry.open()
found = {model: registry.versions(model) for model in sys.argv[1:]}
print(json.dumps({m: [(v.version.number, v.stage) for v in each] for m, each in found.items()}))
"""
LOAD = """
import sys
import registry_assets
for name in sys.argv[1:]:
    model = registry_assets.load(f"{name}@production")
    print(model.name, model.version, model.metadata["code_commit"])
"""


# A machine that does other work takes ten minutes for the two that it needs.
@pytest.mark.timeout(1800)
def test_three_models_retrain_at_once_and_one_worker_is_killed(
    tmp_path: Path, postgresql: PostgresServer, s3_server: SeaweedFS
) -> None:
    home, held = tmp_path / "home", tmp_path / "held"
    home.mkdir()
    catalog = {"REGISTRY_CATALOG": postgresql.database()}
    store = {"REGISTRY_STORE": STORE, **s3_server.environment}
    with distributed(
        home,
        module="ontime.definitions",
        code=make_project(tmp_path / "code"),
        dagster_database=postgresql.database(),
        settings={**catalog, **store, HELD: str(held)},
        server=s3_server,
    ) as running:
        running.command(*REGISTRY, "init", ".", **catalog, **store)
        _data_arrives(running)
        for model in MODELS:
            running.retrain(model, reason="first", params={"held": model == KILLED})
        running.wait("all three were being trained", lambda: _training(running) and held.exists())
        os.kill(int(held.read_text()), signal.SIGKILL)

        def promoted() -> bool:
            runs = running.runs()
            done = [run.job for run in runs if run.status == "SUCCESS"]
            idle = all(run.ended for run in runs)
            return idle and all(f"{model}__promote" in done for model in MODELS)

        running.wait("every model was promoted", promoted)
        runs = [run for run in running.runs() if run.ended]
        processes = {running.process_of(run.id) for run in runs}

    # The killed run failed, was tried again, and nothing else had to be.
    assert [run.job for run in runs if run.status != "SUCCESS"] == [f"{KILLED}__train"]
    trained = Counter(run.job for run in runs if run.status == "SUCCESS")
    assert {trained[f"{model}__train"] for model in MODELS} == {1}
    assert len(processes) == len(runs)  # each was a process of its own
    verified = running.command(*REGISTRY, "verify", "--deep", "--json", **catalog, **store)
    assert json.loads(verified)["clean"]
    stages = json.loads(running.command("-c", STAGES, *MODELS, **catalog, **store))
    assert stages == {model: [[1, "production"]] for model in MODELS}
    # A deployment knows the store and nothing else.
    loaded = running.command("-c", LOAD, *MODELS, **store)
    assert loaded.splitlines() == [f"{model} 1 {COMMIT}" for model in MODELS]
    printed = _printed(s3_server)
    assert all(f"flights of {month}" in printed for month in MONTHS)


def _data_arrives(running: Distributed) -> None:
    planes = running.materialize("planes")
    running.wait("planes had arrived", lambda: running.status(planes) == "SUCCESS")
    running.backfill(["flights", "ontime_features"], partitions=MONTHS)

    def arrived() -> bool:
        months = [run.status for run in running.runs() if "dagster/partition" in run.tags]
        assert "FAILURE" not in months
        return months == ["SUCCESS"] * len(MONTHS)

    running.wait("the months had arrived", arrived)


def _training(running: Distributed) -> bool:
    """Whether each model's training has begun: it is a process by then."""
    begun = {run.job for run in running.runs() if run.status in ("STARTED", "SUCCESS")}
    return all(f"{model}__train" in begun for model in MODELS)


def _printed(server: SeaweedFS) -> str:
    """What steps printed, as Dagster kept it in the bucket of its logs."""
    client = server.client()
    listed = client.list_objects_v2(Bucket=LOGS, Prefix="compute_logs/")["Contents"]
    names = [entry["Key"] for entry in listed if entry["Key"].endswith(".out")]
    read = [client.get_object(Bucket=LOGS, Key=name)["Body"].read() for name in names]
    return b"".join(read).decode()
