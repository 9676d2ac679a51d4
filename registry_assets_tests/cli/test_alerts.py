"""`alerts` and `ack`: what they list, say of one, tell, try and change."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_assets_tests.catalog.history import MODEL, PERSON, new_history, reopened
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.copies import copied
from registry_assets_tests.lifecycle.monitoring.post import Post
from registry_assets_tests.servers.receiver import Receiver, receiving, status
from registry_assets_tests.worlds import World

FIRST, SECOND = f"{MODEL}/1", f"{MODEL}/2"


@pytest.fixture(scope="module")
def promoted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a version in production."""
    history = new_history(tmp_path_factory.mktemp("promoted") / "project")
    history.declare()
    history.promote(history.version(1))
    return history.registry.home.folder


@pytest.fixture
def post(promoted: Path, tmp_path: Path) -> Post:
    """It has two alerts: one of drift, found twice, and a worse one about its rows."""
    post = Post(reopened(copied(promoted, tmp_path / "post")))
    post.find()
    post.find(partition="2013-06")
    post.find("data_quality", severity="critical")
    return post


@pytest.fixture
def copied_world(world: World, tmp_path: Path) -> Path:
    """A copy of the project with versions that were trained, to be changed."""
    return world.copy(tmp_path / "world")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def test_what_is_not_over_is_listed_the_worst_first(post: Post, command: Command) -> None:
    ran = command("alerts", folder=post.folder)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == f"{SECOND}  critical  data_quality  version 1 on production"
    assert f"{FIRST}  warning  feature_drift  version 1 on production" in lines
    assert "since 2013-04-01 06:00 UTC, 2 times, last 2013-04-01 06:00 UTC, partition" in ran.out
    assert "not told yet: 2 deliveries waiting" in ran.out
    assert f"Next: `registry alerts {SECOND}`" in ran.out
    listed = command("alerts", "--json", folder=post.folder).document["alerts"]
    assert [(each["alert"], each["count"], each["waiting"]) for each in listed] == [
        (SECOND, 1, 1),
        (FIRST, 2, 2),
    ]
    assert listed[0]["digest"] == post.history.registry.alert(MODEL, 2).version_digest


def test_what_is_left_out_of_a_list_is_said(post: Post, command: Command) -> None:
    ran = command("alerts", MODEL, "--limit", "1", folder=post.folder)
    assert f"1 older: registry alerts {MODEL} --limit 2" in ran.out
    document = command("alerts", "--limit", "1", "--json", folder=post.folder).document
    assert (len(document["alerts"]), document["total"]) == (1, 2)
    post.find(outcome="passed", partition="2013-07")
    assert "older" not in command("alerts", "--limit", "1", folder=post.folder).out
    ran = command("alerts", "--all", "--limit", "1", folder=post.folder)
    assert "1 older: registry alerts --all --limit 2" in ran.out


def test_a_limit_may_be_as_large_as_one_likes(post: Post, command: Command) -> None:
    ran = command("alerts", "--limit", "9" * 30, "--json", folder=post.folder)
    assert len(ran.document["alerts"]) == 2


@pytest.mark.parametrize(("named", "said"), [("nothing", "'nothing'"), (f"{MODEL}/9", "1 to 2")])
def test_nothing_is_tried_again_of_what_there_is_not(
    post: Post, command: Command, named: str, said: str
) -> None:
    ran = command("alerts", "--retry", named, folder=post.folder)
    assert (ran.code, ran.out, said in ran.err) == (2, "", True)


def test_what_is_over_is_listed_where_it_is_asked_for(post: Post, command: Command) -> None:
    post.find(outcome="passed", partition="2013-07")
    post.find("data_quality", outcome="passed", partition="2013-07")
    assert command("alerts", MODEL, folder=post.folder).out == f"No alert of {MODEL} is open.\n"
    ran = command("alerts", MODEL, "--all", folder=post.folder)
    assert "resolved 2013-04-01 06:00 UTC: feature_drift passed for 2013-07" in ran.out
    assert command("alerts", "nothing", folder=post.folder).code == 2


