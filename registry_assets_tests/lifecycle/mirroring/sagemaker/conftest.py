"""Worlds whose model is in production and has a group there, and nothing is published yet.

Each test runs against moto as it is, and against moto with what it lacks.
"""

import pytest

from registry_assets_tests.lifecycle.mirroring.sagemaker.mirrored import Mirrored, Mirroring
from registry_assets_tests.servers.sagemaker import SageMakerDouble
from registry_assets_tests.worlds import SENSOR, World


@pytest.fixture(params=["moto", "completed"])
def double(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SageMakerDouble:
    """A double, which the usual AWS variables lead to."""
    server: SageMakerDouble = request.getfixturevalue(f"sagemaker_{request.param}")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture
def completed(
    sagemaker_completed: SageMakerDouble, monkeypatch: pytest.MonkeyPatch
) -> SageMakerDouble:
    """The double that does what moto lacks, which the usual AWS variables lead to."""
    for name, value in sagemaker_completed.environment.items():
        monkeypatch.setenv(name, value)
    return sagemaker_completed


@pytest.fixture
def mirroring(double: SageMakerDouble) -> Mirroring:
    """Makes mirrored worlds."""
    return Mirroring(double)


@pytest.fixture
def mirrored(succeeded: World, mirroring: Mirroring) -> Mirrored:
    """Version 1 is in production, 2 may follow it; nothing is published yet."""
    return mirroring.of(succeeded)


@pytest.fixture
def published(mirrored: Mirrored) -> Mirrored:
    """Version 1 is in production, here and there."""
    assert mirrored.publish().moved
    return mirrored


@pytest.fixture
def twice(published: Mirrored) -> Mirrored:
    """Versions 1 and 2 are there, and production is at 2."""
    published.registry.promote("flight_delay", 2, run=SENSOR)
    published.publish()
    assert published.observe(verify=True).in_step
    return published
