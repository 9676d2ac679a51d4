"""The shipped models past one process: `make run-distributed`.

    python scripts/run_distributed.py

A PostgreSQL and an S3-speaking server of its own, on loopback; Dagster's webserver, daemon and
code server as processes, and each run another one, under `deploy/local/dagster.yaml`. Data
arrive, both models are retrained at once, and what their gates let through is promoted. All of
it is gone afterwards; `make run` keeps what it did.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from registry_assets_tests.deploy.running import REPOSITORY, Distributed, distributed
from registry_assets_tests.servers.postgresql import running_postgresql
from registry_assets_tests.servers.seaweedfs import BUCKET, seaweedfs

MONTHS = ("2013-01", "2013-02", "2013-03", "2013-04")
FLIGHTS = ("flights", "weather", "flight_features")
MODELS = ("flight_delay", "loan_approval")
REGISTRY = ("-c", "from registry_assets.cli import main; main()")
PATIENCE = 1800.0  # seconds; a machine that does other work takes long


def main() -> None:
    """Live a month of the team's life, and verify it from another process."""
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:5.0f} s  {text}", flush=True)

    say("Starting PostgreSQL, S3, code server, webserver and daemon …")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_postgresql() as postgresql,
        seaweedfs() as bucket,
    ):
        registry = {
            "REGISTRY_CATALOG": postgresql.database(),
            "REGISTRY_STORE": f"s3://{BUCKET}/production",
        }
        with distributed(
            Path(folder),
            module="registry_assets.definitions",
            code=REPOSITORY,
            dagster_database=postgresql.database(),
            settings=registry,
            server=bucket,
        ) as running:
            told = {**registry, **bucket.environment}
            running.command(*REGISTRY, "init", ".", **told)
            say(f"Ready: {running.url}")
            _live(running, say)
            for command in (("models",), ("explain", MODELS[1]), ("verify", "--deep")):
                print(f"\nregistry {' '.join(command)}\n")
                print(running.command(*REGISTRY, *command, **told))
    say("Everything has ended.")


def _live(running: Distributed, say: Callable[[str], None]) -> None:
    tables = [running.materialize("planes"), running.materialize("loans", "loan_features")]
    running.wait("the tables had arrived", lambda: _done(running, tables), seconds=PATIENCE)
    running.backfill(FLIGHTS, partitions=MONTHS)

    def months() -> bool:
        arrived = [run for run in running.runs() if "dagster/partition" in run.tags]
        return len(arrived) == len(MONTHS) and _done(running, [run.id for run in arrived])

    running.wait("the months had arrived", months, seconds=PATIENCE)
    say("Data have arrived: January to April of 2013, and the loans.")
    for model in MODELS:
        running.retrain(model, reason="first version")
    say("Both models retrain; the sensors look every half minute.")

    def settled() -> bool:
        runs = running.runs()
        done = {run.job for run in runs if run.status == "SUCCESS"}
        idle = all(run.ended for run in runs)
        return idle and {"loan_approval__train", "flight_delay__promote"} <= done

    running.wait("flight_delay was promoted", settled, seconds=PATIENCE)
    workers = {running.process_of(run.id) for run in running.runs()}
    say(f"flight_delay is in production; {len(workers)} runs, each in a process of its own.")


def _done(running: Distributed, runs: Sequence[str]) -> bool:
    states = {run.id: run.status for run in running.runs()}
    failed = [run for run in runs if states[run] in ("FAILURE", "CANCELED")]
    assert not failed, f"failed: {failed}; see {running.url}"
    return all(states[run] == "SUCCESS" for run in runs)


if __name__ == "__main__":
    main()
