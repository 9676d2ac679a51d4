"""A registry that grows: what `large` tells a worker to do. Runs in a process of its own."""

import time
from pathlib import Path

from benchmarks import shapes
from benchmarks.bulk.loading import Shape
from benchmarks.bulk.loading import load as load_models
from benchmarks.operations import operations
from registry_assets.registry import Registry


def load(folder: str, before: int, size: int, each: int) -> float:
    """Load further models; give the seconds that it took.

    Args:
        before: versions that are there.
        each: versions of a model.
    """
    registry = Registry.open(Path(folder)) if before else Registry.init(Path(folder))
    started, new = time.monotonic(), range(before // each, size // each)
    # Only of the first model are there bytes in the store: it is the one worked on.
    for part, stored in ((new[:1], each), (new[1:], 0)):
        load_models(registry, Shape(part, each, production=shapes.production(each), stored=stored))
    return time.monotonic() - started


def measure(folder: str, place: int, count: int) -> tuple[int, dict[str, list[float]]]:
    """Give the bytes that the database occupies, and the milliseconds of every operation.

    Args:
        place: how often it was measured before.
        count: samples of each operation, after one to warm up.
    """
    registry = Registry.open(Path(folder))
    samples = {
        name: operation.sample(count + 1)[1:]
        for name, operation in operations(registry, place + 1).items()
    }
    return _bytes(registry), samples


def _bytes(registry: Registry) -> int:
    with registry.backends.catalog.read() as connection:
        if connection.dialect.name == "postgresql":
            query = "SELECT pg_database_size(current_database())"
            return int(connection.exec_driver_sql(query).scalar_one())
        pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
        return pages * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
