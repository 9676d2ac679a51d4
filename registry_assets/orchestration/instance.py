"""The project's folder and its Dagster instance, opened the one way that is safe.

Here: finding the folder, and opening the instance that its dagster.yaml describes. What
runs on the instance is the neighbours' part: `ui` serves it, `local` drives it without a
daemon.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from registry_assets.errors import NoRegistry

DAGSTER_FOLDER = ".dagster"
"""Where dagster.yaml keeps all state of the instance, relative to the project."""

_PROJECT_FILES = ("dagster.yaml", "workspace.yaml")


def find_project(start: Path | None = None) -> Path:
    """The folder with dagster.yaml and workspace.yaml: REGISTRY_HOME, or from here upwards.

    Raises:
        NoRegistry: there is none; names what was looked for, and where.
    """
    wanted = " and ".join(_PROJECT_FILES)
    named = os.environ.get("REGISTRY_HOME")
    if named:
        home = Path(named).resolve()
        if not _is_project(home):
            raise NoRegistry(
                f"REGISTRY_HOME is {home}, and there is no {wanted} in it.",
                hint="set REGISTRY_HOME to the project's folder, or unset it and go there.",
            )
        return home
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if _is_project(folder):
            return folder
    raise NoRegistry(
        f"No project here: looked for {wanted} in {here} and every folder above.",
        hint="go to the project's folder, or set REGISTRY_HOME to it.",
    )


def open_instance(home: Path) -> dg.DagsterInstance:
    """The persistent instance of this project; the process stands in `home` from then on.

    The folders in dagster.yaml are relative, and Dagster takes them from the working
    directory, now and whenever it opens a file later.
    """
    os.chdir(home)
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ["DO_NOT_TRACK"] = "1"
    folder = home / DAGSTER_FOLDER
    folder.mkdir(exist_ok=True)
    # Several processes that created the same SQLite files at once broke them for good in
    # two of six tries (dagster#27390).
    with _locked(folder / "open.lock"):
        return dg.DagsterInstance.get()


def _is_project(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _PROJECT_FILES)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
