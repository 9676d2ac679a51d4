"""`registry verify` and `registry checkpoint`: is everything as it was left?"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_assets.cli.reading import json_option, open_registry, show_page
from registry_assets.cli.text import plural

if TYPE_CHECKING:
    from registry_assets.lifecycle.verifying import Progress

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("reference", metavar="[REF]", required=False)
@click.option("--deep", is_flag=True, help="Read and hash every byte, not only what names them.")
@click.option(
    "--checkpoint",
    type=_FILE,
    help="An earlier checkpoint, or pointer file: nothing of its past may be missing.",
)
@click.option(
    "--offline",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Check a folder that was pulled, by public keys alone: no catalog and no store.",
)
@click.option(
    "--trusted",
    type=_FILE,
    envvar="REGISTRY_TRUSTED_KEYS",
    metavar="FILE",
    help="Whose signatures count: what `registry keys` printed. With --offline.",
)
@json_option
@click.pass_context
def verify(
    context: click.Context,
    reference: str | None,
    *,
    deep: bool,
    checkpoint: Path | None,
    offline: Path | None,
    trusted: Path | None,
    as_json: bool,
) -> None:
    """Check every row, event and file, or those of one reference.

    Reads only. Of files that are no manifests, without --deep it is looked whether they are
    there and as large as they should be; of one version the bytes are always read. Exit code
    1 when a problem was found; each is printed with what it touches.

    \b
    Examples:
      registry verify
      registry verify flight_delay@production
      registry verify --deep --checkpoint last_month.json
      registry verify --offline ./model --trusted trusted_keys
    """
    if offline is not None:
        from registry_assets.cli.proving import prove

        if reference is not None or deep or checkpoint is not None:
            raise click.UsageError("--offline looks at a folder, and at nothing of a registry")
        context.exit(0 if prove(offline, trusted, as_json=as_json) else 1)
    # From the environment it is meant for whatever asks for it.
    if context.get_parameter_source("trusted") is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError(
            "--trusted says by whose keys a folder is checked: give --offline DIR"
        )
    from rich.text import Text

    from registry_assets.cli.output import verification_document
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.tables import checked_text, problems_table
    from registry_assets.lifecycle.checkpoints import read_checkpoint

    kept = None if checkpoint is None else read_checkpoint(checkpoint)
    registry = open_registry()
    of_one_version = reference is not None and not reference.isidentifier()
    with _progress() as progress:
        found = registry.verify(
            reference, deep=deep or of_one_version, checkpoint=kept, progress=progress
        )
    checked = checked_text(found.manifests, found.blobs, found.rows, found.events)
    if as_json:
        print_json(verification_document(reference, found))
    elif found.clean:
        said = f"{checked} checked." if checked else "there is nothing to check yet."
        show_page(Text.assemble(("Clean: ", "bold green"), said))
        if not found.deep and found.blobs > found.manifests:
            click.echo("Files are there, in their size; `registry verify --deep` reads them all.")
    else:
        said = f"; {checked} checked." if checked else "."
        show_page(
            Text.assemble((f"{plural(len(found.problems), 'problem')} found", "bold red"), said),
            problems_table(found.problems),
            Text(
                "Next: put damaged or missing files back from a copy of the store; where catalog or"
                " ledger were changed, restore both from a backup of before. Then verify again."
            ),
        )
    context.exit(0 if found.clean else 1)


@click.command()
@click.option("--out", type=_FILE, help="Write it to this file; it must be new.")
def checkpoint(out: Path | None) -> None:
    """Print how far the ledger has come, to be kept elsewhere.

    `registry verify --checkpoint FILE` later finds whatever was cut off or rewritten of the
    past before it.

    \b
    Example:
      registry checkpoint --out 2026-03-01.json
    """
    made = open_registry().checkpoint()
    if out is None:
        click.echo(made.to_bytes().decode())
        return
    try:
        with out.open("xb") as file:
            file.write(made.to_bytes() + b"\n")
    except FileExistsError:
        problem = f"{str(out)!r} exists; name a new file"
        raise click.BadParameter(problem, param_hint="--out") from None
    click.echo(f"Wrote the heads of {plural(len(made.heads), 'chain')} to {out}.")
    click.echo("Next: keep it elsewhere; `registry verify --checkpoint` holds the past against it.")


@contextmanager
def _progress() -> "Iterator[Progress | None]":
    """Show how far the hashing has come, to a person who waits for it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    columns = ("hashing", BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("hashing", total=None)

        def told(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield told
