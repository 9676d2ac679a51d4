"""Commands about data that was wrong: `recall`, which also lifts, and `recalls`.

What they print is made in `recalls`.
"""

from typing import TYPE_CHECKING

import click

from registry_assets.cli.deciding import unasked_option
from registry_assets.cli.options import confirm, reason_option, require_reason
from registry_assets.cli.reading import PAGE, json_option, limit_option, open_registry, show_page
from registry_assets.cli.text import plural, short, visible

if TYPE_CHECKING:
    from registry_assets.lifecycle.recallable import Recallable
    from registry_assets.lifecycle.recalling import Reach, Recalled
    from registry_assets.registry import Registry


@click.command()
@click.argument("asset", metavar="ASSET|DIGEST")
@click.argument("partition", metavar="[PARTITION]", required=False)
@reason_option(required=True)
@click.option("--all", "whole_history", is_flag=True, help="Also what it held before.")
@click.option("--lift", is_flag=True, help="Take it back: the data was right.")
@limit_option("of each kind that was built on it")
@unasked_option
@json_option
def recall(
    asset: str,
    partition: str | None,
    *,
    reason: str,
    whole_history: bool,
    lift: bool,
    limit: int = PAGE,
    yes: bool,
    as_json: bool,
) -> None:
    """Say that data was wrong: whatever was made from it is held.

    What the partition holds now is recalled; with --all also what it held before, and by its
    digest any one snapshot. No pointer moves and nothing is deleted: the answer lists everything
    that was built on it, and how to roll back.

    \b
    Examples:
      registry recall flights 2013-03 --reason "a day came twice"
      registry recall 'flights[2013-03]' --all --reason "the source was wrong all along" --yes
      registry recall flights 2013-03 --lift --reason "it was the report that was wrong"
    """
    name = _named(asset, partition)
    require_reason(reason, what="lifting a recall" if lift else "a recall")
    registry = open_registry()
    if lift:
        if whole_history:
            raise click.UsageError("--lift takes back every recall of a partition; leave out --all")
        _lift(registry, name, reason, as_json=as_json)
        return
    from registry_assets.cli.recalls import reach_page
    from registry_assets.lifecycle.backends import RunInfo

    reach = registry.plan_recall(name, whole_history=whole_history, limit=limit)
    # Whoever repeats what was done is asked nothing.
    if reach.marked and not as_json:
        show_page(reach_page(reach))
        click.echo()
    if reach.marked and not yes:
        confirm(_question(reach))
    done = registry.recall(
        name,
        whole_history=whole_history,
        looked_at=reach.digests,
        limit=limit,
        reason=reason,
        run=RunInfo.by_hand(),
    )
    _say_recalled(done, as_json=as_json)


@click.command()
@json_option
def recalls(*, as_json: bool) -> None:
    """List which data was recalled, and the pointers that stand on it.

    \b
    Example:
      registry recalls
    """
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.recalls import recalls_document, recalls_page

    registry = open_registry()
    found, proposed = registry.recalls(), registry.rollback_proposals()
    if as_json:
        print_json(recalls_document(found, proposed))
    elif found:
        show_page(recalls_page(found, proposed))
    else:
        click.echo("No data was ever recalled.")
        click.echo("Next: `registry recall ASSET PARTITION --reason …` says that some was wrong.")


def _named(asset: str, partition: str | None) -> "Recallable":
    from registry_assets.references import ManifestName, SnapshotName

    if partition is None:
        is_digest = asset.startswith("sha256:")
        return ManifestName(asset) if is_digest else SnapshotName.parse(asset)
    if "[" in asset or asset.startswith("sha256:"):
        raise click.UsageError(f"{asset} names a partition already: leave out {partition}")
    return SnapshotName(asset, partition)


def _question(reach: "Reach") -> str:
    held = plural(reach.built.totals["versions"] + len(reach.judged), "version")
    return f"Recall {plural(len(reach.marked), 'snapshot')} of {reach.name}, and hold {held}?"


def _say_recalled(done: "Recalled", *, as_json: bool) -> None:
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.recalls import proposals_page, recalled_document

    reach = done.reach
    if as_json:
        print_json(recalled_document(done))
        return
    if done.changed:
        marked = ", ".join(map(short, reach.marked))
        click.echo(f"{visible(reach.name)} is recalled: {marked}. Nothing was deleted.")
    else:
        click.echo(f"Nothing to do: {visible(done.recalls[0].sentence)}")
    if reach.others:
        others = plural(reach.others, "other snapshot")
        click.echo(f"The partition has held {others}, not recalled by this: --all takes them too.")
    click.echo("Whatever was made from it is held, and so is what will be.")
    if done.proposals:
        click.echo()
        show_page(proposals_page(done.proposals))
    else:
        click.echo("No pointer stands on it.")
    click.echo(
        f"Next: materialize {visible(reach.name)} again, with the right data, and train anew;"
        " `registry recalls` lists what waits."
    )


def _lift(registry: "Registry", name: "Recallable", reason: str, *, as_json: bool) -> None:
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.recalls import recall_document
    from registry_assets.lifecycle.backends import RunInfo

    done = registry.lift_recall(name, reason=reason, run=RunInfo.by_hand())
    if as_json:
        print_json(
            {
                "name": done.name,
                "changed": done.changed,
                "recalls": [recall_document(recall) for recall in done.recalls],
            }
        )
        return
    if done.changed:
        click.echo(f"The recall of {visible(done.name)} is lifted. No pointer was moved.")
        click.echo("What was made from it is held by it no more.")
    else:
        click.echo(f"Nothing to do: {visible(done.recalls[-1].sentence)}")
    click.echo("Next: `registry recalls` lists what is recalled still.")
