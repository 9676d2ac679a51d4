"""A fresh, limited process in which code or a file that nobody vouches for yet may run.

The process sees no Dagster, none of the packaged modules as they are installed here, no
environment variables beyond a few, and an empty folder. The other half of this module runs
in there: `disposable_process`.
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
from typing import Any, Literal

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
        _write(files, folder / "package")
        (folder / "home").mkdir()
        status = _run(folder, task=task, timeout=timeout, memory=memory)
        report = _report(folder / "stdout")
        if status == 0 and "receipt" in report:
            left = (path for path in (folder / "home").iterdir() if path.is_file())
            return Report(report["receipt"], {path.name: path.read_bytes() for path in left})
        said = _last_lines(folder / "stderr")
    if "failure" in report:
        raise LoadCheckFailed(
            f"The package was loaded in a fresh process and failed: {report['failure']}",
            hint=report["hint"],
        )
    raise LoadCheckFailed(
        f"The package was loaded in a fresh process, which {_ending(status, timeout)}."
        + (f" Its last words:\n{said}" if said else ""),
    )


def _run(folder: Path, *, task: str, timeout: float, memory: int) -> int | None:
    """Give the exit status, negative for a signal; None if time ran out."""
    environ = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environ |= _SINGLE_THREADED
    environ |= {"HOME": str(folder / "home"), "TMPDIR": str(folder / "home")}
    limits = {"memory": memory, "seconds": math.ceil(timeout) + 1}
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        process = subprocess.Popen(
            [
                sys.executable,
                *("-I", "-X", "faulthandler"),
                str(_CHILD),
                str(folder / "package"),
                json.dumps(limits),
                task,
            ],
            cwd=folder / "home",
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and whatever it started; its session is its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def _report(path: Path) -> dict[str, Any]:
    try:
        report = json.loads(path.read_bytes())
    except ValueError:
        return {}  # it never got as far as reporting
    return report if isinstance(report, dict) else {}


def _ending(status: int | None, timeout: float) -> str:
    if status is None:
        return f"did not finish in {timeout:g} s and was stopped"
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with exit status {status} before it had finished"


def _last_lines(path: Path) -> str:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _STDERR_BYTES))
        lines = stream.read().decode(errors="replace").splitlines()
    telling = [line for line in lines if line.strip() and "<frozen importlib" not in line]
    return "\n".join(telling[-_STDERR_LINES:])
