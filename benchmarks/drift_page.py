"""Writes `docs/performance-drift.md` from one run of `drift`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import scoring
from benchmarks.drift import (
    MOST_MEMORY,
    TARGET,
    THRESHOLD,
    Column,
    Compared,
    Streamed,
    reached,
)
from benchmarks.machine import Machine
from benchmarks.page import DOCS, DRIFT, machine_lines
from benchmarks.results import milliseconds, ratio

GIGABYTE = 1e9
_QUIET = 0.5  # of a machine on which nothing else runs
_NAMES = {"ours": "ours", "evidently": "Evidently"}

INTRODUCTION = """\
# Drift, beside Evidently

Written by `make bench-drift`: the same two frames of {rows:,} rows compared by `registry_assets`
and by the `DataDriftPreset` of Evidently {evidently}, on the same machine, in the same run, in
turns; and then {many:,} rows in a Parquet file compared with a stored profile. The rows have 20
columns, 18 numbers and two categories, of which some moved by as much as the threshold of 0.1.

Each side is a process of its own that has made its frames when the time starts, and compares them
twice: the first time it imports what it takes, the second time not. Ours makes the profiles of
both frames and compares these; of a deployment, that of the training is stored with the version.
Evidently computes its own page besides, and draws nothing of it here. Times are medians of
{count} such processes. Memory is the most that a process held at once, the largest of them:
libraries and frames included.

No row is left out: a profile counts all of them, in cells as narrow as fit into a few kilobytes,
and states how far its distance may be from that of the rows. The sides must agree on how each
column is compared, on its distance within that error, and on its verdict wherever Evidently's
distance is further than it from the threshold; or there is no page.
"""


def write_page(
    sides: Sequence[Compared],
    streamed: Streamed,
    columns: Sequence[Column],
    scored: Sequence[scoring.Scored],
    machine: Machine,
    *,
    rows: int,
    load: float,
    docs: Path = DOCS,
) -> None:
    """Write the page.

    Args:
        load: of the machine over the minute before the run, in running processes.
    """
    lines = _lines(sides, streamed, columns, scored, machine, rows, load)
    (docs / DRIFT).write_text("\n".join(lines) + "\n")


def _lines(
    sides: Sequence[Compared],
    streamed: Streamed,
    columns: Sequence[Column],
    scored: Sequence[scoring.Scored],
    machine: Machine,
    rows: int,
    load: float,
) -> Iterator[str]:
    count = min(each.again.count for each in sides)
    evidently = machine.ours["evidently"]
    yield INTRODUCTION.format(rows=rows, many=streamed.rows, evidently=evidently, count=count)
    yield "## Time and memory\n"
    yield from table(sides, streamed, rows)
    yield (
        "\nThe ratio is Evidently's median divided by ours, of the second comparison. Where our"
        " time goes: "
        + ", ".join(f"{name} {milliseconds(1000 * part)}" for name, part in sides[0].parts.items())
        + "; of the file: "
        + ", ".join(f"{name} {milliseconds(1000 * part)}" for name, part in streamed.parts.items())
        + f". The stored profile has {streamed.profile / 1e3:,.0f} kB, the file"
        f" {streamed.parquet / GIGABYTE:.2f} GB."
    )
    if load > _QUIET:
        yield (
            f"\nThe machine was not quiet: its load was {load:.1f} before the run, on"
            f" {machine.cores} cores. Both sides took longer than they do alone, by a factor that"
            " differs from process to process."
        )
    yield "\n## Verdicts\n"
    yield from _verdicts(columns)
    yield "\n## Scoring\n"
    yield from scoring.section(scored)
    yield "\n## Again\n"
    yield (
        "`make bench-drift` measures all of it and writes this page; with `ARGS=--quick` in a"
        " minute, of few rows, it prints the table only."
    )
    yield "\n## The machine\n"
    yield from machine_lines(machine)


def table(sides: Sequence[Compared], streamed: Streamed, rows: int) -> Iterator[str]:
    """Give all that was measured, in markdown: people read it in a terminal as well."""
    yield "| rows | | first | again | lowest | memory | ratio | target | |"
    yield "|---:|---|---:|---:|---:|---:|---:|---|---|"
    for each in sides:
        times = (each.first.median, each.again.median, each.again.lowest)
        cells = [f"{rows:,}", _NAMES[each.side], *map(milliseconds, times)]
        cells.append(f"{each.peak / GIGABYTE:.2f} GB")
        if each.side == "ours":
            times_faster = sides[1].again.median / each.again.median
            cells += [ratio(times_faster), str(TARGET), _tick(reached(sides))]
        else:
            cells += ["", "", ""]
        yield f"| {' | '.join(cells)} |"
    time = streamed.time
    yield (
        f"| {streamed.rows:,} | ours, from Parquet | {milliseconds(time.median)} | |"
        f" {milliseconds(time.lowest)} | {streamed.peak / GIGABYTE:.2f} GB | | a minute,"
        f" {MOST_MEMORY / GIGABYTE:g} GB | {_tick(streamed.reached)} |"
    )


def _tick(good: bool) -> str:  # noqa: FBT001  # a cell
    return "✓" if good else "**missed**"


def _verdicts(columns: Sequence[Column]) -> Iterator[str]:
    far = [each for each in columns if not each.near]
    furthest = max(abs(each.ours - each.theirs) for each in columns)
    yield (
        f"Of {len(columns)} columns {len(far)} are further from the threshold of {THRESHOLD} than"
        f" the stated error, and of these all {len(far)} have Evidently's verdict. The distances"
        f" differ by {furthest:.1e} at most. The others, on which either verdict is right:\n"
    )
    yield "| column | distance | ours | stated error | Evidently's | verdict |"
    yield "|---|---|---:|---:|---:|---|"
    for each in columns:
        if each.near:
            yield (
                f"| {each.name} | {each.method} | {each.ours:.5f} | {each.error:.5f}"
                f" | {each.theirs:.5f} | {'the same' if each.same else 'another'} |"
            )
