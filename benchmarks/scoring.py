"""Scoring a partition streams: its memory is that of a batch, however many rows there are.

Each partition is scored in a process of its own, which tells how much memory it took at most.
A part of `benchmarks.drift`, on whose page it has a section.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cases import OURS
from benchmarks.driver import Worker
from benchmarks.environments import python_of, variables
from benchmarks.results import milliseconds
from benchmarks.run import Say

ROWS, MANY_ROWS = 200_000, 2_000_000
QUICK_ROWS, QUICK_MANY_ROWS = 100_000, 400_000
MOST_GROWTH = 0.25
"""By which the memory for the larger partition may exceed that for the smaller one."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What scoring one partition took.

    Args:
        peak: bytes that its process held at most.
    """

    rows: int
    seconds: float
    peak: int


def sizes(*, quick: bool) -> tuple[int, int]:
    """Give the rows of both partitions."""
    return (QUICK_ROWS, QUICK_MANY_ROWS) if quick else (ROWS, MANY_ROWS)


def run(partitions: Sequence[int], folder: Path, *, say: Say) -> list[Scored]:
    """Score partitions of so many rows."""
    place = str(folder / "scoring")
    say("training a version to score with")
    _called(folder, "make", folder=place)
    found: list[Scored] = []
    for rows in partitions:
        partition = f"2026-{len(found) + 1:02}"
        say(f"scoring {rows:,} rows")
        _called(folder, "arrive", folder=place, partition=partition, rows=rows)
        answer = _called(folder, "score", folder=place, partition=partition, rows=rows)
        found.append(Scored(rows, answer["seconds"], answer["peak"]))
    return found


def growth(scored: Sequence[Scored]) -> float:
    """Give by which share the last one took more memory than the first."""
    return scored[-1].peak / scored[0].peak - 1


def reached(scored: Sequence[Scored]) -> bool:
    """Tell whether memory is bounded by the batch."""
    return growth(scored) <= MOST_GROWTH


def section(scored: Sequence[Scored]) -> Iterator[str]:
    """Give the page's section, a line each."""
    times = scored[-1].rows / scored[0].rows
    yield "| rows | scored and recorded | rows a second | memory |"
    yield "|---:|---:|---:|---:|"
    for each in scored:
        speed = each.rows / each.seconds
        yield (
            f"| {each.rows:,} | {milliseconds(1000 * each.seconds)} | {speed:,.0f}"
            f" | {each.peak / 1e6:,.0f} MB |"
        )
    verdict = "✓" if reached(scored) else "**missed**"
    yield (
        "\nPartitions of raw flights, scored by a packaged logistic regression in batches of"
        " 50,000 rows, each in a process of its own: features are made by the packaged code,"
        " predictions written, and what was seen and said profiled. For"
        f" {times:g}× the rows it takes {growth(scored):.0%} more memory (at most"
        f" {MOST_GROWTH:.0%}) {verdict}, for the eight bytes by which a row is known that occurs"
        " twice."
    )


def _called(place: Path, function: str, /, **arguments: Any) -> Any:
    log = place / "scoring.log"
    with Worker(python_of(OURS), log=log, environment=variables(place)) as worker:
        name = f"benchmarks.subject.scoring:{function}"
        return worker.tell("call", function=name, arguments=arguments)
