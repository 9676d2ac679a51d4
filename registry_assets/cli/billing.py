"""`registry sbom`: what a version is made of, for programs that watch over software."""

from pathlib import Path

import click

from registry_assets.cli.reading import json_option, open_registry
from registry_assets.cli.report_output import STDOUT, deliver


@click.command()
@click.argument("reference", metavar="REF")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A new file; by default, and with -, stdout.",
)
@json_option
def sbom(reference: str, *, out: Path | None, as_json: bool) -> None:
    """Write the bill of materials of a version, as CycloneDX 1.6 has it.

    The model with its card; its files, the data that it was trained and judged on, Python and
    every library, each with its digest or version. Nothing in it is of the moment: the same
    version with the same evaluation gives the same bytes.

    \b
    Examples:
      registry sbom flight_delay@production --out flight_delay.cdx.json
      registry sbom flight_delay:3 | jq '.components[].purl'
    """
    from registry_assets.canonical import sha256_digest
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.text import visible

    if as_json and out == STDOUT:
        raise click.UsageError("--json and --out - both write to stdout: choose one")
    found = open_registry().bill(reference)
    data = found.to_bytes()
    if as_json:
        done = deliver(data, name="", out=out, browse=False) if out is not None else None
        print_json(
            {
                "reference": found.card.reference,
                "model": found.card.model,
                "version": found.card.version,
                "digest": found.card.digest,
                "serial_number": found.serial_number.urn,
                "sha256": sha256_digest(data),
                "file": None if done is None else done.document()["file"],
                "bill": found.document(),
            }
        )
        return
    done = deliver(data, name="", out=out or STDOUT, browse=False)
    if done.path is not None:
        click.echo(visible(done.sentence, lines=True))
