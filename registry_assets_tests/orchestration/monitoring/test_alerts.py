"""People are told by a run that the sensor asks for, and by none where nothing waits."""

import json
from collections.abc import Iterator

import pytest

from registry_assets.orchestration.monitoring.alerts import (
    ALERTS_SENSOR,
    DELIVER_JOB,
    NOTHING_TO_TELL,
)
from registry_assets_tests.lifecycle.monitoring.post import Post
from registry_assets_tests.orchestration.stage import Stage
from registry_assets_tests.orchestration.written import history_of
from registry_assets_tests.servers.receiver import Receiver, receiving, status

MODEL = "ontime"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def post(deployed: Stage) -> Post:
    """The post of the home's registry."""
    return Post(history_of(deployed.registry))


def test_what_became_of_an_alert_is_told_by_one_run(deployed: Stage, post: Post) -> None:
    assert deployed.daemon.tick(ALERTS_SENSOR).skip_reason == NOTHING_TO_TELL
    post.find(model=MODEL)
    tick = deployed.daemon.tick(ALERTS_SENSOR)
    assert tick.runs == ()
    assert tick.skip_reason is not None
    assert tick.skip_reason.startswith("no sink is configured: alerts.yaml in the project's folder")
    assert tick.skip_reason.endswith("1 occasion of alerts wait for one")
    post.log_to("log")
    (run,) = deployed.daemon.tick(ALERTS_SENSOR).runs
    assert (run.job, run.success) == (DELIVER_JOB, True)
    assert post.told() == ["ontime/1 opened"]
    assert deployed.daemon.tick(ALERTS_SENSOR).skip_reason == NOTHING_TO_TELL
    assert deployed.daemon.run_job(DELIVER_JOB).success
    assert post.told() == ["ontime/1 opened"]


def test_what_fails_waits_and_what_is_given_up_fails_the_run_that_gave_it_up(
    deployed: Stage, post: Post, receiver: Receiver
) -> None:
    post.configure({"hook": {"type": "webhook", "url": receiver.url}})
    receiver.answers += [status(503)]
    post.find(model=MODEL)
    (run,) = deployed.daemon.tick(ALERTS_SENSOR).runs
    assert run.success
    tick = deployed.daemon.tick(ALERTS_SENSOR)
    assert tick.skip_reason == "1 delivery not due yet"
    receiver.answers += [status(400)]
    post.find("data_quality", model=MODEL)
    (run,) = deployed.daemon.tick(ALERTS_SENSOR).runs
    assert not run.success
    assert "hook was not told that ontime/2 was opened, and it is given up" in run.failures[0]
    assert "registry alerts --retry" in run.failures[0]
    tick = deployed.daemon.tick(ALERTS_SENSOR)
    assert tick.skip_reason is not None
    assert "1 delivery given up" in tick.skip_reason
    deployed.registry.retry_deliveries()
    (run,) = deployed.daemon.tick(ALERTS_SENSOR).runs
    assert run.success
    assert [json.loads(each.body)["id"] for each in receiver.requests][-1] == "ontime/2/1"


def test_settings_that_cannot_be_read_fail_the_tick_and_lose_nothing(
    deployed: Stage, post: Post
) -> None:
    post.find(model=MODEL)
    post.configure({"log": {"type": "telegraph"}})
    with pytest.raises(Exception, match="telegraph"):
        deployed.daemon.tick(ALERTS_SENSOR)
    assert "telegraph" in deployed.daemon.run_job(DELIVER_JOB).failures[0]
    post.log_to("log")
    assert deployed.daemon.tick(ALERTS_SENSOR).runs[0].success
    assert post.told() == ["ontime/1 opened"]
