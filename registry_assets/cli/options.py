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
        callback=_text,
        help="Why; it is kept in the ledger." + (" Required." if required else ""),
    )


def _text(context: click.Context, parameter: click.Parameter, given: str) -> str:
    """Refuse what the ledger would refuse, before anything is shown, asked or signed."""
    from registry_assets.catalog.ledger import LONGEST_REASON
    from registry_assets.references import check_text

    return check_text(given, what="reason", limit=LONGEST_REASON)


def require_reason(reason: str, *, what: str) -> None:
    """Refuse to go on without a reason, before anything is shown or asked."""
    from registry_assets.errors import DeclarationError

    if not reason.strip():
        raise DeclarationError(
            f"{what} needs a reason", hint="say why, with `--reason`; nothing was changed"
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
    """Ask a person; whoever says no, interrupts, or is not there changes nothing."""
    try:
        # On stderr: on stdout a program may expect one JSON document.
        agreed = click.confirm(question, err=True)
    except click.Abort as aborted:
        click.echo(err=True)  # the line of the question is not ended
        if was_interrupted(aborted):
            click.echo("Nothing was changed.", err=True)
            raise
        raise click.UsageError(
            "nobody answered, and nothing was changed; where nobody is there to ask, add --yes"
        ) from aborted
    if not agreed:
        click.echo("Nothing was changed.", err=True)
        raise click.exceptions.Exit(1)


def was_interrupted(aborted: click.Abort) -> bool:
    """Whether somebody pressed Ctrl-C, where click says the same of an input that has ended."""
    return isinstance(aborted.__context__, KeyboardInterrupt)
