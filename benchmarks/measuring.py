"""What is measured: one operation of one side, again and again, and what the samples say."""

import os
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns
from typing import Any


def _nothing() -> None:
    return None


def _unchecked(_answer: Any) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Operation:
    """One side's way to do a piece of work.

    Args:
        run: what is timed; gets what `prepare` gave.
        prepare: untimed, before every run.
        check: untimed, after every run: raises unless the answer is right. A fast wrong
            answer must end the benchmark.
        units: pieces of work in one run; a sample is the time of one of them.
        close: when this side has been measured.
    """

    run: Callable[[Any], Any]
    prepare: Callable[[], Any] = _nothing
    check: Callable[[Any], None] = _unchecked
    units: int = 1
    close: Callable[[], None] = _nothing

    def sample(self, count: int) -> list[float]:
        """Run so many times; give the milliseconds of each."""
        samples = []
        for _ in range(count):
            given = self.prepare()
            started = perf_counter_ns()
            answer = self.run(given)
            elapsed = perf_counter_ns() - started
            self.check(answer)
            samples.append(elapsed / 1e6 / self.units)
        return samples


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a side works: a folder of its own, and how many versions are in it."""

    folder: Path
    size: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What the samples of one side say, in milliseconds."""

    median: float
    p95: float
    lowest: float
    count: int

    @classmethod
    def of(cls, samples: Sequence[float]) -> "Summary":
        """Summarise at least one sample."""
        ordered = sorted(samples)
        return cls(
            median=statistics.median(ordered),
            p95=ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))],
            lowest=ordered[0],
            count=len(ordered),
        )


def require(answer: object, expected: object) -> None:
    """Raise unless an answer is the expected one."""
    if answer != expected:
        raise AssertionError(f"expected {expected!r}, got {answer!r}")


def peak_memory() -> int:
    """Give the most bytes that this process has held at once; on Linux.

    Not `ru_maxrss`: a process inherits that of the one that started it.
    """
    status = Path("/proc/self/status").read_text()
    [kilobytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(kilobytes) * 1024


def processor_time(session: int) -> float:
    """Give the milliseconds that all processes of a session have computed for so far; on Linux."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # What stands in brackets is the program's name, with whatever signs it likes.
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended since
            continue
        if int(fields[3]) == session:
            ticks += int(fields[11]) + int(fields[12])
    return 1000 * ticks / os.sysconf("SC_CLK_TCK")
