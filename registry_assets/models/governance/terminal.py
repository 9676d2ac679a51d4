"""Commands of the story, typed by its people: real processes, and what they print.

A session reads as one: who typed what, and the answer, shortened where it is long.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from registry_assets.deployment.seen import STATE
from registry_assets.errors import RegistryError
from registry_assets.models.governance.cast import Person
from registry_assets.models.governance.repository import DEPLOYED

_REGISTRY = Path(sys.executable).with_name("registry")
HIDDEN = ("REGISTRY_", "DAGSTER_")
"""Settings that would lead the story to another registry begin so."""

_ASKED = "[y/N]: "
_WIDTH = "100"


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where the story's people stand: the project's folder.

    Args:
        console: where it is told.
    """

    folder: Path
    console: Console

    def registry(
        self,
        person: Person,
        *arguments: str,
        code: int = 0,
        first: int | None = None,
        last: int = 0,
    ) -> str:
        """Run the `registry` command as somebody, who says yes to what it asks.

        Args:
            code: the exit code that belongs to the story.
            first, last: so many lines of its answer are shown; by default all.

        Raises:
            RegistryError: it ended with another code.
        """
        self.typed(person, shlex.join(["registry", *arguments]))
        done = subprocess.run(
            [str(_REGISTRY), *arguments],
            cwd=self.folder,
            env=self._environment(person),
            input="y\n",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        # What is typed at a question is not echoed where no terminal is.
        self.answered(done.stdout.replace(_ASKED, f"{_ASKED}y\n"), first=first, last=last)
        if done.returncode != code:
            raise RegistryError(
                f"`registry {shlex.join(arguments)}` ended with {done.returncode}, not with {code}",
                hint="what it printed stands above",
            )
        return done.stdout

    def typed(self, person: Person, command: str) -> None:
        """Show a command."""
        self.console.print(
            Text.assemble((f"{person.name}$ ", "dim"), (command, "bold")), soft_wrap=True
        )

    def answered(self, text: str, *, first: int | None = None, last: int = 0) -> None:
        """Show what a command printed, or only its first and last lines."""
        lines = text.rstrip("\n").split("\n")
        kept = len(lines) if first is None else first + last
        if len(lines) <= kept + 1:
            self._show(lines)
            return
        self._show(lines[:first])
        self.console.print(Text(f"  … {len(lines) - kept} lines …", "dim"))
        self._show(lines[len(lines) - last :])

    def _show(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.console.print(Text(f"  {line}"), soft_wrap=True)

    def _environment(self, person: Person) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
        return {
            **kept,
            # By these Python tells whose account it is.
            "LOGNAME": person.name,
            "USER": person.name,
            # What a deployment has seen is remembered here, and not in anybody's home.
            STATE: str(self.folder / DEPLOYED / "state"),
            "COLUMNS": _WIDTH,
            "NO_COLOR": "1",
            # In the order of its lines, questions and errors among them.
            "PYTHONUNBUFFERED": "1",
        }
