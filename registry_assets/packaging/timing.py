"""A packaged model in a fresh process that stays, and times its own calls when asked to.

The process is limited and cut off as that of a load check is (`disposable`), and runs with
one thread, as each worker of a deployment does. The other half of this module runs in
there: `timing_process`. Which of two such processes works when is
`registry_assets.evaluation.speed`, and what is made of the times `evaluation.timings`.
"""

import contextlib
import json
import math
import os
import selectors
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_assets.errors import LoadCheckFailed
from registry_assets.packaging.disposable import end, ending, last_words, lay_out, start
from registry_assets.packaging.package import Package

if TYPE_CHECKING:
    import pandas as pd

_CHILD = Path(__file__).with_name("timing_process.py")
# A process that died is noticed at the latest after this, should what it started live on
# and hold its pipe open.
_LOOK_SECONDS = 0.1
_ANSWER_BYTES = 2**24


class TimedProcess:
    """A process with a loaded model; made by `timed_process`.

    Every question raises LoadCheckFailed, and ends the process, if there is no good answer:
    the model fails on a row, the process crashes, its time is used up.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], *, stderr: Path, package: Package, timeout: float
    ) -> None:
        self.package = package
        self._process = process
        self._stderr = stderr
        self._timeout = timeout
        self._left = timeout
        self.load_seconds: float = self._answer()["nanoseconds"] / 1e9
        """From before the process imports what it needs to a model that is ready."""

    def single_rows(self, *, first: int, count: int, untimed: int) -> list[int]:
        """Give the nanoseconds of `count` calls, on the rows from `first` on, one by one.

        Args:
            untimed: calls on the first of them before.
        """
        answer = self._ask("single_rows", first=first, count=count, untimed=untimed)
        return list(answer["nanoseconds"])

    def batch(self, *, rows: int, untimed: int) -> int:
        """Give the nanoseconds of one call on the first `rows` rows together.

        Args:
            untimed: equal calls before.
        """
        return int(self._ask("batch", rows=rows, untimed=untimed)["nanoseconds"])

    def peak_memory(self) -> int:
        """Give the most resident memory that the process had so far, in bytes."""
        return int(self._ask("peak_memory")["bytes"])

    def _ask(self, task: str, **arguments: int) -> dict[str, Any]:
        pipe = self._process.stdin
        with contextlib.suppress(BrokenPipeError):  # it ended, which its answer will tell
            if pipe:
                pipe.write(json.dumps({"task": task, **arguments}).encode() + b"\n")
                pipe.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        started = time.monotonic()
        line = self._line(until=started + self._left)
        self._left -= time.monotonic() - started
        answer = _parsed(line)
        if "receipt" in answer:
            return dict(answer["receipt"])
        status = self._status(ended=line is not None)
        if "failure" in answer:
            raise LoadCheckFailed(
                f"The package failed in a fresh process: {answer['failure']}", hint=answer["hint"]
            )
        raise LoadCheckFailed(
            "The package was timed in a fresh process, which "
            f"{ending(status, self._timeout)}.{last_words(self._stderr)}"
        )

    def _status(self, *, ended: bool) -> int | None:
        """End the process and give its own exit status; None if it had to be stopped."""
        try:
            return self._process.wait(_LOOK_SECONDS if ended else 0)
        except subprocess.TimeoutExpired:
            return None
        finally:
            end(self._process)

    def _line(self, *, until: float) -> bytes | None:
        """Give what it answers, which is no whole line if it ended; None if time ran out."""
        pipe = self._process.stdout
        if pipe is None:
            raise ValueError("the process was started without a pipe to answer through")
        read = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while not read.endswith(b"\n") and len(read) < _ANSWER_BYTES:
                left = until - time.monotonic()
                if left <= 0:
                    return None
                # Looked at first: what it wrote before it ended is there to be read.
                ended = self._process.poll() is not None
                if selector.select(0 if ended else min(left, _LOOK_SECONDS)):
                    part = os.read(pipe.fileno(), 2**16)
                    read += part
                    ended = not part
                if ended:
                    break
        return bytes(read)


@contextlib.contextmanager
def timed_process(
    package: Package,
    *,
    rows: "pd.DataFrame",
    references: Mapping[str, "pd.DataFrame"],
    timeout: float,
    memory: int = 4 * 2**30,
) -> Iterator[TimedProcess]:
    """Load a package in a process of its own, and end it with the block.

    Args:
        rows: raw rows; the columns that the model does not take stay here.
        references: may be more than the model takes.
        timeout: seconds that the process may work in all; waiting to be asked costs none.
        memory: bytes of address space.

    Raises:
        LoadCheckFailed: the package does not load there; what it says is in the message.
        SnapshotRefused: a column cannot be handed to another process as it is.
    """
    limits = {"memory": memory, "seconds": math.ceil(timeout) + 1}
    with tempfile.TemporaryDirectory(prefix="registry_timing_") as name:
        folder = Path(name)
        lay_out(package.files, folder)
        _lay_out_frames(package, rows, references, folder=folder)
        process = start(
            _CHILD,
            json.dumps(limits),
            folder=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            stderr = folder / "stderr"
            yield TimedProcess(process, stderr=stderr, package=package, timeout=timeout)
        finally:
            end(process)
            _close(process)


def _lay_out_frames(
    package: Package,
    rows: "pd.DataFrame",
    references: Mapping[str, "pd.DataFrame"],
    *,
    folder: Path,
) -> None:
    signature = package.signature
    given = {"rows": (signature.rows_input, rows)}
    for number, name in enumerate(signature.references):
        if name in references:
            given[f"reference_{number}"] = (name, references[name])
    for file, (name, frame) in given.items():
        wanted = [column.name for column in signature.inputs[name]]
        (folder / f"{file}.parquet").write_bytes(_encoded(name, frame, wanted=wanted))


def _encoded(name: str, frame: "pd.DataFrame", *, wanted: list[str]) -> bytes:
    from registry_assets.snapshots import encode

    taken = frame.loc[:, [column in wanted for column in frame.columns]]
    if not taken.shape[1]:
        raise LoadCheckFailed(
            f"{name} has none of the columns that the model takes: {', '.join(wanted)}."
        )
    taken = taken.reset_index(drop=True).rename_axis(columns=None)
    taken.attrs = {}
    return encode(taken).data


def _parsed(line: bytes | None) -> dict[str, Any]:
    try:
        answer = json.loads(line or b"")
    except ValueError:
        return {}  # it ended before it had answered
    return answer if isinstance(answer, dict) else {}


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with contextlib.suppress(BrokenPipeError):  # a question it ended before reading
                pipe.close()
