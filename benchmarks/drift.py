"""`python -m benchmarks.drift`: drift of the same rows here and in Evidently, and of many more.

And what scoring takes, before there is anything to compare: see `scoring`.

Every comparison is a process of its own, that has made its rows before the time starts, and tells
how much memory it took at most. The sides take turns. A full run writes
`docs/performance-drift.md`: see `drift_page`.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import scoring
from benchmarks.cases import OURS
from benchmarks.driver import Worker
from benchmarks.environments import HERE, python_of, variables
from benchmarks.machine import describe
from benchmarks.measuring import Summary
from benchmarks.run import Say, workspace
from benchmarks.targets import AtMost, TimesFaster

ROWS, MANY_ROWS = 1_000_000, 10_000_000
QUICK_ROWS, QUICK_MANY_ROWS = 20_000, 300_000
SAMPLES = 3
TARGET = TimesFaster(10)
LONGEST = AtMost(1)
MINUTE = 60_000.0
MOST_MEMORY = 4_000_000_000
THRESHOLD = 0.1
SIDES = ("ours", "evidently")


@dataclass(frozen=True, slots=True)
class Compared:
    """What the samples of one side say of the same two frames.

    Args:
        first: of the first comparison of a process, which imports what it takes.
        again: of the second.
        peak: bytes that its process held at most, frames included, the largest of all samples.
        parts: median seconds of each part of the second; none for Evidently.
        found: by column what was found.
    """

    side: str
    first: Summary
    again: Summary
    peak: int
    parts: Mapping[str, float]
    found: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Streamed:
    """What the samples of rows in a file say.

    Args:
        profile: bytes of the stored profile that they are compared with.
        parquet: bytes of the file.
    """

    rows: int
    time: Summary
    peak: int
    parts: Mapping[str, float]
    profile: int
    parquet: int

    @property
    def reached(self) -> bool:
        """Whether time and memory are within the targets."""
        in_time = LONGEST.reached(ours=self.time.median, peer=MINUTE)
        return in_time and self.peak <= MOST_MEMORY


@dataclass(frozen=True, slots=True)
class Column:
    """One column as both sides see it.

    Args:
        error: how far ours may be from that of the rows, as we state it.
        near: whether Evidently's value is within that of the threshold: either verdict is right.
    """

    name: str
    method: str
    ours: float
    error: float
    theirs: float
    near: bool
    same: bool


def main(arguments: list[str]) -> int:
    """Compare both sizes; 1 where a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drift", description=__doc__)
    parser.add_argument("--samples", type=int, default=SAMPLES, metavar="COUNT")
    parser.add_argument("--quick", action="store_true", help="one sample of few rows")
    options = parser.parse_args(arguments)
    rows, many = (QUICK_ROWS, QUICK_MANY_ROWS) if options.quick else (ROWS, MANY_ROWS)
    samples = 1 if options.quick else options.samples
    load = os.getloadavg()[0]
    with workspace() as folder:
        also = {name: version(name) for name in ("evidently", "pyarrow")}
        machine = describe(folder, with_peer=False, also=also)
        sides = run(rows, folder, samples=samples, say=say)
        streamed = stream(many, folder, samples=samples, say=say)
        scored = scoring.run(scoring.sizes(quick=options.quick), folder, say=say)
    from benchmarks.drift_page import table, write_page

    columns = agree(sides)
    print("\n".join([*table(sides, streamed, rows), "", *scoring.section(scored)]))
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    document = {
        "machine": machine.to_json(),
        "load": load,
        "rows": rows,
        "sides": [asdict(each) for each in sides],
        "streamed": asdict(streamed),
        "scored": [asdict(each) for each in scored],
    }
    (results / "drift.json").write_text(json.dumps(document, indent=1) + "\n")
    if not options.quick and samples >= SAMPLES:
        write_page(sides, streamed, columns, scored, machine, rows=rows, load=load)
    return 0 if reached(sides) and streamed.reached and scoring.reached(scored) else 1


def run(rows: int, folder: Path, *, samples: int, say: Say) -> list[Compared]:
    """Compare two frames in turns; give what was measured of each side."""
    taken: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for number in range(samples):
        for side, answers in taken.items():
            say(f"{rows:,} rows: {side}, {number + 1} of {samples}")
            answers.append(_called(folder, side, rows=rows))
    return [
        Compared(
            side=side,
            first=Summary.of([1000 * each["seconds"] for each in answers]),
            again=Summary.of([1000 * each["again"] for each in answers]),
            peak=max(each["peak"] for each in answers),
            parts=_parts(answers),
            found=answers[0]["found"],
        )
        for side, answers in taken.items()
    ]


def stream(rows: int, folder: Path, *, samples: int, say: Say) -> Streamed:
    """Compare the rows of a file with a stored profile; give what was measured."""
    say(f"writing {rows:,} rows")
    stored = _called(folder, "store", folder=str(folder), rows=rows)
    answers = []
    for number in range(samples):
        say(f"{rows:,} rows from Parquet, {number + 1} of {samples}")
        os.sync()
        answers.append(_called(folder, "streamed", folder=str(folder)))
    if {each["rows"] for each in answers} != {rows}:
        raise AssertionError(f"not all {rows:,} rows were looked at")
    return Streamed(
        rows=rows,
        time=Summary.of([1000 * each["seconds"] for each in answers]),
        peak=max(each["peak"] for each in answers),
        parts=_parts(answers),
        profile=stored["profile"],
        parquet=stored["parquet"],
    )


def _called(place: Path, function: str, /, **arguments: Any) -> Any:
    """Call a function in a process that is started for it, and ends with it."""
    log = place / "drift.log"
    with Worker(python_of(OURS), log=log, environment=variables(place)) as worker:
        name = f"benchmarks.subject.drifting:{function}"
        return worker.tell("call", function=name, arguments=arguments)


def _parts(answers: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    return {
        part: statistics.median(each["parts"][part] for each in answers)
        for part in answers[0]["parts"]
    }


def agree(sides: Sequence[Compared]) -> list[Column]:
    """Give every column as both sides see it.

    Raises:
        AssertionError: one is seen by one side only or otherwise, is further from Evidently's
            value than we state, or has another verdict though it is not near the threshold.
    """
    ours, theirs = (side.found for side in sides)
    if set(ours) != set(theirs):
        raise AssertionError(f"columns are {sorted(ours)} and {sorted(theirs)}")
    columns = []
    for name, mine in ours.items():
        other = theirs[name]
        near = abs(other["value"] - THRESHOLD) <= mine["error"]
        same = mine["drifted"] == other["drifted"]
        within = abs(mine["value"] - other["value"]) <= mine["error"]
        if mine["method"] != other["method"] or not within or not (near or same):
            raise AssertionError(f"{name} is {dict(mine)!r} and {dict(other)!r}")
        columns.append(
            Column(name, mine["method"], mine["value"], mine["error"], other["value"], near, same)
        )
    return columns


def reached(sides: Sequence[Compared]) -> bool:
    """Tell whether we are so many times faster, without what importing takes."""
    ours, theirs = (side.again.median for side in sides)
    return TARGET.reached(ours=ours, peer=theirs)


def say(text: str) -> None:
    """Tell progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
