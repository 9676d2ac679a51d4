"""`dagster dev` as a user starts it: webserver, daemon and code server as real processes.

A helper for tests, not a test. What is asked of the running server belongs in the tests.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from registry_assets_tests.orchestration.graphql import ask

T = TypeVar("T")

_READY = """
{
  workspaceOrError {
    __typename
    ... on Workspace {
      locationEntries {
        name
        loadStatus
        locationOrLoadError { __typename ... on PythonError { message } }
      }
    }
  }
  instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } }
}
"""


@dataclass(frozen=True, slots=True)
class DagsterDev:
    """A running `dagster dev`, asked over GraphQL."""

    url: str
    log: Path
    process: subprocess.Popen[bytes]

    def graphql(self, query: str, **variables: object) -> dict[str, Any]:
        """The `data` of one GraphQL request; a GraphQL error is raised with its text."""
        return ask(self.url, query, variables)

    def wait(self, what: str, ask: Callable[[], T | None], *, seconds: float = 90) -> T:
        """The first answer of `ask` that is true, asked twice a second."""
        deadline = time.monotonic() + seconds
        while True:
            if self.process.poll() is not None:
                raise AssertionError(
                    f"dagster dev ended with {self.process.returncode} before {what}{self._tail()}"
                )
            try:
                answer = ask()
            except OSError:  # the port is not open yet
                answer = None
            if answer:
                return answer
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds:.0f} s: {what}{self._tail()}")
            time.sleep(0.5)

    def _tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n--- end of its log ---\n" + "\n".join(lines[-40:])

    def _ready(self) -> bool:
        data = self.graphql(_READY)
        entries = data["workspaceOrError"].get("locationEntries", [])
        for entry in entries:
            failure = entry["locationOrLoadError"]
            if failure and failure["__typename"] == "PythonError":
                raise AssertionError(f"{entry['name']} does not load: {failure['message']}")
        daemons = data["instance"]["daemonHealth"]["allDaemonStatuses"]
        return (
            bool(entries)
            and all(entry["loadStatus"] == "LOADED" for entry in entries)
            and all(daemon["healthy"] for daemon in daemons if daemon["required"])
        )


@contextmanager
def dagster_dev(
    workspace: Path, *, home: Path, environment: Mapping[str, str] | None = None
) -> Iterator[DagsterDev]:
    """Start `dagster dev -w workspace` on a free loopback port; stop all of it at the end.

    Yields once the code location is loaded and every required daemon has given a heartbeat.
    The working directory is `home`: relative folders in its dagster.yaml start there.
    """
    log = home / "dagster_dev.log"
    port = _free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "dagster", "dev"),
                *("--workspace", str(workspace)),
                *("--host", "127.0.0.1", "--port", str(port)),
            ],
            cwd=home,
            env={**os.environ, "DAGSTER_HOME": str(home), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Its own session: one signal reaches webserver, daemon, code server and runs.
            start_new_session=True,
        )
    server = DagsterDev(url=f"http://127.0.0.1:{port}", log=log, process=process)
    try:
        server.wait("dagster dev was ready", server._ready)
        yield server
    finally:
        _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Interrupt the whole session, then kill what is left of it."""
    for sign, seconds in ((signal.SIGINT, 20), (signal.SIGKILL, 10)):
        deadline = time.monotonic() + seconds
        for member in _session(process.pid):
            _signal(member, sign)
        while _session(process.pid) and time.monotonic() < deadline:
            process.poll()
            time.sleep(0.1)
    process.wait(timeout=10)


def _session(leader: int) -> list[int]:
    """The live processes of a session; members may have left the leader's process group."""
    members = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # After the command in parentheses, which may hold spaces: state ppid pgrp session.
            state, _, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(session) == leader and state != "Z":
            members.append(int(entry.name))
    return members


def _signal(pid: int, sign: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, sign)
