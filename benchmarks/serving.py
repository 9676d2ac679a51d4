"""`python -m benchmarks.serving`: a version served by `examples/serve` and by MLflow, under load.

Both services are processes of this environment, on loopback, with one worker each; the clients are
another process. The sides take turns. A full run writes `docs/performance-serving.md`: see
`serving_page`.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.cases import OURS
from benchmarks.driver import Worker
from benchmarks.environments import HERE, python_of, variables
from benchmarks.machine import describe
from benchmarks.measuring import processor_time
from benchmarks.run import Say, workspace
from benchmarks.subject.serving import PEER_MODEL, REFERENCES
from benchmarks.targets import TimesFaster
from registry_assets_tests.servers.mlflow_serving import serving
from registry_assets_tests.servers.serve_example import serve_example

PEER = "mlflow"
SIDES = (OURS, PEER)
TARGET = TimesFaster(1)
SAMPLES, SECONDS = 12, 1.25
MOVING_CLIENTS, MOVING_ROWS, MOVING_SECONDS, MOVES_EVERY = 8, 1, 20.0, 2.0
WARM_UP = 2.0
POLLED = 0.5


@dataclass(frozen=True, slots=True)
class Load:
    """How many clients ask at a time, and about how many rows."""

    clients: int
    rows: int


LOADS = (Load(1, 1), Load(8, 1), Load(32, 1), Load(4, 500))


@dataclass(frozen=True, slots=True)
class Running:
    """A service that runs: where it answers, and the session of its processes."""

    port: int
    session: int


@dataclass(frozen=True, slots=True)
class Served:
    """What clients lived through, in milliseconds.

    Args:
        processor: what a request took of the processor, on the service's side.
        per_second: requests answered.
        versions: requests by the version that answered.
        moves: of the pointer meanwhile.
    """

    side: str
    clients: int
    rows: int
    requests: int
    median: float
    p99: float
    longest: float
    processor: float
    per_second: float
    versions: Mapping[str, int]
    moves: int = 0


def main(arguments: list[str]) -> int:
    """Ask both; 1 where a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--samples", type=int, default=SAMPLES, metavar="COUNT")
    parser.add_argument("--quick", action="store_true", help="one short sample; writes no page")
    options = parser.parse_args(arguments)
    samples, seconds = (1, 1.0) if options.quick else (options.samples, SECONDS)
    load = os.getloadavg()[0]
    with workspace() as folder:
        also = {name: version(name) for name in ("mlflow", "uvicorn", "starlette", "fastapi")}
        machine = describe(folder, with_peer=False, also=also)
        found, moved = run(LOADS, folder, samples=samples, seconds=seconds, say=say)
    from benchmarks.serving_page import table, write_page

    print("\n".join(table(found, moved)))
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    document = {
        "machine": machine.to_json(),
        "load": load,
        "served": [asdict(each) for each in found],
        "moved": asdict(moved),
    }
    (results / "serving.json").write_text(json.dumps(document, indent=1) + "\n")
    if not options.quick and samples >= SAMPLES:
        write_page(found, moved, machine, load=load)
    return 1 if missed(found) else 0


