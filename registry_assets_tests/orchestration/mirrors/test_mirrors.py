"""A model's mirror in Dagster: an asset, a check and a sensor, beside a real MLflow server."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType

import dagster as dg
import pytest

from registry_assets import MLflow, RegisteredModel, WeightsAndBiases, registry_definitions
from registry_assets.clock import Clock, system_clock
from registry_assets.errors import DeclarationError
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.orchestration.mirrors.checks import (
    IN_STEP,
    in_step_check,
    in_step_key,
    rule_of,
)
from registry_assets.orchestration.resource import RegistryResource
from registry_assets.orchestration.unstable.check_results import stored_results
from registry_assets_tests.orchestration.mirrors.seen import NAMES, Seen
from registry_assets_tests.orchestration.stage import copy_home, open_stage
from registry_assets_tests.servers.mlflow import MLflowServer

MIRROR = NAMES.mirror_key("mlflow")


@dataclass(slots=True)
class Ahead:
    """A clock that can be set ahead of the machine's."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return system_clock() + self.ahead


@dataclass(frozen=True, slots=True)
class Mirrored(Seen):
    """A home whose model has a mirror."""

    server: MLflowServer
    name: str
    clock: Ahead
    defs: dg.Definitions
    declared: RegisteredModel

    def is_checked(self) -> bool:
        """Whether the newest result of the check is about the newest materialization."""
        result = next(stored_results(self.stage.instance, in_step_key("ontime", "mlflow"), None))
        (record,) = self.stage.instance.fetch_materializations(MIRROR, limit=1).records
        return result.target is not None and result.target[0] == record.storage_id

    def aliases(self) -> dict[str, str]:
        """The aliases there."""
        return dict(self.server.client().get_registered_model(self.name).aliases)


def location(
    project: ModuleType, *models: RegisteredModel, clock: Clock = system_clock
) -> dg.Definitions:
    """The project's code location with these models."""
    return registry_definitions(
        models=models,
        assets=[project.flights, project.planes, project.ontime_features],
        registry=RegistryResource(clock=clock),
        executor=dg.in_process_executor,
    )


def _name() -> str:
    """A name that nobody has on the server."""
    return f"ontime-{secrets.token_hex(6)}"


@pytest.fixture
def mirrored(
    project: ModuleType, promoted_home: Path, tmp_path: Path, mlflow: MLflowServer
) -> Iterator[Mirrored]:
    """Version 1 is in production here, and nothing is there."""
    name = _name()
    mirror = MLflow(tracking_uri=mlflow.url, name=name)
    clock = Ahead()
    declared = replace(project.ontime, mirrors=(mirror,))
    defs = location(project, declared, clock=clock)
    with open_stage(copy_home(promoted_home, tmp_path / "home"), defs) as stage:
        yield Mirrored(stage, "mlflow", mlflow, name, clock, defs, declared)


def test_the_sensor_publishes_and_the_check_is_green(mirrored: Mirrored) -> None:
    (published,) = mirrored.settle()
    assert (published.job, published.success) == (NAMES.mirror_job, True), published.failures
    assert mirrored.aliases() == {"production": "1"}
    shown = mirrored.shown()
    assert shown.passed, shown.description
    assert shown.description == "all is there as it is here; every byte was compared"
    told = mirrored.metadata()
    assert told["server"] == mirrored.server.url
    assert told["page"] == f"{mirrored.server.url}/#/models/{mirrored.name}/versions/1"
    (receipt,) = [dict(row.data) for row in told["receipts"].records]
    assert receipt["digest"] == mirrored.stage.registry.resolve("ontime@production").digest
    # What follows changes nothing there, so it changes nothing here.
    events = mirrored.stage.events()
    assert mirrored.settle() == []
    assert mirrored.stage.events() == events


