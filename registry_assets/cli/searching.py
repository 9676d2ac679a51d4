"""`registry search`: the filter language on the command line; the language is `search/`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from registry_assets.cli.reading import json_option, open_registry, show_page

if TYPE_CHECKING:
    from rich.table import Table

    from registry_assets.search.fields import Entity
    from registry_assets.search.records import Found, SearchPage


@click.command()
@click.argument("filter_", metavar="[FILTER]", default="")
@click.option("--models", "entity", flag_value="models", help="Search models, not versions.")
@click.option("--evaluations", "entity", flag_value="evaluations", help="Search evaluations.")
@click.option(
    "--order-by",
    metavar="FIELD [desc]",
    help="Such as 'metrics.roc_auc desc'; by default the newest come first.",
)
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, show_default=True, metavar="N")
@click.option("--cursor", help="Go on where a page ended.")
@click.option("--explain", "explained", is_flag=True, help="Say how it would be searched, only.")
@json_option
def search(
    filter_: str,
    *,
    entity: "Entity | None",
    order_by: str | None,
    limit: int,
    cursor: str | None,
    explained: bool,
    as_json: bool,
) -> None:
    """Find versions, models or evaluations by a filter.

    Without FILTER all are listed. Compare by = != < <= > >=, in (…), like 'pre%' and
    is null; join by and, or, not. Text stands in single quotes.

    \b
    Fields of versions:
      model version stage state digest commit actor owner description created_at
      tags.NAME params.NAME metrics.NAME properties.NAME
    Of models:
      name task risk owner description created_at tags.NAME
    Of evaluations:
      model version passed suite digest created_at metrics.NAME gates.NAME

    \b
    Examples:
      registry search "stage = 'production' and tags.team = 'risk'"
      registry search "metrics.roc_auc > 0.8 and params.max_iter >= 200" --json
      registry search "model = 'flight_delay'" --order-by "metrics.roc_auc desc"
      registry search "passed = false and created_at > '2026-01-01'" --evaluations
    """
    from registry_assets.search.questions import NEWEST_FIRST

    registry: Any = open_registry()
    chosen: Entity = entity or "versions"
    order = order_by or NEWEST_FIRST
    if explained:
        _print_plan(registry.explain_search(filter_, entity=chosen, order_by=order), as_json)
        return
    page = registry.search(filter_, entity=chosen, order_by=order, limit=limit, cursor=cursor)
    if as_json:
        from registry_assets.cli.plain import print_json

        print_json(page_document(page, entity=chosen))
        return
    if page.items:
        show_page(found_table(page.items))
    else:
        click.echo(f"No {chosen} found.")
    for note in page.notes:
        click.echo(f"Note: {note}")
    if page.next_cursor is not None:
        click.echo(f"There are more: add --cursor {page.next_cursor}")


def page_document(page: "SearchPage[Any]", *, entity: "Entity") -> dict[str, Any]:
    """Give a page as JSON."""
    return {
        entity: [_document(item) for item in page.items],
        "next_cursor": page.next_cursor,
        "notes": list(page.notes),
    }


def _document(item: "Found") -> dict[str, Any]:
    from registry_assets.search.records import FoundModel, FoundVersion

    fields = item._asdict()
    for name in [name for name in fields if name.endswith("_json")]:
        del fields[name]
        plain = name.removesuffix("_json")
        fields[plain] = dict(getattr(item, plain))
    if isinstance(item, FoundModel):
        return {"model": fields.pop("name"), **fields}
    if isinstance(item, FoundVersion):
        model, number = fields.pop("model"), fields.pop("number")
        return {"reference": item.reference, "model": model, "version": number, **fields}
    del fields["id"]  # a row's number is nobody's business: another registry has another
    return {"reference": item.reference, **fields}


def found_table(items: "Sequence[Found]") -> "Table":
    """Show what was found, a line each."""
    from rich.text import Text

    from registry_assets.cli.styles import plain_table, stage_text
    from registry_assets.cli.text import moment, visible
    from registry_assets.search.records import FoundModel, FoundVersion

    def values(found: "Any") -> Text:
        return Text(visible(", ".join(f"{name} {value:.4g}" for name, value in found.items())))

    def tags(found: "Any") -> Text:
        return Text(visible(", ".join(f"{name}={value}" for name, value in found.items())))

    first = items[0]
    if isinstance(first, FoundVersion):
        table = plain_table("version", "stage", "reserved", "metrics", "tags")
    elif isinstance(first, FoundModel):
        table = plain_table("model", "task", "risk", "registered", "tags")
    else:
        table = plain_table("version", "passed", "evaluated", "metrics")
    for item in items:
        name = Text(item.reference, "bold")
        when = moment(item.created_at)
        if isinstance(item, FoundVersion):
            metrics, tagged = values(item.metrics), tags(item.tags)
            table.add_row(name, stage_text(item.stage), when, metrics, tagged)
        elif isinstance(item, FoundModel):
            risk = Text(visible(item.risk))
            table.add_row(name, Text(visible(item.task)), risk, when, tags(item.tags))
        else:
            table.add_row(name, Text(item.passed), when, values(item.metrics))
    return table


def _print_plan(sentences: Sequence[str], as_json: bool) -> None:  # noqa: FBT001 - the option's value
    if as_json:
        from registry_assets.cli.plain import print_json

        print_json({"plan": list(sentences)})
        return
    from registry_assets.cli.text import visible

    for sentence in sentences:
        click.echo(visible(sentence))
