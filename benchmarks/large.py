"""`python -m benchmarks.large`: a million versions in 10,000 models, and what each thing costs.

The same registry grows from 10,000 versions over 100,000 to a million, on SQLite and on
PostgreSQL, and at each size every operation is timed, with no peer. A full run writes
`docs/performance-large.md`.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.environments import HERE, QUIET
from benchmarks.machine import Machine, describe
from benchmarks.measuring import Summary
from benchmarks.results import milliseconds
from benchmarks.run import workspace

if TYPE_CHECKING:
    from registry_assets.registry import Registry

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
    with workspace() as folder:
        machine = describe(folder, with_peer=False, also=_server_version(options.on))
        found = {name: grow(name, folder / name, options.sizes) for name in options.on}
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


def grow(database: str, folder: Path, sizes: Sequence[int]) -> list[Stage]:
    """Load up to each size in turn, and measure there."""
    from benchmarks import shapes
    from benchmarks.bulk.loading import Shape, load
    from benchmarks.operations import operations
    from registry_assets.registry import Registry

    stages: list[Stage] = []
    models = 0
    with opened(database) as (settings, size_of):
        os.environ.update(settings)
        registry = Registry.init(folder)
        for size in sizes:
            say(f"{database}: {size:,} versions")
            started, wanted = time.monotonic(), size // VERSIONS_OF_EACH
            new = range(models, wanted)
            # Only of the first model are there bytes in the store: it is the one worked on.
            for part, stored in ((new[:1], VERSIONS_OF_EACH), (new[1:], 0)):
                held = shapes.production(VERSIONS_OF_EACH)
                load(registry, Shape(part, VERSIONS_OF_EACH, production=held, stored=stored))
            loaded = size - models * VERSIONS_OF_EACH
            models, took = wanted, time.monotonic() - started
            stages.append(
                Stage(
                    versions=size,
                    loaded_per_second=loaded / took,
                    bytes_of_each=size_of(registry) / size,
                    operations={
                        name: Summary.of(operation.sample(SAMPLES + 1)[1:])
                        for name, operation in operations(registry, len(stages)).items()
                    },
                )
            )
    return stages


@contextmanager
def opened(database: str) -> Iterator[tuple[dict[str, str], "Callable[[Registry], int]"]]:
    """Give the setting that leads to a database, and how to ask for its size."""
    if database == "sqlite":
        yield {"REGISTRY_CATALOG": ""}, _file_size
        return
    from registry_assets_tests.servers.postgresql import running_postgresql

    with running_postgresql() as server:
        yield {"REGISTRY_CATALOG": server.database()}, _database_size


def _file_size(registry: "Registry") -> int:
    with registry.backends.catalog.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())


def _database_size(registry: "Registry") -> int:
    with registry.backends.catalog.read() as connection:
        query = "SELECT pg_database_size(current_database())"
        return int(connection.exec_driver_sql(query).scalar_one())


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
