"""Whether the partition that should be scored by now has been: asked of the clock, not of data."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from registry_assets.canonical import Json
from registry_assets.catalog.ledger import change
from registry_assets.catalog.observations import (
    OBSERVATION_RECORDED,
    VersionObserved,
    record_observation,
)
from registry_assets.clock import ReplayClock
from registry_assets.declaration import Freshness, Monitoring
from registry_assets.lifecycle.reserving import declare_model
from registry_assets.manifest import Manifest
from registry_assets.orchestration.monitoring.freshness import find_untold_freshness
from registry_assets.registry import Registry
from registry_assets.store.manifests import put_manifest
from registry_assets_tests.catalog.history import START, History
from registry_assets_tests.orchestration.monitoring.watched import (
    NAMES,
    PERSON,
    PREDICTIONS,
    Shown,
    location,
    shown,
    watched,
)
from registry_assets_tests.orchestration.stage import Stage, make_home, open_stage

CLOCK = ReplayClock(START)
PLAN = Monitoring(freshness=Freshness(days=3))
EVERYTHING = "everything that came is watched: ontime"


@pytest.fixture
def april(project: ModuleType, tmp_path: Path) -> Iterator[Stage]:
    """Version 1 was deployed on the first of April 2013; the clock stands there."""
    CLOCK.now = START
    model = watched(project, PLAN)
    registry = Registry.open(make_home(tmp_path / "home"), clock=CLOCK)
    history = History(registry, CLOCK)
    declare_model(registry.backends, model, actor="ann")
    history.promote(history.version(1, model="ontime"), model="ontime")
    with open_stage(tmp_path / "home", location(project, model, clock=CLOCK)) as stage:
        yield stage


def scored(stage: Stage, partition: str, *, rows: int = 10) -> None:
    """Let a partition be on record as scored by version 1."""
    registry = stage.registry
    version = registry.version_numbered("ontime", 1).version
    facts: dict[str, Json] = {
        "model": "ontime",
        "partition": partition,
        "pointer": "production",
        "generation": 1,
    }
    digest = put_manifest(registry.backends.store, Manifest("predictions", (), (), facts))
    with change(
        registry.backends.catalog, chain="ontime", kind=OBSERVATION_RECORDED, actor="ann",
        clock=CLOCK,
    ) as draft:  # fmt: skip
        record_observation(
            draft,
            model="ontime",
            kind="predictions",
            partition=partition,
            digest=digest,
            pointer="production",
            generation=1,
            observed=[VersionObserved(1, str(version.digest), rows)],
            parents=(),
            run_id="run-1",
        )


def look(stage: Stage) -> Shown | None:
    """Let the sensor look, and the check run if it asks for it; what the check says then."""
    tick = stage.daemon.tick(NAMES.monitor_sensor)
    assert [(run.job, run.failures) for run in tick.runs] in ([], [(NAMES.freshness_job, ())])
    return shown(stage, PREDICTIONS, "freshness", None)


def test_what_is_not_late_yet_passes_and_is_looked_at_once(april: Stage) -> None:
    found = look(april)
    assert found is not None
    assert (found.passed, found.why) == (
        True,
        "no partition is expected yet; none was scored yet",
    )
    assert april.daemon.tick(NAMES.monitor_sensor).skip_reason == EVERYTHING


def test_a_partition_that_does_not_come_fails_without_any_data_and_opens_an_alert(
    april: Stage,
) -> None:
    look(april)
    CLOCK.now = datetime(2013, 5, 3, 23, tzinfo=UTC)
    assert april.daemon.tick(NAMES.monitor_sensor).skip_reason == EVERYTHING

    CLOCK.now = datetime(2013, 5, 4, tzinfo=UTC)
    found = look(april)
    assert found is not None
    assert (found.passed, found.severity) == (False, "ERROR")
    assert found.why == (
        "2013-04 ended more than 3 days ago and is not scored; none was scored yet"
    )
    version = april.registry.version_numbered("ontime", 1).version
    said = found.metadata
    assert (said["version"], said["digest"]) == ("1", version.digest)
    assert (said["partition"], said["outcome"]) == ("2013-04", "failed")
    assert april.events()[-2:] == ["check_recorded", "alert_opened"]
    assert april.daemon.tick(NAMES.monitor_sensor).skip_reason == EVERYTHING


def test_it_passes_once_the_partition_is_scored_and_the_alert_ends(april: Stage) -> None:
    CLOCK.now = datetime(2013, 5, 10, tzinfo=UTC)
    found = look(april)
    assert found is not None
    assert not found.passed

    scored(april, "2013-04")
    found = look(april)
    assert found is not None
    assert (found.passed, found.why) == (True, "2013-04 was expected, and is scored")
    assert april.events()[-2:] == ["check_recorded", "alert_resolved"]


def test_a_partition_of_which_nothing_could_be_predicted_is_not_scored(april: Stage) -> None:
    CLOCK.now = datetime(2013, 5, 10, tzinfo=UTC)
    scored(april, "2013-04", rows=0)
    found = look(april)
    assert found is not None
    assert not found.passed


def test_months_that_had_ended_before_the_deployment_are_not_expected(april: Stage) -> None:
    CLOCK.now = datetime(2013, 4, 20, tzinfo=UTC)
    found = look(april)
    assert found is not None
    assert found.why == "no partition is expected yet; none was scored yet"


def test_what_was_looked_at_elsewhere_is_found_untold(april: Stage, project: ModuleType) -> None:
    found = look(april)
    assert found is not None
    assert found.passed
    CLOCK.now = datetime(2013, 5, 10, tzinfo=UTC)
    elsewhere = Registry.open(april.folder, clock=CLOCK)
    elsewhere.observe_freshness(watched(project, PLAN), run=PERSON)
    events = april.events()
    assert april.daemon.tick(NAMES.monitor_sensor).skip_reason == EVERYTHING

    registry, model = april.registry, watched(project, PLAN)
    (untold,) = find_untold_freshness(april.instance, registry, model)
    assert (untold.sentence, untold.result.passed) == ("freshness of ontime/predictions", False)
    assert april.daemon.run_job(NAMES.freshness_job).success
    found = shown(april, PREDICTIONS, "freshness", None)
    assert found is not None
    assert (found.passed, found.metadata["partition"]) == (False, "2013-04")
    assert found.why == untold.result.description
    assert april.events() == events
    assert list(find_untold_freshness(april.instance, registry, model)) == []
