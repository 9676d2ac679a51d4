"""What people and machines read of an alert, and that no text in it has a power of its own."""

import json
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from html.parser import HTMLParser

import pytest

from registry_assets.alerting import Lineage, Moved, Occasion
from registry_assets.alerting.rendering import words
from registry_assets.alerting.rendering.cloud_events import cloud_event
from registry_assets.alerting.rendering.mail import html, mail
from registry_assets.alerting.rendering.pagerduty import pagerduty_event
from registry_assets.alerting.rendering.slack import escaped, slack_message
from registry_assets.alerting.rendering.text import COLUMNS, text
from registry_assets.alerting.values import KINDS, WASSERSTEIN
from registry_assets.canonical import canonical_json
from registry_assets_tests.alerting.occasions import (
    DIGEST,
    HOSTILE,
    REGISTRY,
    an_occasion,
    hostile,
)

every_hostile = pytest.mark.parametrize("written", HOSTILE.values(), ids=HOSTILE)
# Control characters, and those that reorder or hide what is around them.
DECEIVING = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def sent(message: EmailMessage) -> EmailMessage:
    """The message as its receiver reads it."""
    found = message_from_bytes(message.as_bytes(policy=SMTP), policy=default)
    assert isinstance(found, EmailMessage)
    return found


def a_mail(occasion: Occasion) -> EmailMessage:
    return sent(mail(occasion, sender="registry@example.org", recipients=["ann@example.org"]))


def test_the_text_says_what_which_since_when_how_much_and_what_to_do_in_this_order() -> None:
    lines = text(an_occasion()).splitlines()
    assert lines[0] == "roc_auc is 0.6812 where 0.7431 was promised"
    expected = [
        "Since 2013-07-31 06:00 UTC, found 2 times",
        "flight_delay:2, which production held as its generation 5:",
        DIGEST,
        "WHAT MOVED",
        "  roc_auc: 0.7431 → 0.6812; decay 0.0619, limit 0.03",
        "WHAT TO DO",
        "  registry show flight_delay@production",
        "  registry report flight_delay --performance 2013-08",
        '  registry ack flight_delay/3 --reason "…"',
        '  registry rollback flight_delay@production --reason "…"',
        "WHERE TO LOOK",
        "  https://grafana.example/d/x?var-version=2",
        "MADE FROM",
        f"  dataset flights[2013-05] sha256:{'b' * 12}",
        f"  features flight_features[2013-05] sha256:{'c' * 12}",
        f"  commit {'d' * 40}",
        "  training run 8c1b3c1e",
        "  trained 2013-06-01 06:00 UTC",
    ]
    places = [
        next(place for place, line in enumerate(lines) if line.startswith(each))
        for each in expected
    ]
    assert places == sorted(places)


@every_hostile
def test_no_line_is_wider_than_a_terminal_but_for_what_must_not_be_broken(written: str) -> None:
    whole = ("  registry ", "  http", "  javascript:", "sha256:")
    told = text(hostile(written))
    long = [line for line in told.splitlines() if len(line) > COLUMNS]
    # A link that is a path is the one text of a user's that is not broken.
    assert [line for line in long if not line.startswith((*whole, f"  {written[:3]}"))] == []


@every_hostile
@pytest.mark.parametrize("kind", KINDS)
def test_the_text_and_the_subject_cannot_steer_a_terminal(written: str, kind: str) -> None:
    alert = hostile(written).alert
    told = Occasion(kind=kind, alert=alert, at=alert.last_at, sentence=written, sequence=2)
    assert not DECEIVING.search(text(told))
    assert words.subject(told).isprintable()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("opened", "[error] flight_delay@production: performance_decay, version 2"),
        (
            "repeated",
            "[error] flight_delay@production: performance_decay, version 2 (found 2 times)",
        ),
        ("resolved", "[resolved] flight_delay@production: performance_decay, version 2"),
    ],
)
def test_the_subject_says_how_bad_it_is_or_that_it_is_over(kind: str, expected: str) -> None:
    assert words.subject(an_occasion(kind)) == expected


@pytest.mark.parametrize(
    ("check", "state", "expected"),
    [
        ("performance_decay", "open", ["show", "report", "ack", "rollback"]),
        ("data_quality", "open", ["show", "ack"]),
        ("promotion", "open", ["show", "explain", "ack"]),
        ("feature_drift", "acknowledged", ["show", "report", "rollback"]),
        ("feature_drift", "resolved", ["show", "alerts"]),
    ],
)
def test_what_to_do_is_what_can_help(check: str, state: str, expected: list[str]) -> None:
    alert = an_occasion(check=check, state=state).alert
    assert [each.line.split()[1] for each in words.commands(alert)] == expected


