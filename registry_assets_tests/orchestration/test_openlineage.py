"""Lineage is told by a run that the sensor asks for, where somebody asked; nothing waits for it."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import dagster as dg
import pytest

from registry_assets.openlineage.destination import SETTING, FileDestination
from registry_assets.orchestration.build import registry_definitions
from registry_assets.orchestration.openlineage import (
    LINEAGE_SENSOR,
    NOTHING_TO_TELL,
    TELL_JOB,
    lineage_sensor,
    tell_job,
)
from registry_assets.orchestration.resource import RegistryResource
from registry_assets_tests.lifecycle.openlineage.conftest import names, told
from registry_assets_tests.orchestration.stage import Stage, copy_home, open_stage
from registry_assets_tests.servers.receiver import Receiver, receiving, status


@pytest.fixture
def telling(
    project: ModuleType, trained_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    """A home of one's own: version 1 may be promoted, and a file is told of it."""
    monkeypatch.setenv(SETTING, "file:told.jsonl")
    source = RegistryResource()
    job = tell_job(source)
    added = dg.Definitions(jobs=[job], sensors=[lineage_sensor(job, source, interval=30)])
    home = copy_home(trained_home, tmp_path / "home")
    with open_stage(home, dg.Definitions.merge(project.defs, added)) as stage:
        yield stage


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def test_a_code_location_tells_nobody_unless_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def sensors() -> set[str]:
        made = registry_definitions(models=[])
        return {each.name for each in made.sensors or ()}

    monkeypatch.delenv(SETTING, raising=False)
    assert LINEAGE_SENSOR not in sensors()
    # What it says is looked at by the sensor alone: the code location loads all the same.
    monkeypatch.setenv(SETTING, "nonsense")
    assert LINEAGE_SENSOR in sensors()


def test_a_training_and_a_promotion_are_told_by_runs_of_their_own(telling: Stage) -> None:
    file = FileDestination(telling.folder / "told.jsonl")
    (run,) = telling.daemon.tick(LINEAGE_SENSOR).runs
    assert (run.job, run.success) == (TELL_JOB, True)
    assert "COMPLETE train/ontime" in names(told(file))
    assert telling.daemon.tick(LINEAGE_SENSOR).skip_reason == NOTHING_TO_TELL
    (promoted,) = telling.promote().runs
    assert promoted.success
    (run,) = telling.daemon.tick(LINEAGE_SENSOR).runs
    assert run.success
    assert names(told(file))[-1] == "COMPLETE promote/ontime"
    assert telling.daemon.run_job(TELL_JOB).success
    assert telling.daemon.tick(LINEAGE_SENSOR).skip_reason == NOTHING_TO_TELL


def test_a_receiver_that_is_down_fails_no_run_and_what_it_refuses_fails_one(
    telling: Stage, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, receiver.url)
    receiver.answers += [status(503)]
    (run,) = telling.daemon.tick(LINEAGE_SENSOR).runs
    assert run.success
    tick = telling.daemon.tick(LINEAGE_SENSOR)
    assert tick.runs == ()
    assert "not due yet: OpenLineage answered 503" in str(tick.skip_reason)
    (promoted,) = telling.promote().runs
    assert promoted.success
    receiver.answers += [status(422, b"odd")]
    run = telling.daemon.run_job(TELL_JOB)
    assert not run.success
    assert "OpenLineage answered 422: odd" in run.failures[0]
    assert "registry openlineage --retry" in run.failures[0]
    assert telling.daemon.tick(LINEAGE_SENSOR).skip_reason == NOTHING_TO_TELL


def test_a_setting_that_cannot_be_used_fails_its_own_tick_alone(
    telling: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, "nonsense")
    with pytest.raises(Exception, match="REGISTRY_OPENLINEAGE is no address"):
        telling.daemon.tick(LINEAGE_SENSOR)
    assert "REGISTRY_OPENLINEAGE is no address" in telling.daemon.run_job(TELL_JOB).failures[0]
    (promoted,) = telling.promote().runs
    assert promoted.success
