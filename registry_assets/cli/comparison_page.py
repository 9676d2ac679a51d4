"""What people read of a comparison: a table for what differs, a line for what does not.

How good the two are is told by `comparison_figures`.
"""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from registry_assets.cli.comparison_figures import (
    gates_parts,
    measured_parts,
    metrics_parts,
    slices_parts,
    titled,
)
from registry_assets.cli.comparison_verdicts import Verdicts
from registry_assets.cli.styles import joined, plain_table, stage_text
from registry_assets.cli.text import plural, short, visible
from registry_assets.lifecycle.comparing import Comparison, Side
from registry_assets.lifecycle.comparing.changes import Absent, Changes
from registry_assets.lifecycle.comparing.code import CodeChanges, FileChange
from registry_assets.lifecycle.comparing.data import Part, SnapshotChange, SnapshotChanges
from registry_assets.lifecycle.comparing.figures import Both

_KINDS = {"added": "green", "removed": "red", "changed": "yellow"}
_LONGEST_VALUE = 300


def comparison_page(found: Comparison, both: Both, verdicts: Verdicts) -> Group:
    """Show what a comparison comes to, and everything that differs between two versions."""
    names = (found.a.version.reference, found.b.version.reference)
    parts: list[RenderableType] = [_heading(found.a), _heading(found.b)]
    if not found.of_one_model:
        parts.append(Text("They are versions of two models.", "yellow"))
    if found.a.version.digest is not None and found.a.version.digest == found.b.version.digest:
        parts.append(Text("They are one and the same version."))
    if summary := verdicts.summary(both.judged):
        parts.append(Text(visible(summary)))
    same: list[str] = []
    for title, changes in (
        ("Target and holdout rule", found.recipe),
        ("Parameters", found.params),
    ):
        parts += _section(title, changes, names, same)
    parts += _data(found, names, same)
    parts += _code(found.code, names, same)
    parts += _section("Environment", found.environment, names, same)
    parts += metrics_parts(found, both, names)
    parts += gates_parts(verdicts, names)
    parts += slices_parts(found.metrics, names)
    parts += measured_parts(both, names)
    parts += _section("Metadata", found.metadata, names, same)
    parts += _sizes(found, names, same)
    if same:
        parts += titled("The same", Text(visible("; ".join(same)), "dim"))
    if found.gaps:
        grid = plain_table("could not be read", "why")
        for gap in found.gaps:
            grid.add_row(Text(visible(gap.what)), Text(visible(gap.why)))
        parts += titled("Not compared", grid)
    return Group(*parts)


def _heading(side: Side) -> Text:
    version = side.version
    return joined(
        Text(version.reference, "bold"), stage_text(side.stage), Text(short(version.digest), "cyan")
    )


def _section(
    title: str, changes: Changes, names: tuple[str, str], same: list[str]
) -> list[RenderableType]:
    """Show what differs; note what is the same in the line that sums it up."""
    if not changes.compared:
        return []
    if changes.same:
        same.append(f"{title.lower()}: {_count(len(changes.same), changes.changed)}")
    if not changes.changed:
        return []
    table = plain_table("", *names)
    for change in changes.changed:
        table.add_row(
            Text(visible(change.name), _KINDS[change.kind]),
            _value(change.before),
            _value(change.after),
        )
    return titled(title, table)


def _count(same: int, changed: Sequence[object]) -> str:
    return plural(same, "other") if changed else "all"


def _value(value: Any) -> Text:
    if isinstance(value, Absent):
        return Text("–", "dim")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    cut = text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]} …"
    return Text(visible(cut))


def _data(found: Comparison, names: tuple[str, str], same: list[str]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for title, changes in (
        ("Trained on", found.data.train),
        ("Held out", found.data.holdout),
        ("Datasets behind the features", found.data.datasets),
    ):
        parts += _snapshots(title, changes, names, same)
    return parts + _section("Columns", found.data.columns, names, same)


def _snapshots(
    title: str, changes: SnapshotChanges, names: tuple[str, str], same: list[str]
) -> list[RenderableType]:
    unchanged = len(changes.snapshots) - len(changes.changed)
    if unchanged:
        same.append(f"{title.lower()}: {plural(unchanged, 'snapshot')}")
    if not changes.changed:
        return []
    table = plain_table("", *names)
    for change in changes.changed:
        table.add_row(_snapshot_name(change), _part(change.before), _part(change.after))
    rows = [plural(count, "row") if count is not None else "not known" for count in changes.rows]
    table.add_row(Text("in all", "dim"), *rows)
    return titled(title, table)


def _snapshot_name(change: SnapshotChange) -> Text:
    return Text(visible(change.name), _KINDS[change.kind])


def _part(part: Part | None) -> Text:
    if part is None:
        return Text("–", "dim")
    rows = plural(part.rows, "row") if part.rows is not None else "rows not known"
    return joined(rows, Text(short(part.digest), "cyan"))


def _code(code: CodeChanges, names: tuple[str, str], same: list[str]) -> list[RenderableType]:
    unchanged = len(code.files) - len(code.changed)
    if unchanged:
        same.append(f"code: {plural(unchanged, 'file')}")
    if not code.changed:
        return []
    table = plain_table("file", "of", *names)
    for file in code.changed:
        table.add_row(
            Text(visible(file.path), _KINDS[file.kind]),
            file.part,
            Text(short(file.before) or "–", "cyan"),
            Text(short(file.after) or "–", "cyan"),
        )
    parts = titled("Code", table)
    for file in code.changed:
        if file.lines:
            parts += titled(visible(file.path), _lines(file))
    return parts


def _lines(file: FileChange) -> Text:
    styles = {"+": "green", "-": "red", "@": "cyan"}
    lines = [Text(visible(line), styles.get(line[:1], "")) for line in file.lines]
    if file.more_lines:
        lines.append(Text(f"… and {plural(file.more_lines, 'more line')}", "dim"))
    return Text("\n").join(lines)


def _sizes(found: Comparison, names: tuple[str, str], same: list[str]) -> list[RenderableType]:
    if not found.sizes.compared:
        return []
    if found.sizes.same:
        same.append(f"sizes: {plural(len(found.sizes.same), 'file')}")
    before, after = found.total_sizes
    if not found.sizes.changed:
        return []
    table = plain_table("bytes", *names)
    for column in (1, 2):
        table.columns[column].justify = "right"
    for change in found.sizes.changed:
        table.add_row(
            Text(visible(change.name), _KINDS[change.kind]),
            _bytes(change.before),
            _bytes(change.after),
        )
    table.add_row(Text("in all", "dim"), _bytes(before), _bytes(after))
    return titled("Size of the package", table)


def _bytes(size: Any) -> Text:
    return Text(f"{size:,}") if isinstance(size, int) else Text("–", "dim")
