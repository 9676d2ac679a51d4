"""Options that every command that changes something shares, and the question before what is final.

`--json` stands in `reading`: every command takes it.
"""

from collections.abc import Callable
from typing import Any

import click

_PRODUCTION = "production"  # `catalog.models` knows it too, but a help text opens no database

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def reason_option(*, required: bool = False) -> Decorator:
    """Add `--reason` to a command."""
    # A default, even an empty one or None, would be taken for what is required.
    given = {"required": True} if required else {"default": ""}
    return click.option(
        "--reason",
        **given,
        metavar="TEXT",
        help="Why; it is kept in the ledger." + (" Required." if required else ""),
    )


def pointer_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--pointer` to a command about a version."""
    option = click.option(
        "--pointer",
        default=_PRODUCTION,
        show_default=True,
        metavar="NAME",
        help="The pointer that is meant.",
    )
    return option(command)


def pointer_flag(pointer: str) -> str:
    """Give what is added to a command that is shown: nothing where production is meant."""
    return "" if pointer == _PRODUCTION else f" --pointer {pointer}"


def yes_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--yes` to a command that cannot be undone."""
    option = click.option("--yes", is_flag=True, help="Do not ask: what it does is for good.")
    return option(command)


def confirm(question: str) -> None:
    """Ask a person; whoever says no, or nobody, changes nothing."""
    try:
        # On stderr: on stdout a program may expect one JSON document.
        agreed = click.confirm(question, err=True)
    except click.Abort as aborted:
        raise click.UsageError(
            "nobody answered, and nothing was changed; where nobody is there to ask, add --yes"
        ) from aborted
    if not agreed:
        click.echo("Nothing was changed.", err=True)
        raise click.exceptions.Exit(1)
