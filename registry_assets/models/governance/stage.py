"""Where the story takes place: a folder, a terminal in it, the registry, and what is told."""

import shlex
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from registry_assets.errors import RegistryError
from registry_assets.models.driving import headline
from registry_assets.models.governance import repository
from registry_assets.models.governance.cast import OLGA, Person, make_keys
from registry_assets.models.governance.location import MODEL, Location, loaded
from registry_assets.models.governance.repository import DEPLOYED
from registry_assets.models.terminal import Terminal
from registry_assets.registry import Registry


@dataclass(frozen=True, slots=True)
class Stage:
    """The team's folder: its repository, its registry, and a terminal in it."""

    folder: Path
    console: Console
    terminal: Terminal
    registry: Registry

    @classmethod
    def build(cls, folder: Path, console: Console) -> "Stage":
        """Make the people's keys, the repository and the registry, in an empty folder."""
        make_keys(folder)
        repository.start(folder, reason="A first model of loan approvals")
        terminal = Terminal(folder, console, state=folder / DEPLOYED / "state")
        terminal.registry(OLGA.name, "init", ".", "--owner-key", f"{OLGA.key}.pub")
        return cls(folder, console, terminal, Registry.open(folder))

    def title(self, text: str) -> None:
        """Begin a chapter."""
        self.terminal.title(text)

    def say(self, text: str) -> None:
        """Tell what nobody typed."""
        self.terminal.say(text)

    def loaded(self) -> AbstractContextManager[Location]:
        """Load the code as it was committed last."""
        return loaded(self.folder, self.registry)

    def run(
        self,
        person: Person,
        *arguments: str,
        code: int = 0,
        first: int | None = None,
        last: int = 0,
    ) -> str:
        """Let somebody type a `registry` command: see `terminal`."""
        return self.terminal.registry(person.name, *arguments, code=code, first=first, last=last)

    def edit(self, file: str, before: str, after: str) -> None:
        """Change a file of the project."""
        repository.replace(self.folder, file, before, after)

    def commit(self, person: Person, reason: str, *, first: int | None = None) -> None:
        """Commit everything that was changed, and show it, or its first lines."""
        self.terminal.typed(person.name, shlex.join(["git", "commit", "-a", "-S", "-m", reason]))
        self.terminal.answered(repository.commit(self.folder, person, reason), first=first)

    def trained(self, version: int) -> None:
        """Tell how a version turned out."""
        reference = f"{MODEL}:{version}"
        passed = self.registry.version(reference).stage == "staging"
        gates = "every gate passes" if passed else "not every gate passes"
        score = headline(self.registry, reference)
        self.say(f"Dagster has trained and evaluated {reference}{score}: {gates}.")

    def approve(
        self, person: Person, version: int, reason: str, *, code: int = 0, last: int = 4
    ) -> str:
        """Let somebody look at the evidence and sign.

        Args:
            last: of the answer, so many lines are shown at its end.
        """
        typed = ("approve", f"{MODEL}:{version}", "--key", person.key, "--reason", reason)
        return self.run(person, *typed, code=code, first=3, last=last)

    def sensor(self, location: Location, *, holds: int | None) -> None:
        """Let the promotion sensor look once, and tell what came of it.

        Args:
            holds: what production has to hold afterwards.
        """
        tick = location.promote()
        found = self.registry.pointer(MODEL).version
        if found != holds:
            raise RegistryError(
                f"{MODEL}@production holds {found} now; expected {holds}: {tick.skip_reason}",
                hint="the story and the registry do not agree: mend either",
            )
        if tick.runs:
            jobs = ", ".join(run.job for run in tick.runs)
            self.say(f"The promotion sensor launches {jobs}: production holds version {found}.")
        else:
            self.say(f"The promotion sensor launches nothing: {tick.skip_reason}.")
