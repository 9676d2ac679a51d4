"""Mail, before a real server on this machine: with TLS, with a password, and when it says no."""

import socket
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from registry_assets.alerting.rendering import words
from registry_assets.alerting.rendering.text import text
from registry_assets.alerting.settings import SmtpSettings
from registry_assets.alerting.sinks.smtp import SmtpSink
from registry_assets.errors import DeliveryFailed
from registry_assets_tests.alerting.occasions import HOSTILE, an_occasion, hostile
from registry_assets_tests.servers.certificates import make_certificate
from registry_assets_tests.servers.mail import MailServer, mail_server

PASSWORD = "correct horse"


def a_sink(port: int, *, security: str = "none", password: str = "", **given: Any) -> SmtpSink:
    settings = SmtpSettings(
        name="mail",
        server=("localhost" if security != "none" else "127.0.0.1", port),
        sender="registry@example.org",
        recipients=("ann@example.org", "ben@example.org"),
        security=security,
        user="registry" if password else "",
        password_env="MAIL_PASSWORD" if password else "",
    )
    return SmtpSink(settings, password, **given)


def failure(sink: SmtpSink) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        sink.send(an_occasion())
    error = caught.value
    assert PASSWORD not in f"{error} {error!r} {''.join(traceback.format_exception(error))}"
    assert PASSWORD not in repr(sink)
    return error


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server("none") as started:
        yield started


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate of `localhost` that this process trusts."""
    made = make_certificate(tmp_path / "server.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    return made


def test_a_mail_reaches_everybody_as_text_and_html(server: MailServer) -> None:
    a_sink(server.port).send(an_occasion())
    (message,) = server.taken
    assert server.recipients == [["ann@example.org", "ben@example.org"]]
    assert message["To"] == "ann@example.org, ben@example.org"
    assert message["Subject"] == words.subject(an_occasion())
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == text(an_occasion())
    assert message.get_body(("html",)) is not None


def test_a_mail_that_is_sent_twice_has_one_message_id(server: MailServer) -> None:
    sink = a_sink(server.port)
    sink.send(an_occasion())
    sink.send(an_occasion())
    sink.send(an_occasion("resolved", sequence=2))
    first, again, answer = server.taken
    assert first["Message-ID"] == again["Message-ID"] != answer["Message-ID"]
    assert answer["References"] == first["Message-ID"]


@pytest.mark.parametrize("written", HOSTILE.values(), ids=HOSTILE)
def test_no_text_changes_who_gets_a_mail(server: MailServer, written: str) -> None:
    a_sink(server.port).send(hostile(written))
    (message,) = server.taken
    assert server.recipients == [["ann@example.org", "ben@example.org"]]
    assert message["Bcc"] is None
    assert message["Subject"] == words.subject(hostile(written))


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_password_goes_by_tls(certificate: Path, security: Any) -> None:
    login = {"user": "registry", "password": PASSWORD}
    with mail_server(security, certificate, **login) as server:
        a_sink(server.port, security=security, password=PASSWORD).send(an_occasion())
        assert server.by_tls == [True]
        server.password = "another"
        error = failure(a_sink(server.port, security=security, password=PASSWORD))
        assert error.message.startswith("mail did not take the mail: 535")
        # Somebody may set the right one within the day.
        assert not error.permanent
        assert len(server.taken) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path, security: Any) -> None:
    with mail_server(security, make_certificate(tmp_path / "server.pem")) as server:
        error = failure(a_sink(server.port, security=security))
        assert "its certificate is not trusted" in error.message
        assert not error.permanent
        assert server.taken == []


def test_a_server_without_tls_gets_neither_mail_nor_password(server: MailServer) -> None:
    error = failure(a_sink(server.port, security="starttls", password=PASSWORD))
    assert "STARTTLS" in error.message
    assert server.taken == []


@pytest.mark.parametrize(
    ("said", "permanent"),
    [("451 try again later", False), ("452 full", False), ("554 no such mail here", True)],
)
def test_what_is_said_for_now_is_tried_again(
    server: MailServer, said: str, permanent: bool
) -> None:
    server.instead.append(said)
    error = failure(a_sink(server.port))
    assert error.message == f"mail did not take the mail: {said}"
    assert error.permanent is permanent
    a_sink(server.port).send(an_occasion())
    assert len(server.taken) == 1


def test_nobody_whom_the_server_knows_is_a_delivery_that_failed(server: MailServer) -> None:
    server.refused = dict.fromkeys(["ann@example.org", "ben@example.org"], "550 unknown")
    error = failure(a_sink(server.port))
    assert "ann@example.org: 550 unknown" in error.message
    assert not error.permanent


@pytest.mark.parametrize(("said", "permanent"), [("550 unknown", True), ("450 wait", False)])
def test_one_whom_the_server_does_not_know_is_told_though_the_other_got_it(
    server: MailServer, said: str, permanent: bool
) -> None:
    server.refused = {"ben@example.org": said}
    error = failure(a_sink(server.port))
    assert error.message == "mail took the mail, and not for ben@example.org"
    assert error.permanent is permanent
    assert server.recipients == [["ann@example.org"]]


def test_a_server_that_is_down_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = failure(a_sink(port))
    assert error.message == "mail did not take the mail: Connection refused"
    assert not error.permanent


@contextmanager
def saying(first: bytes, *, every: float = 0.0, times: int = 0) -> Iterator[int]:
    """Give the port of what says something, then a byte now and then, and ends."""

    def run() -> None:
        with suppress(OSError):  # nobody listens any more
            client, _ = listening.accept()
            with client:
                client.sendall(first)
                for _ in range(times):
                    time.sleep(every)
                    client.sendall(b"x")

    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (b"554 go away\r\n", "554 go away"),
        (b"421 busy\r\n", "421 busy"),
        (b"HTTP/1.1 200 OK\r\n\r\n", ""),
        (b"", "Connection unexpectedly closed"),
    ],
)
def test_a_server_that_does_not_talk_to_us_is_tried_again(first: bytes, said: str) -> None:
    with saying(first) as port:
        error = failure(a_sink(port))
    assert said in error.message
    assert not error.permanent


def test_a_server_that_is_slow_keeps_nobody_waiting() -> None:
    begun = time.monotonic()
    with saying(b"220-", every=0.1, times=15) as port:
        error = failure(a_sink(port, seconds=0.5, quiet_seconds=0.4))
        assert time.monotonic() - begun < 1.4
    assert error.message == "mail did not take the mail: it took too long"
