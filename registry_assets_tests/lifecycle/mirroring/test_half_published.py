"""What others left half-way, or did at the same time, ends in the one right state as well."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from registry_assets.catalog.alone import alone
from registry_assets.converting.contents import read_version_contents
from registry_assets.errors import Conflict
from registry_assets.lifecycle.deploying import as_resolved
from registry_assets.lifecycle.mirroring.outgoing import read_outgoing
from registry_assets.mirroring.mlflow import models, runs
from registry_assets.mirroring.mlflow.address import Address
from registry_assets.mirroring.mlflow.calling import Calls
from registry_assets.mirroring.mlflow.client import MLflowClient
from registry_assets.mirroring.protocol import Outgoing, Receipt
from registry_assets.registry import Registry
from registry_assets_tests.lifecycle.mirroring.mirrored import (
    MODEL,
    Mirrored,
    settled,
)


def outgoing(mirrored: Mirrored, number: int = 1) -> Outgoing:
    """What is told of a version."""
    with mirrored.registry.backends.catalog.read() as connection:
        return read_outgoing(connection, MODEL, number)


def test_a_run_with_some_files_and_others_that_are_cut_off_is_finished(mirrored: Mirrored) -> None:
    said, calls = outgoing(mirrored), Calls(Address.find(mirrored.server.url))
    run = runs.create_run(calls, mirrored.name, said)
    half = mirrored.world.folder / "half"
    (half / "version").mkdir(parents=True)
    (half / "version" / "estimator.skops").write_bytes(b"PK half of it")
    (half / "left over.txt").write_text("of a release of before")
    mirrored.there.log_artifacts(run.info.run_id, str(half), "model")
    mirrored.publish()
    settled(mirrored, 1)
    assert [run.info.run_id for run in mirrored.runs()] == [run.info.run_id]


def test_a_version_that_was_made_twice_is_there_once(mirrored: Mirrored) -> None:
    said, calls = outgoing(mirrored), Calls(Address.find(mirrored.server.url))
    models.claim_model(calls, mirrored.name, said)
    for _ in range(3):
        run = runs.create_run(calls, mirrored.name, said)
        source = f"{run.info.artifact_uri}/model"
        models.create_version(calls, mirrored.name, run, source, said)
    mirrored.publish()
    settled(mirrored, 1)
    assert list(mirrored.versions()) == ["1"]


def test_two_publishers_at_once_take_turns(mirrored: Mirrored) -> None:
    def publish(_: int) -> bool:
        # Opened anew, as another process would.
        again = Registry.open(mirrored.world.folder, clock=mirrored.world.clock)
        return replace(mirrored, world=replace(mirrored.world, registry=again)).publish().moved

    with ThreadPoolExecutor(3) as pool:
        moved = list(pool.map(publish, range(3)))
    assert moved.count(True) == 1
    settled(mirrored, 1)


def test_two_that_do_not_know_of_each_other_converge(mirrored: Mirrored) -> None:
    """As where a lock of the catalog was lost: two clients, the same version, nothing shared."""
    said, version = outgoing(mirrored), mirrored.registry.version(f"{MODEL}:1").version
    store = mirrored.registry.backends.store

    def publish(_: int) -> Receipt:
        client = MLflowClient(Address.find(mirrored.server.url), mirrored.name)
        return client.publish_version(
            said, lambda: read_version_contents(store, as_resolved(version))
        )

    with ThreadPoolExecutor(2) as pool:
        receipts = list(pool.map(publish, range(2)))
    assert receipts[0] == receipts[1]
    assert list(mirrored.versions().values()) == [version.digest]
    mirrored.publish()
    settled(mirrored, 1)


def test_whoever_waits_for_too_long_is_told_so(mirrored: Mirrored) -> None:
    catalog = mirrored.registry.backends.catalog
    with (
        alone(catalog, "it", wait=0),
        pytest.raises(Conflict, match="another process is at it"),
        alone(catalog, "it", wait=0.3),
    ):
        pass
    with alone(catalog, "it", wait=0), alone(catalog, "another", wait=0):
        pass
