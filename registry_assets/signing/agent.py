"""Keys that ssh-agent holds: it is asked to sign, and never gives a private key away.

Two questions of its protocol (draft-miller-ssh-agent): which keys it holds, and a signature by
one of them. What it answers is checked like anybody's bytes.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from registry_assets.errors import KeyUnusable, SignatureInvalid
from registry_assets.signing.keys import PublicKey
from registry_assets.signing.sshsig import SshSignature, message_to_sign, verify
from registry_assets.signing.wire import Malformed, Reader, string, uint32

SOCKET_VARIABLE = "SSH_AUTH_SOCK"

_REQUEST_IDENTITIES = 11
_IDENTITIES_ANSWER = 12
_SIGN_REQUEST = 13
_SIGN_RESPONSE = 14
_LONGEST_ANSWER = 1 << 18

_LISTING_SECONDS = 10.0
# An agent may ask a person to agree (ssh-add -c) before it signs.
_SIGNING_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class AgentSigner:
    """Signs with a key that the agent behind a socket holds."""

    public_key: PublicKey
    socket: Path

    def sign(self, message: bytes, *, namespace: str) -> SshSignature:
        """Have a message signed for one purpose; nothing is given back that does not verify.

        Raises:
            KeyUnusable: the agent refuses, does not answer, or signs something else.
        """
        signed = message_to_sign(message, namespace=namespace)
        request = string(self.public_key.blob) + string(signed) + uint32(0)
        answer = _ask(self.socket, _SIGN_REQUEST, request, seconds=_SIGNING_SECONDS)
        if answer[:1] != bytes([_SIGN_RESPONSE]):
            raise KeyUnusable(
                f"ssh-agent would not sign with {self.public_key.fingerprint}.",
                hint="Unlock it (ssh-add -X) or agree when it asks; ssh-add -l lists its keys.",
            )
        try:
            signature = SshSignature(self.public_key, namespace, self._raw(answer[1:]))
            verify(signature, message, namespace=namespace)
        except (Malformed, SignatureInvalid) as error:
            raise KeyUnusable(
                f"ssh-agent answered with no signature of {self.public_key.fingerprint}.",
                hint="Sign with the private key's file.",
            ) from error
        return signature

    def _raw(self, answer: bytes) -> bytes:
        outer = Reader(answer)
        inner = Reader(outer.string())
        outer.end()
        if inner.text() != self.public_key.kind:
            raise Malformed("it was made by another algorithm")
        raw = inner.string()
        inner.end()
        return raw


def agent_signer(public_key: PublicKey) -> AgentSigner:
    """Find a key in the agent that SSH_AUTH_SOCK names.

    Raises:
        KeyUnusable: there is no agent, or it does not hold the key.
    """
    place = os.environ.get(SOCKET_VARIABLE)
    if not place:
        raise KeyUnusable(
            f"No ssh-agent runs here ({SOCKET_VARIABLE} is not set), and a public key alone "
            "cannot sign.",
            hint='Run: eval "$(ssh-agent)"; ssh-add FILE. Or give the private key\'s file.',
        )
    path = Path(place)
    if public_key.blob not in _held(path):
        raise KeyUnusable(
            f"ssh-agent does not hold the key {public_key.fingerprint}.",
            hint="Run ssh-add FILE, or give the private key's file; ssh-add -l lists its keys.",
        )
    return AgentSigner(public_key, path)


def _held(path: Path) -> list[bytes]:
    answer = _ask(path, _REQUEST_IDENTITIES, b"", seconds=_LISTING_SECONDS)
    if answer[:1] != bytes([_IDENTITIES_ANSWER]):
        raise _unanswered(path, "it does not say which keys it holds")
    reader = Reader(answer[1:])
    try:
        blobs = []
        # Each key takes eight bytes at least: a count of four billion ends at the first one.
        for _ in range(reader.uint32()):
            blobs.append(reader.string())
            reader.string()
        reader.end()
    except Malformed as error:
        raise _unanswered(path, str(error)) from error
    return blobs


def _ask(path: Path, kind: int, content: bytes, *, seconds: float) -> bytes:
    """Send one message to the agent, and give its answer: its type, and what follows."""
    deadline = time.monotonic() + seconds
    try:
        with _connected(path, seconds) as connection:
            connection.sendall(string(bytes([kind]) + content))
            length = int.from_bytes(_receive(connection, 4, deadline), "big")
            if not 0 < length <= _LONGEST_ANSWER:
                raise _unanswered(path, f"its answer has {length:,} bytes")
            return _receive(connection, length, deadline)
    except OSError as error:
        raise _unanswered(path, error.strerror or str(error) or "no answer") from error


@contextmanager
def _connected(path: Path, seconds: float) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(seconds)
        connection.connect(str(path))
        yield connection


def _receive(connection: socket.socket, count: int, deadline: float) -> bytes:
    """Read so many bytes before a moment, however they trickle in."""
    received = bytearray()
    while len(received) < count:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        connection.settimeout(left)
        piece = connection.recv(count - len(received))
        if not piece:
            raise ConnectionError("it hung up")
        received += piece
    return bytes(received)


def _unanswered(path: Path, reason: str) -> KeyUnusable:
    return KeyUnusable(
        f"ssh-agent at {path} cannot be asked: {reason}.",
        hint=f"Start another, or unset {SOCKET_VARIABLE} and give the private key's file.",
    )
