"""What an evaluation measured beside its metrics, for the terminal: in brief.

Slices, the comparison with a pointer, changed decisions, the backtest, weak slices, fairness
and speed. All of it is on the page that `registry report` writes.
"""

import json
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from registry_assets.cli.styles import FirstThatFits, plain_grid, plain_table
from registry_assets.cli.text import plural, visible
from registry_assets.evaluation.report.speeds import speed_rows
from registry_assets.evaluation.report.texts import weak_count
from registry_assets.evaluation.results import Comparison, Estimate, EvaluationResult, SliceResult
from registry_assets.evaluation.results.backtest import BacktestResult
from registry_assets.evaluation.results.comparison import ChangedDecisions
from registry_assets.evaluation.results.fairness import FairnessResult
from registry_assets.evaluation.results.speed import SpeedResult
from registry_assets.evaluation.results.weak import WeakSliceSearch
from registry_assets.lifecycle.evaluating import RESULT_FILE
from registry_assets.registry import Registry, VersionSummary

_VERDICTS = {"better": "green", "worse": "red", "undecided": "yellow"}
_WEAK = 5
_FOLDS = 12
_OTHER_METRICS = 2
"""Metrics beside the headline that a wide terminal shows of each slice."""


def read_figures(registry: Registry, summary: VersionSummary) -> EvaluationResult | None:
    """Read the newest evaluation's figures, verified; None where there is no evaluation."""
    if summary.evaluation is None:
        return None
    document = registry.read_file(summary.evaluation.digest, RESULT_FILE)
    return EvaluationResult.from_json(json.loads(document))


def figure_sections(result: EvaluationResult) -> Iterator[tuple[str, RenderableType]]:
    """Give title and body of everything that was measured beside the metrics."""
    if result.comparison:
        yield _against(result.comparison), comparison_body(result.comparison)
    if result.slices:
        yield "By slice", slices_body(result)
    if result.backtest:
        headline = next(iter(result.metrics), "")
        yield "Backtest: trained again before each", backtest_body(result.backtest, headline)
    if result.weak_slices:
        yield "Weak slices that nobody named: advice", weak_body(result.weak_slices)
    for fair in result.fairness:
        yield f"Fairness by {visible(fair.by)}", fairness_body(fair)
    if result.speed:
        yield "Speed", speed_body(result.speed)


def _against(comparison: Comparison) -> str:
    against = f" version {comparison.baseline_version}" if comparison.baseline_version else ""
    return f"Against {comparison.pointer}{against}, on the same rows"


def slices_body(result: EvaluationResult) -> RenderableType:
    """Show each slice's metrics, as many of them as a line has room for."""
    headline, *others = list(result.metrics)[: 1 + _OTHER_METRICS]
    counts = range(len(others), -1, -1)
    return FirstThatFits([_slices_table(result, headline, others[:count]) for count in counts])


def _slices_table(result: EvaluationResult, headline: str, others: list[str]) -> Table:
    """Show the headline metric with its interval, and the others without."""
    table = plain_table("slice", "rows", headline, "95 % interval", *others)
    for column in (1, 2, *range(4, 4 + len(others))):
        table.columns[column].justify = "right"
    for part in result.slices:
        table.add_row(*_slice(part, headline, others), style="" if part.supported else "dim")
    return table


def _slice(part: SliceResult, headline: str, others: list[str]) -> list[Text | str]:
    first = part.estimates.get(headline)
    start: list[Text | str] = [Text(visible(part.label)), f"{part.rows:,}"]
    if first is None:
        return [*start, "", "too few rows"]
    rest = (_value(part.estimates.get(name)) for name in others)
    return [*start, _value(first), _interval(first), *rest]


def comparison_body(comparison: Comparison) -> RenderableType:
    """Show the differences, candidate minus baseline, or why there are none."""
    if comparison.outcome == "no_baseline":
        return Text(f"{comparison.pointer} has never held a version: nothing to compare with")
    if comparison.outcome == "undecided":
        return Text(visible(f"undecided: {comparison.undecided}"), "yellow")
    table = plain_table("metric", "difference", "95 % interval", "verdict")
    table.columns[1].justify = "right"
    for name, found in comparison.differences.items():
        table.add_row(
            Text(visible(name)),
            _value(found, sign="+"),
            _interval(found, sign="+"),
            verdict_text(comparison.verdicts.get(name, "")),
        )
    if comparison.changes is None:
        return table
    return Group(table, changes_body(comparison.changes))


