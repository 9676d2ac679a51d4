"""`init`: the command that makes a registry, and says what to do next.

Commands that only read are in `reading`, those that bring versions to where they are used
in `moving`.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_assets.cli.reading import json_option
from registry_assets.cli.text import plural

if TYPE_CHECKING:
    from registry_assets.home import Home


@click.command()
@click.argument(
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    envvar="REGISTRY_HOME",
)
@json_option
def init(folder: Path, *, as_json: bool) -> None:
    """Create a registry in FOLDER, or migrate the one there.

    FOLDER is REGISTRY_HOME where that is set, else the one you stand in. Catalog and store
    go into FOLDER/.registry. Repeating it changes nothing.
    """
    from registry_assets.catalog.engine import catalog_exists
    from registry_assets.cli.plain import print_json
    from registry_assets.home import Home
    from registry_assets.registry import Registry

    existed = catalog_exists(Home(folder.absolute()).catalog)
    above = None if existed else _registry_above(folder)
    registry = Registry.init(folder)
    home = registry.home
    if as_json:
        print_json(
            {
                "folder": str(home.folder),
                "catalog": registry.backends.catalog.location,
                "store": str(home.store),
                "created": not existed,
            }
        )
        return
    if existed:
        models = plural(len(registry.models()), "model")
        click.echo(f"There is a registry in {home.folder} already: {models}, schema up to date.")
        click.echo("Next: `registry models` lists them, `registry verify` checks everything.")
        return
    click.echo(f"Created a registry in {home.folder}.")
    if above is not None:
        click.echo(f"Note: {above.folder} above has another one; from here on this one answers.")
    click.echo(
        "Next: declare a RegisteredModel in a Dagster code location"
        " and materialize its\n      features; `registry models` then lists it."
    )


def _registry_above(folder: Path) -> "Home | None":
    from registry_assets.errors import NoRegistry
    from registry_assets.home import find_home

    # Resolved, as the shell's own folder is: of `../other`, the folder left is not above.
    here = folder.resolve()
    try:
        found = find_home(here.parent)
    except NoRegistry:
        return None
    return None if found.folder == here else found  # the root is its own parent
