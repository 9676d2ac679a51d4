"""Worlds whose model is in production and has a collection there, and nothing is published yet."""

import pytest

from registry_assets_tests.lifecycle.mirroring.wandb.linked import Linked
from registry_assets_tests.servers.wandb import WandbDouble
from registry_assets_tests.worlds import SENSOR, World


@pytest.fixture
def linked(succeeded: World, wandb: WandbDouble) -> Linked:
    """Version 1 is in production, 2 may follow it; nothing is published yet."""
    return Linked.of(succeeded, wandb)


@pytest.fixture
def published(linked: Linked) -> Linked:
    """Version 1 is in production, here and there."""
    assert linked.publish().moved
    return linked


@pytest.fixture
def twice(published: Linked) -> Linked:
    """Versions 1 and 2 are there, and production is at 2."""
    published.registry.promote("flight_delay", 2, run=SENSOR)
    published.publish()
    assert published.observe(verify=True).in_step
    return published
