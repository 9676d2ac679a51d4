"""Latency and size of a packaged version, measured in turns with production's.

Both are loaded in a process of their own (`registry_assets.packaging.timing`). Block by
block one predicts while the other waits, and who goes first alternates: what else the
machine does meets both. Each call is what a deployment calls, with one thread:
`predict_proba` (`predict` for a regression) on a raw row, a DataFrame with the columns that
the version's signature names.

What is made of the times is `registry_assets.evaluation.timings`.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from registry_assets.declaration.latency import LEAST_ROUNDS, Latency
from registry_assets.errors import RegistryError
from registry_assets.evaluation.data.sampling import sampled
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.results.speed import SpeedResult
from registry_assets.evaluation.timings import RATIOS, FloatArray, Timings, speed_ratios
from registry_assets.packaging.loaded import is_loaded
from registry_assets.packaging.package import Package
from registry_assets.packaging.timing import TimedProcess, timed_process

if TYPE_CHECKING:
    import pandas as pd

Frames = Mapping[str, "pd.DataFrame"]
T = TypeVar("T")

_CANDIDATE, _BASELINE = "candidate", "baseline"
# The first call after a wait finds cold caches. It took 4.1 ms where the others took 3.1, and
# with ten calls a round would have been the 95th percentile. Of longer calls that is nothing.
_COLD_BELOW_MS = 50


def measure_speed(
    candidate: Package,
    baseline: Package | None,
    *,
    rows: "pd.DataFrame",
    references: Frames,
    plan: Latency,
    baseline_references: Frames | None = None,
    no_baseline: str = "there is no version to compare with",
    seed: int = 0,
    timeout: float = 120.0,
    memory: int = 4 * 2**30,
) -> SpeedResult:
    """Measure a candidate, and what it would replace, in the same rounds.

    Nothing about a package or the rows raises: a version that does not load, fails on these
    rows, crashes or hangs has no `Speed`, and the reason says so. Without a candidate the
    baseline is not measured either.

    Args:
        rows: raw rows, of which some are chosen by their content and the seed.
        references: reference frames by name; each version is given those that it takes.
        baseline_references: where the baseline's frames of the same names are others.
        no_baseline: why `baseline` is None, as it shall be recorded.
        timeout: seconds that each process may work in all, beside `plan.seconds`.
        memory: bytes of address space for each process.
    """
    packages = {_CANDIDATE: candidate} | ({_BASELINE: baseline} if baseline else {})
    frames = {_CANDIDATE: references, _BASELINE: baseline_references or references}
    contest, columns = _Contest(), set[str]()
    if not baseline:
        contest.drop(_BASELINE, no_baseline)
    if not len(rows):
        contest.drop(_CANDIDATE, "there are no rows to predict")
    for name, package in packages.items():
        with contest.failing(name):
            columns.update(_columns(package))
    # In what no model takes any data may be.
    most = max(plan.calls, plan.batch_rows)
    chosen = sampled(rows, rows=most, seed=seed, columns=columns)
    with ExitStack() as stack:
        for name, package in packages.items():
            process = timed_process(
                package,
                rows=chosen,
                references=frames[name],
                timeout=timeout + plan.seconds,
                memory=memory,
            )
            contest.enter(name, partial(stack.enter_context, process))
        timings = contest.timings(plan, rows=len(chosen))
    return _result(timings, contest.reasons, seed=seed)


class _Contest:
    """Processes that take turns; one that fails drops out, and its reason is kept."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}
        self._processes: dict[str, TimedProcess] = {}

    def enter(self, name: str, started: Callable[[], TimedProcess]) -> None:
        """Start a process and let it take part, unless it was left out before."""
        if name not in self.reasons:
            with self.failing(name):
                self._processes[name] = started()

    @contextmanager
    def failing(self, name: str) -> Iterator[None]:
        """Let one drop out if what is done here fails."""
        try:
            yield
        except RegistryError as error:
            self.drop(name, error.message)

    def drop(self, name: str, reason: str) -> None:
        """Leave one out, and with the candidate the baseline."""
        self.reasons.setdefault(name, reason)
        self._processes.pop(name, None)
        if name == _CANDIDATE:
            self.drop(_BASELINE, "not measured: there is no candidate beside it")

    def timings(self, plan: Latency, *, rows: int) -> dict[str, Timings]:
        """Measure, and give what there is of each that came through."""
        if not self._processes:
            return {}
        budget = plan.seconds / 2  # for single rows, and again for batches
        took = self._turn(_warmed_up)
        cold, single = _cold_calls(took), sum(took.values())
        block = math.ceil(plan.calls / plan.rounds)
        block = _fitting(block, budget=budget, took=plan.rounds * single)
        singles = self._rounds(
            lambda number: partial(
                TimedProcess.single_rows, first=number * block, count=block, untimed=cold
            ),
            most=plan.rounds,
            seconds=budget,
        )
        batch, cold = self._batch(min(plan.batch_rows, rows), single=single, budget=budget)
        batches = self._rounds(
            lambda _: partial(TimedProcess.batch, rows=batch, untimed=cold),
            most=plan.rounds,
            seconds=budget,
        )
        memory = self._turn(TimedProcess.peak_memory)
        return {
            name: Timings(
                singles=_collected(singles, name),
                batches=_collected(batches, name),
                batch_rows=batch,
                load_seconds=process.load_seconds,
                peak_memory_bytes=memory[name],
                artifact_bytes=_artifact_bytes(process.package),
            )
            for name, process in self._processes.items()
        }

    def _batch(self, most: int, *, single: int, budget: float) -> tuple[int, int]:
        """Give the rows of a batch, and how many batches after each wait are not timed.

        Approached from below, by batches that are known to fit: make_features may take as
        long for each of a thousand rows as for one.
        """
        rows = _fitting(most, budget=budget, took=LEAST_ROUNDS * single)
        while True:
            took = self._turn(partial(TimedProcess.batch, rows=rows, untimed=0))
            each = sum(took.values()) / rows
            fitting = _fitting(most, budget=budget, took=LEAST_ROUNDS * each)
            if fitting <= 2 * rows:
                return fitting, _cold_calls(took)
            rows = fitting

    def _rounds(
        self, work: Callable[[int], Callable[[TimedProcess], T]], *, most: int, seconds: float
    ) -> list[dict[str, T]]:
        """Let each do the work of a round, until the time is used up."""
        until = time.monotonic() + seconds
        turns: list[dict[str, T]] = []
        for number in range(most):
            if number >= LEAST_ROUNDS and time.monotonic() >= until:
                break
            turns.append(self._turn(work(number), backwards=number % 2 == 1))
        return turns

    def _turn(self, work: Callable[[TimedProcess], T], *, backwards: bool = False) -> dict[str, T]:
        found: dict[str, T] = {}
        for name in sorted(self._processes, reverse=backwards):
            if name in self._processes:
                with self.failing(name):
                    found[name] = work(self._processes[name])
        return found


