"""MLflow's own programs on loopback: its tracking server, and `mlflow models serve`.

Each is what the installed `mlflow` has, run until the block ends; nothing of it is left then,
also where whoever started it was killed.
"""

import importlib.metadata
import json
import shlex
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_assets.errors import RegistryError
from registry_assets.models.running import free_port, running

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

_HINT = "see that the port is free, and that `mlflow --version` is 3.17 or newer"


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
    log = folder / DATA / "server.log"
    ready = f"{server.url}/health"
    with running("mlflow", arguments, folder, log=log, settings=QUIET, ready=ready, hint=_HINT):
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
    folder = server.folder
    with running(
        "mlflow",
        arguments,
        folder,
        log=folder / DATA / "serving.log",
        settings=server.settings,
        ready=f"http://127.0.0.1:{port}/ping",
        hint=_HINT,
    ):
        yield serving


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