def test_one_alert_is_shown_with_what_became_of_it_and_who_was_told(
    post: Post, command: Command
) -> None:
    post.log_to("log")
    post.deliver()
    post.history.registry.acknowledge(MODEL, 1, run=PERSON, reason="on it")
    ran = command("alerts", FIRST, folder=post.folder, width=100)
    assert ran.code == 0
    assert f"[acknowledged] {MODEL}@production: feature_drift, version 1" in ran.out
    assert "Found last: half of it moved" in ran.out
    assert f"registry show {MODEL}@production" in ran.out
    assert "What became of it, and who was told" in ran.out
    assert "log: told 2013-04-01 06:00 UTC" in ran.out
    assert "not settled yet who is told" in ran.out
    found = command("alerts", FIRST, "--json", folder=post.folder).document
    assert [each["occasion"] for each in found["occasions"]] == [
        "opened",
        "repeated",
        "acknowledged",
    ]
    assert [each["state"] for each in found["occasions"][0]["deliveries"]] == ["delivered"]
    assert found["acknowledged_by"] == "ann"
    assert found["lineage"]["code_commit"] == ""


def test_an_alert_is_acknowledged_once(post: Post, command: Command) -> None:
    for said in (f"{FIRST} is acknowledged by", f"Nothing to do: {FIRST} is acknowledged by"):
        ran = command("ack", FIRST, "--reason", "on it", folder=post.folder)
        assert (ran.code, ran.out.startswith(said)) == (0, True)
    assert post.history.registry.alert(MODEL, 1).acknowledged_why == "on it"
    document = command("ack", SECOND, "--json", folder=post.folder).document
    assert (document["state"], document["changed"]) == ("acknowledged", True)


@pytest.mark.parametrize(
    ("named", "code", "said"),
    [
        (MODEL, 2, "names no alert"),
        (f"{MODEL}/0", 2, "names no alert and no model"),
        (f"{MODEL}/-1", 2, "names no alert and no model"),
        (f"{MODEL}/²", 2, "names no alert and no model"),
        (f"{MODEL}/99999999999999999999", 2, "names no alert and no model"),
        (f"{MODEL}:1", 2, "names no alert and no model"),
        (f"{MODEL}/9", 2, "it has 1 to 2"),
        ("../x/1", 2, ""),
    ],
)
def test_what_is_no_alert_is_said_to_be_none(
    post: Post, command: Command, named: str, code: int, said: str
) -> None:
    ran = command("ack", named, folder=post.folder)
    assert (ran.code, said in ran.err) == (code, True)


def test_a_cron_line_delivers_and_says_what_it_did(
    post: Post, command: Command, receiver: Receiver
) -> None:
    ran = command("alerts", "--deliver", folder=post.folder)
    assert (ran.code, ran.out.startswith("Note: no sink is configured")) == (0, True)
    post.configure({"hook": {"type": "webhook", "url": receiver.url}})
    receiver.answers += [status(503), status(400)]
    ran = command("alerts", "--deliver", folder=post.folder)
    assert ran.code == 1
    assert f"hook was not told that {FIRST} was opened (attempt 1, the next at" in ran.out
    assert f"hook was not told that {SECOND} was opened, and it is given up" in ran.out
    assert "1 delivery given up: nobody was told" in command("alerts", folder=post.folder).out
    assert command("alerts", SECOND, "--retry", folder=post.folder).out.startswith("1 delivery to")
    done = command("alerts", "--deliver", "--json", folder=post.folder).document
    assert [(each["alert"], each["state"]) for each in done["attempts"]] == [(SECOND, "delivered")]
    assert "Nothing was to be told" in command("alerts", "--deliver", folder=post.folder).out


