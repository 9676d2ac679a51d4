"""The process that `timing` starts: load a package, then time calls when told to.

Run by path. Reads one JSON object a line from stdin and answers each with one on the stdout
it was started with, the first unasked when the model is loaded. While the other process
works it waits in a read, which takes no processor time. The clock is `perf_counter_ns`; the
garbage collector is left on, as it is in a deployment, so that what it costs is measured.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from registry_assets.packaging.loaded import LoadedModel

# Kept here: packaged code that puts another clock into `time` does not change this one.
_now = time.perf_counter_ns


def main(folder: Path, limits: dict[str, int]) -> None:
    """Load the package in `folder`, and do what is asked until nobody asks any more."""
    started = _now()
    # Whatever the package prints goes to stderr, and whatever it reads is empty.
    answers, questions = os.fdopen(os.dup(1), "w"), os.fdopen(os.dup(0))
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    from registry_assets.packaging.disposable_process import limit, reported

    limit(memory=limits["memory"], seconds=limits["seconds"])

    def answered(work: Callable[[], dict[str, Any]]) -> bool:
        result = reported(work, memory=limits["memory"])
        answers.write(json.dumps(result) + "\n")
        answers.flush()
        return "receipt" in result

    work = _Work(folder)
    good = answered(partial(work.load, started))
    while good and (line := questions.readline()):
        task = json.loads(line)
        good = answered(partial(getattr(work, task.pop("task")), **task))


class _Work:
    """What may be asked of this process, by name."""

    _predict: Callable[..., object]
    _rows: "pd.DataFrame"
    _singles: "list[pd.DataFrame]"
    _references: "dict[str, pd.DataFrame]"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, started: int) -> dict[str, Any]:
        model = self._loaded()
        nanoseconds = _now() - started
        self._predict = model.predict_proba if model.classes else model.predict
        self._rows = self._frame("rows")
        self._references = {
            name: self._frame(f"reference_{number}")
            for number, name in enumerate(model.signature.references)
            if (self._folder.parent / f"reference_{number}.parquet").exists()
        }
        self._singles = [self._rows.iloc[[row]] for row in range(len(self._rows))]
        return {"nanoseconds": nanoseconds}

    def single_rows(self, first: int, count: int, untimed: int) -> dict[str, Any]:
        """Time calls on a row each, a DataFrame made before; after the last row the first."""
        numbers = [first] * untimed + list(range(first, first + count))
        times = [self._timed(self._singles[number % len(self._singles)]) for number in numbers]
        return {"nanoseconds": times[untimed:]}

    def batch(self, rows: int, untimed: int) -> dict[str, Any]:
        """Time one call on the first rows together."""
        batch = self._rows.head(rows)
        return {"nanoseconds": [self._timed(batch) for _ in range(untimed + 1)][-1]}

    def peak_memory(self) -> dict[str, Any]:
        return {"bytes": _peak_memory()}

    def _loaded(self) -> "LoadedModel":
        from registry_assets.packaging.disposable_process import Refusal, read_files
        from registry_assets.packaging.isolation import load_code
        from registry_assets.packaging.loaded import load_package
        from registry_assets.packaging.package import Package

        package = Package(read_files(self._folder))
        sys.meta_path.insert(0, Refusal(load_code(package.code).modules))
        return load_package(package.files)

    def _timed(self, rows: "pd.DataFrame") -> int:
        started = _now()
        self._predict(rows, **self._references)
        return _now() - started

    def _frame(self, name: str) -> "pd.DataFrame":
        from registry_assets.snapshots import decode_frame

        return decode_frame((self._folder.parent / f"{name}.parquet").read_bytes())


def _peak_memory() -> int:
    """Give the most resident memory this process had since it became this program, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # Linux hands ru_maxrss down through fork and exec: it was 611 MB for a process of
        # 9 MB whose parent held 600 MB. The high-water mark of the address space is its own.
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
    from registry_assets.packaging.disposable_process import leave

    leave(0)
