"""A collection of Weights & Biases in Dagster: asset, check, sensor. Its server is a double."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import dagster as dg
import pytest

from registry_assets import RegisteredModel, WeightsAndBiases, registry_definitions
from registry_assets.orchestration.mirrors.checks import in_step_key
from registry_assets.orchestration.resource import RegistryResource
from registry_assets_tests.orchestration.mirrors.seen import NAMES, Seen
from registry_assets_tests.orchestration.mirrors.test_mirrors import Ahead
from registry_assets_tests.orchestration.stage import copy_home, open_stage
from registry_assets_tests.servers.wandb import KEY, TEAM, WandbDouble
from registry_assets_tests.servers.wandb_team import link

MIRROR = NAMES.mirror_key("wandb")
CHECK = in_step_key("ontime", "wandb")


@dataclass(frozen=True, slots=True)
class Mirrored(Seen):
    """A home whose model has a collection there."""

    double: WandbDouble
    collection: str
    clock: Ahead
    defs: dg.Definitions

    def aliases(self) -> dict[str, str]:
        """The aliases there."""
        return self.double.aliases(self.collection)


def location(project: ModuleType, model: RegisteredModel, clock: Ahead) -> dg.Definitions:
    return registry_definitions(
        models=[model],
        assets=[project.flights, project.planes, project.ontime_features],
        registry=RegistryResource(clock=clock),
        executor=dg.in_process_executor,
    )


@pytest.fixture
def mirrored(
    project: ModuleType, promoted_home: Path, tmp_path: Path, wandb: WandbDouble
) -> Iterator[Mirrored]:
    """Version 1 is in production here, and nothing is there."""
    collection = f"ontime-{secrets.token_hex(6)}"
    mirror = WeightsAndBiases(base_url=wandb.url, entity=TEAM, collection=collection)
    clock = Ahead()
    defs = location(project, replace(project.ontime, mirrors=(mirror,)), clock)
    with open_stage(copy_home(promoted_home, tmp_path / "home"), defs) as stage:
        yield Mirrored(stage, "wandb", wandb, collection, clock, defs)


def test_the_sensor_publishes_and_the_check_is_green_without_the_key_in_any_event(
    mirrored: Mirrored,
) -> None:
    (published,) = mirrored.settle()
    assert (published.job, published.success) == (NAMES.mirror_job, True), published.failures
    assert mirrored.aliases() == {"production": "v0"}
    shown = mirrored.shown()
    assert shown.passed, shown.description
    assert shown.description == "all is there as it is here; every byte was compared"
    told = mirrored.metadata()
    assert told["server"] == mirrored.double.url
    assert f"wandb-registry-model%2F{mirrored.collection}" in told["page"]
    assert told["page"].endswith("version=v0")
    (receipt,) = [dict(row.data) for row in told["receipts"].records]
    digest = mirrored.stage.registry.resolve("ontime@production").digest
    assert receipt["digest"] == digest
    (there,) = mirrored.double.versions(mirrored.collection)
    assert f'"registry_assets_digest":"{digest}"' in there["metadata"].replace(": ", ":")
    said = mirrored.stage.said(published)
    assert said
    assert KEY not in said + str(told) + str(shown)
    # What follows changes nothing there, so it changes nothing here.
    events = mirrored.stage.events()
    assert mirrored.settle() == []
    assert mirrored.stage.events() == events


def test_a_server_that_is_down_holds_no_promotion_and_is_told_once_it_is_back(
    mirrored: Mirrored,
) -> None:
    stage, registry = mirrored.stage, mirrored.stage.registry
    mirrored.double.kill()
    try:
        (failed,) = mirrored.look()
        assert not failed.success
        assert "does not answer" in "\n".join(failed.failures)
        # It waits before it tries again.
        assert mirrored.look() == []
        assert stage.retrain(reason="better", params={"C": 2.0}).success
        assert [run.success for run in stage.train().runs] == [True]
        assert [run.success for run in stage.promote().runs] == [True]
        assert registry.pointer("ontime").version == 2
    finally:
        mirrored.double.start()
    mirrored.clock.ahead = timedelta(minutes=2)
    (published,) = mirrored.look()
    assert published.success, published.failures
    # One state: what production holds now, and nothing of what it held meanwhile.
    assert mirrored.aliases() == {"production": "v0"}
    (there,) = mirrored.double.versions(mirrored.collection)
    assert str(registry.resolve("ontime@production").digest) in there["metadata"]
    assert registry.mirror_state("ontime", "wandb").failures == 0
    mirrored.settle()
    assert mirrored.shown().passed


@pytest.mark.thorough
def test_an_alias_that_is_moved_by_hand_turns_the_check_red_until_it_is_put_right(
    mirrored: Mirrored,
) -> None:
    (published,) = mirrored.settle()
    assert published.success, published.failures
    files = {"model.skops": b"of somebody else"}
    link(mirrored.double, mirrored.collection, [{"files": files, "aliases": ["production"]}])
    assert mirrored.aliases() == {"production": "v1"}
    (looked,) = mirrored.settle()
    assert (looked.job, looked.success) == (NAMES.in_step_job, True), looked.failures
    shown = mirrored.shown()
    assert (shown.passed, shown.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "production was moved there to v1 (none of ours)" in str(shown.description)
    assert shown.metadata["put right by"].value == "registry mirrors ontime --repair"
    # It stays there until a person decides: told once, and nothing is moved by itself.
    assert mirrored.settle() == []
    assert mirrored.aliases() == {"production": "v1"}

    config = {"ops": {"ontime__wandb": {"config": {"repair": True}}}}
    repaired = mirrored.stage.daemon.run_job(NAMES.mirror_job, run_config=config)
    assert repaired.success, repaired.failures
    assert mirrored.aliases() == {"production": "v0"}
    assert mirrored.shown().passed
    assert "was amiss: production was moved there" in mirrored.stage.said(repaired)


@pytest.mark.thorough
def test_a_server_that_cannot_be_looked_at_is_no_error_of_ours(mirrored: Mirrored) -> None:
    mirrored.settle()
    mirrored.double.kill()
    try:
        (looked,) = mirrored.settle()
        assert looked.success, looked.failures
        shown = mirrored.shown()
        assert (shown.passed, shown.severity) == (False, dg.AssetCheckSeverity.WARN)
        assert "cannot be looked at" in str(shown.description)
    finally:
        mirrored.double.start()
    assert len(mirrored.settle()) == 1
    assert mirrored.shown().passed
