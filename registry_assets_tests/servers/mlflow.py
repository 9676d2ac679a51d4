"""A real MLflow server: `mlflow server` over loopback, on a database and artifacts of its own.

Everything it writes is in one temporary folder, it serves its artifacts itself, and it tells
nobody outside. A helper for tests, not a test.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from registry_assets_tests.servers.loopback import answers, lasting_port

_STARTS_WITHIN = 180
# The server is two processes. Both end when it does, and when whoever started it has gone and
# so let go of the pipe that this shell reads.
_END_TOGETHER = '("$@" <&-; kill -KILL 0) & read _; kill -KILL 0'


class MLflowServer:
    """A server that can be killed and started again over the same data.

    Args:
        folder: where its database, its artifacts and its log are.
        bucket: where it says that artifacts are, `s3://models/mlruns`, which it then neither
            takes nor gives; "" for the folder, through the server.
    """

    def __init__(self, folder: Path, *, bucket: str = "") -> None:
        self._folder = folder
        self._bucket = bucket
        self.artifacts = folder / "artifacts"
        self.port = lasting_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its tracking URI."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        """The SQLite file of its backend store."""
        return self._folder / "mlflow.db"

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which MLflow's own programs and clients find it."""
        return {
            "MLFLOW_TRACKING_URI": self.url,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
        }

    def client(self) -> Any:
        """MLflow's own client of this server, whatever the environment says."""
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self.url, registry_uri=self.url)

    def artifact_files(self) -> tuple[Path, ...]:
        """Every file that it keeps as an artifact, of any run."""
        return tuple(sorted(path for path in self.artifacts.rglob("*") if path.is_file()))

    def start(self) -> None:
        """Start it and wait until it answers; again on the same port after it was stopped."""
        assert self._process is None, "it runs already"
        self._process = self._started()
        deadline = time.monotonic() + _STARTS_WITHIN
        while not answers(f"{self.url}/health"):
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.kill()
                raise AssertionError(f"MLflow does not start:\n{self.log()[-4000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as a power cut would."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()

    def log(self) -> str:
        """What it has said so far."""
        return (self._folder / "log").read_text(errors="replace")

    def _keeping(self) -> tuple[str, ...]:
        """Give the options that say where artifacts are."""
        if self._bucket:
            return "--default-artifact-root", self._bucket, "--no-serve-artifacts"
        return "--artifacts-destination", str(self.artifacts), "--serve-artifacts"

    def _started(self) -> "subprocess.Popen[bytes]":
        program = [
            *(sys.executable, "-m", "mlflow", "server"),
            *("--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"),
            *("--backend-store-uri", f"sqlite:///{self.database}"),
            *self._keeping(),
        ]
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                ["/bin/sh", "-c", _END_TOGETHER, "mlflow", *program],
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(self._folder),
                    "TMPDIR": str(self._folder),
                    "MLFLOW_DISABLE_TELEMETRY": "true",
                    "DO_NOT_TRACK": "true",
                    # Its runner of background jobs is more processes, which nothing here needs.
                    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                },
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


@contextmanager
def mlflow_server(*, bucket: str = "") -> Iterator[MLflowServer]:
    """A running server; nothing of it is left after the block."""
    folder = Path(tempfile.mkdtemp(prefix="mlflow-"))
    server = MLflowServer(folder, bucket=bucket)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)