def _warmed_up(process: TimedProcess) -> int:
    # The first call imports and allocates what later ones find done.
    # The faster of two: what the machine did besides must not leave the measurement few calls.
    return min(process.single_rows(first=0, count=2, untimed=1))


def _cold_calls(took: Mapping[str, int]) -> int:
    """Give how many calls after each wait are not timed, of calls that took so many ns."""
    return int(max(took.values(), default=0) < _COLD_BELOW_MS * 1e6)


def _fitting(most: int, *, budget: float, took: float) -> int:
    """Give how many fit into the budget of seconds, from 1 to `most`; one takes `took` ns."""
    return max(1, min(most, int(budget * 1e9 / took))) if took else most


def _collected(turns: Sequence[Mapping[str, Any]], name: str) -> FloatArray:
    # A coarse clock may say 0, by which nothing can be divided.
    return np.maximum(np.array([turn[name] for turn in turns], dtype=np.float64), 1.0)


def _columns(package: Package) -> Iterator[str]:
    signature = package.signature
    return (column.name for column in signature.inputs[signature.rows_input])


def _artifact_bytes(package: Package) -> int:
    return sum(len(data) for path, data in package.files.items() if is_loaded(path))


def _result(
    timings: Mapping[str, Timings], reasons: Mapping[str, str], *, seed: int
) -> SpeedResult:
    candidate, baseline = timings.get(_CANDIDATE), timings.get(_BASELINE)
    if candidate and baseline:
        ratios = speed_ratios(candidate, baseline, seed=seed)
    else:
        reason = reasons.get(_CANDIDATE) or reasons[_BASELINE]
        ratios = dict.fromkeys(RATIOS, Estimate.undefined(rows=0, reason=reason))
    return SpeedResult(
        candidate=candidate.speed() if candidate else None,
        baseline=baseline.speed() if baseline else None,
        reason=reasons.get(_CANDIDATE, ""),
        baseline_reason=reasons.get(_BASELINE, ""),
        ratios=ratios,
    )
