"""Commands of a story, typed by its people: real processes, and what they print.

A session reads as one: who typed what, and the answer, shortened where it is long.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.text import Text

from registry_assets.deployment.seen import STATE
from registry_assets.errors import RegistryError

_REGISTRY = Path(sys.executable).with_name("registry")
HIDDEN = ("REGISTRY_", "DAGSTER_", "MLFLOW_", "WANDB_", "AWS_")
"""Settings that would lead a story to another registry begin so."""

_ASKED = "[y/N]: "
_WIDTH = "100"


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where the story's people stand: the project's folder.

    Args:
        console: where it is told.
        state: the folder for what a deployment has seen, and not anybody's home.
        settings: variables that everybody has set.
    """

    folder: Path
    console: Console
    state: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    def registry(
        self,
        person: str,
        *arguments: str,
        code: int = 0,
        first: int | None = None,
        last: int = 0,
    ) -> str:
        """Run the `registry` command as somebody, who says yes to what it asks.

        Args:
            person: their account.
            code: the exit code that belongs to the story.
            first, last: so many lines of its answer are shown; by default all.

        Raises:
            RegistryError: it ended with another code.
        """
        self.typed(person, shlex.join(["registry", *arguments]))
        done = subprocess.run(
            [str(_REGISTRY), *arguments],
            cwd=self.folder,
            env=self.environment(person),
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

    def title(self, text: str) -> None:
        """Begin a chapter."""
        self.console.print()
        self.console.print(Text(text, "bold underline"))

    def say(self, text: str) -> None:
        """Tell what nobody typed."""
        self.console.print(Text(text, "italic"), soft_wrap=True)

    def typed(self, person: str, command: str) -> None:
        """Show a command."""
        self.console.print(Text.assemble((f"{person}$ ", "dim"), (command, "bold")), soft_wrap=True)

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

    def environment(self, person: str) -> dict[str, str]:
        """Give the variables that somebody's programs find set."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
        return {
            **kept,
            **self.settings,
            # By these Python tells whose account it is.
            "LOGNAME": person,
            "USER": person,
            STATE: str(self.state),
            "COLUMNS": _WIDTH,
            "NO_COLOR": "1",
            # In the order of its lines, questions and errors among them.
            "PYTHONUNBUFFERED": "1",
        }

    def _show(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.console.print(Text(f"  {line}"), soft_wrap=True)