def test_nothing_is_rolled_back_that_had_nothing_before_it() -> None:
    alert = an_occasion(generation=1).alert
    assert "rollback" not in " ".join(each.line for each in words.commands(alert))


@pytest.mark.parametrize(
    ("check", "generation", "said"),
    [
        ("promotion", 0, "flight_delay:2, which did not come to production"),
        ("promotion", 3, "flight_delay:2, which did not come to production"),
        ("data_quality", 0, "flight_delay:2, which production never held"),
        ("data_quality", 3, "flight_delay:2, which production held as its generation 3"),
    ],
)
def test_nothing_is_said_to_be_held_that_is_not(check: str, generation: int, said: str) -> None:
    assert words.holder(an_occasion(check=check, generation=generation).alert) == said


def test_distances_of_numbers_have_their_unit_and_means_are_called_so() -> None:
    moved = (Moved("late", 0.11, 0.14, 0.3, 0.2, WASSERSTEIN), Moved("auc", 0.8, 0.7))
    assert list(words.moved(an_occasion(moved=moved).alert)) == [
        "late: mean 0.11 → 0.14; Wasserstein distance 0.3 standard deviations, limit 0.2",
        "auc: 0.8 → 0.7",
    ]


def test_a_commit_that_the_code_had_left_is_not_given_as_the_code() -> None:
    alert = an_occasion(lineage=Lineage(code_commit="d" * 40, code_dirty=True)).alert
    assert list(words.made_from(alert)) == [("commit", f"{'d' * 40} (uncommitted changes)")]


def test_the_run_that_found_it_is_told_from_the_one_that_trained_the_version() -> None:
    found = {"run": "https://dagster.example/runs/found", "asset": "https://dagster.example/a"}
    names = [each.name for each in words.links(an_occasion(links=found).alert)]
    assert names == ["run that found it", "asset in Dagster", "training run"]


def test_of_many_columns_the_worst_are_told_and_the_others_counted() -> None:
    moved = tuple(Moved(f"column_{number}", value=1.0) for number in range(15))
    lines = list(words.moved(an_occasion(moved=moved).alert))
    assert lines[0] == "column_0: by 1"
    assert lines[-1] == "and 5 more"
    assert len(lines) == 11


def test_what_was_said_when_it_was_acknowledged_and_resolved_is_told() -> None:
    told = text(
        an_occasion(
            "resolved",
            acknowledged_by="ann",
            acknowledged_at="2013-08-01T06:00:00.000000Z",
            acknowledged_why="storms",
            resolved_why="September is well",
        )
    )
    assert "Acknowledged by ann at 2013-08-01 06:00 UTC: storms" in told
    assert "Resolved: September is well" in told
    # It was found twice: why it was opened is not what was found last.
    assert "Found last: roc_auc is 0.6812" in told


def test_a_mail_is_a_text_and_the_same_as_html() -> None:
    message = a_mail(an_occasion())
    plain, page = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert plain.get_content().replace("\r\n", "\n") == text(an_occasion())
    assert '<a href="https://grafana.example/d/x?var-version=2">Grafana</a>' in page.get_content()
    assert message["Auto-Submitted"] == "auto-generated"


def test_a_mail_that_comes_twice_has_one_name_and_answers_are_in_the_thread_of_the_first() -> None:
    first, again = a_mail(an_occasion()), a_mail(an_occasion())
    assert first["Message-ID"] == again["Message-ID"]
    assert first["Message-ID"] == f"<flight_delay.3.1.{REGISTRY}@example.org>"
    assert first["References"] is None
    third = a_mail(an_occasion("resolved", sequence=3))
    assert third["Message-ID"] != first["Message-ID"]
    assert third["References"] == third["In-Reply-To"] == first["Message-ID"]


def test_only_what_is_open_and_critical_is_marked_as_important() -> None:
    assert a_mail(an_occasion(severity="critical"))["Importance"] == "high"
    assert a_mail(an_occasion())["Importance"] is None
    assert a_mail(an_occasion("resolved", severity="critical"))["Importance"] is None


