"""Latency and size of a packaged version, measured in turns with production's.

Both are loaded in a process of their own (`registry_assets.packaging.timing`). Block by
block one predicts while the other waits, and who goes first alternates: what else the
machine does meets both. Each call is what a deployment calls, with one thread:
`predict_proba` (`predict` for a regression) on a raw row, a DataFrame with the columns that
the version's signature names.

A ratio's interval comes from drawing rounds, the same for both: within a round the two saw
the same rows and the same machine.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from registry_assets.declaration.latency import LEAST_ROUNDS, Latency
from registry_assets.errors import RegistryError
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.results.speed import Speed, SpeedResult
from registry_assets.packaging.loaded import is_loaded
from registry_assets.packaging.package import Package
from registry_assets.packaging.timing import TimedProcess, timed_process

if TYPE_CHECKING:
    import pandas as pd

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]
UintArray = np.ndarray[Any, np.dtype[np.uint64]]
Frames = Mapping[str, "pd.DataFrame"]
T = TypeVar("T")

RATIOS = (
    *("p50_ms", "p95_ms", "p99_ms", "seconds_per_row"),
    *("load_seconds", "peak_memory_bytes", "artifact_bytes"),
)
_PERCENTILES = {"p50_ms": 50, "p95_ms": 95, "p99_ms": 99}
_CANDIDATE, _BASELINE = "candidate", "baseline"
# The first call after a wait finds cold caches. It took 4.1 ms where the others took 3.1, and
# with ten calls a round would have been the 95th percentile. Of longer calls that is nothing.
_COLD_BELOW_MS = 50
_RESAMPLES = 1000
# Numbers drawn at once, which bounds the memory: 8 MB.
_DRAWN = 2**20
_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, eq=False)
class Timings:
    """What was measured of one version.

    Args:
        singles: nanoseconds per call, (rounds, calls per round).
        batches: nanoseconds per batch, (rounds,).
    """

    singles: FloatArray
    batches: FloatArray
    batch_rows: int
    load_seconds: float
    peak_memory_bytes: int
    artifact_bytes: int

    def speed(self) -> Speed:
        """Summarise it."""
        p50, p95, p99 = np.percentile(self.singles, list(_PERCENTILES.values())) / 1e6
        return Speed(
            p50_ms=float(p50),
            p95_ms=float(p95),
            p99_ms=float(p99),
            rows_per_second=float(self.batch_rows / (np.median(self.batches) / 1e9)),
            batch_rows=self.batch_rows,
            load_seconds=self.load_seconds,
            peak_memory_bytes=self.peak_memory_bytes,
            artifact_bytes=self.artifact_bytes,
            calls=self.singles.size,
        )


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
    chosen = chosen_rows(rows, columns=columns, count=max(plan.calls, plan.batch_rows), seed=seed)
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


def chosen_rows(
    rows: "pd.DataFrame", *, columns: Set[str], count: int, seed: int
) -> "pd.DataFrame":
    """Give at most `count` rows, in an order that depends on the seed and the columns only.

    Args:
        columns: those that a model takes; in the others any data may be.
    """
    key = np.full(len(rows), seed, dtype=np.uint64)
    for position, name in enumerate(rows.columns):
        if name in columns:
            key = (key ^ _hashes(rows.iloc[:, position])) * _ODD
            key ^= key >> np.uint64(32)
    return rows.iloc[np.argsort(key, kind="stable")[:count]]


def _hashes(values: "pd.Series[Any]") -> UintArray:
    import pandas as pd

    # Objects one by one: among distinct ones True is 1, and counts as the one that comes first.
    one_by_one = values.dtype == object
    try:
        hashed = pd.util.hash_pandas_object(values, index=False, categorize=not one_by_one)
    except (TypeError, ValueError, NotImplementedError):  # lists, say; such columns are refused
        hashed = pd.util.hash_pandas_object(values.map(repr), index=False)
    return np.asarray(hashed, dtype=np.uint64)


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


def speed_ratios(candidate: Timings, baseline: Timings, *, seed: int = 0) -> dict[str, Estimate]:
    """Give candidate ÷ baseline by name, with 95 % percentile intervals over rounds.

    What is measured once has no width.

    Args:
        baseline: measured in the same rounds as the candidate.
    """
    latencies = _ratios(
        candidate.singles, baseline.singles, percentiles=tuple(_PERCENTILES.values()), seed=seed
    )
    batches = [each.batches[:, np.newaxis] for each in (candidate, baseline)]
    once = ("load_seconds", "peak_memory_bytes", "artifact_bytes")
    ratios = {name: getattr(candidate, name) / getattr(baseline, name) for name in once}
    return {
        **{
            name: Estimate(*numbers, rows=candidate.singles.size)
            for name, numbers in zip(_PERCENTILES, latencies, strict=True)
        },
        "seconds_per_row": Estimate(
            *_ratios(*batches, percentiles=(50,), seed=seed)[0], rows=candidate.batch_rows
        ),
        **{name: Estimate(ratio, ratio, ratio, rows=1) for name, ratio in ratios.items()},
    }


def _ratios(
    candidate: FloatArray, baseline: FloatArray, *, percentiles: tuple[int, ...], seed: int
) -> list[tuple[float, float, float]]:
    """Give value, low and high of each percentile's ratio; both are (rounds, times)."""
    replicates = np.concatenate(
        [
            _drawn(candidate, rounds, percentiles) / _drawn(baseline, rounds, percentiles)
            for rounds in _draws(len(candidate), batch=max(1, _DRAWN // candidate.size), seed=seed)
        ],
        axis=1,
    )
    values = np.percentile(candidate, percentiles) / np.percentile(baseline, percentiles)
    lows, highs = np.quantile(replicates, (0.025, 0.975), axis=1)
    return [
        (float(value), float(low), float(high))
        for value, low, high in zip(values, lows, highs, strict=True)
    ]


def _draws(rounds: int, *, batch: int, seed: int) -> Iterator[IntArray]:
    generator = np.random.default_rng(seed)
    for start in range(0, _RESAMPLES, batch):
        yield generator.integers(rounds, size=(min(batch, _RESAMPLES - start), rounds))


def _drawn(times: FloatArray, rounds: IntArray, percentiles: tuple[int, ...]) -> FloatArray:
    """Give the percentiles of all times of the drawn rounds: (percentiles, resamples)."""
    pooled = times[rounds].reshape(len(rounds), -1)
    return np.percentile(pooled, percentiles, axis=1)
