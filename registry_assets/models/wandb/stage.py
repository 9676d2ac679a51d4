"""Where the story takes place: a folder, a terminal in it, and a double of their server."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from registry_assets.deployment.seen import STATE
from registry_assets.models import repository
from registry_assets.models.mlflow.cast import MARTA, PEOPLE, Person
from registry_assets.models.repository import Author
from registry_assets.models.terminal import Terminal
from registry_assets.models.wandb.programs import DATA, Server, double, require_installed

_STATE_FOLDER = "state"


@dataclass(frozen=True, slots=True)
class Stage:
    """The team's folder, a terminal in it, and the double."""

    folder: Path
    terminal: Terminal
    server: Server

    @classmethod
    @contextmanager
    def build(cls, folder: Path, console: Console) -> Iterator["Stage"]:
        """Make the team's repository in an empty folder, and run the double until the block ends.

        Raises:
            RegistryError: something that it needs is not here, or does not start.
        """
        require_installed()
        author = Author(MARTA.full_name, MARTA.email)
        ignored = (DATA, _STATE_FOLDER)
        reason = "A model of irises' species"
        repository.start(str(__package__), folder, author, reason=reason, ignored=ignored)
        with double(folder) as server:
            state = folder / _STATE_FOLDER
            # For what runs in this process: the sensors, and `load`.
            os.environ.update({**server.settings, STATE: str(state)})
            terminal = Terminal(folder, console, state=state, settings=server.settings)
            terminal.say(f"{' and '.join(each.full_name for each in PEOPLE)} are made up.")
            yield cls(folder, terminal, server)

    def title(self, text: str) -> None:
        """Begin a chapter."""
        self.terminal.title(text)

    def say(self, text: str) -> None:
        """Tell what nobody typed."""
        self.terminal.say(text)

    def typed(self, person: Person, command: str) -> None:
        """Show a command that runs until it is stopped, or a line of Python."""
        self.terminal.typed(person.name, command)

    def run(self, person: Person, *arguments: str, code: int = 0) -> str:
        """Let somebody type a `registry` command: see `terminal`."""
        return self.terminal.registry(person.name, *arguments, code=code)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show a table."""
        table = Table(*columns, box=None, header_style="bold")
        for row in rows:
            table.add_row(*row)
        self.terminal.console.print(table)