def run(
    loads: Sequence[Load], folder: Path, *, samples: int, seconds: float, say: Say
) -> tuple[list[Served], Served]:
    """Ask both sides in turns, then ours while its pointer moves; give what was measured.

    Raises:
        AssertionError: a request was not answered, or not as the version that it names predicts.
    """
    project, log = folder / "project", folder / "serving.log"
    with Worker(python_of(OURS), log=log, environment=variables(folder)) as worker:
        say("training two versions")
        sizes = sorted({MOVING_ROWS, *(load.rows for load in loads)})
        called = _calling(worker)
        made = called("benchmarks.subject.serving:make_served", folder=str(project), sizes=sizes)
        environment = {
            **variables(folder),
            "REGISTRY_STORE": made["store"],
            "SERVE_POINTER": "late_0@production",
            "SERVE_LOG": str(folder / "log"),
            "SERVE_KEYS": "id",
            "SERVE_REFERENCES": str(project / REFERENCES),
            "SERVE_EVERY": str(POLLED),
            "SERVE_FLUSH": "10",
        }
        say("starting both services")
        with (
            serve_example(folder, environment=environment) as ours,
            serving(project / PEER_MODEL) as peer,
        ):
            running = {
                OURS: Running(ours.port, ours.session),
                PEER: Running(peer.port, peer.session),
            }
            questions = made["questions"]
            found = [
                each
                for load in loads
                for each in _asked(called, running, questions, load, samples, seconds, say)
            ]
            say(f"{MOVING_CLIENTS} clients while the pointer moves")
            before = processor_time(ours.session)
            answer = called(
                "benchmarks.subject.serving:load_while_moving",
                folder=str(project),
                port=ours.port,
                question=questions[str(MOVING_ROWS)][OURS],
                clients=MOVING_CLIENTS,
                seconds=max(MOVING_SECONDS if samples > 1 else 0.0, 3 * MOVES_EVERY),
                every=MOVES_EVERY,
            )
            answer["processor"] = processor_time(ours.session) - before
    moved = _served(OURS, Load(MOVING_CLIENTS, MOVING_ROWS), [answer], moves=answer["moves"])
    if len(moved.versions) < 2:
        raise AssertionError(f"the service did not follow: {moved.versions}")
    return found, moved


def _calling(worker: Worker) -> Callable[..., Any]:
    def called(function: str, **arguments: Any) -> Any:
        return worker.tell("call", function=function, arguments=arguments)

    return called


def _asked(
    called: Callable[..., Any],
    running: Mapping[str, Running],
    questions: Mapping[str, Mapping[str, Any]],
    load: Load,
    samples: int,
    seconds: float,
    say: Say,
) -> list[Served]:
    """Ask both sides in turns about one load."""
    answers: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for number in range(samples + 1):
        for side, taken in answers.items():
            say(f"{load.clients} clients, {load.rows} rows: {side}, {number} of {samples}")
            before = processor_time(running[side].session)
            answer = called(
                "benchmarks.clients:load",
                port=running[side].port,
                question=questions[str(load.rows)][side],
                clients=load.clients,
                seconds=seconds if number else WARM_UP,
            )
            answer["processor"] = processor_time(running[side].session) - before
            if number or answer["failures"]:  # the first is to warm up
                taken.append(answer)
    return [_served(side, load, taken) for side, taken in answers.items()]


def _served(side: str, load: Load, answers: Sequence[Mapping[str, Any]], moves: int = 0) -> Served:
    if failures := [failure for each in answers for failure in each["failures"]]:
        raise AssertionError(f"{len(failures)} requests to {side} failed; first {failures[0]}")
    times = sorted(time for each in answers for time in each["milliseconds"])
    versions: dict[str, int] = {}
    for each in answers:
        for name, count in each["versions"].items():
            versions[name] = versions.get(name, 0) + count
    return Served(
        side=side,
        clients=load.clients,
        rows=load.rows,
        requests=len(times),
        median=statistics.median(times),
        p99=times[min(len(times) - 1, int(len(times) * 0.99))],
        longest=times[-1],
        processor=sum(each["processor"] for each in answers) / len(times),
        # Each client asks when it was answered: so many at a time, of so long each.
        per_second=1000 * load.clients * len(times) / sum(times),
        versions=versions,
        moves=moves,
    )


def missed(found: Sequence[Served]) -> list[Served]:
    """Give what of ours takes longer than MLflow."""
    peers = {(each.clients, each.rows): each for each in found if each.side == PEER}
    return [
        each
        for each in found
        if each.side == OURS
        and not TARGET.reached(ours=each.median, peer=peers[each.clients, each.rows].median)
    ]


def say(text: str) -> None:
    """Tell progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
