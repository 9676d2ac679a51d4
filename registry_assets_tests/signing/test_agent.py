"""Keys that ssh-agent holds, and agents that do not answer as they should."""

import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from registry_assets.errors import KeyUnusable
from registry_assets.signing import agent as agents
from registry_assets.signing.agent import agent_signer
from registry_assets.signing.keys import read_public_key
from registry_assets.signing.signers import open_signer
from registry_assets.signing.sshsig import verify
from registry_assets.signing.wire import string, uint32
from registry_assets_tests.signing.openssh import PASSPHRASE, Agent, new_key, signed

MESSAGE = b"message"
FAILURE = string(b"\x05")


def public(key: Path) -> Path:
    """The `.pub` file of a key."""
    return key.with_suffix(".pub")


def test_a_key_that_the_agent_holds_signs_for_its_pub_file(agent: Agent, key: Path) -> None:
    agent.ask("-q", key)
    signer = open_signer(public(key))
    signature = signer.sign(MESSAGE, namespace="approval")
    assert verify(signature, MESSAGE, namespace="approval") == read_public_key(key)


def test_an_ed25519_signature_of_the_agent_is_the_bytes_of_its_file(
    agent: Agent, ed25519: Path
) -> None:
    agent.ask("-q", ed25519)
    signature = open_signer(public(ed25519)).sign(MESSAGE, namespace="approval")
    assert signature.to_armor() == signed(ed25519, MESSAGE, namespace="approval")


def test_a_key_with_a_passphrase_signs_by_the_agent_without_asking(
    agent: Agent, tmp_path: Path
) -> None:
    key = new_key(tmp_path / "key", passphrase=PASSPHRASE)
    helper = tmp_path / "askpass"
    helper.write_text(f"#!/bin/sh\necho '{PASSPHRASE}'\n")
    helper.chmod(0o700)
    agent.ask("-q", key, SSH_ASKPASS=str(helper), SSH_ASKPASS_REQUIRE="force")
    signature = open_signer(public(key)).sign(MESSAGE, namespace="approval")
    assert verify(signature, MESSAGE, namespace="approval") == read_public_key(key)


def test_the_key_is_found_among_many(agent: Agent, keys: dict[str, Path], another: Path) -> None:
    agent.ask("-q", *keys.values(), another)
    signature = open_signer(public(another)).sign(MESSAGE, namespace="approval")
    assert signature.public_key == read_public_key(another)


def test_a_key_that_the_agent_does_not_hold_cannot_sign(
    agent: Agent, ed25519: Path, another: Path
) -> None:
    for _ in range(2):
        with pytest.raises(KeyUnusable, match="does not hold the key SHA256:") as raised:
            open_signer(public(ed25519))
        assert "ssh-add" in raised.value.hint
        agent.ask("-q", another)


def test_a_key_taken_from_the_agent_signs_no_more(agent: Agent, ed25519: Path) -> None:
    agent.ask("-q", ed25519)
    signer = open_signer(public(ed25519))
    agent.ask("-q", "-D")
    with pytest.raises(KeyUnusable, match="would not sign with SHA256:"):
        signer.sign(MESSAGE, namespace="approval")


def test_where_no_agent_runs_a_public_key_cannot_sign(
    ed25519: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in (None, ""):
        if value is not None:
            monkeypatch.setenv("SSH_AUTH_SOCK", value)
        with pytest.raises(KeyUnusable, match="No ssh-agent runs here") as raised:
            open_signer(public(ed25519))
        assert "ssh-agent" in raised.value.hint
    for place in (tmp_path / "gone", tmp_path, Path("/" + "x" * 200)):
        monkeypatch.setenv("SSH_AUTH_SOCK", str(place))
        with pytest.raises(KeyUnusable, match="cannot be asked"):
            open_signer(public(ed25519))


@contextmanager
def answering(answers: Callable[[bytes], bytes | None]) -> Iterator[Path]:
    """A socket where each message is answered with any bytes; None leaves it unanswered."""
    with (
        tempfile.TemporaryDirectory(prefix="agent") as folder,
        socket.socket(socket.AF_UNIX) as server,
    ):
        path = Path(folder, "socket")
        server.bind(str(path))
        server.listen()
        ended = threading.Event()

        def serve() -> None:
            while True:
                connection, _ = server.accept()
                with connection:
                    message = connection.recv(1 << 16)
                    if ended.is_set():
                        return
                    answer = answers(message)
                    if answer is None:
                        ended.wait(30)
                    else:
                        connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield path
        finally:
            ended.set()
            with socket.socket(socket.AF_UNIX) as last:
                last.connect(str(path))
            thread.join(30)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0\0",
        uint32(0),
        FAILURE,
        uint32(2**32 - 1) + b"\x0c",
        uint32(1 << 20) + b"\x0c",
        uint32(100) + b"\x0c",
        string(b"\x0c"),
        string(b"\x0c" + uint32(2**32 - 1)),
        string(b"\x0c" + uint32(1) + uint32(2**32 - 1)),
        string(b"\x0c" + uint32(0) + b"more"),
        string(b"\x0e" + uint32(0)),
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
)
def test_an_agent_that_answers_nonsense_is_not_believed(
    ed25519: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    with answering(lambda _: answer) as path:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        with pytest.raises(KeyUnusable, match="cannot be asked") as raised:
            open_signer(public(ed25519))
    assert "SSH_AUTH_SOCK" in raised.value.hint


def test_an_agent_that_is_silent_is_not_waited_for(
    ed25519: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "_LISTING_SECONDS", 0.1)
    for said in (None, uint32(100) + b"\x0c"):
        with answering(lambda _, said=said: said) as path:  # type: ignore[misc]
            monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
            with pytest.raises(KeyUnusable, match=r"timed out|hung up"):
                open_signer(public(ed25519))


def test_what_an_agent_signs_is_verified_before_it_is_used(
    ed25519: Path, another: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = read_public_key(ed25519)
    identities = string(b"\x0c" + uint32(1) + string(key.blob) + string(b"comment"))
    good = open_signer(ed25519).sign(MESSAGE, namespace="approval").raw
    foreign = open_signer(another).sign(MESSAGE, namespace="approval").raw
    kind = string(b"ssh-ed25519")
    signed_as = [string(kind + string(good))]

    def answer(message: bytes) -> bytes:
        return identities if message[4] == 11 else string(b"\x0e" + signed_as[0])

    with answering(answer) as path:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        signer = agent_signer(key)
        assert signer.sign(MESSAGE, namespace="approval").raw == good
        for signed_as[0] in (
            string(kind + string(foreign)),
            string(kind + string(good[:-1])),
            string(kind + string(good) + b"x"),
            string(kind + string(good)) + b"x",
            string(string(b"ssh-rsa") + string(good)),
            string(kind),
            uint32(2**32 - 1) + kind,
            b"",
        ):
            with pytest.raises(KeyUnusable, match="no signature of SHA256:"):
                signer.sign(MESSAGE, namespace="approval")