def test_sinks_are_tried_and_nothing_is_recorded_of_it(
    post: Post, command: Command, receiver: Receiver
) -> None:
    assert command("alerts", "--test", folder=post.folder).code == 1
    post.configure(
        {
            "hook": {"type": "webhook", "url": receiver.url},
            "chat": {"type": "slack", "url_env": "NOT_SET_ANYWHERE"},
        }
    )
    ran = command("alerts", "--test", folder=post.folder)
    assert ran.code == 1
    assert "hook (webhook): took a test message" in ran.out
    assert "NOT_SET_ANYWHERE, which is not set" in ran.out
    assert len(receiver.requests) == 2  # what is opened is ended as well
    ran = command("alerts", "--test", "hook", "--json", folder=post.folder)
    assert ran.document == {"sinks": [{"sink": "hook", "type": "webhook", "error": None}]}
    assert command("alerts", "--test", "gone", folder=post.folder).code == 2
    assert post.history.registry.deliveries() == ()


def test_settings_with_a_mistake_are_what_was_typed_wrong(post: Post, command: Command) -> None:
    post.configure({"log": {"type": "telegraph"}})
    for arguments in (("--deliver",), ("--test",)):
        ran = command("alerts", *arguments, folder=post.folder)
        assert (ran.code, "telegraph" in ran.err) == (2, True)
    assert command("alerts", folder=post.folder).code == 0


@pytest.mark.thorough
def test_a_version_and_a_recall_of_its_data_say_that_there_are_alerts(
    command: Command, copied_world: Path
) -> None:
    post = Post(reopened(copied_world))
    post.find(model="flight_delay", version=2)
    ran = command("show", "flight_delay@production", folder=copied_world, width=100)
    assert "1 alert about it is not resolved: `registry alerts flight_delay` lists it." in ran.out
    shown = command("show", "flight_delay:2", "--json", folder=copied_world).document["alerts"]
    assert [(each["alert"], each["check"]) for each in shown] == [
        ("flight_delay/1", "feature_drift")
    ]
    recall = ("recall", "flights", "2013-03", "--reason", "twice", "--yes")
    ran = command(*recall, folder=copied_world, width=100)
    said = "Alerts about these versions: flight_delay/1 (feature_drift, flight_delay:2)"
    assert said in ran.out
    document = command(*recall, "--json", folder=copied_world).document
    assert document["alerts"] == shown


def test_doctor_says_what_nobody_was_told(post: Post, command: Command, receiver: Receiver) -> None:
    def looked_at() -> dict[str, tuple[str, str]]:
        document = command("doctor", "--json", folder=post.folder).document
        alerts = [each for each in document["diagnoses"] if each["part"] == "alerts"]
        return {each["subject"]: (each["health"], each["found"]) for each in alerts}

    found = looked_at()
    assert found["open"] == ("note", "2 alerts not resolved, 0 acknowledged")
    assert found["sinks"] == ("note", "none is configured, so nobody is told of alerts")
    assert found["deliveries"] == ("good", "0 deliveries waiting, 0 given up")
    post.configure({"hook": {"type": "webhook", "url": receiver.url, "secret_env": "NOT_SET"}})
    assert looked_at()["secrets"] == (
        "note",
        "sinks.hook.secret_env names NOT_SET, which is not set",
    )
    post.configure({"hook": {"type": "webhook", "url": receiver.url}})
    receiver.answers += [status(400)]
    post.deliver()
    assert looked_at()["deliveries"] == ("note", "0 deliveries waiting, 1 given up")
    post.configure({"hook": {"type": "telegraph"}})
    assert looked_at()["answers"][0] == "wrong"


def test_one_thing_is_asked_at_a_time(post: Post, command: Command) -> None:
    for arguments in (("--deliver", "--retry"), ("--deliver", MODEL), ("--all", "--retry")):
        assert command("alerts", *arguments, folder=post.folder).code == 2
