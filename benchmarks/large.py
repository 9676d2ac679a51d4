"""`python -m benchmarks.large`: a million versions in 10,000 models, and what each thing costs.

The same registry grows from 10,000 versions over 100,000 to a million, on SQLite and on
PostgreSQL, and at each size every operation is timed, with no peer. They are loaded side by
side, as that takes the longest, and measured one after the other. A full run writes
`docs/performance-large.md`.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

from benchmarks.driver import Worker
from benchmarks.environments import HERE, PYTHON, QUIET, variables
from benchmarks.machine import Machine, describe
from benchmarks.measuring import Summary
from benchmarks.results import milliseconds
from benchmarks.run import workspace

VERSIONS_OF_EACH = 100
SIZES = (10_000, 100_000, 1_000_000)
DATABASES = ("sqlite", "postgresql")
SAMPLES = 12


@dataclass(frozen=True, slots=True)
class Stage:
    """What was measured at one size: medians by operation, and what it took to come there."""

    versions: int
    loaded_per_second: float
    bytes_of_each: float
    operations: dict[str, Summary]


def main(arguments: list[str]) -> int:
    """Grow a registry on each database; print and keep what everything took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, metavar="VERSIONS")
    parser.add_argument("--on", nargs="+", choices=DATABASES, default=DATABASES)
    options = parser.parse_args(arguments)
    os.environ.update(QUIET)
    with workspace() as folder, ExitStack() as stack:
        machine = describe(folder, with_peer=False, also=_server_version(options.on))
        growing = {name: stack.enter_context(_growing(name, folder)) for name in options.on}
        found = grow(growing, options.sizes)
    print("\n".join(lines(found)))
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    document = {
        "machine": machine.to_json(),
        "databases": {name: [asdict(stage) for stage in found[name]] for name in found},
    }
    (results / "large.json").write_text(json.dumps(document, indent=1) + "\n")
    if tuple(found) == DATABASES and options.sizes[-1] == SIZES[-1]:
        write_page(found, machine)
    return 0


def grow(growing: Mapping[str, "Growing"], sizes: Sequence[int]) -> dict[str, list[Stage]]:
    """Load all up to each size, at once; then measure one after the other."""
    found: dict[str, list[Stage]] = {name: [] for name in growing}
    before = 0
    for size in sizes:
        say(f"loading up to {size:,} versions")
        with ThreadPoolExecutor(len(growing)) as pool:
            seconds = list(pool.map(Growing.load, growing.values(), repeat(before), repeat(size)))
        os.sync()  # what one wrote is not to be flushed while the other is measured
        for (name, each), took in zip(growing.items(), seconds, strict=True):
            say(f"{name}: {size:,} versions")
            occupied, samples = each.measure(len(found[name]))
            found[name].append(
                Stage(
                    versions=size,
                    loaded_per_second=(size - before) / took,
                    bytes_of_each=occupied / size,
                    operations={what: Summary.of(taken) for what, taken in samples.items()},
                )
            )
        before = size
    return found


class Growing:
    """A registry that grows, in a process that does nothing else: see `growing`."""

    def __init__(self, worker: Worker, folder: Path) -> None:
        self._worker = worker
        self._folder = folder

    def load(self, before: int, size: int) -> float:
        """Load up to so many versions; give the seconds that it took."""
        return float(self._call("load", before=before, size=size, each=VERSIONS_OF_EACH))

    def measure(self, place: int) -> tuple[int, dict[str, list[float]]]:
        """Give the bytes that the database occupies, and samples of every operation."""
        occupied, samples = self._call("measure", place=place, count=SAMPLES)
        return occupied, samples

    def _call(self, function: str, **arguments: int) -> Any:
        given = {"folder": str(self._folder), **arguments}
        return self._worker.tell("call", function=f"benchmarks.growing:{function}", arguments=given)


@contextmanager
def _growing(database: str, folder: Path) -> Iterator[Growing]:
    with _catalog(database) as catalog:
        environment = {**variables(folder), "REGISTRY_CATALOG": catalog}
        log = folder / f"{database}.log"
        with Worker(PYTHON, log=log, environment=environment) as worker:
            yield Growing(worker, folder / database)


@contextmanager
def _catalog(database: str) -> Iterator[str]:
    """Give the setting that leads to a database; empty for the file that is the default."""
    if database == "sqlite":
        yield ""
        return
    from registry_assets_tests.servers.postgresql import running_postgresql

    with running_postgresql() as server:
        yield server.database()


def _server_version(databases: Sequence[str]) -> dict[str, str]:
    """Give the PostgreSQL that was measured, started once more to be asked."""
    if "postgresql" not in databases:
        return {}
    from registry_assets_tests.servers.postgresql import running_postgresql

    with running_postgresql() as server:
        [(version,)] = server.execute("SHOW server_version")
        return {"PostgreSQL": str(version)}


def lines(found: dict[str, list[Stage]]) -> Iterator[str]:
    """Give a table for each database, in markdown: people read it in a terminal as well."""
    for name, stages in found.items():
        yield f"\n## {name}\n"
        yield "| | " + " | ".join(f"{stage.versions:,}" for stage in stages) + " | per decade |"
        yield "|---|" + "---:|" * (len(stages) + 1)
        for operation in stages[0].operations:
            medians = [stage.operations[operation].median for stage in stages]
            cells = " | ".join(map(milliseconds, medians))
            yield f"| {operation} | {cells} | {per_decade(stages, medians)} |"
        cells = " | ".join(f"{stage.bytes_of_each / 1000:.1f} kB" for stage in stages)
        growth = per_decade(stages, [stage.bytes_of_each for stage in stages])
        yield f"| disk, each version | {cells} | {growth} |"
        cells = " | ".join(f"{stage.loaded_per_second:,.0f}/s" for stage in stages)
        yield f"| bulk-loaded | {cells} | |"


def per_decade(stages: Sequence[Stage], values: Sequence[float]) -> str:
    """Give by how much a value grows while the number of versions grows tenfold."""
    from math import log10

    decades = log10(stages[-1].versions / stages[0].versions)
    return f"×{(values[-1] / values[0]) ** (1 / decades):.2f}" if decades else ""


def write_page(found: dict[str, list[Stage]], machine: Machine) -> None:
    """Write `docs/performance-large.md`."""
    from benchmarks.page import DOCS, machine_lines

    models = max(stage.versions for stages in found.values() for stage in stages)
    introduction = (
        "# A million versions\n\nWritten by `make bench-large`: one registry that grows to"
        f" {models:,} versions in {models // VERSIONS_OF_EACH:,} models, loaded as valid rows"
        " with their whole history. Medians of operations of full durability, each in one"
        " process that does nothing else; `per decade` says by how much a figure grows while the"
        " number of versions grows tenfold."
    )
    text = [introduction, *lines(found), "\n## The machine\n", *machine_lines(machine)]
    (DOCS / "performance-large.md").write_text("\n".join(text) + "\n")


def say(text: str) -> None:
    """Tell progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
