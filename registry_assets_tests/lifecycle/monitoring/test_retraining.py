"""When a version is asked for by itself, why none is, and what the alert behind it is told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registry_assets.catalog import outbox
from registry_assets.catalog import versions as version_rows
from registry_assets.declaration import (
    OnDecay,
    OnDrift,
    OnNewData,
    Params,
    RegisteredModel,
    Schedule,
)
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.lifecycle.reserving import Request
from registry_assets.lifecycle.retraining import (
    RetrainingDue,
    RetrainingNotDue,
    alert_behind,
)
from registry_assets_tests.lifecycle.monitoring.conftest import watched
from registry_assets_tests.worlds import SENSOR, World, flights

RUN = RunInfo(actor="sensor:flight_delay__retraining", run_id="12")
LATER = 600
"""Minutes on the clock, as the schedule writes them, by which drifted flights leave later."""


def retrained(world: World, *triggers: object) -> RegisteredModel:
    """The world's model, watched, and retrained by these."""
    return replace(watched(world), retrain=triggers)  # type: ignore[arg-type]


def drifted(world: World, partition: str = "2013-04") -> None:
    """Let flights arrive that leave later than any before, and have them watched."""
    rows = flights(seed=int(partition.replace("-", "")))
    world.arrive(partition, rows.assign(sched_dep_time=rows["sched_dep_time"] + LATER))
    model = watched(world)
    world.registry.observe_predictions(model, partition, run=SENSOR)
    world.registry.observe_drift(model, partition, run=SENSOR)


def not_due(world: World, model: RegisteredModel) -> str:
    """Why nothing is due."""
    answer = world.registry.due_retraining(model)
    assert isinstance(answer, RetrainingNotDue), answer
    return answer.sentence


def due(world: World, model: RegisteredModel) -> RetrainingDue:
    """What is due."""
    answer = world.registry.due_retraining(model)
    assert isinstance(answer, RetrainingDue), answer
    return answer


def failed(world: World, model: RegisteredModel, request: Request) -> int:
    """A version that was asked for, and whose training failed."""
    registry = world.registry
    number = registry.reserve(model, request, run=RUN).version.number
    version_rows.fail(
        registry.backends.catalog,
        model=model.name,
        number=number,
        failure="the sky fell",
        run_id="12",
        actor="test",
        clock=world.clock,
    )
    return number


def record(world: World, number: int) -> version_rows.VersionRecord:
    """A version, whatever became of it."""
    with world.registry.backends.catalog.read() as connection:
        return version_rows.get_version(connection, "flight_delay", number)


def letters(world: World, alert: int = 1) -> list[tuple[str, str]]:
    """What an alert's thread says of retrainings: occasion and sentence."""
    with world.registry.backends.catalog.read() as connection:
        found = outbox.list_letters(connection, "flight_delay", alert)
    return [(each.occasion, each.body["sentence"]) for each in found if "retrain" in each.occasion]


def test_a_model_with_a_schedule_alone_is_never_due_here(deployed: World) -> None:
    model = retrained(deployed, Schedule("0 6 1 * *"))
    assert "and by nothing else" in not_due(deployed, model)


def test_every_trigger_that_asks_for_nothing_says_why(deployed: World) -> None:
    model = retrained(deployed, OnNewData(), OnDrift(), OnDecay())
    assert not_due(deployed, model) == (
        "decay: no alert about flight_delay:1 tells of it;"
        " drift: no alert about flight_delay:1 tells of it;"
        " new_data: nothing new: flight_delay:1 was made from all there is"
    )


def test_new_data_is_due_once(deployed: World) -> None:
    model = retrained(deployed, OnNewData())
    deployed.month("2013-04")
    found = due(deployed, model)
    assert (found.trigger, found.reason, found.alert) == ("new_data", "new data: 2013-04", None)
    assert due(deployed, model) == found

    number = failed(deployed, model, found.asked)
    version = record(deployed, number)
    assert (version.trigger, version.reason) == ("new_data", "new data: 2013-04")
    assert not_due(deployed, model) == (
        "new_data: nothing new: flight_delay:2 was made from all there is, and failed: the sky fell"
    )


def test_before_the_first_version_new_data_is_due_and_nothing_can_have_drifted(
    arrived: World,
) -> None:
    found = due(arrived, retrained(arrived, OnNewData(), OnDrift()))
    assert found.reason == "new data: 2013-01, 2013-02, 2013-03"
    assert not_due(arrived, retrained(arrived, OnDrift())) == "drift: production holds no version"


def test_of_data_that_nothing_can_be_trained_on_nothing_is_asked(arrived: World) -> None:
    arrived.arrive("2013-04", flights(seed=4).head(0), features=flights(seed=4).head(0))
    assert not_due(arrived, retrained(arrived, OnNewData())) == "flight_features[2013-04] is empty"


def test_a_version_on_its_way_is_waited_for(deployed: World) -> None:
    model = retrained(deployed, OnNewData())
    deployed.month("2013-04")
    deployed.registry.reserve(model, due(deployed, model).asked, run=RUN)
    assert not_due(deployed, model) == "flight_delay:2 is reserved, and not trained yet"