def verdict_text(verdict: str) -> Text:
    """Give what a difference comes to, in its colour."""
    return Text(verdict, _VERDICTS.get(verdict, ""))


def changes_body(changes: ChangedDecisions) -> Text:
    """Say how many rows are decided otherwise, and how many of these rightly."""
    apart = f" by more than {changes.tolerance:g}" if changes.tolerance is not None else ""
    said = (
        f"{changes.changed:,} of {plural(changes.rows, 'row')} decided otherwise{apart}:"
        f" {changes.corrected:,} for the better, {changes.broken:,} for the worse"
    )
    return Text(said)


def backtest_body(found: BacktestResult, headline: str) -> RenderableType:
    """Show each fold by the headline metric, or why there are none."""
    if found.reason:
        return Text(visible(f"none: {found.reason}"), "dim")
    table = plain_table("judged on", "trained on", "rows", headline, "95 % interval")
    for column in (2, 3):
        table.columns[column].justify = "right"
    for fold in found.folds[-_FOLDS:]:
        each = fold.metrics.get(headline)
        table.add_row(
            Text(visible(fold.holdout)),
            Text(visible(fold.window)),
            f"{fold.rows:,}",
            _value(each),
            Text(visible(fold.reason)) if each is None else _interval(each),
        )
    earlier = len(found.folds) - _FOLDS
    return Group(table, *([Text(f"and {earlier} earlier", "dim")] if earlier > 0 else []))


def weak_body(search: WeakSliceSearch) -> RenderableType:
    """Show the weakest slices that a search found, and how many it tried."""
    if search.reason:
        return Text(visible(f"not searched: {search.reason}"), "dim")
    least = f", of {search.min_rows:,} rows or more"
    if not search.found:
        return Group(Text("none was found"), Text(f"{search.tried:,} tried{least}", "dim"))
    table = plain_table("where", "rows", "loss", "elsewhere")
    for column in (1, 2, 3):
        table.columns[column].justify = "right"
    for part in search.found[:_WEAK]:
        table.add_row(
            Text(visible(part.label)),
            f"{part.rows:,}",
            f"{part.mean_loss:.4f}",
            f"{part.rest_loss:.4f}",
        )
    more = len(search.found) - _WEAK
    tried = Text(weak_count(search) + least, "dim")
    return Group(table, *([Text(f"and {more} more", "dim")] if more > 0 else []), tried)


def weak_line(search: WeakSliceSearch | None) -> Text:
    """Say in a line what a search for weak slices found."""
    if search is None or search.reason:
        return Text(visible(f"not searched: {search.reason}" if search else "not searched"), "dim")
    if not search.found:
        return Text(f"none among {search.tried:,} tried")
    worst = search.found[0]
    said = f"{weak_count(search)}; most clearly where {worst.label}"
    return Text(visible(f"{said}: loss {worst.mean_loss:.4f}, elsewhere {worst.rest_loss:.4f}"))


def fairness_body(found: FairnessResult) -> RenderableType:
    """Show how far the groups of a column are apart."""
    table = plain_table("disparity", "value", "95 % interval")
    table.columns[1].justify = "right"
    for name, each in found.disparities.items():
        table.add_row(Text(visible(name)), _value(each), _interval(each))
    few = [group.group or "(missing)" for group in found.groups if not group.supported]
    if not few:
        return table
    return Group(table, Text(visible(f"too few rows to count: {', '.join(few)}"), "dim"))


def speed_body(found: SpeedResult) -> RenderableType:
    """Show what a version takes when it runs, beside production."""
    if found.candidate is None:
        return Text(visible(f"not measured: {found.reason}"), "dim")
    grid = plain_grid(3, gap=2)
    beside = Text("production" if found.baseline else "", "dim")
    grid.add_row("", Text("this version", "dim"), beside)
    for row in speed_rows(found):
        held = row.baseline if found.baseline else ""
        grid.add_row(Text(row.name.lower(), "dim"), row.candidate, held)
    return grid


def _value(estimate: Estimate | None, *, sign: str = "") -> str:
    return f"{estimate.value:{sign}.4f}" if estimate and estimate.defined else "–"


def _interval(estimate: Estimate, *, sign: str = "") -> str:
    if not estimate.defined:
        return visible(estimate.reason)
    return f"[{estimate.low:{sign}.4f}, {estimate.high:{sign}.4f}]"
