"""Where a registry lives: `.registry/` in a project's folder, and settings that say else.

`REGISTRY_CATALOG` and `REGISTRY_STORE` lead to PostgreSQL and S3; without them, catalog and
store lie in the folder, and so does the registry's private key without `REGISTRY_SIGNING_KEY`.
The folder is found upwards from where one stands, or by `REGISTRY_HOME`. Nothing here opens
anything: `catalog.engine` and `store` do.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from registry_assets.errors import NoRegistry, StoreUnwritable
from registry_assets.store.files import make_folders

MARKER = ".registry"
HOME = "REGISTRY_HOME"
CATALOG = "REGISTRY_CATALOG"
STORE = "REGISTRY_STORE"
SIGNING_KEY = "REGISTRY_SIGNING_KEY"
TRUSTED_KEYS = "REGISTRY_TRUSTED_KEYS"

Location: TypeAlias = Path | str
"""A path on this machine, or a URL: `postgresql://…` of a catalog, `s3://…` of a store."""


@dataclass(frozen=True, slots=True)
class Home:
    """A project's folder, and where its catalog, its store and its private key are."""

    folder: Path

    @property
    def catalog(self) -> Location:
        """REGISTRY_CATALOG, else a SQLite file in the folder."""
        return _setting(CATALOG) or self.folder / MARKER / "catalog.sqlite"

    @property
    def store(self) -> Location:
        """REGISTRY_STORE, else a folder in the folder."""
        return _setting(STORE) or self.folder / MARKER / "store"

    @property
    def signing_key(self) -> Path:
        """REGISTRY_SIGNING_KEY, else a file in the folder: the private key of attestations."""
        named = os.environ.get(SIGNING_KEY, "").strip()
        return Path(named).absolute() if named else self.folder / MARKER / "keys" / "attestation"

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

    Where both settings lead elsewhere, no folder is needed: a deployment has none.

    Raises:
        NoRegistry: there is none; says where it looked.
    """
    named = os.environ.get(HOME)
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
    if _setting(CATALOG) and _setting(STORE):
        return Home(here)
    raise NoRegistry(
        f"no registry here: looked for a {MARKER} folder in {here} and every folder above it",
        hint="run `registry init` in the project's folder, or set REGISTRY_HOME to it",
    )


def find_store(start: Path | None = None) -> Location:
    """Find the store alone, which is all that a deployment needs: REGISTRY_STORE, else the home's.

    Raises:
        NoRegistry: there is neither; says where it looked.
    """
    if start is None and (named := _setting(STORE)):
        return named
    return find_home(start).store


def find_trusted_keys() -> Path | None:
    """Find the list of keys that a deployment believes pointers by; None where it has none."""
    named = os.environ.get(TRUSTED_KEYS, "").strip()
    return Path(named).absolute() if named else None


def is_url(location: Location) -> bool:
    """Tell a URL from a path."""
    return isinstance(location, str) and "://" in location


def _setting(name: str) -> Location | None:
    """Give a location that the environment names; a path counts from where one stands."""
    value = os.environ.get(name, "").strip()
    if not value:
        return None
    return value if is_url(value) else Path(value).absolute()
