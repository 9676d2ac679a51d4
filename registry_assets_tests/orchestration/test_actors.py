"""Who asked for a version: whoever launches a run gives it any tags, and is not believed."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickData, TickStatus

from registry_assets.lifecycle.backends import RunInfo
from registry_assets.orchestration import resource
from registry_assets.orchestration.resource import run_info
from registry_assets_tests.governance.test_separation import made, trainers
from registry_assets_tests.orchestration.stage import Stage

NAME = "late__schedule"
LONG_AGO, TO_COME = 1_000_000_000.0, 10_000_000_000.0


@dg.job
def late__retrain() -> None:
    """Stands for the job that was launched."""


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "_TICK_IS_WRITTEN_WITHIN", 0.3)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        yield instance


def launched(instance: dg.DagsterInstance, **tags: str) -> dg.DagsterRun:
    """A run with these tags, each of Dagster's own."""
    told = {f"dagster/{name}": value for name, value in tags.items()}
    return instance.create_run_for_job(late__retrain, tags=told)


def tick(
    instance: dg.DagsterInstance,
    *runs: str,
    name: str = NAME,
    kind: InstigatorType = InstigatorType.SCHEDULE,
    at: float = LONG_AGO,
) -> str:
    """A tick that the daemon wrote, with what it launched; its number."""
    data = TickData("origin", name, kind, TickStatus.STARTED, at, selector_id="selector")
    record = instance.create_tick(data)
    for run in runs:
        record = record.with_run_info(run_id=run)
    instance.update_tick(record)
    return str(record.tick_id)


