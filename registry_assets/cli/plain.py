"""One JSON document on stdout: for every command, and at the cost of none of its answers.

What the documents of the reading commands hold is `output`.
"""

import json
from typing import Any

import click

Document = dict[str, Any]


def print_json(document: Document) -> None:
    """Print one document on stdout; ASCII, so that no terminal can be steered by it."""
    click.echo(json.dumps(document, indent=2, allow_nan=False))


def print_json_line(document: Document) -> None:
    """Print one of many documents, each on a line of its own, and at once."""
    click.echo(json.dumps(document, allow_nan=False))
