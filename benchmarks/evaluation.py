"""`python -m benchmarks.evaluation`: a model evaluated here and in MLflow, on the same rows.

Every evaluation is a process of its own, that has made its rows and loaded its model before the
time starts, and tells how much memory it took at most. The sides take turns. A full run writes
`docs/performance-evaluation.md`: see `evaluation_page`.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.cases import OURS
from benchmarks.driver import MLFLOW, Worker
from benchmarks.environments import HERE, make_environments, python_of, variables
from benchmarks.machine import describe
from benchmarks.measuring import Summary
from benchmarks.run import Say, workspace
from benchmarks.targets import TimesFaster

SIZES = (10_000, 100_000, 1_000_000)
SAMPLES = 3
QUICK_SIZES = (2_000,)
TARGET = TimesFaster(3)
MOST_MEMORY = 4 * 2**30
FULL, ONE, ALIKE, PEER = "full", "one", "alike", "mlflow"
"""The sides: all that we compute, what we compute of the same model and rows, no more than MLflow
looks at, and MLflow."""

_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Side:
    """One way to evaluate: in which environment, and by which function."""

    environment: str
    function: str
    arguments: Mapping[str, str] = field(default_factory=dict)


SIDES = {
    ALIKE: Side(OURS, "benchmarks.subject.evaluating:measure", {"much": ALIKE}),
    ONE: Side(OURS, "benchmarks.subject.evaluating:measure", {"much": ONE}),
    FULL: Side(OURS, "benchmarks.subject.evaluating:measure", {"much": FULL}),
    PEER: Side(MLFLOW, "benchmarks.peer.evaluating:measure"),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What the samples of one side say at one size.

    Args:
        time: of the first evaluation of a process, which imports what it takes.
        again: of the second.
        peak: bytes that its process held at most, the largest of all samples.
        parts: median seconds of each part, by name; none for MLflow.
    """

    rows: int
    side: str
    time: Summary
    again: Summary
    peak: int
    parts: Mapping[str, float]


def main(arguments: list[str]) -> int:
    """Evaluate at every size; 1 where a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluation", description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, metavar="ROWS")
    parser.add_argument("--samples", type=int, default=SAMPLES, metavar="COUNT")
    parser.add_argument("--quick", action="store_true", help="one sample of few rows")
    options = parser.parse_args(arguments)
    sizes, samples = (QUICK_SIZES, 1) if options.quick else (tuple(options.sizes), options.samples)
    make_environments()
    load = os.getloadavg()[0]
    with workspace() as folder:
        also = {name: version(name) for name in ("fairlearn", "matplotlib")}
        machine = describe(folder, also=also)
        found = run(sizes, folder, samples=samples, say=say)
    from benchmarks.evaluation_page import table, write_page

    print("\n".join(table(found)))
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    document = {
        "machine": machine.to_json(),
        "load": load,
        "rows": [asdict(each) for each in found],
    }
    (results / "evaluation.json").write_text(json.dumps(document, indent=1) + "\n")
    if sizes == SIZES and samples >= SAMPLES:
        write_page(found, machine, load=load)
    return 1 if missed(found) else 0


def run(
    sizes: Sequence[int],
    folder: Path,
    *,
    samples: int,
    say: Say,
    sides: Sequence[str] = tuple(SIDES),
) -> list[Measured]:
    """Evaluate in turns at each size; give what was measured of each side."""
    found: list[Measured] = []
    for rows in sizes:
        place = folder / str(rows)
        place.mkdir()
        say(f"making models for {rows:,} rows")
        called = _calling(folder)
        called(OURS, "benchmarks.subject.applicants:make_models", folder=str(place), rows=rows)
        if PEER in sides:
            called(MLFLOW, "benchmarks.peer.evaluating:make_peer", folder=str(place))
        taken: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
        for number in range(samples):
            for name in sides:
                say(f"{rows:,} rows: {name}, {number + 1} of {samples}")
                os.sync()  # what one wrote is not to be flushed in the other's time
                side = SIDES[name]
                arguments = {"folder": str(place), "rows": rows, **side.arguments}
                taken[name].append(called(side.environment, side.function, **arguments))
        agree([sample["metrics"] for each in taken.values() for sample in each])
        found += [_measured(rows, name, each) for name, each in taken.items()]
    return found


def _calling(folder: Path) -> Callable[..., Any]:
    """Give a way to call a function in a process that is started for it, and ends with it."""

    def called(environment: str, function: str, **arguments: Any) -> Any:
        log = folder / f"{environment}.log"
        with Worker(python_of(environment), log=log, environment=variables(folder)) as worker:
            return worker.tell("call", function=function, arguments=arguments)

    return called


def _measured(rows: int, side: str, samples: Sequence[Mapping[str, Any]]) -> Measured:
    return Measured(
        rows=rows,
        side=side,
        time=Summary.of([1000 * sample["seconds"] for sample in samples]),
        again=Summary.of([1000 * sample["again"] for sample in samples]),
        peak=max(sample["peak"] for sample in samples),
        parts={
            part: statistics.median(sample["parts"][part] for sample in samples)
            for part in samples[0]["parts"]
        },
    )


def agree(answers: Sequence[Mapping[str, float]]) -> None:
    """Raise unless all gave the same number for every metric that they share."""
    first, *others = answers
    for other in others:
        for name in first.keys() & other.keys():
            if abs(first[name] - other[name]) > _SAME:
                raise AssertionError(f"{name} is {first[name]!r} and {other[name]!r}")


def missed(found: Sequence[Measured]) -> list[Measured]:
    """Give what of ours is not so much faster than MLflow, or takes more memory than it may."""
    peers = {each.rows: each.time.median for each in found if each.side == PEER}
    return [
        each
        for each in found
        if each.side != PEER
        and (
            each.peak > MOST_MEMORY
            or (
                each.rows in peers
                and not TARGET.reached(ours=each.time.median, peer=peers[each.rows])
            )
        )
    ]


def say(text: str) -> None:
    """Tell progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
