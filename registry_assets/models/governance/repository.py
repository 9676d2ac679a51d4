"""The team's repository: the project that is shipped beside this module, and Tara's commits.

What is in it is ordinary code of a team.
"""

from pathlib import Path

from registry_assets.errors import RegistryError
from registry_assets.models import repository
from registry_assets.models.governance.cast import KEYS, TARA, Person
from registry_assets.models.repository import Author

PACKAGE = "lending"
"""The team's own package."""

DEPLOYED = "deployed"
"""The folder for what a deployment takes; git ignores it."""


def start(folder: Path, *, reason: str) -> None:
    """Copy the project into a folder, and commit it as Tara."""
    author = _author(folder, TARA)
    ignored = (KEYS, DEPLOYED)
    repository.start(str(__package__), folder, author, reason=reason, ignored=ignored)


def replace(folder: Path, file: str, before: str, after: str) -> None:
    """Replace some text of a file, which stands there once.

    Raises:
        RegistryError: it stands there never, or more often.
    """
    path = folder / file
    text = path.read_text()
    if text.count(before) != 1:
        raise RegistryError(
            f"{file} of the demo's project holds {before!r} {text.count(before)} times, not once",
            hint="the project and the story do not fit each other: mend either",
        )
    path.write_text(text.replace(before, after))


def commit(folder: Path, person: Person, reason: str) -> str:
    """Commit everything, signed with the person's key; give what git shows of it."""
    return repository.commit(folder, _author(folder, person), reason=reason)


def _author(folder: Path, person: Person) -> Author:
    return Author(person.full_name, person.email, key=folder / person.key)
