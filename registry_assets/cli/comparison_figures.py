"""How good two versions are, side by side: metrics, gates, slices, fairness and speed.

Parts of the page that `comparison_page` shows in a terminal, each under its title.
"""

from collections.abc import Mapping
from itertools import zip_longest

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from registry_assets.cli.answers import Check
from registry_assets.cli.comparison_verdicts import Verdicts
from registry_assets.cli.figures import (
    changes_body,
    comparison_body,
    verdict_text,
    weak_line,
)
from registry_assets.cli.styles import FirstThatFits, outcome_text, plain_grid, plain_table
from registry_assets.cli.text import plural, visible
from registry_assets.evaluation.report.speeds import speed_rows
from registry_assets.evaluation.report.texts import NONE
from registry_assets.evaluation.results import Comparison as Compared
from registry_assets.evaluation.results import Estimate, EvaluationResult, SliceResult
from registry_assets.lifecycle.comparing import Comparison
from registry_assets.lifecycle.comparing.figures import Both, Judged, on_equal_rows
from registry_assets.lifecycle.comparing.metrics import MetricChanges, Paired

_SPACES = (" ", "\n")
"""What stands between a value and its interval: on a wide terminal, and on a narrow one."""


def titled(title: str, body: RenderableType) -> list[RenderableType]:
    """Give a part of a page under its title, an empty line before it."""
    return [Text(), Text(title, "bold"), Padding(body, (0, 0, 0, 2))]


def metrics_parts(found: Comparison, both: Both, names: tuple[str, str]) -> list[RenderableType]:
    """Show the metrics of both; with their differences, where these were measured."""
    metrics = found.metrics
    judged = on_equal_rows(found, both)
    parts: list[RenderableType] = []
    if metrics.metrics:
        body = _metrics_body(metrics, judged, names)
        parts += titled("Metrics, with their 95 % intervals", body)
    if metrics.incomparable:
        said = Text(visible(f"Not comparable: {metrics.incomparable}"), "yellow")
        parts.append(Padding(said, (0, 0, 0, 2)))
    if metrics.paired is not None and judged is None:
        parts += titled(_beside(metrics.paired), _paired(metrics.paired, both))
    return parts


def _beside(paired: Paired) -> str:
    rows = plural(paired.rows, "row")
    return f"{paired.candidate} beside {paired.baseline}, on the same {rows}"


def _metrics_body(
    metrics: MetricChanges, judged: Judged | None, names: tuple[str, str]
) -> RenderableType:
    if judged is None:
        return FirstThatFits([_unpaired_table(metrics, names, space) for space in _SPACES])
    compared = judged.comparison
    body = FirstThatFits([_paired_table(metrics, compared, names, space) for space in _SPACES])
    said = (
        f"difference: {judged.candidate} minus {judged.baseline}, on the same"
        f" {plural(compared.rows, 'row')}"
    )
    changes = [changes_body(compared.changes)] if compared.changes else []
    return Group(body, Text(said, "dim"), *changes)


def _unpaired_table(metrics: MetricChanges, names: tuple[str, str], space: str) -> Table:
    differences = not metrics.incomparable
    table = plain_table("metric", *names, *(["difference"] if differences else []))
    if differences:
        table.columns[3].justify = "right"
    for metric in metrics.metrics:
        table.add_row(
            Text(visible(metric.name)),
            _estimate(metric.before, space),
            _estimate(metric.after, space),
            *([_difference(metric.difference)] if differences else []),
        )
    return table


def _paired_table(
    metrics: MetricChanges, compared: Compared, names: tuple[str, str], space: str
) -> Table:
    """Show both sides, the difference on the same rows, and what it comes to."""
    wide = space == " "
    told = ("difference", "verdict") if wide else ("difference, verdict",)
    table = plain_table("metric", *names, *told)
    for metric in metrics.metrics:
        verdict = verdict_text(compared.verdicts.get(metric.name, ""))
        difference = _estimate(compared.differences.get(metric.name), space, sign="+")
        if not wide:
            # There is room for it behind the value, and none for a column.
            value, *interval = difference.split("\n")
            difference = Text("\n").join([Text(" ").join([value, verdict]), *interval])
        table.add_row(
            Text(visible(metric.name)),
            _estimate(metric.before, space),
            _estimate(metric.after, space),
            difference,
            *([verdict] if wide else []),
        )
    return table


def _estimate(estimate: Estimate | None, space: str = " ", *, sign: str = "") -> Text:
    """Give a value and its interval, apart by a space or a line's end."""
    if estimate is None:
        return Text("–", "dim")
    if not estimate.defined:
        return Text(visible(f"undefined: {estimate.reason}"), "yellow")
    value, low, high = (
        f"{number:{sign}.4f}" for number in (estimate.value, estimate.low, estimate.high)
    )
    return Text(f"{value}{space}[{low}, {high}]")


