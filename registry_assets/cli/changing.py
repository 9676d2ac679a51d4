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
    from registry_assets.signing.keys import PublicKey


@click.command()
@click.argument(
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    envvar="REGISTRY_HOME",
)
@click.option(
    "--owner-key",
    type=click.Path(path_type=Path),
    metavar="FILE.pub",
    help="The public key of the owner, who activates the first policy with it.",
)
@json_option
def init(folder: Path, *, owner_key: Path | None, as_json: bool) -> None:
    """Create a registry in FOLDER, or migrate the one there.

    FOLDER is REGISTRY_HOME where that is set, else the one you stand in. Catalog and store
    go into FOLDER/.registry, and so does the private key that promotions are signed with,
    unless REGISTRY_SIGNING_KEY names another file. Repeating it changes nothing.

    \b
    Examples:
      registry init
      registry init --owner-key ~/.ssh/id_ed25519.pub
    """
    from registry_assets.catalog.engine import catalog_exists
    from registry_assets.cli.plain import print_json
    from registry_assets.home import Home
    from registry_assets.registry import Registry

    existed = catalog_exists(Home(folder.absolute()).catalog)
    above = None if existed else _registry_above(folder)
    registry = Registry.init(folder, owner_key=None if owner_key is None else _public(owner_key))
    home = registry.home
    if as_json:
        print_json(
            {
                "folder": str(home.folder),
                "catalog": registry.backends.catalog.location,
                "store": str(home.store),
                "signing_key": str(home.signing_key),
                "created": not existed,
            }
        )
        return
    if existed:
        models = plural(len(registry.models()), "model")
        click.echo(f"There is a registry in {home.folder} already: {models}, schema up to date.")
        _say_owner(owner_key)
        click.echo("Next: `registry models` lists them, `registry verify` checks everything.")
        return
    click.echo(f"Created a registry in {home.folder}.")
    _say_owner(owner_key)
    click.echo(f"Promotions are signed with {home.signing_key}: keep a copy with your secrets.")
    if above is not None:
        click.echo(f"Note: {above.folder} above has another one; from here on this one answers.")
    click.echo(
        "Next: declare a RegisteredModel in a Dagster code location"
        " and materialize its\n      features; `registry models` then lists it."
    )


def _public(path: Path) -> "PublicKey":
    from registry_assets.signing.keys import read_public_key

    return read_public_key(path)


def _say_owner(owner_key: Path | None) -> None:
    if owner_key is not None:
        click.echo(f"Its owner's key is that in {owner_key}: it activates the first policy.")


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
