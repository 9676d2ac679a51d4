"""Where a story beside another registry takes place: a folder, a terminal in it, their server."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from rich.console import Console
from rich.table import Table

from registry_assets.deployment.seen import STATE
from registry_assets.models import repository
from registry_assets.models.cast import MARTA, PEOPLE, Person
from registry_assets.models.repository import Author
from registry_assets.models.terminal import Terminal

_STATE_FOLDER = "state"


class TheirServer(Protocol):
    """A server of another registry, or a double of one."""

    @property
    def settings(self) -> Mapping[str, str]:
        """The variables by which their client and ours find it."""


S = TypeVar("S", bound=TheirServer)


@dataclass(frozen=True, slots=True)
class Stage(Generic[S]):
    """The team's folder, a terminal in it, and their server."""

    folder: Path
    terminal: Terminal
    server: S

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


@contextmanager
def stage_beside(
    serve: Callable[[Path], AbstractContextManager[S]],
    folder: Path,
    console: Console,
    *,
    package: str,
    reason: str,
    data: str,
) -> Iterator[Stage[S]]:
    """Make the team's repository in an empty folder, and run their server until the block ends.

    Args:
        serve: runs it, with what it keeps below the folder.
        package: whose `team-project` the repository is made of.
        reason: of its first commit.
        data: the folder that the server keeps its things in, and git does not.

    Raises:
        RegistryError: something that it needs is not here, or does not start.
    """
    author = Author(MARTA.full_name, MARTA.email)
    repository.start(package, folder, author, reason=reason, ignored=(data, _STATE_FOLDER))
    with serve(folder) as server:
        state = folder / _STATE_FOLDER
        # For what runs in this process: the sensors, their client, and `load`.
        os.environ.update({**server.settings, STATE: str(state)})
        terminal = Terminal(folder, console, state=state, settings=dict(server.settings))
        terminal.say(f"{' and '.join(each.full_name for each in PEOPLE)} are made up.")
        yield Stage(folder, terminal, server)
