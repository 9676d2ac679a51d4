"""`registry report`: the page of a version's newest evaluation, from the store, verified."""

from pathlib import Path

import click

from registry_assets.cli.reading import json_option, open_registry
from registry_assets.cli.report_output import STDOUT, deliver


@click.command()
@click.argument("reference", metavar="REF")
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path), help="A new file; - for stdout."
)
@click.option("--open", "browse", is_flag=True, help="Show it in a browser.")
@click.option("--evidently", is_flag=True, help="Evidently's page, where one was kept.")
@json_option
def report(
    reference: str, *, out: Path | None, browse: bool, evidently: bool, as_json: bool
) -> None:
    """Write the page of a version's evaluation: one HTML file.

    Metrics, gates, comparison, slices, fairness, speed, data and curves, as they were recorded,
    each byte verified. The file needs no network and has no script; without --out it is
    written into this folder or, with --open alone, into a temporary one.

    \b
    Examples:
      registry report flight_delay@production --open
      registry report flight_delay:3 --out report.html
      registry report flight_delay:3 --evidently --open
    """
    from registry_assets.canonical import sha256_digest
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.text import visible
    from registry_assets.evaluation.report.page import dated

    if as_json and out == STDOUT:
        raise click.UsageError("--json and --out - both write to stdout: choose one")
    found = open_registry().page(reference, evidently=evidently)
    # What stands in the store can name neither its own digest nor its time.
    html = found.html
    if found.stored and not evidently:
        html = dated(html, evaluation=found.evaluation, evaluated_at=found.evaluated_at)
    kind = "evidently" if evidently else "report"
    name = f"{found.version.model}-{found.version.number}.{kind}.html"
    done = deliver(html, name=name, out=out, browse=browse)
    if as_json:
        print_json(
            {
                "reference": found.version.reference,
                "model": found.version.model,
                "version": found.version.number,
                "digest": found.version.digest,
                "evaluation": found.evaluation,
                "stored": found.stored,
                "sha256": sha256_digest(html),
                "size": len(html),
                **done.document(),
            }
        )
    elif done.path is not None:
        click.echo(visible(done.sentence, lines=True))
        if not found.stored:
            click.echo("It was made now, from the figures of an evaluation without a page.")
