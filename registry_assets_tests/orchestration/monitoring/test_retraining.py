"""What asks for a version by itself, in Dagster: a sensor that only reads, and jobs that decide."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from registry_assets.declaration import OnDrift, OnNewData, RegisteredModel
from registry_assets_tests import worlds
from registry_assets_tests.orchestration import stage as stages
from registry_assets_tests.orchestration.monitoring.conftest import PLAN
from registry_assets_tests.orchestration.monitoring.watched import (
    APRIL,
    NAMES,
    arrive,
    location,
    watched,
)
from registry_assets_tests.orchestration.stage import Stage, copy_home, open_stage


def by_drift(project: ModuleType) -> RegisteredModel:
    return replace(watched(project, PLAN), retrain=OnDrift(cooldown_days=0))


@pytest.fixture
def drifting(project: ModuleType, promoted_home: Path, tmp_path: Path) -> Iterator[Stage]:
    """A home of one's own: version 1 in production, watched, and retrained when it drifts."""
    home = copy_home(promoted_home, tmp_path / "home")
    with open_stage(home, location(project, by_drift(project))) as stage:
        yield stage


def let_drift(stage: Stage) -> None:
    raw = worlds.flights(seed=4)
    arrive(stage, raw.assign(sched_dep_time=raw["sched_dep_time"] + 600))
    (run,) = stage.daemon.tick(NAMES.monitor_sensor).runs
    assert run.success, run.failures


def test_drift_leads_to_a_version_its_gate_and_a_word_in_the_alerts_thread(
    drifting: Stage,
) -> None:
    registry = drifting.registry
    let_drift(drifting)
    asked = drifting.daemon.tick(NAMES.retraining_sensor)
    assert [(run.job, run.success) for run in asked.runs] == [(NAMES.retrain_job, True)]
    (reserved,) = registry.reserved("ontime")
    assert (reserved.number, reserved.trigger) == (2, "drift")
    assert reserved.actor == f"sensor:{NAMES.retraining_sensor}"
    assert reserved.reason.startswith("drift of hour")
    assert reserved.reason.endswith(f"in {APRIL} (alert ontime/1)")
    again = drifting.daemon.tick(NAMES.retraining_sensor)
    assert (again.runs, again.skip_reason) == ((), "ontime:2 is reserved, and not trained yet")

    assert drifting.train().runs[0].success
    drifting.promote()
    took = registry.pointer("ontime").version == 2
    told = drifting.daemon.tick(NAMES.retraining_sensor)
    assert [(run.job, run.success) for run in told.runs] == [(NAMES.retrained_job, True)]
    said = "took its place in production" if took else "does not beat production"
    assert f"alert ontime/1: version 2, trained for it, {said}" in drifting.said(told.runs[0])
    events = drifting.events()
    assert drifting.daemon.tick(NAMES.retraining_sensor).runs == ()
    assert drifting.daemon.run_job(NAMES.retrained_job).success
    assert drifting.events() == events
    assert registry.ended_retrainings("ontime") == ()


def test_the_job_decides_anew_and_asks_for_nothing_that_is_not_due(drifting: Stage) -> None:
    outcome = drifting.retrain(trigger="drift", reason="a guess")
    assert outcome.success, outcome.failures
    said = drifting.said(outcome)
    assert "nothing to do: drift: no alert about ontime:1 tells of it" in said
    assert drifting.registry.reserved("ontime") == ()


def test_what_is_asked_for_by_itself_has_no_parameters_of_anybodys(drifting: Stage) -> None:
    outcome = drifting.retrain(trigger="drift", params={"C": 2.0})
    assert not outcome.success
    assert "has the declared parameters" in outcome.failures[0]


def test_new_data_is_asked_for_once_by_a_model_that_nobody_watches(
    project: ModuleType, promoted_home: Path, tmp_path: Path
) -> None:
    model = replace(project.ontime, retrain=OnNewData())
    home = copy_home(promoted_home, tmp_path / "home")
    with open_stage(home, location(project, model)) as stage:
        tick = stage.daemon.tick(NAMES.retraining_sensor)
        why = "new_data: nothing new: ontime:1 was made from all there is"
        assert (tick.runs, tick.skip_reason) == ((), why)
        stages.arrive(stage, [APRIL])
        (run,) = stage.daemon.tick(NAMES.retraining_sensor).runs
        assert run.success, run.failures
        (reserved,) = stage.registry.reserved("ontime")
        assert (reserved.trigger, reserved.reason) == ("new_data", f"new data: {APRIL}")
        assert stage.daemon.tick(NAMES.retraining_sensor).runs == ()


def test_a_model_that_was_never_trained_says_so_or_is_trained(
    project: ModuleType, arrived_home: Path, tmp_path: Path
) -> None:
    home = copy_home(arrived_home, tmp_path / "home")
    with open_stage(home, location(project, by_drift(project))) as stage:
        tick = stage.daemon.tick(NAMES.retraining_sensor)
        assert (tick.runs, tick.skip_reason) == ((), "drift: production holds no version")
