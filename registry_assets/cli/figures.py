"""What an evaluation measured beside its metrics: slices, and the comparison with a pointer."""

import json

from rich.table import Table
from rich.text import Text

from registry_assets.cli.styles import plain_table
from registry_assets.cli.text import visible
from registry_assets.evaluation.results import Comparison, Estimate, EvaluationResult
from registry_assets.lifecycle.evaluating import RESULT_FILE
from registry_assets.registry import Registry, VersionSummary


def read_figures(registry: Registry, summary: VersionSummary) -> EvaluationResult | None:
    """Read the newest evaluation's figures, verified; None where there is no evaluation."""
    if summary.evaluation is None:
        return None
    document = registry.read_file(summary.evaluation.digest, RESULT_FILE)
    return EvaluationResult.from_json(json.loads(document))


def slices_table(result: EvaluationResult) -> Table:
    """Show each slice's metrics; the headline with its interval."""
    headline, *others = result.metrics
    table = plain_table("slice", "rows", headline, "95 % interval", *others)
    for column in (1, 2, *range(4, 4 + len(others))):
        table.columns[column].justify = "right"
    for part in result.slices:
        first = part.estimates.get(headline)
        if first is None:
            table.add_row(
                Text(visible(part.label)), f"{part.rows:,}", "", "too few rows", style="dim"
            )
            continue
        table.add_row(
            Text(visible(part.label)),
            f"{part.rows:,}",
            _value(first),
            _interval(first),
            *(_value(part.estimates.get(name)) for name in others),
        )
    return table


def comparison_table(comparison: Comparison) -> Table | Text:
    """Show the differences, candidate minus baseline, or why there are none."""
    if comparison.outcome == "no_baseline":
        return Text(f"{comparison.pointer} had never held a version: nothing to compare with")
    if comparison.outcome == "undecided":
        return Text(visible(f"undecided: {comparison.undecided}"), "yellow")
    table = plain_table("metric", "difference", "95 % interval")
    table.columns[1].justify = "right"
    for name, found in comparison.differences.items():
        table.add_row(Text(visible(name)), _value(found, sign="+"), _interval(found, sign="+"))
    return table


def _value(estimate: Estimate | None, *, sign: str = "") -> str:
    return f"{estimate.value:{sign}.4f}" if estimate and estimate.defined else "–"


def _interval(estimate: Estimate, *, sign: str = "") -> str:
    if not estimate.defined:
        return visible(estimate.reason)
    return f"[{estimate.low:{sign}.4f}, {estimate.high:{sign}.4f}]"
