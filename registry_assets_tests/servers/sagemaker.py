"""A double of SageMaker and S3: `moto_server` over loopback, in a process of its own.

It answers as AWS does as far as moto knows; what it forgets or does not know is in
docs/neighbours.md. A helper for tests, not a test.
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

REGION, BUCKET = "eu-west-1", "models"
COMPLETED = "registry_assets_tests.servers.sagemaker_completed"
"""The module of a server that does what moto lacks."""
_STARTS_WITHIN = 120
# It ends when whoever started it has gone and so let go of the pipe that this shell reads.
_END_TOGETHER = '("$@" <&-; kill -KILL 0) & read _; kill -KILL 0'


class SageMakerDouble:
    """A server that keeps everything in memory.

    Args:
        folder: where its log is.
        module: what is run: moto's own server, or one with what it lacks.
    """

    def __init__(self, folder: Path, *, module: str = "moto.server") -> None:
        self._folder = folder
        self.module = module
        self.port = lasting_port()
        self.access_key, self.secret_key = "AKIDOUBLEDOUBLEDOUBL", "double-secret-key-of-a-test"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The usual AWS variables that lead to it, for this or another process."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str = "sagemaker") -> Any:
        """A client of boto3's own, whatever the environment says."""
        import boto3

        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
        )

    def start(self) -> None:
        """Start it and wait until it answers; all that it had is gone, and a bucket is there."""
        assert self._process is None, "it runs already"
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *("/bin/sh", "-c", _END_TOGETHER, "moto", sys.executable, "-m", self.module),
                    *("-H", "127.0.0.1", "-p", str(self.port)),
                ],
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(self._folder),
                    "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                },
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _STARTS_WITHIN
        while not answers(f"{self.url}/moto-api/"):
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.kill()
                raise AssertionError(f"moto does not start:\n{self.log()[-4000:]}")
            time.sleep(0.1)
        self.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )

    def kill(self) -> None:
        """End it; what it had is gone with it."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()

    def log(self) -> str:
        """What it has said so far."""
        return (self._folder / "log").read_text(errors="replace")


@contextmanager
def sagemaker_double(*, module: str = "moto.server") -> Iterator[SageMakerDouble]:
    """A running server; nothing of it is left after the block."""
    folder = Path(tempfile.mkdtemp(prefix="moto-"))
    server = SageMakerDouble(folder, module=module)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)
