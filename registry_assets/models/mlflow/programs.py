"""MLflow's own programs on loopback: its tracking server, and `mlflow models serve`.

Each is what the installed `mlflow` has, run until the block ends; nothing of it is left then,
also where whoever started it was killed.
"""

import importlib.metadata
import json
import os
import shlex
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_assets.errors import RegistryError

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # Its runner of background jobs is more processes, which nothing here needs.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    # Somebody's proxy does not reach this machine's loopback.
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}
"""Variables under which it tells nobody outside, and little on the terminal."""

NEEDED = {"mlflow": ">=3.17,<4", "lightgbm": ">=4.5"}
"""Distributions, beside those that this one always needs: the server, and one of its flavours."""

DATA = "mlflow-server"
"""The folder of the server's database, artifacts and logs; git ignores it."""

_STARTS_WITHIN = 180
# A server is several processes. All end when it does, and when whoever started it has gone and
# so let go of the pipe that this shell reads.
_END_TOGETHER = '("$@" <&-; kill -KILL 0) & read _; kill -KILL 0'


def require_installed() -> None:
    """Make sure that what the story needs is installed.

    Raises:
        RegistryError: something is not; says what to install.
    """
    missing = [name for name in NEEDED if not _is_installed(name)]
    if missing:
        wanted = " ".join(f"'{name}{NEEDED[name]}'" for name in missing)
        raise RegistryError(
            f"the story needs {' and '.join(missing)}, which is not installed in {sys.prefix};"
            " mlflow-skinny, by which mirrors and migrations speak, has no server",
            hint=f"pip install {wanted}",
        )


@dataclass(frozen=True, slots=True)
class Server:
    """A running tracking server.

    Args:
        command: as somebody would type it in the folder.
    """

    folder: Path
    port: int
    command: str

    @property
    def url(self) -> str:
        """Its tracking URI."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """The variables by which MLflow's programs and ours find it."""
        return {"MLFLOW_TRACKING_URI": self.url, **QUIET}


@dataclass(frozen=True, slots=True)
class Serving:
    """A model that is served.

    Args:
        command: as somebody would type it.
    """

    port: int
    command: str

    @property
    def url(self) -> str:
        """Where it takes requests."""
        return f"http://127.0.0.1:{self.port}/invocations"

    def ask(self, document: Mapping[str, Any]) -> Any:
        """Send a document; give the predictions."""
        request = urllib.request.Request(  # noqa: S310 - an address of loopback
            self.url,
            data=json.dumps(document).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)["predictions"]


@contextmanager
def tracking_server(folder: Path) -> Iterator[Server]:
    """Run a server whose database and artifacts are in a folder."""
    port = free_port()
    (folder / DATA).mkdir(exist_ok=True)
    arguments = [
        *("server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{DATA}/mlflow.db"),
        *("--artifacts-destination", f"{DATA}/artifacts", "--serve-artifacts"),
    ]
    server = Server(folder, port, shlex.join(["mlflow", *arguments]))
    with _running(
        arguments, folder, log="server.log", settings=QUIET, ready=f"{server.url}/health"
    ):
        yield server


@contextmanager
def served_model(server: Server, uri: str) -> Iterator[Serving]:
    """Run `mlflow models serve` of a model of a server."""
    port = free_port()
    arguments = [
        *("models", "serve", "--model-uri", uri, "--env-manager", "local"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
    ]
    serving = Serving(port, shlex.join(["mlflow", *arguments]))
    ready = f"http://127.0.0.1:{port}/ping"
    with _running(
        arguments, server.folder, log="serving.log", settings=server.settings, ready=ready
    ):
        yield serving


def free_port() -> int:
    """Give a port of loopback that nobody listens on."""
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return int(attempt.getsockname()[1])


@contextmanager
def _running(
    arguments: Sequence[str],
    folder: Path,
    *,
    log: str,
    settings: Mapping[str, str],
    ready: str,
) -> Iterator[None]:
    """Run a program of MLflow until the block ends; begin once it answers.

    Raises:
        RegistryError: it does not start; says what it wrote.
    """
    # It calls uvicorn by its name, which is that of its own environment.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    written = folder / DATA / log
    with written.open("wb") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _END_TOGETHER, "mlflow", sys.executable, "-m", "mlflow", *arguments],
            env={"PATH": path, "HOME": str(folder), "TMPDIR": str(folder / DATA), **settings},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait(arguments[0], process, ready, written)
        yield
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()


def _wait(name: str, process: "subprocess.Popen[bytes]", ready: str, log: Path) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while not _answers(ready):
        if time.monotonic() > deadline or process.poll() is not None:
            said = log.read_text(errors="replace")[-2000:]
            raise RegistryError(
                f"`mlflow {name}` does not start; it wrote:\n{said}",
                hint="see that the port is free, and that `mlflow --version` is 3.17 or newer",
            )
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - of loopback
            return bool(answer.status == 200)
    except OSError:
        return False


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
