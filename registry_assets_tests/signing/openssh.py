"""What OpenSSH itself does: keys, signatures, verification and an agent, by its own programs."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

KINDS = ("ed25519", "ecdsa-256", "ecdsa-384", "ecdsa-521")
PASSPHRASE = "correct horse"


def run(
    *command: str | Path, stdin: bytes = b"", environment: Mapping[str, str] | None = None
) -> str:
    """Run one of OpenSSH's programs, and give what it prints."""
    if shutil.which(command[0]) is None:
        pytest.fail(f"{command[0]} is not installed: these tests need openssh-client")
    answer = _answer(*command, stdin=stdin, environment=environment)
    assert answer.returncode == 0, answer.stderr.decode()
    return answer.stdout.decode()


def _answer(
    *command: str | Path, stdin: bytes, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command,
        input=stdin,
        check=False,
        capture_output=True,
        env={**os.environ, **(environment or {})},
        timeout=60,
    )


def new_key(path: Path, kind: str = "ed25519", *, passphrase: str = "") -> Path:
    """Have ssh-keygen make a key: the path of its private half, the public one in `.pub`."""
    name, _, bits = kind.partition("-")
    size = ["-b", bits] if bits else []
    # One round of bcrypt: nobody guesses these passphrases.
    run("ssh-keygen", "-q", "-t", name, *size, "-a", "1", "-N", passphrase, "-f", path)
    return path


def signed(key: Path, message: bytes, *, namespace: str, hash_algorithm: str = "sha512") -> str:
    """Have ssh-keygen sign a message: the armor it writes."""
    option = f"hashalg={hash_algorithm}"
    return run(
        "ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", namespace, "-O", option, stdin=message
    )


def verified(
    folder: Path, message: bytes, armor: str, *, signers: str, principal: str, namespace: str
) -> bool:
    """Ask ssh-keygen whether a signature is of somebody in a list of allowed signers."""
    (folder / "allowed_signers").write_text(signers)
    (folder / "message.sig").write_text(armor)
    files = ("-f", folder / "allowed_signers", "-s", folder / "message.sig")
    asked = ("ssh-keygen", "-Y", "verify", *files, "-I", principal, "-n", namespace)
    return _answer(*asked, stdin=message).returncode == 0


@dataclass(frozen=True, slots=True)
class Agent:
    """An ssh-agent that runs for one test."""

    socket: Path

    def ask(self, *arguments: str | Path, **environment: str) -> str:
        """Run ssh-add, which speaks with this agent."""
        environment["SSH_AUTH_SOCK"] = str(self.socket)
        return run("ssh-add", *arguments, environment=environment)


@contextmanager
def running_agent() -> Iterator[Agent]:
    """Start an ssh-agent, and end it."""
    if shutil.which("ssh-agent") is None:
        pytest.fail("ssh-agent is not installed: these tests need openssh-client")
    # A socket's path must be short, and pytest's folders are not.
    with tempfile.TemporaryDirectory(prefix="agent") as folder:
        path = Path(folder, "socket")
        process = subprocess.Popen(
            ["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            deadline = time.monotonic() + 30
            while not path.exists():
                assert process.poll() is None, "ssh-agent ended at once"
                assert time.monotonic() < deadline, "ssh-agent does not listen"
                time.sleep(0.01)
            yield Agent(path)
        finally:
            process.terminate()
            process.communicate(timeout=30)
