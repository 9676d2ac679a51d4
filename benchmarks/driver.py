"""The driver: one worker for each environment, told in turns, so that noise hits all alike."""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from benchmarks.cases import OURS, Case, Scale
from benchmarks.measuring import Summary

ROOT = Path(__file__).parents[1]
MLFLOW = "mlflow"
TURN_MS = 100
LONGEST_TURN = 50
"""What is warm is measured warm: after the other's turn, the first few find cold caches."""


class WorkerFailed(RuntimeError):
    """A worker's own traceback."""


class Worker:
    """A worker process, as the driver sees it; ends with the `with` that it was started by."""

    def __init__(self, python: Path, *, log: Path, environment: Mapping[str, str]) -> None:
        self._log = log.open("ab")
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=ROOT,
            env={**os.environ, **environment},
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def tell(self, do: str, **arguments: Any) -> Any:
        """Send one command; give its answer.

        Raises:
            WorkerFailed: it raised, or the process is gone.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise WorkerFailed(f"the worker ended; its last words are in {self._log.name}")
        answer = json.loads(line)
        if "failure" in answer:
            raise WorkerFailed(answer["failure"])
        return answer["answer"]

    def end(self) -> None:
        """End the process, which ends when its input does."""
        try:
            self._process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._log.close()


@contextmanager
def opened(
    workers: Mapping[str, Worker], case: Case, folders: Mapping[str, Path]
) -> Iterator[tuple[str, ...]]:
    """Open one case on all its sides."""
    with ExitStack() as stack:
        for side in case.sides:
            worker = workers[environment_of(side)]
            stack.callback(worker.tell, "close", side=side)
            worker.tell(
                "open",
                workload=case.workload,
                side=side,
                folder=str(folders[environment_of(side)]),
                size=case.size,
                arguments=dict(case.arguments),
            )
        yield case.sides


def measure(
    workers: Mapping[str, Worker], case: Case, folders: Mapping[str, Path], *, scale: Scale
) -> dict[str, Summary]:
    """Measure one case: warm up, then turns A B A B until there are enough samples.

    Args:
        workers: by environment, as are the folders.
    """

    def sample(side: str, count: int) -> list[float]:
        answer = workers[environment_of(side)].tell("sample", side=side, count=count)
        return [float(each) for each in answer]

    with opened(workers, case, folders) as sides:
        os.sync()  # what an earlier case wrote is not to be flushed in this one's time
        samples: dict[str, list[float]] = {side: [] for side in sides}
        turns = {
            side: 1 if side in case.slow else _turn(sample(side, case.warm_up)) for side in sides
        }
        ends = time.monotonic() + scale.seconds
        while missing := _missing(case, samples, scale=scale, late=time.monotonic() > ends):
            for side, count in missing.items():
                samples[side] += sample(side, min(turns[side], count))
    return {side: Summary.of(found) for side, found in samples.items()}


def _turn(warm: list[float]) -> int:
    """Give how many samples make a turn: a tenth of a second."""
    each = max(min(warm, default=TURN_MS), 1e-3)
    return max(1, min(LONGEST_TURN, int(TURN_MS / each)))


def _missing(
    case: Case, samples: Mapping[str, list[float]], *, scale: Scale, late: bool
) -> dict[str, int]:
    """Give how many samples of which sides are still to be taken; fewer once it is late."""
    wanted = {
        side: min(case.wanted(side), scale.fewest) if late else case.wanted(side)
        for side in samples
    }
    return {
        side: wanted[side] - len(found)
        for side, found in samples.items()
        if len(found) < wanted[side]
    }


def environment_of(side: str) -> str:
    """Name the environment of a side: MLflow's own for its sides, ours for all others."""
    return MLFLOW if side.startswith(MLFLOW) else OURS
