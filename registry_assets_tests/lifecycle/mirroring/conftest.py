"""Worlds whose model is in production and has a mirror, and nothing is published yet."""

import pytest

from registry_assets_tests.lifecycle.mirroring.mirrored import Mirrored, Mirroring
from registry_assets_tests.servers.mlflow import MLflowServer
from registry_assets_tests.worlds import World


@pytest.fixture
def mirroring(mlflow: MLflowServer) -> Mirroring:
    """Makes mirrored worlds."""
    return Mirroring(mlflow)


@pytest.fixture
def mirrored(succeeded: World, mirroring: Mirroring) -> Mirrored:
    """Version 1 is in production, 2 may follow it; nothing is published yet."""
    return mirroring.of(succeeded)


@pytest.fixture
def published(mirrored: Mirrored) -> Mirrored:
    """Version 1 is in production, here and there."""
    assert mirrored.publish().moved
    return mirrored
