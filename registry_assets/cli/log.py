"""`registry log`: what happened to a model, to one version, or to the registry itself."""

import click

from registry_assets.cli.reading import PAGE, Count, json_option, open_registry, show_page


@click.command()
@click.argument("reference", metavar="[MODEL[:N]]", required=False)
@click.option(
    "--last",
    type=Count(),
    default=PAGE,
    show_default=True,
    metavar="N",
    help="The newest N events.",
)
@click.option("--before", type=Count(), metavar="N", help="Only events numbered below N.")
@click.option("--since", metavar="TIME", help="From this instant on: 2026-03-01T12:00Z.")
@click.option("--until", metavar="TIME", help="Before this instant.")
@click.option("--kind", help="Only this kind: pointer_moved, pointer_rolled_back, …")
@click.option("--actor", help="Only by this person or run.")
@json_option
def log(
    reference: str | None,
    *,
    last: int,
    before: int | None,
    since: str | None,
    until: str | None,
    kind: str | None,
    actor: str | None,
    as_json: bool,
) -> None:
    """Tell what happened to a model, a version, or the registry itself.

    Without MODEL: new models, snapshots, recalls. Times are those at which events took effect.

    \b
    Examples:
      registry log flight_delay
      registry log flight_delay:3                the story of version 3
      registry log flight_delay --kind pointer_moved --since 2026-03-01T00:00Z
      registry log --last 20
    """
    from registry_assets.catalog.ledger import REGISTRY
    from registry_assets.catalog.log import Wanted
    from registry_assets.cli.output import log_document
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.tables import events_table

    registry = open_registry()
    chain, version = (REGISTRY, None) if reference is None else _about(reference)
    wanted = Wanted(
        since=_instant(since), until=_instant(until), kind=kind, actor=actor, version=version
    )
    page = registry.log_page(chain, wanted, last=last, before=before)
    if as_json:
        print_json(log_document(chain, page))
    elif page.events:
        show_page(events_table(page.events))
        if page.earlier:
            which = "earlier" if wanted.everything else "earlier to look through"
            command = "registry log" if reference is None else f"registry log {reference}"
            first = page.events[0].sequence
            click.echo(f"\n{page.earlier:,} {which}: {command} --before {first}")
    elif wanted.everything and before is None:
        click.echo("Nothing has happened yet.")
    else:
        click.echo("No such event.")


def _about(text: str) -> tuple[str, int | None]:
    """Give the model, and the version's number if one is named.

    Raises:
        InvalidReference: it names a version by pointer or digest.
    """
    from registry_assets.errors import InvalidReference
    from registry_assets.references import Reference

    parsed = Reference.parse(text)
    if parsed.pointer is not None or parsed.digest is not None:
        raise InvalidReference(
            f"the log knows versions by their number, and {text!r} has none",
            hint=f"`registry show {text}` gives it; then `registry log {parsed.model}:N`",
        )
    return parsed.model, parsed.version


def _instant(text: str | None) -> str | None:
    from registry_assets.clock import parse_instant, timestamp

    return None if text is None else timestamp(parse_instant(text))