def test_drift_names_the_columns_the_partition_and_its_alert(deployed: World) -> None:
    drifted(deployed)
    found = due(deployed, retrained(deployed, OnNewData(), OnDrift()))
    assert found.trigger == "drift"
    assert found.reason.startswith("drift of hour")
    assert found.reason.endswith("in 2013-04 (alert flight_delay/1)")
    assert found.alert == 1
    # Another trigger's business: nothing has decayed.
    assert not_due(deployed, retrained(deployed, OnDecay())).startswith("decay: no alert about")


def test_after_a_version_nothing_is_asked_for_during_the_cooldown(deployed: World) -> None:
    model = retrained(deployed, OnNewData(cooldown_days=30))
    deployed.month("2013-04")
    deployed.clock.now -= timedelta(seconds=1)
    assert not_due(deployed, model) == (
        "new_data: flight_delay:1 was asked for on 2013-04-01, and nothing is for 30 days after"
        " that: until 2013-05-01 06:00 UTC"
    )
    answer = deployed.registry.due_retraining(model)
    assert isinstance(answer, RetrainingNotDue)
    assert answer.until == deployed.clock.now + timedelta(seconds=1)
    deployed.clock.now += timedelta(seconds=1)
    assert due(deployed, model).trigger == "new_data"


def test_a_month_has_no_more_of_a_trigger_than_it_may(deployed: World) -> None:
    model = retrained(deployed, OnNewData(per_month=1))
    deployed.month("2013-04")
    failed(deployed, model, due(deployed, model).asked)
    deployed.month("2013-05")
    deployed.clock.now = deployed.clock.now.replace(day=31, hour=23)
    assert not_due(deployed, model) == "new_data: 1 of at most 1 were asked for in 2013-05"
    deployed.clock.now += timedelta(hours=1)
    assert due(deployed, model).reason == "new data: 2013-05"


def test_a_better_version_takes_the_place_and_the_thread_says_so_once(deployed: World) -> None:
    drifted(deployed)
    model = retrained(deployed, OnDrift())
    registry, found = deployed.registry, due(deployed, model)
    number = registry.reserve(model, found.asked, run=RUN).version.number
    assert alert_behind(record(deployed, number)) == 1
    assert registry.tell_ended("flight_delay", run=RUN) == ()
    registry.train(model, number, run=RUN)
    registry.evaluate(model, number, run=RUN)
    assert not_due(deployed, model) == "flight_delay:2 is about to take production"
    assert registry.tell_ended("flight_delay", run=RUN) == ()

    registry.promote("flight_delay", number, run=SENSOR)
    said = "version 2, trained for it, took its place in production on 2013-05-01"
    (told,) = registry.tell_ended("flight_delay", run=RUN)
    assert (told.version, told.sentence) == (2, said)
    assert registry.tell_ended("flight_delay", run=RUN) == ()
    assert letters(deployed, 1) == [("retrained", said)]
    assert registry.verify().clean


def test_a_version_that_does_not_beat_production_is_told_and_not_asked_for_again(
    deployed: World,
) -> None:
    drifted(deployed)
    upside_down = Params(C=1.0, sense=False, fail=False)
    model = replace(retrained(deployed, OnDrift(cooldown_days=0)), params=upside_down)
    registry = deployed.registry
    number = registry.reserve(model, due(deployed, model).asked, run=RUN).version.number
    registry.train(model, number, run=RUN)
    registry.evaluate(model, number, run=RUN)
    (told,) = registry.tell_ended("flight_delay", run=RUN)
    assert told.sentence.startswith("version 2, trained for it, does not beat production: ")
    assert "roc_auc_not_worse_than_production failed: " in told.sentence
    assert not_due(deployed, model) == (
        "drift: flight_delay:2 was asked for because of drift in 2013-04 (alert flight_delay/2)"
    )

    # The next partition that drifted is news.
    drifted(deployed, "2013-05")
    assert due(deployed, model).reason.endswith("in 2013-05 (alert flight_delay/1)")


def test_a_training_that_failed_is_told_of(deployed: World) -> None:
    drifted(deployed)
    model = retrained(deployed, OnDrift())
    number = failed(deployed, model, due(deployed, model).asked)
    registry = deployed.registry
    (told,) = registry.tell_ended("flight_delay", run=RUN)
    assert told.sentence == f"version {number}, trained for it, failed: the sky fell"
    assert letters(deployed, 1) == [("retrained", told.sentence)]


@pytest.mark.parametrize("request_id", ["drift:7:2013-04", "drift:x", "by hand"])
def test_a_request_of_no_alert_has_no_thread(deployed: World, request_id: str) -> None:
    deployed.month("2013-04")
    model = retrained(deployed, OnDrift())
    failed(deployed, model, Request(request_id, trigger="drift"))
    assert deployed.registry.tell_ended("flight_delay", run=RUN) == ()
