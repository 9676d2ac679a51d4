"""Programs that a story runs on loopback until a block ends; nothing of them is left then.

Also where whoever started one was killed.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from registry_assets.errors import RegistryError

_STARTS_WITHIN = 180
# A server is several processes. All end when it does, and when whoever started it has gone and
# so let go of the pipe that this shell reads.
_END_TOGETHER = '("$@" <&-; kill -KILL 0) & read _; kill -KILL 0'


def free_port() -> int:
    """Give a port of loopback that nobody listens on."""
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return int(attempt.getsockname()[1])


@contextmanager
def running(
    module: str,
    arguments: Sequence[str],
    folder: Path,
    *,
    log: Path,
    settings: Mapping[str, str],
    ready: str,
    hint: str,
) -> Iterator[None]:
    """Run a module of Python as a program until the block ends; begin once it answers.

    Args:
        folder: that it stands in, and has as its home.
        log: for what it writes; temporary files are beside it.
        ready: an address that answers once it is ready.
        hint: what to look at where it does not start.

    Raises:
        RegistryError: it does not start; says what it wrote.
    """
    # It may call programs by their names, which are those of its own environment.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    program = [sys.executable, "-m", module, *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _END_TOGETHER, module, *program],
            env={"PATH": path, "HOME": str(folder), "TMPDIR": str(log.parent), **settings},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait(f"{module} {arguments[0]}", process, ready, log, hint)
        yield
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()


def _wait(name: str, process: "subprocess.Popen[bytes]", ready: str, log: Path, hint: str) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while not _answers(ready):
        if time.monotonic() > deadline or process.poll() is not None:
            said = log.read_text(errors="replace")[-2000:]
            raise RegistryError(f"`{name}` does not start; it wrote:\n{said}", hint=hint)
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - of loopback
            return bool(answer.status == 200)
    except OSError:
        return False
