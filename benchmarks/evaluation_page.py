"""Writes `docs/performance-evaluation.md` from one run of `evaluation`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.evaluation import ALIKE, FULL, MOST_MEMORY, ONE, PEER, TARGET, Measured, missed
from benchmarks.machine import Machine
from benchmarks.page import DOCS, EVALUATION, machine_lines
from benchmarks.results import milliseconds, ratio

NAMES = {
    ALIKE: "ours, all rows only",
    ONE: "ours, the same model",
    FULL: "ours, everything",
    PEER: "MLflow",
}
GIGABYTE = 1e9
_QUIET = 0.5  # of a machine on which nothing else runs

INTRODUCTION = """\
# Evaluating, beside MLflow

Written by `make bench-evaluation`: one fitted scikit-learn classifier judged on the same rows by
`registry_assets` and by `mlflow.models.evaluate` of MLflow {mlflow}, on the same machine, in the
same run, in turns. The rows have 20 features, 18 numbers and two categories, and a target of two
classes; the model is a `HistGradientBoostingClassifier`.

Each side is a process of its own, which evaluates twice: the first time it imports what it takes,
as a run of its own does, the second time not, as in a process that stays. It has made its rows
and loaded its model when the time starts; the time ends when the result is stored, predicting
included. Ours is flushed to the disk; MLflow's is logged to its own SQLite and folder, without a
server. The sides must give the
same ROC AUC, average precision, log loss, accuracy, precision, recall and F1 within 10⁻⁹, or
there is no page. Times are medians of {count} such processes. Memory is the most that a process
held at once, the largest of them: libraries, rows and model included.

MLflow is measured without its explanations by SHAP, where it is faster. With its defaults it
takes SHAP if that is installed, and raises a `TypeError` for a frame that has a column of
pandas' type for categories, as this one has.
"""

COMPUTED = """
`{alike}` looks at what MLflow looks at, `{one}` at all that we compute of one model
and the rows it is judged on, and `{full}` besides at what takes another model or other
rows. A version's latency and a report of Evidently are in none of them:

| | MLflow | {alike} | {one} | {full} |
|---|---|---|---|---|
| models that are asked | 1 | 1 | 1 | 2, the other as what production holds |
| metrics of all rows | 12, four of them counts | 17 | 17 | 17 of each, and their differences |
| 95 % intervals, of 1,000 resamples | none | of every metric | of every number | of every number |
| slices | none | none | 17: two columns and five ranges of a third, 17 metrics each | the same |
| fairness | none | none | 4 measures of fairlearn, 5 rates of each of 8 groups | the same |
| weak slices that nobody named | none | none | up to 10, of one or two conditions | the same |
| decisions that change | none | none | none | counted in all and by slice, with examples |
| the rows themselves | schema and digest of the frame | none | none | beside as many rows of \
training: shared rows, drift, columns that tell the outcome, missing values, balance |
| pictures | 5, one a lift curve | 4 | 5 | 6 |
"""

FLOOR = """
What is missed is missed by importing and computing more. Of few rows a process spends most of its
first evaluation on importing what draws the pictures, and 17 slices of 17 metrics each are
resampled, which takes much the same for a thousand rows as for a million. `{full}` asks two
models, and reads as many rows of training again. Of many rows most of `{alike}` is
predicting. MLflow spends most of its time, of many rows, on inferring a schema of the frame, cell
by cell: under a profiler 48 of 75 seconds of a million rows.
"""


def write_page(
    found: Sequence[Measured], machine: Machine, *, load: float, docs: Path = DOCS
) -> None:
    """Write the page.

    Args:
        load: of the machine over the minute before the run, in running processes.
    """
    (docs / EVALUATION).write_text("\n".join(_lines(found, machine, load)) + "\n")


def _lines(found: Sequence[Measured], machine: Machine, load: float) -> Iterator[str]:
    count = min(each.time.count for each in found)
    yield INTRODUCTION.format(mlflow=machine.mlflow["mlflow"], count=count)
    yield "## Time and memory\n"
    yield from table(found)
    yield (
        "\nThe ratios are MLflow's medians divided by ours, of the first evaluation in a process,"
        " and of the second. The target is the first's."
    )
    if load > _QUIET:
        yield (
            f"\nThe machine was not quiet: its load was {load:.1f} before the run, on"
            f" {machine.cores} cores. All sides took longer than they do alone, by a factor that"
            " differs from process to process."
        )
    yield "\n## What is computed"
    yield COMPUTED.format(alike=NAMES[ALIKE], one=NAMES[ONE], full=NAMES[FULL])
    yield "## Where our time goes\n"
    yield from _parts(found)
    if missed(found):
        yield "\n## Missed\n"
        yield from _misses(found)
        yield FLOOR.format(alike=NAMES[ALIKE], full=NAMES[FULL]).rstrip()
    yield "\n## Again\n"
    yield (
        "`make bench-evaluation` measures all of it and writes this page; with"
        " `ARGS=--quick` in a minute, of few rows, and with `ARGS='--sizes 1000000 --samples 3'`"
        " of as many as you like, it prints the table only. MLflow's environment is made once."
    )
    yield "\n## The machine\n"
    yield from machine_lines(machine)


def table(found: Sequence[Measured]) -> Iterator[str]:
    """Give all sides at every size, in markdown: people read it in a terminal as well."""
    peers = {each.rows: each for each in found if each.side == PEER}
    late = missed(found)
    yield "| rows | | first | lowest | again | memory | ratio | again | target | |"
    yield "|---:|---|---:|---:|---:|---:|---:|---:|---|---|"
    for each in found:
        times = (each.time.median, each.time.lowest, each.again.median)
        cells = [f"{each.rows:,}", NAMES[each.side], *map(milliseconds, times)]
        cells.append(f"{each.peak / GIGABYTE:.2f} GB")
        if each.side == PEER:
            cells += ["", "", "", ""]
        else:
            peer = peers.get(each.rows)
            cells += [
                ratio(peer.time.median / each.time.median if peer else None),
                ratio(peer.again.median / each.again.median if peer else None),
                str(TARGET) if peer else "",
                ("**missed**" if each in late else "✓") if peer else "",
            ]
        yield f"| {' | '.join(cells)} |"


def _parts(found: Sequence[Measured]) -> Iterator[str]:
    ours = [each for each in found if each.side != PEER]
    names = list(ours[0].parts)
    yield f"| rows | | {' | '.join(names)} |"
    yield "|---:|---|" + "---:|" * len(names)
    for each in ours:
        cells = " | ".join(milliseconds(1000 * each.parts[name]) for name in names)
        yield f"| {each.rows:,} | {NAMES[each.side]} | {cells} |"


def _misses(found: Sequence[Measured]) -> Iterator[str]:
    peers = {each.rows: each.time.median for each in found if each.side == PEER}
    for each in missed(found):
        what = f"{each.rows:,} rows, {NAMES[each.side]}"
        if each.peak > MOST_MEMORY:
            yield (
                f"- {what}: {each.peak / GIGABYTE:.2f} GB where at most"
                f" {MOST_MEMORY / GIGABYTE:.2f} GB are to be held."
            )
        if not TARGET.reached(ours=each.time.median, peer=peers[each.rows]):
            times = ratio(peers[each.rows] / each.time.median)
            yield f"- {what}: {times} where the target is {TARGET}."
