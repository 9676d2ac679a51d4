"""`registry compare`: two versions side by side, what is the same summed up in a line."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from registry_assets.cli.reading import json_option, open_registry, show_page
from registry_assets.cli.report_output import deliver

if TYPE_CHECKING:
    from registry_assets.lifecycle.comparing import Comparison
    from registry_assets.registry import Registry

DIFF_LINES = 200
"""Lines of difference of each source file that `--diff` shows."""


@click.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option(
    "--diff", is_flag=True, help=f"Show the lines of code that differ, {DIFF_LINES} a file at most."
)
@click.option("--html", is_flag=True, help="One HTML file, with the pictures side by side.")
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path), help="A new HTML file; - for stdout."
)
@click.option("--open", "browse", is_flag=True, help="Show the HTML in a browser.")
@json_option
def compare(
    a: str, b: str, *, diff: bool, html: bool, out: Path | None, browse: bool, as_json: bool
) -> None:
    """Compare two versions: data, code, parameters, metrics, size.

    From A to B: what B has and A has not is added. They may be of two models.

    \b
    Examples:
      registry compare flight_delay:2 flight_delay:3
      registry compare flight_delay@production flight_delay:7 --diff
      registry compare flight_delay:2 flight_delay:3 --open
    """
    from registry_assets.cli.comparison_document import comparison_document
    from registry_assets.cli.comparison_page import comparison_page
    from registry_assets.cli.comparison_verdicts import read_verdicts
    from registry_assets.cli.plain import print_json
    from registry_assets.lifecycle.comparing.figures import read_both

    as_page = html or browse or out is not None
    if as_json and as_page:
        raise click.UsageError("--json is for programs, and --html, --out and --open for people")
    registry = open_registry()
    found = registry.compare(a, b, diff_lines=DIFF_LINES if diff else 0)
    if as_page:
        _deliver(registry, found, out=out, browse=browse)
        return
    both = read_both(registry.backends.store, found, pictures=False)
    verdicts = read_verdicts(registry, found)
    if as_json:
        document: dict[str, Any] = comparison_document(found, both, verdicts)
        print_json(document)
    else:
        show_page(comparison_page(found, both, verdicts))


def _deliver(registry: "Registry", found: "Comparison", *, out: Path | None, browse: bool) -> None:
    from registry_assets.cli.comparison_verdicts import read_verdicts
    from registry_assets.cli.text import visible
    from registry_assets.lifecycle.comparing.figures import read_both
    from registry_assets.lifecycle.comparing.page import compared_page

    a, b = (f"{side.version.model}-{side.version.number}" for side in (found.a, found.b))
    both, verdicts = read_both(registry.backends.store, found), read_verdicts(registry, found)
    page = compared_page(found, both, gates=verdicts.gates, summary=verdicts.summary(both.judged))
    done = deliver(page, name=f"{a}-and-{b}.html", out=out, browse=browse)
    if done.path is not None:
        click.echo(visible(done.sentence, lines=True))
