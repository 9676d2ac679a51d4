"""`examples/serve` in a process of its own on loopback.

A helper for tests and benchmarks, not a test.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).parents[2] / "examples" / "serve"
_STARTS_WITHIN = 120
_ENDS_WITHIN = 60
_ON_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said."""

    status: int
    document: Any


class Example:
    """A running service."""

    def __init__(self, port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.port = port
        self._process = process
        self._log = log

    @property
    def session(self) -> int:
        """The process whose session all of its processes are in."""
        return self._process.pid

    def ask(self, path: str, document: object = None) -> Answer:
        """Send one request, on a connection of its own."""
        connection = http.client.HTTPConnection(_ON_LOOPBACK, self.port, timeout=60)
        try:
            if document is None:
                connection.request("GET", path)
            else:
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                connection.request("POST", path, body=body)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        with suppress(ValueError):
            return Answer(answer.status, json.loads(said))
        return Answer(answer.status, said.decode())

    def stop(self) -> int:
        """Ask it to end, and wait; give its exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(_ENDS_WITHIN)

    def said(self) -> str:
        """Give what it wrote to its own log."""
        return self._log.read_text(errors="replace")


@contextmanager
def serve_example(
    folder: Path, *, environment: Mapping[str, str], python: str = sys.executable
) -> Iterator[Example]:
    """Start the service; it is killed at the end of the block if it still runs.

    Args:
        folder: where it runs, and its own log lies.
        environment: REGISTRY_STORE, and what the service is set by.
    """
    with socket.socket() as free:
        free.bind((_ON_LOOPBACK, 0))
        port = free.getsockname()[1]
    log = folder / "service.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                *(python, "-m", "uvicorn", "--app-dir", str(EXAMPLE)),
                *("--factory", "service:create_app", "--no-access-log"),
                *("--host", _ON_LOOPBACK, "--port", str(port)),
            ],
            env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    example = Example(port, process, log)
    try:
        _wait(example, process)
        yield example
    finally:
        process.kill()
        process.wait()


def _wait(example: Example, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while True:
        try:
            if example.ask("/health").status == 200:
                return
        except OSError:
            pass
        if time.monotonic() > deadline or process.poll() is not None:
            raise AssertionError(f"the service does not start:\n{example.said()[-4000:]}")
        time.sleep(0.1)
