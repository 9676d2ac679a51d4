"""A version that people approved under a policy, and packs of evidence about it.

Not a test: the tests of packs, of their pages in a browser and of the command make theirs here.
"""

import json
import re
import subprocess
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from registry_assets.governance.document import Person, PointerRules
from registry_assets_tests.catalog.history import History
from registry_assets_tests.governance.people import AT_WORK, Governed, governed
from registry_assets_tests.worlds import PERSON, SENSOR, World

MODEL = "flight_delay"
MAY = datetime(2013, 5, 1, 6, tzinfo=UTC)
HOSTILE = '<script>alert("x")</script> & <b>bold</b> {{7*7}} ${HOME} `id` \N{PILE OF POO}'
"""What somebody may write as a reason, who means no good."""

# Whoever trained it is somebody the policy knows: else nobody could approve it.
ALICE = Person(name="alice", emails=("alice@example.com",))


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was unpacked."""

    folder: Path

    def document(self, path: str) -> Any:
        """Read one of its JSON files."""
        return json.loads((self.folder / path).read_bytes())

    def text(self, path: str) -> str:
        """Read one of its texts."""
        return (self.folder / path).read_text()

    @property
    def paths(self) -> set[str]:
        """The names of its files."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix() for path in files}

    def check(self) -> list[str]:
        """Run every command of its README but those of this program; give what failed."""
        said = self.text("README.txt").partition("6. With this program")[0]
        blocks = re.findall(r"(?:^    .*\n)+", said, flags=re.MULTILINE)
        commands = [command for block in blocks for command in re.split(r"(?<!\\)\n", block)]
        failed = []
        for command in filter(str.strip, commands):
            done = subprocess.run(
                ["sh", "-ec", command], cwd=self.folder, capture_output=True, text=True, check=False
            )
            if done.returncode:
                failed.append(f"{command.strip()}: {done.stdout}{done.stderr}")
        assert len(commands) > 4, "the README has commands"
        return failed


def approve(world: Governed, number: int, person: str, *, reason: str = HOSTILE) -> None:
    """Let somebody sign a version's evidence."""
    registry = world.history.registry
    said = registry.prepare_approval(MODEL, number, person=person, reason=reason).statement
    registry.record_approval(world[person].sign(said), run=AT_WORK)


def governed_world(world: World, folder: Path) -> Governed:
    """Bring a policy into force in a world in which version 2 may follow version 1.

    One person of the role risk must approve: bob or cleo.
    """
    world.clock.now = MAY
    made = governed(History(world.registry, world.clock), folder)
    rules = PointerRules(approvals=1, roles=("risk",))
    made.activate(made.document(rules, more=(ALICE,)))
    return made


def promoted_world(world: World, folder: Path) -> Governed:
    """Let version 2 be approved by bob and promoted, with words that mean no good."""
    made = governed_world(world, folder)
    registry = world.registry
    registry.tag(f"{MODEL}:2", {"note": HOSTILE}, run=PERSON)
    approve(made, 2, "bob")
    registry.promote(MODEL, 2, run=SENSOR, reason=HOSTILE)
    return made


def unpack(file: Path, folder: Path) -> Pack:
    """Unpack a pack into a new folder."""
    with zipfile.ZipFile(file) as opened:
        assert opened.testzip() is None
        opened.extractall(folder)
    return Pack(folder)
