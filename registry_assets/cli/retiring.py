"""Commands that set a version aside, or take it back: `archive`, `unarchive`, `reject`.

Nothing is deleted by any of them, and none moves a pointer.
"""

from typing import TYPE_CHECKING

import click

from registry_assets.cli.options import confirm, reason_option, yes_option
from registry_assets.cli.reading import json_option, open_registry
from registry_assets.cli.text import visible

if TYPE_CHECKING:
    from registry_assets.lifecycle.retiring import Retired
    from registry_assets.registry import Registry


@click.command()
@click.argument("reference", metavar="REF")
@reason_option()
@json_option
def archive(reference: str, *, reason: str, as_json: bool) -> None:
    """Keep a version from being promoted, until it is unarchived.

    Its bytes stay, and it can be loaded. What a pointer holds cannot be archived.

    \b
    Example:
      registry archive flight_delay:12 --reason "trained on a broken month"
    """
    from registry_assets.lifecycle.backends import RunInfo

    registry = open_registry()
    done = registry.archive(reference, run=RunInfo.by_hand(), reason=reason)
    _say(
        registry,
        done,
        f"`registry unarchive {done.version.reference}` takes it back",
        as_json=as_json,
    )


@click.command()
@click.argument("reference", metavar="REF")
@reason_option()
@json_option
def unarchive(reference: str, *, reason: str, as_json: bool) -> None:
    """Take back that a version was archived by hand.

    \b
    Example:
      registry unarchive flight_delay:12 --reason "the month was mended"
    """
    from registry_assets.lifecycle.backends import RunInfo

    registry = open_registry()
    done = registry.unarchive(reference, run=RunInfo.by_hand(), reason=reason)
    _say(
        registry,
        done,
        f"`registry explain {done.version.reference}` says what holds it",
        as_json=as_json,
    )


@click.command()
@click.argument("reference", metavar="REF")
@reason_option(required=True)
@yes_option
@json_option
def reject(reference: str, *, reason: str, yes: bool, as_json: bool) -> None:
    """Keep a version from ever being promoted: for good.

    Its bytes stay, and it can be loaded. What a pointer holds cannot be rejected.

    \b
    Example:
      registry reject flight_delay:12 --reason "learned from the label" --yes
    """
    from registry_assets.lifecycle.backends import RunInfo

    registry = open_registry()
    version = registry.resolve(reference)
    if not yes:
        confirm(f"Reject {version.reference} for good? It can never be promoted then.")
    done = registry.reject(version.reference, run=RunInfo.by_hand(), reason=reason)
    _say(
        registry,
        done,
        f"`registry show {done.version.reference}` says who rejected it, and why",
        as_json=as_json,
    )


def _say(registry: "Registry", done: "Retired", following: str, *, as_json: bool) -> None:
    from registry_assets.cli.answers import read_candidate
    from registry_assets.cli.output import identity, mark_document
    from registry_assets.cli.plain import print_json

    model, name = done.version.model, done.version.reference
    # Whoever sets the newest version aside may let an older one into production: it is said.
    candidate = read_candidate(registry, model)
    if as_json:
        print_json(
            {
                **identity(done.version),
                "changed": done.changed,
                "mark": mark_document(done.mark),
                "candidate": candidate,
            }
        )
        return
    if done.changed:
        click.echo(f"{name} is {done.mark.word}. Nothing was deleted.")
    else:
        click.echo(f"Nothing to do: {name} was {visible(done.mark.sentence)}")
    if candidate is None:
        click.echo("No version waits for production now.")
    else:
        click.echo(f"The version that may reach production next is {model}:{candidate}.")
    click.echo(f"Next: {following}.")
