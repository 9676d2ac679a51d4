"""What is shown of versions that came from other kinds of registries, for people and programs."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from registry_assets.catalog.imported import ImportedRecord
from registry_assets.cli.described import pairs, section
from registry_assets.cli.plain import Document
from registry_assets.cli.styles import facts_grid, plain_grid, plain_table
from registry_assets.cli.text import day, moment, plural, short, visible
from registry_assets.manifest import Manifest

_FEW = 3


def imported_document(record: ImportedRecord, manifest: Manifest | None = None) -> Document:
    """Give one imported version.

    Args:
        manifest: where its files are to be listed.
    """
    files: Document = {}
    if manifest is not None:
        files["files"] = [
            {"path": entry.path, "sha256": entry.sha256, "size": entry.size}
            for entry in manifest.files
        ]
    return {
        "model": record.model,
        "version": record.number,
        "digest": record.digest,
        "state": record.state,
        "source": record.source,
        "foreign_name": record.foreign_name,
        "foreign_number": record.foreign_number,
        "address": record.address,
        "has_files": record.files == "whole",
        "promotable": False,
        "why_not": record.why_not,
        **{name: record.said.get(name) for name in _SAID},
        "imported_at": record.imported_at,
        "imported_by": record.actor,
        **files,
    }


_SAID = (
    "url",
    "run_url",
    "created_at",
    "updated_at",
    "user",
    "description",
    "stage",
    "status",
    "tags",
    "run",
    "unsafe",
    "same_as",
    "not_carried",
)


def imported_table(records: Sequence[ImportedRecord]) -> Table:
    """Show imported versions: from where, how good they were, and what is wrong with them."""
    table = plain_table("version", "imported from", "made", "stage there", "metrics", "files")
    table.columns[0].justify = "right"
    for record in records:
        said = record.said
        run = said.get("run") or {}
        table.add_row(
            str(record.number),
            Text(visible(record.there)),
            Text(day(said["created_at"]) if said.get("created_at") else "unknown"),
            Text(visible(said.get("stage") or "")),
            Text(visible(_few(run.get("metrics", {})))),
            _files(record),
        )
    return table


def imported_page(record: ImportedRecord, manifest: Manifest) -> Group:
    """Show everything about one imported version."""
    said = record.said
    run = said.get("run") or {}
    grid = facts_grid()
    grid.add_row("imported from", Text(visible(f"{record.there} at {record.address}")))
    grid.add_row("its page", Text(visible(str(said.get("url") or ""))))
    if said.get("created_at"):
        by = f" by {said['user']}" if said.get("user") else ""
        grid.add_row("made", Text(visible(f"{moment(said['created_at'])}{by}")))
    if said.get("stage"):
        grid.add_row("stage there", Text(visible(str(said["stage"]))))
    if said.get("description"):
        grid.add_row("description", Text(visible(str(said["description"]), lines=True)))
    if said.get("tags"):
        grid.add_row("tags", Text(visible(pairs(said["tags"]))))
    if run:
        grid.add_row("run", Text(visible(f"{run['run_id']} {run['name']} ({run['status']})")))
        if said.get("run_url"):
            grid.add_row("run's page", Text(visible(str(said["run_url"]))))
        grid.add_row("params", Text(visible(pairs(run["params"]))))
        for each in run["inputs"]:
            used = f" ({each['context']})" if each["context"] else ""
            grid.add_row("data", Text(visible(f"{each['name']} {each['digest']}{used}")))
    grid.add_row("imported", Text(visible(f"{moment(record.imported_at)} by {record.actor}")))
    title = Text.assemble((record.reference, "bold"), "  ", ("imported", "yellow"))
    parts: list[RenderableType] = [title, Text(short(record.digest), "cyan"), Text(), grid]
    if run.get("metrics"):
        parts += section("Metrics there", _metrics(run["metrics"]))
    parts += section("Files", _file_list(record, manifest))
    lost = said.get("not_carried", ())
    if lost:
        parts += section("Did not come", _lines(lost))
    parts += section("It cannot be promoted", _lines([f"{record.why_not}.", f"{record.remedy}."]))
    return Group(*parts)


def imported_panel(record: ImportedRecord) -> Panel:
    """Say why an imported version cannot be promoted, and what to do."""
    parts: list[RenderableType] = [
        Text.assemble(f"Version {record.number} cannot be promoted", style="bold yellow"),
        Text(),
        Text(visible(f"{record.why_not}.")),
        Text(),
        Text("What to do next", "bold"),
        _lines([record.remedy], mark="→"),
    ]
    return Panel(Group(*parts), title=Text(record.reference, "bold"), title_align="left")


def _few(metrics: Mapping[str, Any]) -> str:
    shown = [f"{name} {value:.4g}" for name, value in list(metrics.items())[:_FEW]]
    more = f" and {len(metrics) - _FEW} more" if len(metrics) > _FEW else ""
    return f"{', '.join(shown)}{more}"


def _files(record: ImportedRecord) -> Text:
    if record.files == "absent":
        return Text("not here", "yellow")
    return Text("unsafe: pickle", "red") if record.unsafe else Text("")


def _metrics(metrics: Mapping[str, float]) -> Table:
    table = plain_table("metric", "value")
    table.columns[1].justify = "right"
    for name, value in metrics.items():
        table.add_row(Text(visible(name)), f"{value:.6g}")
    return table


def _file_list(record: ImportedRecord, manifest: Manifest) -> RenderableType:
    if not manifest.files:
        return Text("None came.", "yellow")
    table = plain_table("file", "bytes", "")
    table.columns[1].justify = "right"
    for entry in manifest.files:
        unsafe = entry.path in record.unsafe
        said = Text("unsafe: pickle", "red") if unsafe else Text("")
        table.add_row(Text(visible(entry.path)), f"{entry.size:,}", said)
    total = f"{plural(len(manifest.files), 'file')}, kept and never opened"
    # Not as the table's caption, which is folded to the width of the names.
    return Group(table, Text(total, "dim italic"))


def _lines(lines: Sequence[str], *, mark: str = "-") -> Table:
    grid = plain_grid(2)
    for line in lines:
        grid.add_row(mark, Text(visible(line)))
    return grid
