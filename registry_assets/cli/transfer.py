"""`registry export` and `registry import`: models with their history, to another registry."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_assets.cli.options import confirm, reason_option, yes_option
from registry_assets.cli.progress import shown_progress
from registry_assets.cli.reading import json_option, open_registry, show_page
from registry_assets.cli.text import plural, short

if TYPE_CHECKING:
    from rich.table import Table

    from registry_assets.cli.plain import Document
    from registry_assets.transfer.exporting import Exported
    from registry_assets.transfer.importing import Imported
    from registry_assets.transfer.merging import ModelFit

_FITS = {
    "new": "new here, {after:,} events",
    "extended": "{more:,} events more, {after:,} now",
    "unchanged": "here already, with the same {after:,} events",
    "ahead": "here already, and further: {after:,} events",
}


@click.command()
@click.argument("models", metavar="[MODEL]...", nargs=-1)
@click.option(
    "--out",
    "target",
    metavar="DIR|FILE.tar",
    required=True,
    type=click.Path(path_type=Path),
    help="A new folder, or a new tar where it ends in .tar.",
)
@json_option
def export(models: tuple[str, ...], target: Path, *, as_json: bool) -> None:
    """Write models with their history and bytes into a folder or tar.

    Without MODEL everything is written, also data that no version was made from. Writers go
    on meanwhile: what is written is one moment. The registry's own events go along whole, and
    with them the names of other models and the digests of their data.

    \b
    Examples:
      registry export --out everything.tar
      registry export flight_delay --out ./flight_delay
    """
    from registry_assets.cli.plain import print_json

    registry = open_registry()
    with shown_progress(quiet=as_json) as progress:
        done = registry.export(target, models or None, progress=progress)
    if as_json:
        print_json(exported_document(done))
        return
    click.echo(f"Exported {exported_text(done)} to {target}.")
    click.echo(f"It is complete and unchanged while its digest is {short(done.digest)}.")
    click.echo(f"Next: in the other project, `registry import {shlex.quote(str(target))}`.")


@click.command("import")
@click.argument("source", metavar="DIR|FILE.tar", type=click.Path(path_type=Path))
@reason_option()
@yes_option
@json_option
def import_(source: Path, *, reason: str, yes: bool, as_json: bool) -> None:
    """Take in what another registry exported, verified, as it was.

    Numbers, digests and ledger stay as they are; all comes in, or nothing. Importing again
    changes nothing; importing a later export of the same registry adds what happened since. A
    name that exists here with another history is refused. Import from registries that you
    trust: an export proves that nobody changed it since, not that what it tells is true.

    \b
    Examples:
      registry import everything.tar --yes
      registry import ./flight_delay --reason "moved to production"
    """
    from registry_assets.cli.plain import print_json
    from registry_assets.transfer.checking import read_description

    registry = open_registry()
    if not yes:
        said = read_description(source)
        confirm(f"Import {plural(len(said.models), 'model')} of registry {said.origin} for good?")
    with shown_progress(quiet=as_json) as progress:
        done = registry.import_from(source, reason=reason, progress=progress)
    if as_json:
        print_json(_imported_document(done))
        return
    if not done.changed:
        models = plural(len(done.models), "model")
        there = "is" if len(done.models) == 1 else "are"
        click.echo(f"Nothing to do: {models} of registry {done.origin} {there} here already.")
        return
    from rich.filesize import decimal

    show_page(_fits_table(done))
    blobs = f"{plural(done.blobs, 'blob')}, {decimal(done.size)}"
    click.echo(f"Imported from registry {done.origin}: {blobs}, all verified.")
    if done.snapshots:
        click.echo(f"{plural(done.snapshots, 'snapshot')} came along.")
    if done.reserved:
        click.echo(
            f"Note: {', '.join(done.reserved)} came reserved. Where their training goes on in the"
            "\n      other registry, do not train them here: it would be another history."
        )
    click.echo("Next: `registry verify` checks everything, `registry models` lists it.")


def exported_text(done: "Exported") -> str:
    """Give how much was written, for people."""
    from rich.filesize import decimal

    counts = done.description.counts
    parts = [plural(len(done.description.models), "model"), plural(counts["versions"], "version")]
    parts += [plural(counts["events"], "event"), plural(counts["blobs"], "blob")]
    size = decimal(counts["bytes"])
    return f"{', '.join(parts)} ({size if done.description.with_objects else 'not copied'})"


def exported_document(done: "Exported") -> "Document":
    """Give what was written, for programs."""
    said = done.description
    return {
        "path": str(done.path),
        "digest": done.digest,
        "origin": said.origin,
        "whole": said.whole,
        "with_objects": said.with_objects,
        "models": list(said.models),
        "counts": dict(said.counts),
        "heads": {
            chain: {"sequence": head.sequence, "digest": head.digest}
            for chain, head in said.heads.items()
        },
    }


def _imported_document(done: "Imported") -> "Document":
    return {
        "origin": done.origin,
        "changed": done.changed,
        "models": [
            {"model": fit.name, "fit": fit.fit, "before": fit.before, "after": fit.after}
            for fit in done.models
        ],
        "snapshots": done.snapshots,
        "blobs": done.blobs,
        "bytes": done.size,
        "reserved": list(done.reserved),
    }


def _fits_table(done: "Imported") -> "Table":
    from registry_assets.cli.styles import plain_table

    table = plain_table("model", "history")
    for fit in done.models:
        table.add_row(fit.name, _said(fit))
    return table


def _said(fit: "ModelFit") -> str:
    return _FITS[fit.fit].format(after=fit.after, more=fit.after - fit.before)
