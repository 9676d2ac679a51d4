"""`registry openlineage`: the ledger as events of OpenLineage, and how far it was told."""

from typing import TYPE_CHECKING

import click

from registry_assets.cli.reading import json_option, open_registry

if TYPE_CHECKING:
    from registry_assets.cli.plain import Document
    from registry_assets.lifecycle.openlineage.emitting import Progress
    from registry_assets.openlineage.destination import Destination
    from registry_assets.registry import Registry


@click.command()
@click.option("--send", is_flag=True, help="Tell now what was not told yet.")
@click.option("--retry", is_flag=True, help="Tell once more what was refused.")
@json_option
@click.pass_context
def openlineage(context: click.Context, *, send: bool, retry: bool, as_json: bool) -> None:
    """Show how much of the ledger was told as events of OpenLineage.

    Off unless REGISTRY_OPENLINEAGE names a file (file:lineage.jsonl) or an address
    (https://…/api/v1/lineage). Dagster's sensor tells by itself; where no daemon runs, --send in
    a cron line does. Exit code 1 where something was not taken.

    \b
    Examples:
      registry openlineage
      registry openlineage --send
      registry openlineage --retry
    """
    from registry_assets.cli.plain import print_json

    if send and retry:
        raise click.UsageError("--send and --retry: choose one")
    registry = open_registry()
    destination = registry.lineage_destination()
    if destination is None:
        _nobody(context, asked=send or retry, as_json=as_json)
        return
    sent, failed = _told(registry, destination, send=send, retry=retry)
    progress = registry.lineage_progress(destination)
    if as_json:
        print_json(
            {
                "destination": destination.shown,
                "sent": sent,
                "waiting": progress.waiting,
                "error": failed or progress.position.error,
                **_refused(progress),
            }
        )
    else:
        _show(destination, progress, sent=sent, failed=failed)
    context.exit(1 if failed or ((send or retry) and progress.position.refused) else 0)


def _told(
    registry: "Registry", destination: "Destination", *, send: bool, retry: bool
) -> tuple[int, str]:
    from registry_assets.errors import DeliveryFailed

    if send:
        done = registry.tell_lineage(destination)
        return done.sent, done.error
    try:
        if retry:
            registry.retry_lineage(destination)
    except DeliveryFailed as error:
        return 0, error.message
    return 0, ""


def _nobody(context: click.Context, *, asked: bool, as_json: bool) -> None:
    from registry_assets.cli.plain import print_json

    if as_json:
        counts: Document = {"sent": 0, "waiting": 0}
        print_json({"destination": None, **counts, "error": None, "refused": []})
    else:
        click.echo(
            "Nobody is told of lineage: REGISTRY_OPENLINEAGE is not set.\n"
            "Next: REGISTRY_OPENLINEAGE=file:lineage.jsonl registry openlineage --send"
        )
    context.exit(2 if asked else 0)


def _refused(progress: "Progress") -> dict[str, object]:
    return {
        "refused": [
            {"chain": each.chain, "sequence": each.sequence, "error": each.error}
            for each in progress.position.refused
        ]
    }


def _show(destination: "Destination", progress: "Progress", *, sent: int, failed: str) -> None:
    from registry_assets.cli.text import plural, visible

    click.echo(f"To {visible(destination.shown)}: {plural(sent, 'event')} sent now.")
    if progress.waiting:
        click.echo(f"{plural(progress.waiting, 'event')} of the ledger to be told.")
    else:
        click.echo("Everything in the ledger was told.")
    if said := failed or progress.position.error:
        click.echo(f"It was not taken: {visible(said)}.")
        click.echo("Nothing is lost: it is told the next time.")
    for each in progress.position.refused:
        where = f"event {each.sequence} of {visible(each.chain)}"
        click.echo(f"Refused: {where}: {visible(each.error)}")
    if progress.position.refused:
        click.echo("Next: `registry openlineage --retry` tells those once more.")
