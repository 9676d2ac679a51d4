"""Webhook, Slack and PagerDuty, each before a real server on this machine.

PagerDuty itself is not asked: in its place stands a double, which checks the form of events as
PagerDuty's documentation has it.
"""

import base64
import hashlib
import hmac
import json
import re
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from registry_assets.alerting import Occasion
from registry_assets.alerting.sinks.pagerduty import PagerDutySink
from registry_assets.alerting.sinks.slack import SlackSink
from registry_assets.alerting.sinks.webhook import WebhookSink
from registry_assets.errors import DeliveryFailed
from registry_assets_tests.alerting.occasions import HOSTILE, an_occasion, hostile
from registry_assets_tests.servers import receiver as servers
from registry_assets_tests.servers.certificates import make_certificate
from registry_assets_tests.servers.receiver import Receiver, receiving, status

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
ROUTING_KEY = "r0ut1ng" * 4 + "abcd"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


def a_webhook(url: str, **given: Any) -> WebhookSink:
    return WebhookSink("hook", f"{url}/in?token=t0ken", SECRET, **given)


def failure(sink: Any, occasion: Occasion | None = None) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        sink.send(occasion or an_occasion())
    error = caught.value
    told = f"{error} {error!r} {''.join(traceback.format_exception(error))}"
    for secret in ("t0ken", SECRET, SECRET[6:], ROUTING_KEY, "T0/B0/xyz"):
        assert secret not in told
    return error