def test_a_server_that_is_down_holds_no_promotion_and_is_told_once_it_is_back(
    mirrored: Mirrored,
) -> None:
    stage, registry = mirrored.stage, mirrored.stage.registry
    mirrored.server.kill()
    try:
        held = registry.pointer("ontime")
        (failed,) = mirrored.look()
        assert not failed.success
        assert "does not answer" in "\n".join(failed.failures)
        # It waits before it tries again.
        assert mirrored.look() == []
        assert stage.retrain(reason="better", params={"C": 2.0}).success
        (trained,) = stage.train().runs
        assert trained.success, trained.failures
        (promoted,) = stage.promote().runs
        assert promoted.success, promoted.failures
        assert registry.pointer("ontime").version == 2 != held.version
    finally:
        mirrored.server.start()
    mirrored.clock.ahead = timedelta(minutes=2)
    (published,) = mirrored.look()
    assert published.success, published.failures
    assert list(mirrored.aliases()) == ["production"]
    assert registry.mirror_state("ontime", "mlflow").failures == 0
    mirrored.settle()
    assert mirrored.shown().passed


def test_an_alias_that_is_moved_by_hand_turns_the_check_red_until_it_is_put_right(
    mirrored: Mirrored,
) -> None:
    mirrored.settle()
    client = mirrored.server.client()
    run = client.create_run(client.create_experiment(mirrored.name))
    theirs = client.create_model_version(
        mirrored.name, f"{run.info.artifact_uri}/m", run.info.run_id
    )
    client.set_registered_model_alias(mirrored.name, "production", theirs.version)
    (looked,) = mirrored.settle()
    assert (looked.job, looked.success) == (NAMES.in_step_job, True), looked.failures
    shown = mirrored.shown()
    assert (shown.passed, shown.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "production was moved there to 2 (none of ours)" in str(shown.description)
    assert shown.metadata["put right by"].value == "registry mirrors ontime --repair"
    # It stays there until a person decides: told once, and nothing is moved by itself.
    assert mirrored.settle() == []
    assert mirrored.aliases() == {"production": str(theirs.version)}

    config = {"ops": {"ontime__mlflow": {"config": {"repair": True}}}}
    repaired = mirrored.stage.daemon.run_job(NAMES.mirror_job, run_config=config)
    assert repaired.success, repaired.failures
    assert mirrored.aliases() == {"production": "1"}
    assert mirrored.shown().passed
    assert "was amiss: production was moved there" in mirrored.stage.said(repaired)


def test_what_the_command_line_published_becomes_a_materialization(mirrored: Mirrored) -> None:
    stage, declared = mirrored.stage, mirrored.declared
    stage.registry.publish_to_mirror(declared, "mlflow", run=RunInfo.by_hand())
    assert stage.made(MIRROR) == []
    (reported,) = stage.report().runs
    assert reported.success, reported.failures
    standing = stage.registry.mirror_standing("ontime", "mlflow")
    assert standing is not None
    assert stage.made(MIRROR) == [(None, standing.digest)]
    assert mirrored.metadata()["page"].endswith(f"/{mirrored.name}/versions/1")
    # Once is enough; and a run that finds all of it there shows the same data version.
    assert stage.report().runs == ()
    # A result about an earlier materialization is none to the UI.
    (looked,) = mirrored.settle()
    assert (looked.job, looked.success) == (NAMES.in_step_job, True), looked.failures
    assert mirrored.is_checked()
    by_hand = stage.daemon.run_job(NAMES.mirror_job)
    assert by_hand.success, by_hand.failures
    assert {version for _, version in stage.made(MIRROR)} == {standing.digest}
    assert stage.report().runs == ()


@pytest.mark.thorough
def test_what_was_red_is_looked_at_again_once_a_publication_was_reported(
    mirrored: Mirrored,
) -> None:
    mirrored.settle()
    mirrored.server.client().delete_registered_model_alias(mirrored.name, "production")
    mirrored.settle()
    assert not mirrored.shown().passed
    mirrored.stage.instance.wipe_assets([MIRROR])
    (reported,) = mirrored.stage.report().runs
    assert reported.success, reported.failures
    (looked,) = mirrored.settle()
    assert (looked.job, looked.success) == (NAMES.in_step_job, True), looked.failures
    assert (mirrored.shown().passed, mirrored.is_checked()) == (False, True)


def test_a_mirror_of_every_version_has_one_data_version_while_nothing_moves(
    project: ModuleType, trained_home: Path, tmp_path: Path, mlflow: MLflowServer
) -> None:
    mirror = MLflow(tracking_uri=mlflow.url, name=_name(), publish="commit")
    defs = location(project, replace(project.ontime, mirrors=(mirror,)))
    with open_stage(copy_home(trained_home, tmp_path / "home"), defs) as stage:
        for _ in range(2):
            outcome = stage.daemon.run_job(NAMES.mirror_job)
            assert outcome.success, outcome.failures
            assert "nothing to publish" not in stage.said(outcome)
        first, second = stage.made(MIRROR)
        assert first == second


def test_a_server_that_cannot_be_looked_at_is_no_error_of_ours(mirrored: Mirrored) -> None:
    mirrored.settle()
    mirrored.server.kill()
    try:
        (looked,) = mirrored.settle()
        assert looked.success, looked.failures
        shown = mirrored.shown()
        assert (shown.passed, shown.severity) == (False, dg.AssetCheckSeverity.WARN)
        assert "cannot be looked at" in str(shown.description)
    finally:
        mirrored.server.start()
    assert len(mirrored.settle()) == 1
    assert mirrored.shown().passed


def test_the_asset_stands_behind_the_pointer_and_says_what_it_is(mirrored: Mirrored) -> None:
    graph = mirrored.defs.resolve_asset_graph()
    node = graph.get(MIRROR)
    assert node.parent_keys == {NAMES.pointer_key("production")}
    assert str(node.description).startswith("ontime as ")
    assert mirrored.server.url in str(node.description)
    assert node.group_name == "ontime"
    assert [key.name for key in node.check_keys] == [IN_STEP]


def test_a_job_by_hand_before_anything_was_promoted_does_nothing(
    project: ModuleType, trained_home: Path, tmp_path: Path, mlflow: MLflowServer
) -> None:
    name = _name()
    mirror = MLflow(tracking_uri=mlflow.url, name=name)
    defs = location(project, replace(project.ontime, mirrors=(mirror,)))
    with open_stage(copy_home(trained_home, tmp_path / "home"), defs) as stage:
        outcome = stage.daemon.run_job(NAMES.mirror_job)
        assert outcome.success, outcome.failures
        assert "nothing to publish" in stage.said(outcome)
        assert stage.made(MIRROR) == []
    assert mlflow.client().search_registered_models(f"name = '{name}'") == []


def test_two_models_are_not_one_there(project: ModuleType) -> None:
    mirror = MLflow(tracking_uri="http://127.0.0.1:5000", name="both")
    first = replace(project.ontime, mirrors=(mirror,))
    second = replace(project.ontime, name="later", mirrors=(mirror,))
    with pytest.raises(DeclarationError, match="later/mlflow and ontime/mlflow are the same model"):
        location(project, first, second)


def test_a_mirror_cannot_have_the_name_of_a_job(project: ModuleType) -> None:
    named = replace(project.ontime, mirrors=(MLflow(mirror="train"),))
    with pytest.raises(DeclarationError, match="ontime__train is a job"):
        location(project, named)


def test_what_was_tried_against_a_double_alone_says_so(project: ModuleType) -> None:
    described = {}
    for mirror in (MLflow(), WeightsAndBiases()):
        declared = replace(project.ontime, mirrors=(mirror,))
        (spec,) = in_step_check(declared, mirror, RegistryResource()).check_specs
        described[mirror.mirror] = str(spec.description)
    assert described["mlflow"] == rule_of("mlflow")
    assert described["wandb"].startswith(rule_of("wandb"))
    assert "against a double of its server alone" in described["wandb"]
