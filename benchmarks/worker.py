"""The process that works in one environment: `python -m benchmarks.worker`, told what by a pipe.

It lives through the whole run, as a service would, and times each operation inside
itself. Commands and answers are lines of JSON; whatever libraries print goes to stderr.
"""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from benchmarks.measuring import Operation, Setting


def main() -> None:
    """Answer commands until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    worker = Worker()
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = {"answer": getattr(worker, f"do_{command.pop('do')}")(**command)}
        except Exception:  # noqa: BLE001  # the driver raises it, with this process's traceback
            answer = {"failure": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")


class Worker:
    """What a worker can be told; each side of one case is open at a time."""

    def __init__(self) -> None:
        self._operations: dict[str, Operation] = {}

    def do_call(self, function: str, arguments: dict[str, Any]) -> Any:
        """Call `package.module:function`."""
        module, _, name = function.partition(":")
        return getattr(importlib.import_module(module), name)(**arguments)

    def do_open(
        self, workload: str, side: str, folder: str, size: int, arguments: dict[str, Any]
    ) -> None:
        """Make one side of a workload ready."""
        module = importlib.import_module(f"benchmarks.workloads.{workload}")
        self._operations[side] = getattr(module, side)(Setting(Path(folder), size), **arguments)

    def do_sample(self, side: str, count: int) -> list[float]:
        """Run a side's operation so many times."""
        return self._operations[side].sample(count)

    def do_close(self, side: str) -> None:
        """Close a side's operation, if it was opened."""
        if operation := self._operations.pop(side, None):
            operation.close()


if __name__ == "__main__":
    main()
