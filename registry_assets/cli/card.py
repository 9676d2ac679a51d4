"""`registry card`: everything a person who meets a version has to know, to read or to publish."""

from pathlib import Path

import click

from registry_assets.cli.reading import json_option, open_registry
from registry_assets.cli.report_output import STDOUT, deliver

_PAGES = (".html", ".htm")


@click.command()
@click.argument("reference", metavar="REF")
@click.option("--html", is_flag=True, help="One HTML file, with pictures; else Markdown.")
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path), help="A new file; - for stdout."
)
@click.option("--open", "browse", is_flag=True, help="Show the HTML in a browser.")
@json_option
def card(reference: str, *, html: bool, out: Path | None, browse: bool, as_json: bool) -> None:
    """Write the model card of a version.

    Purpose, owners, limits, metrics, slices, fairness, data, training, gates and how to load
    it, as things stand now: Markdown on stdout, under the header that Hugging Face reads.
    With --html, or a FILE that ends in .html, one HTML file.

    \b
    Examples:
      registry card flight_delay@production
      registry card flight_delay:3 --out README.md
      registry card flight_delay:3 --open
    """
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.text import visible
    from registry_assets.evaluation.report.card import card_header, card_html, card_markdown

    if as_json and out == STDOUT:
        raise click.UsageError("--json and --out - both write to stdout: choose one")
    found = open_registry().card(reference)
    as_page = html or browse or (out is not None and out.suffix.lower() in _PAGES)
    text = card_markdown(found)
    done = None
    if as_page or out is not None:
        name = f"{found.model}-{found.version}.card.html"
        data = card_html(found) if as_page else text.encode(errors="backslashreplace")
        done = deliver(data, name=name, out=out, browse=browse)
    if as_json:
        print_json(
            {
                "reference": found.reference,
                "model": found.model,
                "version": found.version,
                "digest": found.digest,
                "stage": found.stage,
                "header": card_header(found),
                "markdown": text,
                **(done.document() if done else {"file": None, "written": False, "opened": None}),
            }
        )
    elif done is None:
        click.echo(text, nl=False)
    elif done.path is not None:
        click.echo(visible(done.sentence, lines=True))
