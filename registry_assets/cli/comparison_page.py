"""What people read of a comparison: a table for what differs, a line for what does not."""

import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from registry_assets.cli.figures import Both, comparison_body, weak_line
from registry_assets.cli.styles import joined, plain_grid, plain_table, stage_text
from registry_assets.cli.text import plural, short, visible
from registry_assets.evaluation.report.speeds import speed_rows
from registry_assets.evaluation.report.texts import NONE
from registry_assets.evaluation.results import Estimate, EvaluationResult, SliceResult
from registry_assets.lifecycle.comparing import Comparison, Side
from registry_assets.lifecycle.comparing.changes import Absent, Changes
from registry_assets.lifecycle.comparing.code import CodeChanges, FileChange
from registry_assets.lifecycle.comparing.data import Part, SnapshotChange, SnapshotChanges
from registry_assets.lifecycle.comparing.metrics import MetricChanges, Paired

_KINDS = {"added": "green", "removed": "red", "changed": "yellow"}
_LONGEST_VALUE = 300


def comparison_page(found: Comparison, both: Both) -> Group:
    """Show everything that differs between two versions."""
    names = (found.a.version.reference, found.b.version.reference)
    parts: list[RenderableType] = [_heading(found.a), _heading(found.b)]
    if not found.of_one_model:
        parts.append(Text("They are versions of two models.", "yellow"))
    if found.a.version.digest is not None and found.a.version.digest == found.b.version.digest:
        parts.append(Text("They are one and the same version."))
    same: list[str] = []
    for title, changes in (
        ("Target and holdout rule", found.recipe),
        ("Parameters", found.params),
    ):
        parts += _section(title, changes, names, same)
    parts += _data(found, names, same)
    parts += _code(found.code, names, same)
    parts += _section("Environment", found.environment, names, same)
    parts += _metrics(found.metrics, both, names)
    parts += _measured(both, names)
    parts += _section("Metadata", found.metadata, names, same)
    parts += _sizes(found, names, same)
    if same:
        parts += _titled("The same", Text(visible("; ".join(same)), "dim"))
    if found.gaps:
        grid = plain_table("could not be read", "why")
        for gap in found.gaps:
            grid.add_row(Text(visible(gap.what)), Text(visible(gap.why)))
        parts += _titled("Not compared", grid)
    return Group(*parts)


def _heading(side: Side) -> Text:
    version = side.version
    return joined(
        Text(version.reference, "bold"), stage_text(side.stage), Text(short(version.digest), "cyan")
    )


def _titled(title: str, body: RenderableType) -> list[RenderableType]:
    return [Text(), Text(title, "bold"), Padding(body, (0, 0, 0, 2))]


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
    return _titled(title, table)


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
    return _titled(title, table)


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
    parts = _titled("Code", table)
    for file in code.changed:
        if file.lines:
            parts += _titled(visible(file.path), _lines(file))
    return parts


def _lines(file: FileChange) -> Text:
    styles = {"+": "green", "-": "red", "@": "cyan"}
    lines = [Text(visible(line), styles.get(line[:1], "")) for line in file.lines]
    if file.more_lines:
        lines.append(Text(f"… and {plural(file.more_lines, 'more line')}", "dim"))
    return Text("\n").join(lines)


def _metrics(metrics: MetricChanges, both: Both, names: tuple[str, str]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    if metrics.metrics:
        parts += _titled("Metrics, with their 95 % intervals", _metrics_table(metrics, names))
    if metrics.incomparable:
        parts.append(
            Padding(
                Text(visible(f"Not comparable: {metrics.incomparable}"), "yellow"), (0, 0, 0, 2)
            )
        )
    if metrics.paired is not None:
        parts += _titled(
            f"{metrics.paired.candidate} beside {metrics.paired.baseline}, on the same"
            f" {plural(metrics.paired.rows, 'row')}",
            _paired(metrics.paired, both),
        )
    if metrics.slices:
        headline = metrics.metrics[0].name
        parts += _titled(visible(f"By slice, {headline}"), _slices(metrics, headline, names))
    return parts


def _metrics_table(metrics: MetricChanges, names: tuple[str, str]) -> Table:
    table = plain_table("metric", *names, "difference")
    table.columns[3].justify = "right"
    for metric in metrics.metrics:
        table.add_row(
            Text(visible(metric.name)),
            _estimate(metric.before),
            _estimate(metric.after),
            _difference(metric.difference),
        )
    return table


def _estimate(estimate: Estimate | None) -> Text:
    if estimate is None:
        return Text("–", "dim")
    if not estimate.defined:
        return Text(visible(f"undefined: {estimate.reason}"), "yellow")
    return Text(f"{estimate.value:.4f} [{estimate.low:.4f}, {estimate.high:.4f}]")


def _difference(difference: float | None) -> str:
    return "–" if difference is None else f"{difference:+.4f}"


def _paired(paired: Paired, both: Both) -> RenderableType:
    if paired.undecided:
        return Text(visible(f"undecided: {paired.undecided}"), "yellow")
    if both.judged:
        return comparison_body(both.judged.comparison)
    return Text("its figures cannot be read", "yellow")


def _measured(both: Both, names: tuple[str, str]) -> list[RenderableType]:
    """Show fairness, weak slices and speed of both sides."""
    sides = (both.before, both.after)
    columns = dict.fromkeys(found.by for side in sides if side for found in side.fairness)
    parts: list[RenderableType] = []
    for column in columns:
        title = visible(f"Fairness by {column}")
        parts += _titled(title, _disparities(column, sides, names))
    searches = [side.weak_slices if side else None for side in sides]
    if any(searches):
        grid = plain_grid(2, gap=2)
        for name, search in zip(names, searches, strict=True):
            grid.add_row(Text(name, "dim"), weak_line(search))
        parts += _titled("Weak slices that nobody named", grid)
    speeds = [list(speed_rows(side.speed)) if side and side.speed else [] for side in sides]
    if any(speeds):
        table = plain_table("", *names)
        for old, new in zip_longest(*speeds):
            title = (old or new).name.lower()
            values = (row.candidate if row else NONE for row in (old, new))
            table.add_row(Text(title, "dim"), *values)
        parts += _titled("Speed, each at its own evaluation", table)
    return parts


def _disparities(
    column: str, sides: tuple[EvaluationResult | None, ...], names: tuple[str, str]
) -> Table:
    found: list[Mapping[str, Estimate]] = [
        next((part.disparities for part in side.fairness if part.by == column), {}) if side else {}
        for side in sides
    ]
    table = plain_table("disparity", *names)
    for name in dict.fromkeys([*found[0], *found[1]]):
        table.add_row(Text(visible(name)), *(_estimate(side.get(name)) for side in found))
    return table


def _slices(metrics: MetricChanges, headline: str, names: tuple[str, str]) -> Table:
    table = plain_table("slice", *names, "difference")
    table.columns[3].justify = "right"
    for part in metrics.slices:
        table.add_row(
            Text(visible(part.label)),
            _slice(part.before, headline),
            _slice(part.after, headline),
            _difference(part.difference),
        )
    return table


def _slice(part: SliceResult | None, headline: str) -> Text:
    if part is None:
        return Text("–", "dim")
    found = part.estimates.get(headline)
    if found is None:
        return Text(f"too few rows ({part.rows:,})", "dim")
    return _estimate(found) + Text(f" of {part.rows:,}", "dim")


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
    return _titled("Size of the package", table)


def _bytes(size: Any) -> Text:
    return Text(f"{size:,}") if isinstance(size, int) else Text("–", "dim")
