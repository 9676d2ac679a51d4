"""The command around a story that takes place in a folder of its own.

The folder is removed at the end, unless somebody names one to keep.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from registry_assets.errors import FolderTaken, RegistryError
from registry_assets.home import HOME
from registry_assets.models.terminal import HIDDEN

Live = Callable[[Path, Console], Sequence[str]]
"""Lives a story in an empty folder; gives lines on what to do next where it is kept."""


def run_story(name: str, live: Live, *, about: str) -> None:
    """Live a story, say what to look at next, and end the process.

    Args:
        name: of its target in the Makefile.
        about: what `--help` says.
    """
    parser = argparse.ArgumentParser(prog=f"make {name}", description=about)
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="a new or empty folder, which is kept; by default one that is removed at the end",
    )
    console = Console(highlight=False)
    try:
        _run(name, live, parser.parse_args().folder, console)
        code = 0
    except RegistryError as error:
        print(f"Error: {error}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        code = 130
    sys.exit(code)


def _run(name: str, live: Live, folder: Path | None, console: Console) -> None:
    if folder is not None:
        kept = _empty(folder)
        lines = [f"REGISTRY_HOME={kept} make ui", *_live(live, kept, console)]
        print("\nNext:  " + "\n       ".join(lines))
        return
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as made:
        here = Path.cwd()
        try:
            _live(live, Path(made).resolve(), console)
        finally:
            os.chdir(here)  # opening the Dagster instance went there
    print(f'\nThe folder is removed. To look around in it: make {name} ARGS="--folder DIR"')


def _live(live: Live, folder: Path, console: Console) -> Sequence[str]:
    # Before the imports that take seconds.
    print(f"In {folder}: loading Dagster and the models …", flush=True)
    for name in [name for name in os.environ if name.startswith(HIDDEN)]:
        del os.environ[name]
    os.environ[HOME] = str(folder)
    return live(folder, console)


def _empty(folder: Path) -> Path:
    """Make a folder; refuse one in which something is already."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        raise FolderTaken(
            f"{folder} cannot be used: {error.strerror}", hint="name a new folder"
        ) from error
    if taken:
        raise FolderTaken(
            f"{folder} is not empty", hint="name a new folder; nothing was done in this one"
        )
    return folder.resolve()
