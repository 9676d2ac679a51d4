"""A race of processes: `python -m benchmarks.racing FUNCTION FOLDER PROCESSES COUNT`.

Says `ready` once every process is, waits for a line, lets all begin together, and says which
numbers they committed. They are forked after what they need is imported: importing eight
times would take half a minute.
"""

import importlib
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.shapes import MODEL

Work = Callable[[], list[int]]
PATIENCE = 300


def main(function: str, folder: str, processes: str, count: str) -> None:
    """Fork, prepare, wait for the start, work, answer."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    module, _, name = function.partition(":")
    make = getattr(importlib.import_module(module), name)(Path(folder), int(count))
    fork = multiprocessing.get_context("fork")
    ready, start = fork.Barrier(int(processes) + 1), fork.Barrier(int(processes) + 1)
    committed = fork.SimpleQueue()
    racers = [
        fork.Process(target=_race, args=(make, ready, start, committed))
        for _ in range(int(processes))
    ]
    for racer in racers:
        racer.start()
    ready.wait(PATIENCE)
    answers.write("ready\n")
    sys.stdin.readline()
    start.wait(PATIENCE)
    numbers = [number for _ in racers for number in committed.get()]
    answers.write(" ".join(map(str, numbers)) + "\n")
    for racer in racers:
        racer.join()


def _race(make: Callable[[], Work], ready: Any, start: Any, committed: Any) -> None:
    try:
        work = make()
        ready.wait(PATIENCE)
        start.wait(PATIENCE)
        committed.put(work())
    except BaseException:
        committed.put([])  # too few numbers: the benchmark ends there
        raise


def commit_ours(folder: Path, count: int) -> Callable[[], Work]:
    """Reserve versions beforehand; publish their manifests and commit them."""
    from benchmarks.subject.committing import Committer

    def make() -> Work:
        # Attempts that no other process makes: one recipe is never trained twice.
        committer = Committer(folder, first=os.getpid() * 10_000)
        prepared = committer.prepare_published(count)
        return lambda: [committer.commit(each).number for each in prepared]

    return make


def commit_mlflow(folder: Path, count: int) -> Callable[[], Work]:
    """Save a folder beforehand; create versions of it."""
    from benchmarks.peer.client import library, open_mlflow
    from benchmarks.peer.trained import fitted, save

    library("mlflow.sklearn")
    estimator, _ = fitted()

    def make() -> Work:
        client = open_mlflow(folder)
        source = save(estimator, folder / "saved" / f"race-{os.getpid()}")

        def create() -> Iterator[int]:
            for _ in range(count):
                yield int(client.create_model_version(MODEL, source).version)

        return lambda: list(create())

    return make


if __name__ == "__main__":
    main(*sys.argv[1:])