def actor(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """Who acts in it."""
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return run_info(instance, found).actor


def of_tick(
    instance: dg.DagsterInstance, *, kind: str = "schedule", at: float = LONG_AGO
) -> dg.DagsterRun:
    """A run that the daemon launched, and noted."""
    run = launched(instance, **{f"{kind}_name": NAME})
    number = tick(instance, run.run_id, kind=InstigatorType(kind.upper()), at=at)
    instance.add_run_tags(run.run_id, {"dagster/tick": number})
    return run


@pytest.mark.parametrize("kind", ["schedule", "sensor"])
def test_what_the_daemon_launched_by_a_tick_acts_by_itself(
    instance: dg.DagsterInstance, kind: str
) -> None:
    assert actor(instance, of_tick(instance, kind=kind)) == f"{kind}:{NAME}"


@pytest.mark.parametrize("kind", ["schedule", "sensor"])
def test_a_run_that_only_says_so_may_be_anybodys(instance: dg.DagsterInstance, kind: str) -> None:
    run = launched(instance, **{f"{kind}_name": NAME})
    assert actor(instance, run) == f"unverified:{kind}:{NAME}"


def test_a_run_that_names_the_tick_of_another_may_be_anybodys(
    instance: dg.DagsterInstance,
) -> None:
    honest = of_tick(instance)
    found = instance.get_run_by_id(honest.run_id)
    assert found is not None
    number = found.tags["dagster/tick"]
    for told in (number, "999", "-1", "x", "", "9" * 99, "\u0661"):
        run = launched(instance, schedule_name=NAME, tick=told)
        assert actor(instance, run) == f"unverified:schedule:{NAME}"


def test_a_tick_of_another_schedule_confirms_nothing(instance: dg.DagsterInstance) -> None:
    run = launched(instance, schedule_name=NAME)
    number = tick(instance, run.run_id, name="hourly")
    instance.add_run_tags(run.run_id, {"dagster/tick": number})
    assert actor(instance, run) == f"unverified:schedule:{NAME}"


def test_a_run_that_lay_in_wait_for_the_schedule_is_not_the_schedule_s(
    instance: dg.DagsterInstance,
) -> None:
    # Dagster takes a run that bears the tags already for the one that it was about to launch.
    assert actor(instance, of_tick(instance, at=TO_COME)) == f"unverified:schedule:{NAME}"


def test_a_tick_that_is_written_a_moment_later_is_waited_for(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = tick(instance)
    run = launched(instance, schedule_name=NAME, tick=number)
    slept = []

    def write(seconds: float) -> None:
        slept.append(seconds)
        (found,) = instance.get_ticks("origin", "selector")
        instance.update_tick(found.with_run_info(run_id=run.run_id))

    monkeypatch.setattr("time.sleep", write)
    assert actor(instance, run) == f"schedule:{NAME}"
    assert len(slept) == 1


def again(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRun:
    """A run that is launched anew, with the tags of the one before."""
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return instance.create_run_for_job(
        late__retrain, tags=dict(found.tags), parent_run_id=run.run_id, root_run_id=run.run_id
    )


def test_a_retry_by_the_daemon_is_the_schedule_s_and_one_by_hand_is_not(
    instance: dg.DagsterInstance,
) -> None:
    first = of_tick(instance)
    by_hand = again(instance, first)
    assert actor(instance, by_hand) == f"unverified:schedule:{NAME}"
    retry = again(instance, first)
    instance.add_run_tags(first.run_id, {"dagster/auto_retry_run_id": retry.run_id})
    assert actor(instance, retry) == f"schedule:{NAME}"
    assert actor(instance, by_hand) == f"unverified:schedule:{NAME}"


def test_a_run_made_to_look_retried_confirms_nothing(instance: dg.DagsterInstance) -> None:
    forged = launched(instance, schedule_name=NAME)
    retry = again(instance, forged)
    instance.add_run_tags(forged.run_id, {"dagster/auto_retry_run_id": retry.run_id})
    assert actor(instance, retry) == f"unverified:schedule:{NAME}"


def test_a_person_is_who_they_say_and_no_schedule(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert actor(instance, launched(instance, user="ann")) == "ann"
    assert actor(instance, launched(instance, schedule_name=NAME, user="ann")) == "ann"
    assert actor(instance, launched(instance, user="schedule:x")) == "unverified:schedule:x"
    assert actor(instance, launched(instance)) == RunInfo.by_hand().actor
    monkeypatch.setenv("LOGNAME", "sensor:x")
    assert RunInfo.by_hand().actor == "unverified:sensor:x"


def test_who_claims_to_be_a_schedule_may_be_anybody_who_signs() -> None:
    assert trainers(made(actor=f"schedule:{NAME}")).unknown == ()
    found = trainers(made(actor=f"unverified:schedule:{NAME}"))
    assert found.people == {}
    assert found.unknown == (f"asked for it as schedule:{NAME}, which nothing confirms",)


def asked_by(stage: Stage, tags: dict[str, str], **config: Any) -> str:
    """Who is recorded as having asked for the version that a run with these tags reserves."""
    outcome = stage.daemon.run_job(
        "ontime__retrain",
        run_config={"ops": {"ontime__reserve": {"config": config}}},
        tags=tags,
    )
    assert outcome.success, outcome.failures
    return stage.registry.reserved("ontime")[-1].actor


def test_a_version_that_was_asked_for_under_a_schedule_s_name_does_not_say_so(
    arrived: Stage,
) -> None:
    tags = {"dagster/schedule_name": "ontime__schedule", "dagster/tick": "1"}
    assert asked_by(arrived, tags, trigger="schedule") == "unverified:schedule:ontime__schedule"


def test_our_own_schedule_asks_for_no_parameters_and_who_does_is_somebody_else(
    arrived: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Launched in the very second of the tick, it is in Dagster's record of it.
    monkeypatch.setattr(resource, "is_launched_by_tick", lambda *given: True)
    tags = {"dagster/schedule_name": "ontime__schedule"}
    assert asked_by(arrived, tags) == "schedule:ontime__schedule"
    params = {"sense": False}
    assert asked_by(arrived, tags, params=params) == "unverified:schedule:ontime__schedule"
