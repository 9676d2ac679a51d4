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
    """Print for people, an empty line between the parts."""
    from registry_assets.cli.styles import console

    terminal = console()
    for number, part in enumerate(parts):
        if number:
            terminal.print()
        terminal.print(part)


@click.command()
@json_option
def models(*, as_json: bool) -> None:
    """List the models, and what is in production of each."""
    from registry_assets.cli.output import model_document, print_json
    from registry_assets.cli.show import read_card
    from registry_assets.cli.tables import models_table

    registry = open_registry()
    found = registry.models()
    if as_json:
        cards = (read_card(registry, model.name) for model in found)
        print_json({"models": [model_document(card) for card in cards]})
    elif found:
        show_page(models_table(registry))
    else:
        click.echo("No model is registered yet.")
        click.echo("Next: declare a RegisteredModel and launch its retrain job.")


@click.command()
@click.argument("model")
@json_option
def versions(model: str, *, as_json: bool) -> None:
    """List a model's versions: stage, data, metric, gates, pointer.

    \b
    Examples:
      registry versions flight_delay
      registry versions flight_delay --json
    """
    from registry_assets.cli.answers import read_versions
    from registry_assets.cli.output import print_json, versions_document
    from registry_assets.cli.tables import version_rows

    registry = open_registry()
    name = _model_name(model)
    answers = read_versions(registry, name)
    if as_json:
        print_json(versions_document(name, answers))
    elif answers:
        show_page(version_rows(registry.model(name), answers))
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
    from registry_assets.cli.output import model_document, page_document, print_json
    from registry_assets.cli.show import model_card, read_card, read_page, version_page
    from registry_assets.references import Reference

    parsed = Reference.parse(reference)
    registry = open_registry()
    if _names_model_only(parsed):
        card = read_card(registry, parsed.model)
        print_json(model_document(card)) if as_json else show_page(model_card(card))
        return
    page = read_page(registry, read_version(registry, reference))
    print_json(page_document(page)) if as_json else show_page(version_page(page))


@click.command()
@click.argument("reference", metavar="REF")
@json_option
def lineage(reference: str, *, as_json: bool) -> None:
    """Draw what a version was made from, back to the data.

    \b
    Example:
      registry lineage flight_delay@production
    """
    from registry_assets.cli.answers import read_version
    from registry_assets.cli.lineage import lineage_tree, read_lineage
    from registry_assets.cli.output import lineage_document, print_json

    registry = open_registry()
    committed = registry.resolve(reference)
    found = read_lineage(registry, read_version(registry, committed.reference))
    print_json(lineage_document(found)) if as_json else show_page(lineage_tree(found))


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
    from registry_assets.cli.output import explanation_document, print_json
    from registry_assets.references import Reference

    parsed = Reference.parse(reference)
    found = read_explanation(open_registry(), parsed)
    print_json(explanation_document(found)) if as_json else show_page(explanation_panel(found))


@click.command()
@click.argument("model", required=False)
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the newest N events.")
@json_option
def log(model: str | None, *, last: int | None, as_json: bool) -> None:
    """Tell what happened to a model, or to the registry itself.

    Without MODEL: new models and snapshots.

    \b
    Examples:
      registry log flight_delay
      registry log --last 20
    """
    from registry_assets.catalog.ledger import REGISTRY
    from registry_assets.cli.output import log_document, print_json
    from registry_assets.cli.tables import events_table

    chain = REGISTRY if model is None else _model_name(model)
    events = open_registry().log(chain)
    if last is not None:
        events = events[-last:]
    if as_json:
        print_json(log_document(chain, events))
    elif events:
        show_page(events_table(events))
    else:
        click.echo("Nothing has happened yet.")


def _model_name(text: str) -> str:
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
