"""Commands that write: a new registry, or a version's files into a folder.

After each stands what to do next. Those that only read are in `reading`.
"""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_assets.cli.reading import json_option, open_registry
from registry_assets.cli.text import plural, short

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
    from registry_assets.cli.output import print_json
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


@click.command()
@click.argument("reference", metavar="REF")
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path))
@json_option
def pull(reference: str, target: Path, *, as_json: bool) -> None:
    """Write a version's files into a new folder, every byte verified.

    All of them or none: DIR must not exist, or be empty. With them comes manifest.json,
    whose sha256 is the version's digest.

    \b
    Example:
      registry pull flight_delay@production ./model
    """
    from rich.filesize import decimal

    from registry_assets.cli.output import identity, print_json
    from registry_assets.references import Reference

    Reference.parse(reference)
    if not _is_free(target):
        raise click.BadParameter(
            f"{str(target)!r} exists and is not an empty folder; name a new one", param_hint="DIR"
        )
    registry = open_registry()
    version = registry.pull(reference, target)
    digest = str(version.digest)
    files = [
        {"path": file.path, "sha256": file.sha256, "size": file.size}
        for file in registry.manifest(digest).files
    ]
    if as_json:
        print_json({**identity(version), "folder": str(target.absolute()), "files": files})
        return
    size = decimal(sum(int(str(file["size"])) for file in files))
    click.echo(
        f"Pulled {version.reference} ({short(digest)}) into {target}:"
        f" {plural(len(files), 'file')}, {size}, all verified."
    )
    manifest = shlex.quote(str(target / "manifest.json"))
    click.echo(f"Next: `sha256sum {manifest}` gives its digest again. In Python, where the")
    click.echo(f'      registry is at hand: registry_assets.load("{version.reference}")')


def _is_free(target: Path) -> bool:
    if target.is_symlink():
        return False
    return not target.exists() or (target.is_dir() and not any(target.iterdir()))