@every_hostile
def test_no_text_can_add_a_header_or_a_recipient(written: str) -> None:
    ordinary, message = a_mail(an_occasion("repeated", sequence=2)), a_mail(hostile(written))
    assert message.keys() == ordinary.keys()
    assert message["To"] == "ann@example.org"
    assert "\n" not in message["Subject"]


ALLOWED = set(re.findall(r"<(\w+)", html(an_occasion())))


class Tags(HTMLParser):
    """The tags and attributes that a browser would see."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str]] = {}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")


@every_hostile
def test_no_text_becomes_markup_or_a_script_in_a_mail(written: str) -> None:
    seen = Tags(html(hostile(written)))
    assert seen.tags <= ALLOWED
    assert set(seen.attributes) <= {"lang", "charset", "style", "href"}
    assert all(url.startswith(("https://", "http://")) for url in seen.attributes["href"])


@every_hostile
def test_no_text_mentions_anybody_or_links_anywhere_in_slack(written: str) -> None:
    message = slack_message(hostile(written))
    marked_up = [message["text"]] + [
        block["text"]["text"] for block in message["blocks"] if block["text"]["type"] == "mrkdwn"
    ]
    for each in marked_up:
        # What is left between angle brackets is a link of ours.
        for inside in re.findall(r"<([^>]*)>?", each):
            assert inside.startswith(("https://a.example/", "http")), inside
            assert inside.count("|") == 1
    assert message["mrkdwn"] is False


@every_hostile
def test_no_message_is_longer_than_slack_takes(written: str) -> None:
    message = slack_message(hostile(written))
    assert len(message["blocks"]) <= 50
    for block in message["blocks"]:
        limit = 150 if block["type"] == "header" else 3000
        assert 0 < len(block["text"]["text"]) <= limit
    json.dumps(message, allow_nan=False).encode()


def test_a_cut_never_falls_into_an_escaped_sign() -> None:
    assert escaped("a<b", most=4) == "a"
    assert escaped("a<b", most=5) == "a&lt;"


def test_slack_gets_the_links_and_the_commands() -> None:
    blocks = [block["text"]["text"] for block in slack_message(an_occasion())["blocks"]]
    assert "<https://grafana.example/d/x?var-version=2|Grafana>" in blocks[-2]
    assert "registry ack flight_delay/3" in blocks[-3]


@pytest.mark.parametrize("kind", KINDS)
def test_a_cloud_event_has_what_the_specification_asks_for(kind: str) -> None:
    occasion = an_occasion(kind, sequence=2)
    event = cloud_event(occasion)
    assert event == {
        "specversion": "1.0",
        "id": "flight_delay/3/2",
        "source": f"/registries/{REGISTRY}/models/flight_delay",
        "type": f"registry_assets.alert.{kind}",
        "subject": "flight_delay/3",
        "time": "2013-08-31T06:00:00.000000Z",
        "datacontenttype": "application/json",
        "data": occasion.to_json(),
    }


@every_hostile
def test_a_cloud_event_holds_the_occasion_whatever_is_in_it(written: str) -> None:
    event = json.loads(canonical_json(cloud_event(hostile(written))))
    assert Occasion.from_json(event["data"]) == hostile(written)


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("opened", "trigger"),
        ("repeated", "trigger"),
        ("escalated", "trigger"),
        ("retrained", "trigger"),
        ("acknowledged", "acknowledge"),
        ("resolved", "resolve"),
    ],
)
def test_pagerduty_has_one_incident_an_alert(kind: str, action: str) -> None:
    event = pagerduty_event(an_occasion(kind), routing_key="r" * 32)
    assert event is not None
    assert event["event_action"] == action
    assert event["dedup_key"] == f"{REGISTRY}/flight_delay/3"
    assert ("payload" in event) == (action == "trigger")


def test_what_happens_to_an_alert_that_is_over_opens_no_incident_anew() -> None:
    late = an_occasion("retrained", state="resolved")
    assert pagerduty_event(late, routing_key="r" * 32) is None


@every_hostile
def test_no_event_is_larger_than_pagerduty_takes(written: str) -> None:
    told = Occasion(
        kind="opened",
        alert=an_occasion(sentence=written, moved=(Moved(written, written),)).alert,
        at="2013-08-31T06:00:00.000000Z",
        sentence=written,
        sequence=1,
    )
    event = pagerduty_event(told, routing_key="r" * 32)
    assert event is not None
    assert len(event["payload"]["summary"]) <= 1024
    assert len(json.dumps(event, allow_nan=False)) < 512_000
    assert event["payload"]["severity"] in ("critical", "error", "warning", "info")
