"""`registry backup` and `registry rebuild`: what brings a registry back."""

import shlex
from pathlib import Path

import click

from registry_assets.cli.progress import shown_progress
from registry_assets.cli.reading import json_option, open_registry
from registry_assets.cli.text import plural, short
from registry_assets.cli.transfer import exported_document, exported_text


@click.group()
def backup() -> None:
    """Make a copy of the whole registry, or put one back."""


@backup.command()
@click.argument("target", metavar="DIR|FILE.tar", type=click.Path(path_type=Path))
@click.option(
    "--catalog-only",
    is_flag=True,
    help="Leave the blobs out, for a store that is kept safe by itself.",
)
@json_option
def create(target: Path, *, catalog_only: bool, as_json: bool) -> None:
    """Write everything, as of one moment, into a folder or tar.

    Writers go on meanwhile. It can be put back into SQLite or PostgreSQL, a folder or S3.

    \b
    Example:
      registry backup create /backups/2026-03-01.tar
    """
    from registry_assets.cli.plain import print_json

    registry = open_registry()
    with shown_progress(quiet=as_json) as progress:
        done = registry.backup(target, with_objects=not catalog_only, progress=progress)
    if as_json:
        print_json(exported_document(done))
        return
    click.echo(f"Backed up {exported_text(done)} to {target}.")
    click.echo(f"It is complete and unchanged while its digest is {short(done.digest)}.")
    if catalog_only:
        click.echo("Note: it is of use together with the store only.")
    click.echo(
        "Next: try it out where nobody works:"
        f" `registry backup restore {shlex.quote(str(target))} FOLDER`."
    )


@backup.command()
@click.argument("source", metavar="DIR|FILE.tar", type=click.Path(path_type=Path))
@click.argument(
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    envvar="REGISTRY_HOME",
)
@json_option
def restore(source: Path, folder: Path, *, as_json: bool) -> None:
    """Put a backup back into a folder that has no registry.

    FOLDER is REGISTRY_HOME where that is set, else the one you stand in. Everything is verified
    first. The registry keeps its identity, its numbers and its ledger.
    The store may be the old one: what it has is not written again, and numbers of versions
    that only the store knows are not given out again.

    \b
    Example:
      registry backup restore /backups/2026-03-01.tar .
    """
    from rich.filesize import decimal

    from registry_assets.cli.plain import print_json
    from registry_assets.registry import Registry

    with shown_progress(quiet=as_json) as progress:
        registry, done = Registry.restore(source, folder, progress=progress)
    if as_json:
        print_json(
            {
                "folder": str(registry.home.folder),
                "registry": done.registry,
                "models": list(done.models),
                "rows": done.rows,
                "blobs": done.blobs,
                "bytes": done.size,
                "skipped": {model: list(numbers) for model, numbers in done.skipped.items()},
                "unknown": list(done.unknown),
            }
        )
        return
    click.echo(
        f"Restored registry {done.registry} in {registry.home.folder}:"
        f" {plural(len(done.models), 'model')}, {plural(done.rows, 'row')},"
        f" {plural(done.blobs, 'blob')} ({decimal(done.size)}), all verified."
    )
    for model, numbers in done.skipped.items():
        lost = ", ".join(f"{model}:{number}" for number in numbers)
        click.echo(f"Note: the backup is older than {lost}; these numbers are not given out again.")
    for model in done.unknown:
        click.echo(f"Note: the store has versions of {model}, which the backup does not know.")
    if not registry.home.signing_key.exists():
        click.echo("Note: the key that promotions are signed with is in no backup. Until it is in")
        click.echo(f"      {registry.home.signing_key}, no pointer moves here; where it is lost,")
        click.echo("      `registry keys rotate` makes another.")
    click.echo("Next: `registry verify` checks everything.")


@click.command()
@json_option
def rebuild(*, as_json: bool) -> None:
    """Make the index and the pointer files anew.

    Both are derived from the catalog's rows, of which none is changed. A catalog that is lost
    is put back by `registry backup restore`, from a backup and the store.
    """
    from registry_assets.cli.plain import print_json

    done = open_registry().rebuild()
    if as_json:
        print_json(
            {
                "models": done.index.models,
                "versions": done.index.versions,
                "evaluations": done.index.evaluations,
                "unreadable": list(done.index.unreadable),
                "pointer_files": list(done.pointer_files),
            }
        )
        return
    parts = (
        plural(done.index.models, "model"),
        plural(done.index.versions, "version"),
        plural(done.index.evaluations, "evaluation"),
    )
    click.echo(f"Indexed {', '.join(parts)} anew.")
    if done.pointer_files:
        click.echo(f"Wrote the pointer file of {', '.join(done.pointer_files)}.")
    for digest in done.index.unreadable:
        click.echo(f"Note: the manifest {digest} cannot be read; `registry verify` says why.")
    click.echo("Next: `registry verify` checks everything.")
