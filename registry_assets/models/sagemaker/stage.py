"""Where the story takes place: a folder, a terminal in it, and a double of AWS."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from registry_assets.models import beside
from registry_assets.models.sagemaker.programs import DATA, Server, double, require_installed

Stage = beside.Stage[Server]


@contextmanager
def built(folder: Path, console: Console) -> Iterator[Stage]:
    """Make the team's repository in an empty folder, and run the server until the block ends.

    Raises:
        RegistryError: something that it needs is not here, or does not start.
    """
    require_installed()
    reason = "A model of meters' digits"
    with beside.stage_beside(
        double, folder, console, package=str(__package__), reason=reason, data=DATA
    ) as stage:
        yield stage
