"""Commands that read: each opens the registry, asks one question and prints the answer.

None of them runs a model's code or writes anything. `verify` is in `verifying`; those
that change are in `changing`.
Imports stand inside the commands, so that `registry --help` costs neither database nor
tables.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import RenderableType

    from registry_assets.references import Reference
    from registry_assets.registry import Registry

PAGE = 50
"""Rows of a list, unless asked for another number."""


class Count(click.IntRange):
    """A number from 1 on; more than a database can count to are as many as there are."""

    def __init__(self) -> None:
        super().__init__(min=1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Give the number."""
        return min(int(super().convert(value, param, ctx)), 2**31 - 1)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--json` to a command."""
    option = click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document, whole digests and all."
    )
    return option(command)


def open_registry() -> "Registry":
    """Open the registry of where one stands."""
    from registry_assets.registry import Registry

    return Registry.open()


def show_page(*parts: "RenderableType") -> None:
    """Print for people, an empty line between the parts.

    Into a file or a pipe go no spaces that only fill a line up.
    """
    from registry_assets.cli.styles import console

    terminal = console()
    with terminal.capture() as printed:
        for number, part in enumerate(parts):
            if number:
                terminal.print()
            terminal.print(part, crop=False)
    text = printed.get()
    if not terminal.is_terminal:
        text = "".join(f"{line.rstrip(' ')}\n" for line in text.split("\n")[:-1])
    terminal.file.write(text)


def limit_option(what: str) -> Callable[..., Any]:
    """Give the `--limit` of a command that lists."""
    return click.option(
        "--limit",
        type=Count(),
        default=PAGE,
        show_default=True,
        metavar="N",
        help=f"At most so many {what}.",
    )


@click.command()
@limit_option("models")
@click.option("--after", default="", metavar="MODEL", help="Only those that come after this one.")
@json_option
def models(*, limit: int, after: str, as_json: bool) -> None:
    """List the models by name, and what is in production of each."""
    from registry_assets.cli.output import models_document
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.show_model import read_cards
    from registry_assets.cli.tables import models_table

    registry = open_registry()
    found = registry.models(after=after, limit=limit)
    total = registry.count_models()
    if as_json:
        print_json(models_document(read_cards(registry, found), total=total))
    elif found:
        show_page(models_table(registry, found))
        if len(found) == limit and registry.models(after=found[-1].name, limit=1):
            click.echo(f"\n{total:,} in all; more: registry models --after {found[-1].name}")
    elif total:
        click.echo(f"No model comes after {after}.")
    else:
        click.echo("No model is registered yet.")
        click.echo("Next: declare a RegisteredModel and launch its retrain job.")


@click.command()
@click.argument("model")
@limit_option("versions, the newest")
@click.option("--before", type=Count(), metavar="N", help="Only numbers below this one.")
@json_option
def versions(model: str, *, limit: int, before: int | None, as_json: bool) -> None:
    """List a model's versions: stage, data, metric, gates, pointer.

    \b
    Examples:
      registry versions flight_delay
      registry versions flight_delay --before 51
      registry versions flight_delay --json
    """
    from registry_assets.cli.answers import read_versions
    from registry_assets.cli.imported import imported_document, imported_table
    from registry_assets.cli.output import versions_document
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.tables import version_rows

    registry = open_registry()
    name = model_name(model)
    total = registry.count_versions(name)
    answers = read_versions(registry, name, limit=limit, before=before)
    # Of one line of numbers: those that came as history are among the newest, or are older.
    came = registry.imported_versions(name, limit=limit, before=before)
    numbers = [answer.version.number for answer in answers] + [each.number for each in came]
    newest = sorted(numbers)[-limit:]
    answers = tuple(each for each in answers if each.version.number in newest)
    came = tuple(each for each in came if each.number in newest)
    if as_json:
        found = [imported_document(each) for each in came]
        print_json({**versions_document(name, answers, total=total), "imported": found})
    elif newest:
        parts = [imported_table(came)] if came else []
        show_page(*parts, *([version_rows(registry.model(name), answers)] if answers else []))
        first = newest[0]
        if first > 1:
            click.echo(f"\n{first - 1:,} older: registry versions {name} --before {first}")
    elif total:
        click.echo(f"{name} has no version below {before}.")
    else:
        click.echo(f"{name} has no version yet.")
        click.echo(f"Next: launch the job {name}__retrain.")


@click.command()
@click.argument("reference", metavar="REF")
@json_option
def show(reference: str, *, as_json: bool) -> None:
    """Show everything about a version, or a model's card.

    \b
    Examples:
      registry show flight_delay@production   what production holds
      registry show flight_delay:12           version 12
      registry show flight_delay              the model itself
    """
    from registry_assets.cli.answers import read_version
    from registry_assets.cli.imported import imported_document, imported_page
    from registry_assets.cli.output import card_document, page_document
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.show import read_page, version_page
    from registry_assets.cli.show_model import model_card, read_card
    from registry_assets.references import Reference

    parsed = Reference.parse(reference)
    registry = open_registry()
    if _names_model_only(parsed):
        card = read_card(registry, parsed.model)
        print_json(card_document(card)) if as_json else show_page(model_card(card))
        return
    came = registry.imported_version(parsed)
    if came is not None:
        manifest = registry.manifest(came.digest)
        document = imported_document(came, manifest)
        print_json(document) if as_json else show_page(imported_page(came, manifest))
        return
    page = read_page(registry, read_version(registry, reference))
    print_json(page_document(page)) if as_json else show_page(version_page(page))


@click.command()
@click.argument("reference", metavar="MODEL[@POINTER]")
@json_option
def explain(reference: str, *, as_json: bool) -> None:
    """Say what a pointer's next version waits for, and what to do.

    Without a pointer, production is meant. A version can be asked about too: MODEL:12.

    \b
    Examples:
      registry explain flight_delay
      registry explain flight_delay:3
    """
    from registry_assets.cli.explain import explanation_panel, read_explanation
    from registry_assets.cli.imported import imported_document, imported_panel
    from registry_assets.cli.output import explanation_document
    from registry_assets.cli.plain import print_json
    from registry_assets.references import Reference

    parsed = Reference.parse(reference)
    registry = open_registry()
    came = registry.imported_version(parsed)
    if came is not None:
        document = {**imported_document(came), "decision": "held", "next_steps": [came.remedy]}
        print_json(document) if as_json else show_page(imported_panel(came))
        return
    found = read_explanation(registry, parsed)
    print_json(explanation_document(found)) if as_json else show_page(explanation_panel(found))


def model_name(text: str) -> str:
    """Give a model's name; a reference to a version is one word too many.

    Raises:
        InvalidReference: it names a version, or nothing that could be a model.
    """
    from registry_assets.errors import InvalidReference
    from registry_assets.references import Reference

    parsed = Reference.parse(text)
    if not _names_model_only(parsed):
        raise InvalidReference(
            f"{text!r} names a version, and this command is about a whole model",
            hint=f"write {parsed.model}; `registry show {text}` is about the version",
        )
    return parsed.model


def _names_model_only(reference: "Reference") -> bool:
    return (reference.version, reference.pointer, reference.digest) == (None, None, None)
