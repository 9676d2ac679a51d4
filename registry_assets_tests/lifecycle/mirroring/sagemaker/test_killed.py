"""SIGKILL at every step of a publication, then the same again: one version, and it is Approved."""

import multiprocessing
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from registry_assets import faults
from registry_assets.converting.contents import read_version_contents
from registry_assets.declaration import Mirror
from registry_assets.lifecycle.deploying import as_resolved
from registry_assets.lifecycle.mirroring.declared import open_client
from registry_assets.lifecycle.mirroring.outgoing import read_outgoing
from registry_assets.mirroring.protocol import Receipt
from registry_assets_tests.lifecycle.mirroring.sagemaker.mirrored import (
    MODEL,
    Mirrored,
    Mirroring,
    settled,
)
from registry_assets_tests.servers.sagemaker import SageMakerDouble
from registry_assets_tests.worlds import SENSOR, opened_world

POINTS = (
    "mirror.claimed",
    "mirror.files_written",
    "mirror.version_made",
    "mirror.version_told",
    "mirror.published",
    "mirror.receipt_kept",
    "mirror.pointed",
    "mirror.pointers_set",
)


@pytest.fixture
def mirroring(sagemaker_moto: SageMakerDouble, monkeypatch: pytest.MonkeyPatch) -> Mirroring:
    """On moto as it is, which does not know a token again: the digest alone keeps it to one."""
    for name, value in sagemaker_moto.environment.items():
        monkeypatch.setenv(name, value)
    return Mirroring(sagemaker_moto)


def _publish(folder: Path, mirror: Mirror, fault: str, environment: dict[str, str]) -> None:
    os.environ.update({**environment, faults.VARIABLE: fault})
    with opened_world(folder) as world:
        declared = replace(world.model(), mirrors=(mirror,))
        world.registry.publish_to_mirror(declared, mirror.mirror, run=SENSOR)


def killed(mirrored: Mirrored, fault: str) -> int | None:
    """Publish in a process of its own, that dies at a point; give its exit code."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "boto3", "sklearn.linear_model"])
    (mirror,) = mirrored.declared.mirrors
    process = context.Process(
        target=_publish,
        args=(mirrored.world.folder, mirror, fault, mirrored.server.environment),
    )
    process.start()
    process.join(180)
    return process.exitcode


@pytest.mark.parametrize("fault", POINTS)
def test_a_publication_killed_anywhere_is_finished_by_the_next_one(
    mirrored: Mirrored, fault: str
) -> None:
    held = mirrored.registry.pointer(MODEL)
    assert killed(mirrored, fault) == -signal.SIGKILL
    assert mirrored.registry.pointer(MODEL) == held
    mirrored.publish()
    settled(mirrored, 1)


def test_one_that_never_is_repeated_is_overtaken_by_the_next_promotion(
    mirrored: Mirrored,
) -> None:
    assert killed(mirrored, "mirror.version_made") == -signal.SIGKILL
    mirrored.registry.promote(MODEL, 2, run=SENSOR)
    mirrored.publish()
    settled(mirrored, 2)


def test_two_that_do_not_know_of_each_other_converge(mirrored: Mirrored) -> None:
    """As where a lock of the catalog was lost: two clients, the same version, nothing shared."""
    registry = mirrored.registry
    with registry.backends.catalog.read() as connection:
        said = read_outgoing(connection, MODEL, 1)
    version = as_resolved(registry.version(f"{MODEL}:1").version)
    (mirror,) = mirrored.declared.mirrors

    def publish(_: int) -> Receipt:
        client = open_client(MODEL, mirror)
        return client.publish_version(
            said, lambda: read_version_contents(registry.backends.store, version)
        )

    with ThreadPoolExecutor(2) as pool:
        numbers = {receipt.number for receipt in pool.map(publish, range(2))}
    mirrored.publish()
    settled(mirrored, 1)
    assert set(mirrored.approved()) <= numbers


def test_a_version_that_was_made_twice_is_ours_once(mirrored: Mirrored) -> None:
    assert killed(mirrored, "mirror.version_made") == -signal.SIGKILL
    made = mirrored.package("1")
    mirrored.there.create_model_package(
        ModelPackageGroupName=mirrored.name,
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification=made["InferenceSpecification"],
        CustomerMetadataProperties=made["CustomerMetadataProperties"],
    )
    mirrored.publish()
    settled(mirrored, 1)
    said = mirrored.package("2")
    assert said["ModelApprovalStatus"] == "Rejected"
    assert said["CustomerMetadataProperties"]["registry_assets.duplicate_of"] == "1"
