"""Where a registry lives: `.registry/` in a project's folder, found upwards or by name."""

import os
from dataclasses import dataclass
from pathlib import Path

from registry_assets.errors import NoRegistry, StoreUnwritable
from registry_assets.store.files import make_folders

MARKER = ".registry"


@dataclass(frozen=True, slots=True)
class Home:
    """A project's folder and, in it, the default catalog and store."""

    folder: Path

    @property
    def catalog(self) -> Path:
        """The SQLite file of the catalog."""
        return self.folder / MARKER / "catalog.sqlite"

    @property
    def store(self) -> Path:
        """The folder of the store."""
        return self.folder / MARKER / "store"

    def make(self) -> None:
        """Make the registry's folder, which git ignores: state is not code.

        Raises:
            StoreUnwritable: the folder cannot be made or written.
        """
        ignore = self.folder / MARKER / ".gitignore"
        if ignore.exists():
            return
        make_folders(ignore.parent)
        try:
            # `git clean` leaves what is ignored.
            ignore.write_text("*\n")
        except OSError as error:
            raise StoreUnwritable(
                f"{ignore} cannot be written: {error.strerror}",
                hint="Make that folder writable for this user.",
            ) from error


def find_home(start: Path | None = None) -> Home:
    """Find the registry's home: REGISTRY_HOME, else the nearest folder upwards that has one.

    Raises:
        NoRegistry: there is none; says where it looked.
    """
    named = os.environ.get("REGISTRY_HOME")
    if named and start is None:
        home = Home(Path(named).absolute())
        if not (home.folder / MARKER).is_dir():
            raise NoRegistry(
                f"REGISTRY_HOME is {named}, which has no {MARKER} folder",
                hint=f"run `registry init {named}`, or correct REGISTRY_HOME",
            )
        return home
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if (folder / MARKER).is_dir():
            return Home(folder)
    raise NoRegistry(
        f"no registry here: looked for a {MARKER} folder in {here} and every folder above it",
        hint="run `registry init` in the project's folder, or set REGISTRY_HOME to it",
    )
