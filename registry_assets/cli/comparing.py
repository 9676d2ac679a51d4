"""`registry compare`: two versions side by side, what is the same summed up in a line."""

from typing import Any

import click

from registry_assets.cli.reading import json_option, open_registry, show_page

DIFF_LINES = 200
"""Lines of difference of each source file that `--diff` shows."""


@click.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option(
    "--diff", is_flag=True, help=f"Show the lines of code that differ, {DIFF_LINES} a file at most."
)
@json_option
def compare(a: str, b: str, *, diff: bool, as_json: bool) -> None:
    """Compare two versions: data, code, parameters, metrics, size.

    From A to B: what B has and A has not is added. They may be of two models.

    \b
    Examples:
      registry compare flight_delay:2 flight_delay:3
      registry compare flight_delay@production flight_delay:7 --diff
    """
    from registry_assets.cli.comparison_document import comparison_document
    from registry_assets.cli.comparison_page import comparison_page
    from registry_assets.cli.plain import print_json

    found = open_registry().compare(a, b, diff_lines=DIFF_LINES if diff else 0)
    if as_json:
        document: dict[str, Any] = comparison_document(found)
        print_json(document)
    else:
        show_page(comparison_page(found))
