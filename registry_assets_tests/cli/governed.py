"""A registry in a folder whose people have keys that ssh-keygen made, and a policy in a file.

Not a test.
"""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from registry_assets.clock import ReplayClock
from registry_assets.registry import Registry
from registry_assets.signing.keys import read_public_key
from registry_assets_tests.catalog.history import MODEL, START, History, reopened
from registry_assets_tests.copies import copied
from registry_assets_tests.signing.openssh import PASSPHRASE, new_key

PROGRAM = (sys.executable, "-c", "from registry_assets.cli import main; main()")
REFERENCE = f"{MODEL}:1"

POLICY = """
people:
  - {{name: ann, roles: [trainer], emails: [ann@example.com]}}
  - {{name: bob, roles: [risk], keys: ["{bob}"]}}
  - {{name: cleo, roles: [risk], keys: ["{cleo}"]}}
  - {{name: dan, roles: [owner], keys: ["{dan}"]}}
activation: {{roles: [owner]}}
tiers:
  high:
    pointers:
      production: {{approvals: 2, roles: [risk]{rules}}}
models:
  late: {{tier: high}}
"""


@dataclass(frozen=True, slots=True)
class Office:
    """A project, and the keys of its owner and its people: cleo's has a passphrase."""

    folder: Path
    keys: Path

    def key(self, name: str) -> Path:
        """The file of somebody's private key."""
        return self.keys / name

    def line(self, name: str) -> str:
        """Somebody's public key."""
        return Path(f"{self.key(name)}.pub").read_text().strip()

    def policy(self, name: str = "policy.yaml", *, rules: str = "", **others: str) -> Path:
        """Write a policy into a file.

        Args:
            rules: more fields of production's rules: `, unsigned: allowed`.
            others: texts in the file, each with what stands there instead.
        """
        lines = {person: self.line(person) for person in ("bob", "cleo", "dan")}
        text = POLICY.format(rules=rules, **lines)
        for before, after in others.items():
            assert before in text
            text = text.replace(before, after)
        path = self.folder / name
        path.write_text(text)
        return path

    def history(self) -> History:
        """Open the registry, on the first day again."""
        return reopened(self.folder)

    def copy(self, folder: Path) -> "Office":
        """Copy the project, to be changed; the keys stay where they are."""
        return Office(copied(self.folder, folder), self.keys)


def new_office(folder: Path) -> Office:
    """Make a registry with an owner, in which version 1 waits; no policy is in force yet."""
    office = Office(folder / "project", folder / "keys")
    office.keys.mkdir(parents=True)
    for name, kind in (("owner", "ed25519"), ("bob", "ed25519"), ("dan", "ecdsa-256")):
        new_key(office.key(name), kind)
    new_key(office.key("stranger"))
    new_key(office.key("cleo"), passphrase=PASSPHRASE)
    clock = ReplayClock(START)
    owner = read_public_key(office.key("owner"))
    history = History(Registry.init(office.folder, clock=clock, owner_key=owner), clock)
    history.declare(approvals=1)
    history.version(1, authors=["ann@example.com"])
    return office


def without_terminal(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command where nobody is there to ask: no terminal, and nothing on stdin."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
        timeout=60,
    )


def in_terminal(
    *arguments: str, folder: Path, answers: Sequence[tuple[str, str]]
) -> tuple[int, str]:
    """Run the command in a terminal of its own, and type each answer when it asks.

    Args:
        answers: what it asks, and what is typed.

    Gives its exit code, and everything that stood in the terminal.
    """
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execv(PROGRAM[0], [*PROGRAM, *arguments])
    shown, left, deadline = b"", list(answers), time.monotonic() + 60
    with open(terminal, "rb+", buffering=0) as screen:  # noqa: PTH123 - a descriptor, and no path
        while time.monotonic() < deadline:
            if left and left[0][0].encode() in shown:
                screen.write(f"{left.pop(0)[1]}\n".encode())
            if not select.select([screen], [], [], 0.1)[0]:
                continue
            try:
                shown += screen.read(4096)
            except OSError:  # the other end is closed: it has ended
                break
    _, status = os.waitpid(process, 0)
    assert not left, shown.decode()
    return os.waitstatus_to_exitcode(status), shown.decode()
