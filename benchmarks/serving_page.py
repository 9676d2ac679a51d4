"""Writes `docs/performance-serving.md` from one run of `serving`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.cases import OURS
from benchmarks.machine import Machine
from benchmarks.page import DOCS, SERVING, machine_lines
from benchmarks.results import milliseconds, ratio
from benchmarks.serving import MOVES_EVERY, PEER, POLLED, TARGET, Served, missed

_QUIET = 0.5  # of a machine on which nothing else runs
_NAMES = {OURS: "`examples/serve`", PEER: "`mlflow models serve`"}

INTRODUCTION = """\
# Serving, beside MLflow

Written by `make bench-serve`: one version of a model, a logistic regression of raw flights with a
reference table, served by [`examples/serve`](../examples/serve/README.md) and, as an
[MLflow model](serving.md), by `mlflow models serve` of MLflow {mlflow}, on the same machine, in the
same run, in turns. Both run in one environment, with one worker process each; the clients are a
third process on the same cores. Each client asks again as soon as it is answered.

Both take rows as JSON and make the features of them by the packaged code. Ours answers with the
probabilities too, names the version, and logs every row as Parquet; MLflow's answers with the
prediction alone. Every answer is looked at: one that is not what the version predicts, or fails,
ends the run.
"""


def write_page(
    found: Sequence[Served], moved: Served, machine: Machine, *, load: float, docs: Path = DOCS
) -> None:
    """Write the page.

    Args:
        load: of the machine over the minute before the run, in running processes.
    """
    (docs / SERVING).write_text("\n".join(_lines(found, moved, machine, load)) + "\n")


def _lines(found: Sequence[Served], moved: Served, machine: Machine, load: float) -> Iterator[str]:
    yield INTRODUCTION.format(mlflow=machine.ours["mlflow"])
    yield "## Under load\n"
    yield from table(found, moved)
    yield (
        "\nRatios are MLflow's figure divided by ours. `processor` is what a request took of it on"
        " the service's side: what else the machine does changes times, and that hardly."
    )
    if load > _QUIET:
        yield (
            f"\nThe machine was not quiet: its load was {load:.1f} before the run, on"
            f" {machine.cores} cores. Both sides took longer than they do alone."
        )
    yield "\n## While the pointer moves\n"
    shares = ", ".join(f"{count:,} by version {name}" for name, count in moved.versions.items())
    yield (
        f"The last line: a pointer that moves every {MOVES_EVERY:g} seconds, {moved.moves} times,"
        f" and a service that reads it every {POLLED:g} seconds. Of {moved.requests:,} requests"
        f" ({shares}) none failed; the longest took {milliseconds(moved.longest)}. MLflow serves"
        " the version that it was started with."
    )
    yield "\n## Again\n"
    yield (
        "`make bench-serve` measures all of it and writes this page; with `ARGS=--quick` in half a"
        " minute it prints the table only."
    )
    yield "\n## The machine\n"
    yield from machine_lines(machine)


def table(found: Sequence[Served], moved: Served) -> Iterator[str]:
    """Give all that was measured, in markdown: people read it in a terminal as well."""
    yield (
        "| clients | rows | | median | p99 | longest | a second | processor | ratio | of p99"
        " | of processor | target | |"
    )
    yield "|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---|---|"
    peers = {(each.clients, each.rows): each for each in found if each.side == PEER}
    slower = missed(found)
    for each in found:
        if each.side == OURS:
            peer = peers[each.clients, each.rows]
            good = "**missed**" if each in slower else "✓"
            pairs = (
                (peer.median, each.median),
                (peer.p99, each.p99),
                (peer.processor, each.processor),
            )
            ratios = [ratio(theirs / ours) for theirs, ours in pairs]
            yield _row(each, _NAMES[OURS], [*ratios, str(TARGET), good])
        else:
            yield _row(each, _NAMES[PEER], [""] * 5)
    yield _row(moved, f"ours, {moved.moves} moves", [""] * 5)


def _row(each: Served, name: str, more: Sequence[str]) -> str:
    times = map(milliseconds, (each.median, each.p99, each.longest))
    cells = [str(each.clients), str(each.rows), name, *times, f"{each.per_second:,.0f}"]
    cells += [milliseconds(each.processor), *more]
    return f"| {' | '.join(cells)} |"
