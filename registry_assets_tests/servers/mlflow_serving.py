"""`mlflow models serve` of a model, in a process of its own on loopback.

A helper for tests and benchmarks, not a test.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_STARTS_WITHIN = 180
# Ends whatever it started when whoever started it has gone and let go of the pipe.
_END_TOGETHER = '("$@" <&-; kill -KILL 0) & read _; kill -KILL 0'


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that answers.

    Args:
        session: the process whose session all of its processes are in.
    """

    port: int
    session: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def predict(self, document: Mapping[str, Any]) -> Any:
        """Send a document to `/invocations`; give the predictions."""
        request = urllib.request.Request(
            f"{self.url}/invocations",
            data=json.dumps(document).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["predictions"]


@contextmanager
def serving(
    model: Path | str, *, python: str = sys.executable, environment: Mapping[str, str] | None = None
) -> Iterator[Serving]:
    """Serve a model in the environment of an interpreter; nothing is left after the block.

    Args:
        model: a folder, or what else MLflow takes, `models:/name@production`.
        environment: variables beside the few that it gets.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="mlflow-serving-") as name:
        log = Path(name) / "log"
        process = _started(str(model), port, python, Path(name), environment or {})
        try:
            server = Serving(port, process.pid)
            _wait(server.url, process, log)
            yield server
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()


def _started(
    model: str, port: int, python: str, folder: Path, environment: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    program = [
        *(python, "-m", "mlflow", "models", "serve", "--model-uri", model),
        *("--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1"),
    ]
    # It calls uvicorn by its name, which is that of its own environment.
    path = os.pathsep.join([str(Path(python).parent), os.environ["PATH"]])
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", _END_TOGETHER, "mlflow", *program],
            env={
                "PATH": path,
                "HOME": str(folder),
                "TMPDIR": str(folder),
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "DO_NOT_TRACK": "true",
                **environment,
            },
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while True:
        try:
            with urllib.request.urlopen(f"{url}/ping", timeout=5):
                return
        except OSError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise AssertionError(
                    f"mlflow models serve does not start:\n{log.read_text()[-4000:]}"
                ) from None
            time.sleep(0.1)
