"""Everybody who is to be told is told once at least, in order, at their hours, or visibly not."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from registry_assets.alerting.backoff import MOST_ATTEMPTS
from registry_assets.catalog import outbox
from registry_assets.catalog.monitored import declare_monitored
from registry_assets.catalog.monitoring_tables import outbox as letters
from registry_assets.declaration import Alerting, Monitoring, QuietHours
from registry_assets.errors import AlertsInvalid
from registry_assets.lifecycle.monitoring.delivering import MOST_FAILURES, Attempt
from registry_assets_tests.catalog.history import MODEL
from registry_assets_tests.lifecycle.monitoring.post import Post
from registry_assets_tests.servers.receiver import Receiver, receiving, status


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def declare(post: Post, alerting: Alerting, *, model: str = MODEL) -> None:
    """Record who is told of a model."""
    history = post.history
    declare_monitored(
        history.catalog,
        model=model,
        definition=Monitoring(alerting=alerting).definition(),
        actor="ann",
        clock=history.clock,
    )


def test_who_is_configured_is_told_once_and_nothing_is_left(post: Post) -> None:
    post.log_to("log", "other")
    post.find()
    post.find("data_quality", severity="error")
    done = post.deliver()
    assert (done.addressed, done.told, done.given_up, done.remarks) == (2, 4, (), ())
    assert post.told("log") == post.told("other") == ["late/1 opened", "late/2 opened"]
    assert set(post.states().values()) == {"delivered"}
    again = post.deliver()
    assert (again.addressed, again.attempts) == (0, ())
    assert len(post.told()) == 2
    assert post.history.registry.verify().clean


def test_where_nobody_is_configured_what_happened_waits_for_the_first(post: Post) -> None:
    post.find()
    done = post.deliver()
    assert (done.addressed, done.attempts) == (0, ())
    (remark,) = done.remarks
    assert remark.startswith("no sink is configured: alerts.yaml in the project's folder names")
    assert post.history.registry.post().unaddressed == 1
    assert not post.history.registry.post().is_for_now
    post.log_to("log")
    assert post.history.registry.post().is_for_now
    post.deliver()
    assert post.told() == ["late/1 opened"]
    post.log_to("log", "later")
    post.find("data_quality")
    post.deliver()
    assert post.told("later") == ["late/2 opened"]


def test_settings_with_a_mistake_send_nothing_and_lose_nothing(post: Post) -> None:
    post.find()
    post.configure({"log": {"type": "telegraph"}})
    with pytest.raises(AlertsInvalid, match="telegraph"):
        post.deliver()
    post.log_to("log")
    assert post.deliver().told == 1


def test_what_becomes_of_an_alert_is_told_in_its_order(post: Post) -> None:
    post.log_to("log")
    for month in ("05", "06", "07"):
        post.find(partition=f"2013-{month}")
    post.find(severity="critical", partition="2013-08")
    post.find(outcome="passed", partition="2013-09")
    post.deliver()
    assert post.told() == [
        f"late/1 {kind}" for kind in ("opened", "repeated", "escalated", "resolved")
    ]
    assert post.keys() == [f"late/1/{number}" for number in (1, 2, 3, 4)]


def test_the_declaration_says_who_is_told_and_from_when_on(post: Post) -> None:
    post.log_to("log", "pager")
    declare(post, Alerting(minimum="error", sinks=("pager", "gone")))
    post.find(severity="warning")
    post.find("data_quality", severity="error")
    done = post.deliver()
    assert post.told("pager") == ["late/2 opened"]
    assert post.told("log") == []
    assert done.addressed == 2
    # Kept for whoever corrects one of the two names.
    assert post.states()["late/2/1", "gone"] == "waiting"
    where = post.folder / "alerts.yaml"
    assert done.remarks == (f"late declares the sink gone, which {where} has not",)
    post.log_to("log", "pager", "gone")
    assert post.deliver().told == 1
    assert post.told("gone") == ["late/2 opened"]


def test_who_was_told_that_it_began_is_told_how_it_ends(post: Post) -> None:
    post.log_to("log", "pager")
    post.find(severity="warning")
    post.deliver()
    declare(post, Alerting(minimum="critical", sinks=("pager",)))
    post.find(outcome="passed")
    post.deliver()
    assert post.told("log") == post.told("pager") == ["late/1 opened", "late/1 resolved"]


def test_in_quiet_hours_what_is_not_bad_enough_waits_for_their_end(post: Post) -> None:
    post.log_to("log")
    declare(post, Alerting(quiet=QuietHours("22:00", "07:00", timezone="America/New_York")))
    post.history.clock.now = datetime(2013, 7, 2, 4, tzinfo=UTC)  # midnight in New York
    post.find()
    post.find("data_quality", severity="critical")
    assert post.deliver().told == 1
    assert post.told() == ["late/2 opened"]
    assert post.deliveries()["late/1/1", "log"].next_at == "2013-07-02T11:00:00.000000Z"
    post.later(hours=6, minutes=59)
    assert post.deliver().told == 0
    post.later(minutes=1)
    assert post.deliver().told == 1
    assert post.told() == ["late/2 opened", "late/1 opened"]


def test_what_gets_worse_at_night_brings_what_waited_before_it(post: Post) -> None:
    post.log_to("log")
    declare(post, Alerting(quiet=QuietHours("22:00", "07:00")))
    post.history.clock.now = datetime(2013, 7, 2, 23, tzinfo=UTC)
    post.find()
    post.deliver()
    post.find(severity="critical", partition="2013-06")
    post.deliver()
    assert post.told() == ["late/1 opened", "late/1 escalated"]


def test_a_sink_that_is_down_for_an_hour_gets_everything_in_order(
    post: Post, receiver: Receiver
) -> None:
    post.configure(
        {
            "hook": {"type": "webhook", "url": receiver.url},
            "log": {"type": "log", "path": "log.jsonl"},
        }
    )
    receiver.answers += [status(503)] * 1000
    post.find()
    hour = post.history.clock.now + timedelta(hours=1)
    while post.history.clock.now < hour:
        post.deliver()
        post.later(minutes=1)
        if post.history.clock.now.minute == 20:
            post.find(partition="2013-06")
        if post.history.clock.now.minute == 40:
            post.find(outcome="passed", partition="2013-07")
    # Told meanwhile: one sink that is down keeps no other one waiting.
    assert post.told() == ["late/1 opened", "late/1 repeated", "late/1 resolved"]
    refused = len(receiver.requests)
    assert refused == 7  # half a minute, then twice as long each time
    receiver.answers.clear()
    for _ in range(60):
        post.deliver()
        post.later(minutes=1)
    keys = [each.headers["webhook-id"] for each in receiver.requests]
    # The one that was refused is made again under its key; all arrive, once, in their order.
    assert Counter(keys[:refused]) == {"late/1/1": refused}
    assert keys[refused:] == ["late/1/1", "late/1/2", "late/1/3"]
    assert set(post.states().values()) == {"delivered"}


def test_after_a_day_it_is_given_up_where_everybody_sees_it_and_can_be_tried_again(
    post: Post, receiver: Receiver
) -> None:
    post.configure({"hook": {"type": "webhook", "url": receiver.url}})
    receiver.answers += [status(503)] * MOST_ATTEMPTS
    post.find()
    attempts: list[Attempt] = []
    for _ in range(MOST_ATTEMPTS):
        attempts += post.deliver().attempts
        post.later(hours=1)
    *failed, given_up = attempts
    assert {each.delivery.state for each in failed} == {"waiting"}
    assert given_up.delivery.state == "given_up"
    assert given_up.delivery.attempts == MOST_ATTEMPTS
    assert f"it is given up (attempt {MOST_ATTEMPTS}): hook answered 503" in given_up.sentence
    assert post.history.registry.post().given_up == 1
    assert post.deliver().attempts == ()
    (again,) = post.history.registry.retry_deliveries(MODEL)
    assert again.sink == "hook"
    assert post.deliver().told == 1
    assert post.history.registry.retry_deliveries() == ()


def test_what_is_refused_for_what_it_is_is_given_up_at_once_and_the_next_one_is_told(
    post: Post, receiver: Receiver
) -> None:
    post.configure({"hook": {"type": "webhook", "url": receiver.url}})
    receiver.answers += [status(400)]
    post.find()
    post.find(partition="2013-06")
    done = post.deliver()
    assert [each.delivery.state for each in done.attempts] == ["given_up", "delivered"]


def test_a_sink_that_fails_again_and_again_is_left_alone_and_keeps_no_other_waiting(
    post: Post, receiver: Receiver
) -> None:
    post.configure(
        {
            "hook": {"type": "webhook", "url": receiver.url},
            "log": {"type": "log", "path": "log.jsonl"},
        }
    )
    receiver.answers += [status(503)] * 100
    checks = ("feature_drift", "prediction_drift", "performance_decay", "data_quality", "freshness")
    for check in checks:
        post.find(check)
    done = post.deliver()
    assert len(receiver.requests) == MOST_FAILURES
    assert len(post.told()) == len(checks)
    assert done.remarks == ("hook failed 3 times in a row, and is left alone for now",)
    # The others were not tried, so none of their attempts is used up.
    tried = [each.attempts for each in post.deliveries().values() if each.sink == "hook"]
    assert sorted(tried) == [0, 0, 1, 1, 1]


def test_a_secret_that_is_not_set_is_a_failed_attempt_and_mended_by_setting_it(
    post: Post, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.configure({"chat": {"type": "slack", "url_env": "CHAT_URL"}})
    monkeypatch.delenv("CHAT_URL", raising=False)
    post.find()
    (attempt,) = post.deliver().attempts
    assert attempt.delivery.state == "waiting"
    assert "sinks.chat.url_env names CHAT_URL, which is not set" in attempt.error
    monkeypatch.setenv("CHAT_URL", receiver.url)
    post.later(minutes=1)
    assert post.deliver().told == 1


def test_a_letter_that_cannot_be_read_is_told_to_nobody_and_seen_by_everybody(
    post: Post,
) -> None:
    post.log_to("log")
    post.find()
    post.find("data_quality")
    with post.history.catalog.write() as connection:
        connection.execute(sa.update(letters).where(letters.c.alert == 1).values(body="{}"))
    done = post.deliver()
    assert post.told() == ["late/2 opened"]
    (failed,) = (each for each in done.attempts if each.failed)
    assert failed.delivery.state == "waiting"
    assert "has the format None" in failed.error


def test_what_waits_for_a_sink_that_is_configured_no_more_is_kept_and_counted(
    post: Post, receiver: Receiver
) -> None:
    post.configure({"hook": {"type": "webhook", "url": receiver.url}})
    receiver.answers += [status(503)]
    post.find()
    post.deliver()
    post.log_to("log")
    post.later(hours=1)
    assert post.deliver().attempts == ()
    found = post.history.registry.post()
    assert (dict(found.unknown), found.waiting, found.is_for_now) == ({"hook": 1}, 1, False)


def test_an_attempt_that_nobody_heard_of_again_is_made_again(post: Post) -> None:
    post.log_to("log")
    post.find()
    catalog, now = post.history.catalog, "2013-04-01T06:00:00.000000Z"
    with catalog.write(chain=outbox.CHAIN) as connection:
        (letter,) = outbox.unaddressed(connection)
        outbox.address(connection, letter, {"log": now}, now=now)
        (delivery,) = outbox.due(connection, now=now)
        assert outbox.claim(connection, delivery, until="2013-04-01T06:05:00.000000Z", now=now)
    post.history.clock.now = datetime(2013, 4, 1, 6, 4, tzinfo=UTC)
    assert post.deliver().attempts == ()
    post.later(minutes=1)
    (attempt,) = post.deliver().attempts
    assert (attempt.delivery.attempts, attempt.failed) == (2, False)


def test_of_two_deliverers_at_once_one_makes_each_delivery(post: Post) -> None:
    post.log_to("log", "other")
    for check in ("feature_drift", "prediction_drift", "data_quality", "freshness"):
        post.find(check)
    both = threading.Barrier(2)

    def run() -> int:
        both.wait(30)
        return post.deliver().told

    with ThreadPoolExecutor(2) as pool:
        made = [each.result() for each in [pool.submit(run) for _ in range(2)]]
    assert sum(made) == 8
    for sink in ("log", "other"):
        assert sorted(post.keys(sink)) == [f"late/{number}/1" for number in (1, 2, 3, 4)]


def test_an_address_is_not_in_what_an_unexpected_failure_says(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    from registry_assets.alerting.sinks.log import LogSink

    def fail(self: LogSink, occasion: object) -> None:
        raise RuntimeError("https://hooks.example.org/a-secret")

    monkeypatch.setattr(LogSink, "send", fail)
    post.log_to("log")
    post.find()
    (attempt,) = post.deliver().attempts
    assert attempt.error == "log failed unexpectedly: RuntimeError"
    assert attempt.delivery.state == "waiting"
