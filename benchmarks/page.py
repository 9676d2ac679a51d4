"""Writes `docs/performance.md` with its plots, from one run."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.driver import ROOT
from benchmarks.machine import Machine
from benchmarks.plots import draw
from benchmarks.results import Row, milliseconds, missed, ratio

DOCS = ROOT / "docs"
PAGE = "performance.md"
LARGE = "performance-large.md"
EVALUATION = "performance-evaluation.md"
DRIFT = "performance-drift.md"
SERVING = "performance-serving.md"
PICTURES = "images"

INTRODUCTION = """\
# Performance

Written by `make bench`, which runs every workload here and in MLflow {mlflow}, on the same
machine, in the same run, in turns. Our side is as durable as it always is: every blob, pointer
file and transaction is flushed to the disk before success is returned, and every byte is
verified when it is read. MLflow is used as a library on its own SQLite, without a server in
between, in an environment of its own; it flushes its database, and no file.

Each side of a workload is timed inside a process that lives through the whole run, after a
warm-up; a fresh process is timed from outside. Figures are medians; p95 beside them tells how
much else the machine did. The answer of every single operation is checked.
"""


def write_page(rows: Sequence[Row], machine: Machine, *, docs: Path = DOCS) -> None:
    """Write the page, and the picture of each line that has at least three sizes."""
    folder = docs / PICTURES
    folder.mkdir(exist_ok=True, parents=True)
    picture = folder / "performance.png"
    picture.write_bytes(draw(rows))
    (docs / PAGE).write_text("\n".join(_lines(rows, machine)) + "\n")


def _lines(rows: Sequence[Row], machine: Machine) -> Iterator[str]:
    yield INTRODUCTION.format(mlflow=machine.mlflow["mlflow"])
    yield "## Beside MLflow\n"
    yield "| workload | ours | p95 | beside | median | p95 | ratio | target | |"
    yield "|---|---:|---:|---|---:|---:|---:|---|---|"
    for row in rows:
        if row.peer is not None:
            yield _compared(row)
    yield "\nThe ratio is the other's median divided by ours.\n"
    yield "## By itself\n"
    yield "| | median | p95 | per second |"
    yield "|---|---:|---:|---:|"
    for row in rows:
        if row.peer is None:
            ours = row.ours
            yield (
                f"| {row.case.title} | {milliseconds(ours.median)} | {milliseconds(ours.p95)}"
                f" | {1000 / ours.median:,.0f} |"
            )
    large = f"[{LARGE}]({LARGE})" if (DOCS / LARGE).exists() else "`make bench-large`"
    yield f"\nA million versions, on SQLite and PostgreSQL: {large}."
    evaluation = f"[{EVALUATION}]({EVALUATION})"
    yield f"\nA model evaluated here and in MLflow, up to a million rows: {evaluation}."
    yield f"\nDrift of a million rows here and in Evidently: [{DRIFT}]({DRIFT})."
    yield f"\nA version served here and by MLflow, under load: [{SERVING}]({SERVING})."
    yield "\n## How cost grows\n"
    yield f"![Median time by number of versions, ours and MLflow's]({PICTURES}/performance.png)\n"
    yield from _misses(rows)
    yield "## The machine\n"
    yield from machine_lines(machine)


def _compared(row: Row) -> str:
    assert row.peer is not None
    verdict = {True: "✓", False: "**missed**", None: ""}[row.reached]
    return (
        f"| {row.case.title} | {milliseconds(row.ours.median)} | {milliseconds(row.ours.p95)}"
        f" | {row.peer_name} | {milliseconds(row.peer.median)} | {milliseconds(row.peer.p95)}"
        f" | {ratio(row.ratio)} | {row.target} | {verdict} |"
    )


def _misses(rows: Sequence[Row]) -> Iterator[str]:
    found = missed(rows)
    if not found:
        return
    yield "## Missed\n"
    for row in found:
        yield (
            f"- {row.case.title}, beside {row.peer_name}: {ratio(row.ratio)} where the target is"
            f" {row.target}."
        )
    yield from (f"\n{floor}" for floor in dict.fromkeys(row.case.floor for row in found) if floor)
    yield ""


def machine_lines(machine: Machine) -> Iterator[str]:
    """Describe the machine, and what both sides ran on."""
    yield (
        f"{machine.date} · {machine.cpu}, {machine.cores} cores, {machine.memory_gib} GiB"
        f" · {machine.system} · {machine.filesystem}, {machine.fsync_ms} ms to write and flush"
        f" 4 KiB · Python {machine.python}\n"
    )
    sides = {"ours": machine.ours, "MLflow's": machine.mlflow}
    measured = {side: versions for side, versions in sides.items() if versions}
    yield "| | " + " | ".join(measured) + " |"
    yield "|---|" + "---|" * len(measured)
    for name in {**machine.mlflow, **machine.ours}:
        cells = " | ".join(versions.get(name, "") for versions in measured.values())
        yield f"| {name} | {cells} |"
