"""A registry past one process: code server, webserver and daemon over PostgreSQL and S3.

Each is a process of its own with the environment that a container would give it, and each run
another one. A helper for tests and for `make run-distributed`, not a test: what is asked of
the running instance belongs there.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from registry_assets_tests.orchestration.graphql import ask
from registry_assets_tests.servers.seaweedfs import SeaweedFS

T = TypeVar("T")

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
LOCATION = "registry_assets"
LOGS = "dagster-logs"
COMMIT = "c0ffee00" * 5

_HEALTH = """
{
  workspaceOrError {
    ... on Workspace {
      locationEntries {
        loadStatus
        locationOrLoadError { __typename ... on PythonError { message stack } }
      }
    }
  }
  instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } }
}
"""
_LAUNCH = """
mutation ($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PythonError { message }
  }
}
"""
_BACKFILL = """
mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
_SAID = """
query ($run: ID!) {
  logsForRun(runId: $run) {
    ... on EventConnection { events { ... on MessageEvent { message } } }
  }
}
"""
_RUNS = """
{
  runsOrError(limit: 1000) {
    ... on Runs { results { runId jobName status tags { key value } } }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the webserver tells of it."""

    id: str
    job: str
    status: str
    tags: Mapping[str, str]

    @property
    def ended(self) -> bool:
        """Whether anything more will come of it."""
        return self.status in ("SUCCESS", "FAILURE", "CANCELED")


@dataclass(slots=True)
class Distributed:
    """The running instance, asked over GraphQL.

    Args:
        environment: what every process of it is given.
        folder: DAGSTER_HOME, with the log of each process.
    """

    url: str
    environment: Mapping[str, str]
    folder: Path
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def graphql(self, query: str, **variables: object) -> dict[str, Any]:
        """The `data` of one GraphQL request; a GraphQL error is raised with its text."""
        return ask(self.url, query, variables)

    def launch(self, job: str, *, config: Mapping[str, Any], assets: Sequence[str] = ()) -> str:
        """Launch a job as the UI does; give the run's id."""
        chosen = [{"path": name.split("/")} for name in assets]
        params = {
            "selector": _selector(job) | ({"assetSelection": chosen} if chosen else {}),
            "runConfigData": config,
        }
        answer = self.graphql(_LAUNCH, params=params)["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return str(answer["run"]["runId"])

    def retrain(self, model: str, *, reason: str, params: Mapping[str, Any] | None = None) -> str:
        """Launch the retrain job of a model; give the run's id."""
        config = {"reason": reason, "params": dict(params or {})}
        ops = {f"{model}__reserve": {"config": config}}
        return self.launch(f"{model}__retrain", config={"ops": ops})

    def materialize(self, *assets: str) -> str:
        """Materialize unpartitioned assets; give the run's id."""
        return self.launch("__ASSET_JOB", config={}, assets=assets)

    def backfill(self, assets: Sequence[str], *, partitions: Sequence[str]) -> str:
        """Materialize partitions of assets, a run each; give the backfill's id."""
        params = {
            "assetSelection": [{"path": name.split("/")} for name in assets],
            "partitionNames": list(partitions),
        }
        answer = self.graphql(_BACKFILL, params=params)["launchPartitionBackfill"]
        assert answer["__typename"] == "LaunchBackfillSuccess", answer
        return str(answer["backfillId"])

    def runs(self) -> list[Run]:
        """Every run, newest first."""
        return [
            Run(
                found["runId"],
                found["jobName"],
                found["status"],
                {tag["key"]: tag["value"] for tag in found["tags"]},
            )
            for found in self.graphql(_RUNS)["runsOrError"]["results"]
        ]

    def status(self, run: str) -> str:
        """How a run stands."""
        return next(found.status for found in self.runs() if found.id == run)

    def process_of(self, run: str) -> int:
        """The process that a run was executed in."""
        events = self.graphql(_SAID, run=run)["logsForRun"]["events"]
        said = " ".join(event.get("message", "") for event in events)
        found = re.search(r"Started process for run \(pid: (\d+)\)", said)
        assert found, said
        return int(found[1])

    def wait(self, what: str, ask: Callable[[], T | None], *, seconds: float = 900) -> T:
        """Give the first answer of `ask` that is true, asked once a second."""
        deadline = time.monotonic() + seconds
        while True:
            for name, process in self.processes.items():
                assert process.poll() is None, f"{name} ended before {what}{self._said()}"
            try:
                answer = ask()
            except OSError:  # the port is not open yet
                answer = None
            if answer:
                return answer
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}{self._said()}"
            time.sleep(1)

    def ready(self) -> bool:
        """Tell whether the code location is loaded and every required daemon is healthy."""
        data = self.graphql(_HEALTH)
        (entry,) = data["workspaceOrError"]["locationEntries"]
        daemons = data["instance"]["daemonHealth"]["allDaemonStatuses"]
        loaded = entry["loadStatus"] == "LOADED" and entry["locationOrLoadError"]
        return (
            bool(loaded)
            and loaded["__typename"] == "RepositoryLocation"
            and all(daemon["healthy"] for daemon in daemons if daemon["required"])
        )

    def command(self, *arguments: str, **environment: str) -> str:
        """Run a Python command elsewhere: in a folder of nobody's, with these settings only."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, name: str, *arguments: str) -> None:
        """Start one process of the instance."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=self.folder,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Its own session: what it started can be found and ended with it.
                start_new_session=True,
            )

    def stop(self) -> None:
        """End every process, and what each of them has started."""
        for process in reversed(self.processes.values()):
            for sign, seconds in ((signal.SIGINT, 20), (signal.SIGKILL, 10)):
                deadline = time.monotonic() + seconds
                if _group_lives(process):
                    os.killpg(process.pid, sign)
                while _group_lives(process) and time.monotonic() < deadline:
                    time.sleep(0.1)
        self.processes.clear()

    def _said(self) -> str:
        parts = []
        for log in sorted(self.folder.glob("*.log")):
            lines = log.read_text(errors="replace").splitlines()
            parts.append(f"\n--- end of {log.name} ---\n" + "\n".join(lines[-25:]))
        return "".join(parts)