def verified(body: bytes, headers: dict[str, str]) -> bool:
    """What the documentation tells receivers to do."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    right = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
    given = headers["webhook-signature"].split(" ")
    return any(hmac.compare_digest(each, f"v1,{right}") for each in given)


def test_a_webhook_gets_a_cloud_event_that_it_can_verify(receiver: Receiver) -> None:
    a_webhook(receiver.url).send(an_occasion())
    (got,) = receiver.requests
    assert got.path == "/in?token=t0ken"
    assert got.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert got.headers["webhook-id"] == "flight_delay/3/1"
    assert abs(int(got.headers["webhook-timestamp"]) - time.time()) < 60
    assert verified(got.body, got.headers)
    assert not verified(got.body.replace(b"0.6812", b"0.7812"), got.headers)
    assert not verified(got.body, {**got.headers, "webhook-id": "flight_delay/3/2"})
    assert not verified(got.body, {**got.headers, "webhook-timestamp": "1"})
    assert Occasion.from_json(json.loads(got.body)["data"]) == an_occasion()


def test_an_attempt_after_another_has_the_same_name_and_body_and_a_signature_of_now(
    receiver: Receiver,
) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    a_webhook(receiver.url, clock=lambda: now).send(an_occasion())
    a_webhook(receiver.url, clock=lambda: now + timedelta(hours=1)).send(an_occasion())
    first, again = receiver.requests
    assert (first.headers["webhook-id"], first.body) == (again.headers["webhook-id"], again.body)
    assert first.headers["webhook-signature"] != again.headers["webhook-signature"]


def test_without_a_secret_nothing_claims_to_be_signed(receiver: Receiver) -> None:
    WebhookSink("hook", receiver.url).send(an_occasion())
    assert "webhook-signature" not in receiver.requests[0].headers
    assert receiver.requests[0].path == "/"


@pytest.mark.parametrize("written", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_arrives_as_a_text(receiver: Receiver, written: str) -> None:
    occasion = hostile(written)
    a_webhook(receiver.url).send(occasion)
    SlackSink("chat", f"{receiver.url}/services/T0/B0/xyz").send(occasion)
    hook, _ = receiver.requests
    assert verified(hook.body, hook.headers)
    assert Occasion.from_json(json.loads(hook.body)["data"]) == occasion


@pytest.mark.parametrize("code", [400, 410, 413, 415, 422])
def test_what_is_refused_for_what_it_is_is_not_sent_again(receiver: Receiver, code: int) -> None:
    receiver.answers.append(status(code, b"unknown field"))
    error = failure(a_webhook(receiver.url))
    assert error.permanent
    assert error.message == f"hook answered {code}: unknown field"


@pytest.mark.parametrize("code", [401, 403, 404, 408, 409, 425, 429, 500, 502, 503, 599])
def test_what_somebody_may_mend_is_sent_again(receiver: Receiver, code: int) -> None:
    receiver.answers.append(status(code))
    error = failure(a_webhook(receiver.url))
    assert not error.permanent
    assert error.message == f"hook answered {code}: and nothing else"


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, code: int) -> None:
    receiver.answers.append(status(code, Location=f"{receiver.url}/elsewhere"))
    error = failure(a_webhook(receiver.url))
    assert "not followed" in error.hint
    assert len(receiver.requests) == 1


def test_what_the_server_asks_for_is_passed_on(receiver: Receiver) -> None:
    receiver.answers += [status(429, Retry_After="120"), status(503, Retry_After="soon")]
    assert failure(a_webhook(receiver.url)).retry_after == 120.0
    assert failure(a_webhook(receiver.url)).retry_after is None
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    receiver.answers.append(status(503, Retry_After=later))
    assert 590 <= (failure(a_webhook(receiver.url)).retry_after or 0) <= 600
    receiver.answers.append(status(503, Retry_After="Mon, 01 Jan 2001 00:00:00 GMT"))
    assert failure(a_webhook(receiver.url)).retry_after == 0.0


@pytest.mark.parametrize("answer", [servers.hanging_up, servers.babbling])
def test_an_answer_that_is_none_counts_as_not_taken(
    receiver: Receiver, answer: Callable[[Any], None]
) -> None:
    receiver.answers.append(answer)
    assert failure(a_webhook(receiver.url)).message.startswith("hook cannot be reached: ")


def test_of_an_endless_answer_the_beginning_is_read(receiver: Receiver) -> None:
    receiver.answers.append(servers.endless)
    error = failure(a_webhook(receiver.url))
    assert error.message == f"hook answered 500: {'x' * 200}"


@pytest.mark.parametrize(
    "answer",
    [
        servers.silent(1.5),
        servers.dripping(b"HTTP/1.1 200 OK\r\nX: ", every=0.1, times=15),
        servers.dripping(b"HTTP/1.1 500 No\r\nContent-Length: 99\r\n\r\n", every=0.1, times=15),
        servers.dripping(
            b"HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: 99\r\n\r\n",
            every=0.1,
            times=15,
        ),
    ],
    ids=["silent", "headers drip", "body drips", "last body drips"],
)
def test_a_server_that_is_slow_keeps_nobody_waiting(
    receiver: Receiver, answer: Callable[[Any], None]
) -> None:
    receiver.answers.append(answer)
    begun = time.monotonic()
    error = failure(a_webhook(receiver.url, seconds=0.5, quiet_seconds=0.4))
    assert error.message == "hook cannot be reached: it took too long"
    assert not error.permanent
    assert time.monotonic() - begun < 1.4


def test_a_server_that_is_down_is_named_without_its_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = failure(a_webhook(f"http://127.0.0.1:{port}"))
    assert error.message == "hook cannot be reached: Connection refused"
    assert not error.permanent


def test_a_host_that_there_is_not_is_tried_again() -> None:
    error = failure(a_webhook("http://nowhere.invalid"))
    assert error.message.startswith("hook cannot be reached: ")
    assert not error.permanent


def test_a_secret_that_a_server_repeats_is_not_told(receiver: Receiver) -> None:
    sinks = [
        SlackSink("chat", f"{receiver.url}/T0/B0/xyz"),
        PagerDutySink("pager", receiver.url, ROUTING_KEY),
        a_webhook(receiver.url),
        a_webhook(receiver.url),
    ]
    secrets = ["/T0/B0/xyz", ROUTING_KEY, "token=t0ken", SECRET]
    for sink, secret in zip(sinks, secrets, strict=True):
        receiver.answers.append(status(404, f"no such thing: {secret}".encode()))
        assert "no such thing: " in failure(sink).message


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with receiving(make_certificate(tmp_path / "server.pem")) as receiver:
        error = failure(a_webhook(receiver.url))
        assert "its certificate is not trusted" in error.message
        assert receiver.requests == []


def test_a_certificate_that_is_trusted_is_taken_for_its_own_name_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, wrong = (
        make_certificate(tmp_path / f"{host}.pem", host=host) for host in ("localhost", "other")
    )
    for certificate, taken in ((right, 1), (wrong, 0)):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with receiving(certificate) as receiver:
            if taken:
                a_webhook(receiver.url).send(an_occasion())
            else:
                assert "not trusted" in failure(a_webhook(receiver.url)).message
            assert len(receiver.requests) == taken


def test_no_proxy_of_the_environment_is_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        a_webhook(receiver.url).send(an_occasion())
        assert (len(receiver.requests), len(proxy.requests)) == (1, 0)


def test_slack_gets_its_blocks(receiver: Receiver) -> None:
    SlackSink("chat", f"{receiver.url}/services/T0/B0/xyz").send(an_occasion())
    (got,) = receiver.requests
    message = json.loads(got.body)
    assert got.headers["content-type"] == "application/json"
    assert message["text"].startswith("[error] flight_delay@production: performance_decay")
    assert message["blocks"][0]["type"] == "header"


class PagerDutyDouble:
    """Stands in for PagerDuty: one incident a key, in the states that its documentation has."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.incidents: dict[str, list[str]] = {}

    def take(self) -> None:
        """Read what came since, as PagerDuty would."""
        while self.receiver.requests:
            event = json.loads(self.receiver.requests.pop(0).body)
            assert event["routing_key"] == ROUTING_KEY
            assert re.fullmatch("trigger|acknowledge|resolve", event["event_action"])
            assert 0 < len(event["dedup_key"]) <= 255
            open_ones = self.incidents.setdefault(event["dedup_key"], [])
            if event["event_action"] == "trigger":
                payload = event["payload"]
                assert payload["severity"] in ("critical", "error", "warning", "info")
                assert 0 < len(payload["summary"]) <= 1024
                assert payload["source"]
                if not open_ones or open_ones[-1] == "resolved":
                    open_ones.append("triggered")
            elif open_ones and open_ones[-1] != "resolved":
                open_ones[-1] = f"{event['event_action']}d"


def test_one_incident_is_opened_acknowledged_and_resolved(receiver: Receiver) -> None:
    double = PagerDutyDouble(receiver)
    sink = PagerDutySink("pager", f"{receiver.url}/v2/enqueue", ROUTING_KEY)
    key = an_occasion().alert.key
    for kind, expected in (
        ("opened", ["triggered"]),
        ("repeated", ["triggered"]),
        ("acknowledged", ["acknowledged"]),
        ("repeated", ["acknowledged"]),
        ("resolved", ["resolved"]),
    ):
        sink.send(an_occasion(kind))
        double.take()
        assert double.incidents[key] == expected, kind
    sink.send(an_occasion("retrained", state="resolved"))
    double.take()
    assert double.incidents[key] == ["resolved"]