def _difference(difference: float | None) -> str:
    return "–" if difference is None else f"{difference:+.4f}"


def _paired(paired: Paired, both: Both) -> RenderableType:
    if paired.undecided:
        return Text(visible(f"undecided: {paired.undecided}"), "yellow")
    if both.judged:
        return comparison_body(both.judged.comparison)
    return Text("its figures cannot be read", "yellow")


def gates_parts(verdicts: Verdicts, names: tuple[str, str]) -> list[RenderableType]:
    """Show every gate's verdicts, and what was found where not both passed."""
    if not verdicts.gates:
        return []
    table = plain_table("gate", *names)
    told: list[RenderableType] = []
    for gate in verdicts.gates:
        sides = (gate.before, gate.after)
        table.add_row(Text(visible(gate.name)), *(_outcome(check) for check in sides))
        if gate.told:
            grid = plain_grid(2, gap=2)
            for name, check in zip(names, sides, strict=True):
                if check is not None:
                    grid.add_row(Text(name, "dim"), Text(visible(check.why)))
            told += [Text(visible(gate.name), "bold"), Padding(grid, (0, 0, 0, 2))]
    return titled("Gates", Group(table, *([Text()] if told else []), *told))


def _outcome(check: Check | None) -> Text:
    return Text("–", "dim") if check is None else outcome_text(check.outcome, passed=check.passed)


def measured_parts(both: Both, names: tuple[str, str]) -> list[RenderableType]:
    """Show fairness, weak slices and speed of both sides."""
    sides = (both.before, both.after)
    columns = dict.fromkeys(found.by for side in sides if side for found in side.fairness)
    parts: list[RenderableType] = []
    for column in columns:
        title = visible(f"Fairness by {column}")
        parts += titled(title, _disparities(column, sides, names))
    searches = [side.weak_slices if side else None for side in sides]
    if any(searches):
        grid = plain_grid(2, gap=2)
        for name, search in zip(names, searches, strict=True):
            grid.add_row(Text(name, "dim"), weak_line(search))
        parts += titled("Weak slices that nobody named", grid)
    speeds = [list(speed_rows(side.speed)) if side and side.speed else [] for side in sides]
    if any(speeds):
        table = plain_table("", *names)
        for old, new in zip_longest(*speeds):
            title = (old or new).name.lower()
            values = (row.candidate if row else NONE for row in (old, new))
            table.add_row(Text(title, "dim"), *values)
        parts += titled("Speed, each at its own evaluation", table)
    return parts


def _disparities(
    column: str, sides: tuple[EvaluationResult | None, ...], names: tuple[str, str]
) -> RenderableType:
    found: list[Mapping[str, Estimate]] = [
        next((part.disparities for part in side.fairness if part.by == column), {}) if side else {}
        for side in sides
    ]

    def table(space: str) -> Table:
        made = plain_table("disparity", *names)
        for name in dict.fromkeys([*found[0], *found[1]]):
            estimates = (_estimate(side.get(name), space) for side in found)
            made.add_row(Text(visible(name)), *estimates)
        return made

    return FirstThatFits([table(space) for space in _SPACES])


def slices_parts(metrics: MetricChanges, names: tuple[str, str]) -> list[RenderableType]:
    """Show the headline metric on each slice of both."""
    if not metrics.slices:
        return []
    headline = metrics.metrics[0].name
    counts = [[_rows(part.before), _rows(part.after)] for part in metrics.slices]
    # On the same rows either side has as many.
    once = all(before == after for before, after in counts)
    differences = not metrics.incomparable

    def table(space: str) -> Table:
        old, new = names
        columns = ["rows", old, new] if once else ["rows", old, "rows", new]
        made = plain_table("slice", *columns, *(["difference"] if differences else []))
        for column in made.columns:
            if column.header in ("rows", "difference"):
                column.justify = "right"
        for part, (before, after) in zip(metrics.slices, counts, strict=True):
            made.add_row(
                Text(visible(part.label)),
                before,
                _slice(part.before, headline, space),
                *([] if once else [after]),
                _slice(part.after, headline, space),
                *([_difference(part.difference)] if differences else []),
            )
        return made

    body = FirstThatFits([table(space) for space in _SPACES])
    return titled(visible(f"By slice, {headline}"), body)


def _rows(part: SliceResult | None) -> str:
    return "–" if part is None else f"{part.rows:,}"


def _slice(part: SliceResult | None, headline: str, space: str) -> Text:
    if part is None:
        return Text("–", "dim")
    found = part.estimates.get(headline)
    return Text("too few rows", "dim") if found is None else _estimate(found, space)
