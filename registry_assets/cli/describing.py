"""Commands by which people say something about a model or a version: `tag` and `describe`.

What they say is never part of a digest. Whether a version may still be promoted is the
neighbour `retiring`.
"""

from typing import TYPE_CHECKING, TextIO

import click

from registry_assets.cli.options import reason_option
from registry_assets.cli.reading import json_option, open_registry
from registry_assets.cli.text import visible

if TYPE_CHECKING:
    from registry_assets.lifecycle.describing import Described

_WAYS = "give TEXT, - for what stands on stdin, or --file PATH: one of them"


@click.command()
@click.argument("reference", metavar="REF")
@click.argument("pairs", metavar="[NAME=VALUE]...", nargs=-1)
@click.option("--remove", multiple=True, metavar="NAME", help="Take a tag away. Repeatable.")
@reason_option()
@json_option
def tag(
    reference: str, pairs: tuple[str, ...], remove: tuple[str, ...], *, reason: str, as_json: bool
) -> None:
    """Tag a model or a version, or take tags away.

    Several at once are one change, done whole or not at all. What the policy asks for cannot be
    taken away.

    \b
    Examples:
      registry tag flight_delay:12 quarter=Q2 reviewed=yes --reason "spring review"
      registry tag flight_delay --remove pilot
    """
    from registry_assets.lifecycle.backends import RunInfo
    from registry_assets.references import Reference

    Reference.parse(reference)
    tags = _tags(pairs, remove)
    done = open_registry().tag(reference, tags, run=RunInfo.by_hand(), reason=reason)
    if as_json:
        _print_json(done)
        return
    name = done.words.reference
    if not done.changed:
        click.echo(f"Nothing to do: {name} is tagged like that already.")
    for changed, (before, after) in done.changes.items():
        was = "" if before is None else f" (it was {visible(before)})"
        said = "taken away" if after is None else visible(after)
        click.echo(f"{name}: {changed}{' ' if after is None else '='}{said}{was}")
    click.echo(f"Next: `registry show {name}` lists every tag, and who set it.")


def _tags(pairs: tuple[str, ...], remove: tuple[str, ...]) -> dict[str, str | None]:
    tags: dict[str, str | None] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"{pair!r} is no NAME=VALUE", param_hint="NAME=VALUE")
        if tags.setdefault(name, value) != value:
            raise click.BadParameter(f"{name!r} is given two values", param_hint="NAME=VALUE")
    for name in remove:
        if name in dict.fromkeys(pair.partition("=")[0] for pair in pairs):
            raise click.BadParameter(f"{name!r} is set and taken away", param_hint="--remove")
        tags[name] = None
    if not tags:
        raise click.UsageError("nothing to say: give NAME=VALUE, or --remove NAME")
    return tags


@click.command()
@click.argument("reference", metavar="REF")
@click.argument("text", metavar="[TEXT]", required=False)
@click.option("--file", type=click.File(encoding="utf-8"), metavar="PATH", help="Read the text.")
@reason_option()
@json_option
def describe(
    reference: str, text: str | None, file: TextIO | None, *, reason: str, as_json: bool
) -> None:
    """Describe a model or a version in your own words.

    An empty TEXT goes back to what was declared.

    \b
    Examples:
      registry describe flight_delay:12 "Trained without the storm of March."
      registry describe flight_delay --file card.md --reason "new owners"
      generate-notes | registry describe flight_delay:12 -
    """
    from registry_assets.lifecycle.backends import RunInfo
    from registry_assets.references import Reference

    Reference.parse(reference)
    said = _text(text, file)
    done = open_registry().describe(reference, said, run=RunInfo.by_hand(), reason=reason)
    if as_json:
        _print_json(done)
        return
    name = done.words.reference
    if not done.changed:
        click.echo(f"Nothing to do: {name} is described like that already.")
    elif done.words.description.actor is None:
        click.echo(f"{name} is described as it was declared.")
    else:
        click.echo(f"{name} is described anew.")
    click.echo(f"Next: `registry show {name}` shows it; `registry log {done.words.model}` who did.")


def _text(text: str | None, file: TextIO | None) -> str:
    if (text is None) == (file is None):
        raise click.UsageError(_WAYS)
    if text is not None and text != "-":
        return text
    from registry_assets.lifecycle.describing import LONGEST_DESCRIPTION

    source = file or click.open_file("-", encoding="utf-8")
    try:
        # A little more than can be kept: enough to be refused, however long it is.
        said = source.read(LONGEST_DESCRIPTION + 2)
        return said if len(said) > LONGEST_DESCRIPTION + 1 else said.rstrip("\n")
    except UnicodeDecodeError as error:
        raise click.BadParameter("it is no UTF-8 text", param_hint="TEXT") from error


def _print_json(done: "Described") -> None:
    from registry_assets.cli.output import words_document
    from registry_assets.cli.plain import print_json

    print_json(
        {
            "reference": done.words.reference,
            "changed": done.changed,
            "changes": {
                name: {"before": before, "after": after}
                for name, (before, after) in done.changes.items()
            },
            **words_document(done.words),
        }
    )
