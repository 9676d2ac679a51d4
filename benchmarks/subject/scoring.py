"""Partitions of many rows, scored as they are when they arrive; `benchmarks.scoring` runs it.

The version is a logistic regression that was really trained, packaged and promoted.
"""

from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import pandas as pd

from benchmarks.measuring import peak_memory, require
from benchmarks.subject.declaration import KEPT, declared
from benchmarks.subject.features import make_features
from benchmarks.subject.rows import flights, planes
from benchmarks.subject.trained import MODEL, RUN, make_trained
from registry_assets.declaration import Monitoring
from registry_assets.manifest import Parent
from registry_assets.registry import Registry


def make(folder: str) -> None:
    """Make a registry with a version in production."""
    make_trained(Path(folder))


def arrive(folder: str, partition: str, rows: int) -> None:
    """Let a partition of so many rows arrive, and its features be made."""
    registry = Registry.open(Path(folder))
    raw, known = flights(rows), planes()
    stored = registry.store_snapshot(raw, asset="flights", partition=partition, run=RUN)
    reference = registry.store_snapshot(known, asset="planes", run=RUN)
    registry.store_snapshot(
        pd.concat([make_features(raw, known), raw[list(KEPT)]], axis=1),
        asset="flight_features",
        partition=partition,
        kind="features",
        parents=(Parent("input:flights", stored.digest), Parent("input:planes", reference.digest)),
        facts={"kept": list(KEPT), "inputs": ["flights", "planes"]},
        run=RUN,
    )


def score(folder: str, partition: str, rows: int) -> dict[str, Any]:
    """Score it and record that; give the seconds, and the peak of memory of this process."""
    registry = Registry.open(Path(folder))
    model = replace(declared(MODEL), monitoring=Monitoring())
    start = perf_counter()
    seen = registry.observe_predictions(model, partition, run=RUN)
    seconds = perf_counter() - start
    (observation,) = seen.recorded.observations
    require(observation.rows, rows)
    return {"seconds": seconds, "peak": peak_memory()}
