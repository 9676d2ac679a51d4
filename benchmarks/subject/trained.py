"""One model really trained, packaged, checked, evaluated and promoted, on both sides."""

from pathlib import Path

import pandas as pd

from benchmarks.subject.declaration import KEPT, PARAMS, declared
from benchmarks.subject.features import make_features
from benchmarks.subject.rows import flights, planes
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.lifecycle.reserving import Request
from registry_assets.manifest import Parent
from registry_assets.packaging.package import ESTIMATOR
from registry_assets.registry import Registry

MODEL = "late_0"
RUN = RunInfo(actor="bench", run_id="bench")
BY_HAND = "by_hand"
"""The folder, in the registry's own, with what a deployment without a registry would have."""


def make_trained(folder: Path) -> None:
    """Train and promote version 1, and lay its estimator out for those who load by hand."""
    registry = Registry.init(folder)
    _use(registry)
    for partition in ("2025-11", "2025-12"):
        _materialize(registry, partition)
    number = reserve(registry, 0)
    registry.train(declared(MODEL), number, run=RUN)
    registry.evaluate(declared(MODEL), number, run=RUN)
    registry.promote(MODEL, number, run=RUN)
    by_hand = folder / BY_HAND
    by_hand.mkdir()
    digest = str(registry.resolve(f"{MODEL}@production").digest)
    (by_hand / ESTIMATOR).write_bytes(registry.read_file(digest, ESTIMATOR))


def reserve(registry: Registry, attempt: int) -> int:
    """Reserve the next version, for a training that was not asked for before."""
    params = {"max_iter": PARAMS["max_iter"] + attempt}
    asked = Request(f"attempt {attempt}", params=params)
    return registry.reserve(declared(MODEL), asked, run=RUN).version.number


def _use(registry: Registry) -> None:
    """Let the store have been used: its 256 folders of blobs are made once, by whoever is first."""
    registry.backends.store.put_all([f"blob {number}".encode() for number in range(2_000)])


def _materialize(registry: Registry, partition: str) -> None:
    rows, known = flights(), planes()
    rows["partition"] = partition
    raw = registry.store_snapshot(rows, asset="flights", partition=partition, run=RUN)
    reference = registry.store_snapshot(known, asset="planes", run=RUN)
    registry.store_snapshot(
        pd.concat([make_features(rows, known), rows[list(KEPT)]], axis=1),
        asset="flight_features",
        partition=partition,
        kind="features",
        parents=(Parent("input:flights", raw.digest), Parent("input:planes", reference.digest)),
        facts={"kept": list(KEPT), "inputs": ["flights", "planes"]},
        run=RUN,
    )