@contextmanager
def distributed(
    folder: Path,
    *,
    module: str,
    code: Path,
    dagster_database: str,
    settings: Mapping[str, str],
    server: SeaweedFS,
) -> Iterator[Distributed]:
    """Run code server, webserver and daemon; nothing of them is left after the block.

    Args:
        folder: becomes DAGSTER_HOME.
        module: the code location's module, found in the folder `code`.
        dagster_database: URL of the database of Dagster's own storage.
        settings: REGISTRY_CATALOG, REGISTRY_STORE, and what else the code is told.
    """
    shutil.copy(DEPLOY / "local" / "dagster.yaml", folder)
    client = server.client()
    client.create_bucket(Bucket=LOGS)
    code_port, web_port = _free_port(), _free_port()
    environment = {
        **server.environment,
        **postgres_settings(dagster_database),
        "DAGSTER_HOME": str(folder),
        "DAGSTER_LOGS_BUCKET": LOGS,
        "DO_NOT_TRACK": "1",
        "PYTHONPATH": os.pathsep.join((str(code), str(REPOSITORY))),
        "REGISTRY_CODE_COMMIT": COMMIT,
        "REGISTRY_CODE_HOST": "127.0.0.1",
        "REGISTRY_CODE_PORT": str(code_port),
        "REGISTRY_UI_URL": f"http://127.0.0.1:{web_port}",
        **settings,
    }
    running = Distributed(f"http://127.0.0.1:{web_port}", environment, folder)
    workspace = ("-w", str(DEPLOY / "workspace.yaml"))
    with ExitStack() as stack:
        stack.callback(running.stop)
        # Once, before several processes would each make the tables.
        running.start("migrate", "dagster", "instance", "migrate")
        assert running.processes.pop("migrate").wait(120) == 0, running._said()
        where = ("-h", "127.0.0.1", "-p", str(code_port))
        running.start("code_server", "dagster", "api", "grpc", "-m", module, *where)
        host = ("-h", "127.0.0.1", "-p", str(web_port))
        running.start("webserver", "dagster_webserver", *workspace, *host)
        running.start("daemon", "dagster._daemon", "run", *workspace)
        running.wait("the instance was ready", running.ready, seconds=180)
        yield running


def postgres_settings(url: str) -> dict[str, str]:
    """What deploy/local/dagster.yaml reads, of a database's URL."""
    parts = sa.make_url(url)
    return {
        "DAGSTER_POSTGRES_HOST": str(parts.host),
        "DAGSTER_POSTGRES_PORT": str(parts.port),
        "DAGSTER_POSTGRES_DB": str(parts.database),
        "DAGSTER_POSTGRES_USER": str(parts.username),
        "DAGSTER_POSTGRES_PASSWORD": str(parts.password),
    }


def _selector(job: str) -> dict[str, object]:
    return {
        "repositoryLocationName": LOCATION,
        "repositoryName": "__repository__",
        "jobName": job,
    }


def _group_lives(process: "subprocess.Popen[bytes]") -> bool:
    process.poll()  # reaps it: an unreaped leader would count as alive
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
