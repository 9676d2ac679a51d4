"""A fresh, limited process in which code or a file that nobody vouches for yet may run.

The process sees no Dagster, none of the packaged modules as they are installed here, no
environment variables beyond a few, and an empty folder. The other half of this module runs
in there: `disposable_process`. `timing` starts such processes too, and keeps them.
"""

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from registry_assets.canonical import Json
from registry_assets.errors import LoadCheckFailed

REPRODUCE: Literal["reproduce"] = "reproduce"
DESCRIBE: Literal["describe"] = "describe"
EXPECTED = "expected.parquet"
"""What DESCRIBE writes into its folder: the estimator's predictions for the sample."""

_CHILD = Path(__file__).with_name("disposable_process.py")
# Everything else stays behind: credentials above all, and what would steer Python.
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")
# One thread each: a check is small, and the memory limit counts every thread's arena.
_SINGLE_THREADED = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "2",
}
_STDERR_LINES = 12
_STDERR_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Report:
    """What the process found out, and the files that it left in its folder."""

    receipt: Mapping[str, Json]
    files: Mapping[str, bytes]


def in_a_disposable_process(
    files: Mapping[str, bytes],
    *,
    task: Literal["reproduce", "describe"],
    timeout: float = 120.0,
    memory: int = 4 * 2**30,
) -> Report:
    """Hand files to a fresh process and let it do one task with them.

    Args:
        timeout: seconds.
        memory: bytes of address space.

    Raises:
        LoadCheckFailed: it crashed, ran out of time or memory, or says what is wrong.
    """
    with tempfile.TemporaryDirectory(prefix="registry_load_check_") as name:
        folder = Path(name)
        lay_out(files, folder)
        status = _run(folder, task=task, timeout=timeout, memory=memory)
        report = _report(folder / "stdout")
        if status == 0 and "receipt" in report:
            left = (path for path in (folder / "home").iterdir() if path.is_file())
            return Report(report["receipt"], {path.name: path.read_bytes() for path in left})
        said = last_words(folder / "stderr")
    if "failure" in report:
        raise LoadCheckFailed(
            f"The package was loaded in a fresh process and failed: {report['failure']}",
            hint=report["hint"],
        )
    raise LoadCheckFailed(
        f"The package was loaded in a fresh process, which {ending(status, timeout)}.{said}"
    )


def _run(folder: Path, *, task: str, timeout: float, memory: int) -> int | None:
    """Give the exit status, negative for a signal; None if time ran out."""
    limits = {"memory": memory, "seconds": math.ceil(timeout) + 1}
    with (folder / "stdout").open("wb") as out:
        process = start(_CHILD, json.dumps(limits), task, folder=folder, stdout=out)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            end(process)


def lay_out(files: Mapping[str, bytes], folder: Path) -> None:
    """Write the files of a package into a folder that `start` is to be given."""
    for path, data in files.items():
        target = folder / "package" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    (folder / "home").mkdir()


def start(
    child: Path,
    *arguments: str,
    folder: Path,
    stdout: IO[bytes] | int,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a script, isolated and in a session of its own; `end` it in any case.

    Its first argument is the folder of the package's files; its stderr goes to a file.
    """
    environ = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environ |= _SINGLE_THREADED
    environ |= {"HOME": str(folder / "home"), "TMPDIR": str(folder / "home")}
    with (folder / "stderr").open("wb") as err:
        return subprocess.Popen(
            [
                sys.executable,
                *("-I", "-X", "faulthandler"),
                str(child),
                str(folder / "package"),
                *arguments,
            ],
            cwd=folder / "home",
            env=environ,
            stdin=stdin,
            stdout=stdout,
            stderr=err,
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and whatever it started; its session is its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _report(path: Path) -> dict[str, Any]:
    try:
        report = json.loads(path.read_bytes())
    except ValueError:
        return {}  # it never got as far as reporting
    return report if isinstance(report, dict) else {}


def ending(status: int | None, timeout: float) -> str:
    """Say how a process ended; the status None stands for one that was stopped."""
    if status is None:
        return f"did not finish in {timeout:g} s and was stopped"
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with exit status {status} before it had finished"


def last_words(path: Path) -> str:
    """Give the end of what a process wrote to stderr, ready to be added to a sentence."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _STDERR_BYTES))
        lines = stream.read().decode(errors="replace").splitlines()
    telling = [line for line in lines if line.strip() and "<frozen importlib" not in line]
    return "\n".join([" Its last words:", *telling[-_STDERR_LINES:]]) if telling else ""
