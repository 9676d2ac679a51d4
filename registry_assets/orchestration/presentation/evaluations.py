"""An evaluation: numbers that the UI plots, tables, and pictures.

Tables are kept short: every byte goes into the event's row, and every page that lists it.
The whole of it is in the evaluation's own page.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from registry_assets.catalog.versions import VersionRecord
from registry_assets.evaluation.report.speeds import speed_rows
from registry_assets.evaluation.results import Comparison, Estimate, EvaluationResult
from registry_assets.evaluation.results.backtest import BacktestResult
from registry_assets.evaluation.results.comparison import ChangedDecisions
from registry_assets.evaluation.results.data import DataResult
from registry_assets.evaluation.results.fairness import FairnessResult
from registry_assets.evaluation.results.speed import SpeedResult
from registry_assets.evaluation.results.weak import WeakSliceSearch
from registry_assets.orchestration.presentation.cells import (
    both,
    bullets,
    interval,
    number,
    table,
)

MAX_PICTURE_BYTES = 50_000
_MOST_SLICES = 100


def evaluation_metadata(
    version: VersionRecord, digest: str, result: EvaluationResult
) -> dict[str, Any]:
    """Describe an evaluation: every metric as a number that the UI plots, tables, pictures."""
    metadata: dict[str, Any] = {
        "version": version.number,
        "reference": version.reference,
        "digest": digest,
        "version digest": str(version.digest),
        "page": f"registry report {version.reference} --open",
        "rows": result.rows,
    }
    if result.positives is not None:
        metadata["positives"] = result.positives
    metadata["metrics"] = _metrics(result.metrics)
    for name, estimate in result.metrics.items():
        if estimate.defined:
            metadata[name] = estimate.value
    metadata.update(_beside(result))
    for name, png in result.pictures.items():
        if len(png) <= MAX_PICTURE_BYTES:
            metadata[f"picture: {name}" if name in metadata else name] = dg.MetadataValue.md(
                f"![{name}](data:image/png;base64,{base64.b64encode(png).decode()})"
            )
    return {**metadata, **dict(_parts(result))}


def _beside(result: EvaluationResult) -> Iterator[tuple[str, dg.MetadataValue[Any]]]:
    """Give what an evaluation says about production."""
    found = result.comparison
    if found is None:
        return
    if found.baseline_version is not None:
        beside = f"version {found.baseline_version}, which {found.pointer} held"
        yield "compared with", dg.MetadataValue.text(beside)
    yield "against production", _comparison(found)
    if found.changes is not None:
        yield "changed decisions", _changes(found.changes)


def _parts(result: EvaluationResult) -> Iterator[tuple[str, dg.MetadataValue[Any]]]:
    """Give what else an evaluation says beside its metrics, where it says anything."""
    if result.slices:
        yield "slices by value", _slices(result)
    if result.fairness:
        yield "fairness", _fairness(result.fairness)
        yield "groups", _groups(result.fairness)
    if result.weak_slices is not None:
        yield "weak slices (advice)", _weak(result.weak_slices)
    if result.speed is not None:
        yield "speed", _speed(result.speed)
        held = result.comparison is not None and result.comparison.baseline_version is not None
        if held and result.speed.candidate and not result.speed.baseline:
            why = f"not measured: {result.speed.baseline_reason}"
            yield "speed of production", dg.MetadataValue.text(why)
    if result.data is not None:
        yield "data", _data(result.data)
    if result.backtest is not None:
        yield "backtest", _backtest(result.backtest)


def _metrics(metrics: Mapping[str, Estimate]) -> dg.MetadataValue[Any]:
    return table(
        [
            {
                "metric": name,
                "value": number(estimate.value),
                "95 % interval": interval(estimate),
                "rows": estimate.rows,
            }
            for name, estimate in metrics.items()
        ]
    )


def _slices(result: EvaluationResult) -> dg.MetadataValue[Any]:
    headline = next(iter(result.metrics))
    rows = []
    for part in result.slices[:_MOST_SLICES]:
        estimate = part.estimates.get(headline)
        rows.append(
            {
                "slice": part.label,
                "rows": part.rows,
                "positives": "" if part.positives is None else part.positives,
                headline: number(estimate.value) if estimate else "too few rows",
                "95 % interval": interval(estimate) if estimate else "",
            }
        )
    return table(rows)


def _comparison(comparison: Comparison) -> dg.MetadataValue[Any]:
    if comparison.outcome == "no_baseline":
        return dg.MetadataValue.text(f"{comparison.pointer} has never held a version")
    if comparison.outcome == "undecided":
        return dg.MetadataValue.text(f"undecided: {comparison.undecided}")
    return table(
        [
            {
                "metric": name,
                "difference": number(difference.value, signed=True),
                "95 % interval": interval(difference, signed=True),
                "verdict": comparison.verdicts.get(name, "undecided"),
            }
            for name, difference in comparison.differences.items()
        ]
    )


def _changes(changes: ChangedDecisions) -> dg.MetadataValue[Any]:
    share = changes.changed / changes.rows if changes.rows else 0.0
    lines = [
        f"{changes.changed:,} of {changes.rows:,} rows ({share:.1%}) are decided otherwise",
        f"{changes.corrected:,} for the better, {changes.broken:,} for the worse",
    ]
    lines += [
        f"{flow.before} → {flow.after}: {flow.rows:,} rows, {flow.right:,} rightly"
        for flow in changes.flows[:5]
    ]
    lines += [
        f"{part.label}: {part.changed:,} of {part.rows:,} ({part.changed / part.rows:.1%})"
        for part in changes.slices[:5]
        if part.rows
    ]
    return bullets(lines)


def _fairness(results: Sequence[FairnessResult]) -> dg.MetadataValue[Any]:
    return table(
        [
            {
                "by": found.by,
                "measure": name,
                "value": number(estimate.value),
                "95 % interval": interval(estimate),
                "rows": estimate.rows,
            }
            for found in results
            for name, estimate in found.disparities.items()
        ]
    )


def _groups(results: Sequence[FairnessResult]) -> dg.MetadataValue[Any]:
    names = list(
        dict.fromkeys(name for found in results for group in found.groups for name in group.rates)
    )
    return table(
        [
            {
                "group": f"{found.by} {group.group or 'is missing'}",
                "rows": group.rows,
                **{
                    name: both(group.rates.get(name)) if group.supported else "too few rows"
                    for name in names
                },
            }
            for found in results
            for group in found.groups
        ]
    )


def _weak(search: WeakSliceSearch) -> dg.MetadataValue[Any]:
    if search.reason:
        return dg.MetadataValue.text(search.reason)
    if not search.found:
        return dg.MetadataValue.text(f"none, of {search.tried:,} conditions that were tried")
    return table(
        [
            {
                "slice": weak.label,
                "rows": weak.rows,
                **{name: both(found) for name, found in weak.estimates.items()},
                "loss above the rest": f"{weak.excess:.4f} [{weak.low:.4f}, {weak.high:.4f}]",
                f"p, corrected for {search.tried:,}": f"{weak.p_adjusted:.2g}",
            }
            for weak in search.found
        ]
    )


def _speed(speed: SpeedResult) -> dg.MetadataValue[Any]:
    if speed.candidate is None:
        return dg.MetadataValue.text(f"not measured: {speed.reason}")
    rows = []
    for row in speed_rows(speed):
        beside = {
            "production": row.baseline,
            "times production's": row.ratio,
            "95 % interval": row.interval,
        }
        alone = {"measured": row.name, "this version": row.candidate}
        rows.append({**alone, **beside} if speed.baseline else alone)
    return table(rows)


def _data(data: DataResult) -> dg.MetadataValue[Any]:
    lines = [f"trained on {data.training_rows:,} rows, judged on {data.holdout_rows:,}"]
    if data.shared is not None:
        lines.append(
            data.shared.reason or f"held-out rows that are in the training: {data.shared.shared:,}"
        )
    lines.append(f"columns that alone decide the target: {', '.join(data.deciding) or 'none'}")
    if data.power:
        strongest = data.power[0]
        if strongest.value is not None:
            lines.append(
                f"the strongest column is {strongest.column}:"
                f" {strongest.metric} {strongest.value:.3f} by itself"
            )
    drifted = ", ".join(data.drifted) or "none"
    lines.append(f"columns that drifted since the training: {drifted}")
    lines += [f"schema: {problem}" for problem in data.schema]
    lines += [f"{part}: {reason}" for part, reason in data.reasons.items()]
    return bullets(lines)


def _backtest(result: BacktestResult) -> dg.MetadataValue[Any]:
    if result.reason:
        return dg.MetadataValue.text(result.reason)
    return table(
        [
            {
                "judged on": fold.holdout,
                "trained on": fold.window,
                "rows": fold.rows,
                "outcome": fold.reason
                or ", ".join(f"{name} {both(found)}" for name, found in fold.metrics.items()),
            }
            for fold in result.folds
        ]
    )
