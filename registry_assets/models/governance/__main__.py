"""The governance demo: loan_approval walks the whole way, with real keys, git and Dagster.

    python -m registry_assets.models.governance [--folder DIR]

What happens is told in `story`; this is the command around it.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from registry_assets.errors import FolderTaken, RegistryError
from registry_assets.home import HOME
from registry_assets.models.governance.terminal import HIDDEN


def main() -> None:
    """Live the story in a folder of its own, and say what to look at next."""
    parser = argparse.ArgumentParser(prog="make governance", description=main.__doc__)
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="a new or empty folder, which is kept; by default one that is removed at the end",
    )
    console = Console(highlight=False)
    try:
        code = _run(parser.parse_args().folder, console)
    except RegistryError as error:
        print(f"Error: {error}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        code = 130
    sys.exit(code)


def _run(folder: Path | None, console: Console) -> int:
    if folder is not None:
        kept = _empty(folder)
        _live(kept, console)
        print(f"\nNext:  REGISTRY_HOME={kept} make ui\n       cd {kept}, and any command above")
        return 0
    with tempfile.TemporaryDirectory(prefix="governance-") as made:
        here = Path.cwd()
        try:
            _live(Path(made).resolve(), console)
        finally:
            os.chdir(here)  # opening the Dagster instance went there
    print('\nThe folder is removed. To look around in it: make governance ARGS="--folder DIR"')
    return 0


def _live(folder: Path, console: Console) -> None:
    # Before the imports that take seconds.
    print(f"In {folder}: loading Dagster and the models …", flush=True)
    for name in [name for name in os.environ if name.startswith(HIDDEN)]:
        del os.environ[name]
    os.environ[HOME] = str(folder)
    from registry_assets.models.governance.stage import Stage
    from registry_assets.models.governance.story import live

    live(Stage.build(folder, console))


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


if __name__ == "__main__":
    main()
