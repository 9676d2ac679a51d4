"""`registry lineage`: the command; what it prints is made in `lineage`."""

from typing import TYPE_CHECKING

import click

from registry_assets.cli.reading import PAGE, json_option, limit_option, open_registry, show_page

if TYPE_CHECKING:
    from registry_assets.references import Subject


@click.command()
@click.argument("subject", metavar="[REF|ASSET[PARTITION]|DIGEST]", required=False)
@click.option(
    "--asset", metavar="KEY", help="All snapshots of an asset, whatever else has its name."
)
@click.option("--commit", metavar="SHA", help="The versions of a commit: 7 digits or more.")
@click.option(
    "--down/--up",
    default=None,
    help="What was built on it (default, but for a version), or what it was made from.",
)
@limit_option("of each kind, going down")
@json_option
def lineage(
    subject: str | None,
    *,
    asset: str | None,
    commit: str | None,
    down: bool | None,
    limit: int = PAGE,
    as_json: bool,
) -> None:
    """Draw what a version was made from, or what was built on data or code.

    \b
    Examples:
      registry lineage flight_delay@production           back to the data
      registry lineage flight_delay:3 --down             its evaluations, and where it was
      registry lineage 'flights[2013-03]'                whatever stands on that month
      registry lineage planes                            on any snapshot of an asset
      registry lineage planes --up                       what its snapshot was made from
      registry lineage --commit 1f2e3d4                  on the code of a commit
    """
    from registry_assets.cli.lineage import (
        ancestors_document,
        ancestors_tree,
        descendants_document,
        descendants_page,
    )
    from registry_assets.cli.plain import print_json
    from registry_assets.references import Reference

    asked = _asked(subject, asset, commit)
    registry = open_registry()
    settled = registry.settle(asked)
    if isinstance(settled, Reference) and not down:
        _draw_version(str(settled), as_json=as_json)
        return
    if down is False:
        above = registry.ancestors(settled)
        print_json(ancestors_document(above)) if as_json else show_page(ancestors_tree(above))
        return
    found = registry.descendants(settled, limit=limit)
    print_json(descendants_document(found)) if as_json else show_page(descendants_page(found))


def _draw_version(reference: str, *, as_json: bool) -> None:
    from registry_assets.cli.answers import read_version
    from registry_assets.cli.lineage import lineage_tree, read_lineage
    from registry_assets.cli.output import lineage_document
    from registry_assets.cli.plain import print_json

    registry = open_registry()
    committed = registry.resolve(reference)
    found = read_lineage(registry, read_version(registry, committed.reference))
    print_json(lineage_document(found)) if as_json else show_page(lineage_tree(found))


def _asked(subject: str | None, asset: str | None, commit: str | None) -> "Subject":
    from registry_assets.references import CommitName, SnapshotName, parse_subject

    given = [found for found in (subject, asset, commit) if found is not None]
    if len(given) != 1:
        raise click.UsageError(
            "Name one thing: a version, a snapshot, a digest, --asset KEY or --commit SHA."
        )
    if asset is not None:
        return SnapshotName(asset)
    if commit is not None:
        return CommitName(commit)
    return parse_subject(str(subject))
