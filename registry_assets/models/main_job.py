"""The main job: the first months of 2013, as a team on Dagster would have lived them.

    python -m registry_assets.models.main_job
    python -m registry_assets.models.main_job --year

Everything goes through Dagster: jobs, sensors, checks and their runs are the real ones,
recorded in the instance that `make ui` shows. Only the daemon is played by
`orchestration.local`, because a command must end when its work is done. What has happened
already is not repeated, so an interrupted job goes on where it stopped.
"""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from registry_assets.errors import RegistryError
from registry_assets.home import MARKER, Home
from registry_assets.models.story import FLIGHTS, LOANS, STORY, YEAR
from registry_assets.registry import Registry


def main() -> None:
    """Live the story, or what of it has not happened yet, and say how things stand."""
    console = Console(highlight=False)
    try:
        code = _run(console, year="--year" in sys.argv[1:])
    except RegistryError as error:
        print(f"Error: {error}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print("\nStopped. Run it again: it goes on where it stopped.", file=sys.stderr)
        code = 130
    sys.exit(code)


def _run(console: Console, *, year: bool) -> int:
    # Before the imports that take seconds.
    console.print("[dim]Loading Dagster and the models …[/]")
    from registry_assets.models.replay import Replay
    from registry_assets.orchestration.instance import find_project, open_instance
    from registry_assets.orchestration.local import LocalDaemon

    home = find_project()
    os.environ["REGISTRY_HOME"] = str(home)
    with _only_one(home):
        registry = Registry.init(home)
        before = _events(registry)
        with (
            open_instance(home) as instance,
            LocalDaemon(instance=instance, workspace=home / "workspace.yaml") as daemon,
        ):
            replay = Replay(daemon, registry, console)
            for chapter in YEAR if year else STORY:
                replay.live(chapter)
            replay.report()
        _tell(console, registry, changed=_events(registry) != before)
    return 0


def _events(registry: Registry) -> dict[str, int]:
    chains = ["-registry", *(model.name for model in registry.models())]
    return {chain: len(registry.log(chain)) for chain in chains}


def _tell(console: Console, registry: Registry, *, changed: bool) -> None:
    """Print how things stand, and what to type next."""
    from registry_assets.cli.tables import versions_table

    console.print()
    if not changed:
        console.print("[bold]Nothing has changed:[/] same data, same code, same recipes.\n")
    for model in registry.models():
        console.print(f"[bold]{model.name}[/]")
        console.print(versions_table(registry, model.name))
        console.print()
    console.print(
        "Next:  [bold]make ui[/]\n"
        f"       [bold].venv/bin/registry show {FLIGHTS}@production[/]\n"
        f"       [bold].venv/bin/registry lineage {FLIGHTS}@production[/]\n"
        f"       [bold].venv/bin/registry monitor {FLIGHTS}[/]\n"
        f"       [bold].venv/bin/registry explain {LOANS}[/]"
    )


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Hold the main job's lock: two at once would train the same versions twice.

    Before the catalog is opened: a first one stopped in the middle of a commit holds that
    too, and the second would tell of a busy catalog instead of its cause.
    """
    Home(home).make()
    with (home / MARKER / "main_job.lock").open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            handle.seek(0)
            raise RegistryError(
                f"the main job of this project is running already, as process {handle.read()}",
                hint="let it finish, or end it with Ctrl-C where it runs; nothing was done here",
            ) from error
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


if __name__ == "__main__":
    main()
