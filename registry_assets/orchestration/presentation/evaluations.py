"""An evaluation: numbers that the UI plots, tables, and pictures.

Tables are kept short: every byte goes into the event's row, and every page that lists it.
The whole of it is in the evaluation's own page.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from registry_assets.catalog.versions import VersionRecord
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
        "rows": result.rows,
    }
    if result.positives is not None:
        metadata["positives"] = result.positives
    metadata["metrics"] = _metrics(result.metrics)
    for name, estimate in result.metrics.items():
        if estimate.defined:
            metadata[name] = estimate.value
    for name, png in result.pictures.items():
        if len(png) <= MAX_PICTURE_BYTES:
            metadata[f"picture: {name}" if name in metadata else name] = dg.MetadataValue.md(
                f"![{name}](data:image/png;base64,{base64.b64encode(png).decode()})"
            )
    return {**metadata, **dict(_parts(result))}


def _parts(result: EvaluationResult) -> Iterator[tuple[str, dg.MetadataValue[Any]]]:
    """Give what an evaluation says beside its metrics, where it says anything."""
    if result.comparison is not None:
        yield "against production", _comparison(result.comparison, result.less_is_better)
        if result.comparison.changes is not None:
            yield "changed decisions", _changes(result.comparison.changes)
    if result.slices:
        yield "slices by value", _slices(result)
    if result.fairness:
        yield "fairness", _fairness(result.fairness)
        yield "groups", _groups(result.fairness)
    if result.weak_slices is not None:
        yield "weak slices (advice)", _weak(result.weak_slices)
    if result.speed is not None:
        yield "speed", _speed(result.speed)
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
    headline, *others = result.metrics
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
                **{name: number(part.estimates[name].value) if estimate else "" for name in others},
            }
        )
    return table(rows)


def _comparison(comparison: Comparison, less_is_better: Sequence[str]) -> dg.MetadataValue[Any]:
    if comparison.outcome == "no_baseline":
        return dg.MetadataValue.text(f"{comparison.pointer} has never held a version")
    if comparison.outcome == "undecided":
        return dg.MetadataValue.text(f"undecided: {comparison.undecided}")
    return table(
        [
            {
                "metric": name,
                "better is": "less" if name in less_is_better else "more",
                f"difference to version {comparison.baseline_version}": number(
                    difference.value, signed=True
                ),
                "95 % interval": interval(difference, signed=True),
                "verdict": comparison.verdicts.get(name, "undecided"),
            }
            for name, difference in comparison.differences.items()
        ]
    )


def _changes(changes: ChangedDecisions) -> dg.MetadataValue[Any]:
    share = changes.changed / changes.rows if changes.rows else 0.0
    decided = (
        f"{changes.changed:,} of {changes.rows:,} rows ({share:.1%}) are decided otherwise:"
        f" {changes.corrected:,} for the better, {changes.broken:,} for the worse"
    )
    lines = [decided]
    lines += [
        f"{flow.before} → {flow.after}: {flow.rows:,} rows, {flow.right:,} rightly"
        for flow in changes.flows[:5]
    ]
    lines += [
        f"{part.label}: {part.changed:,} of {part.rows:,} ({part.changed / part.rows:.1%})"
        for part in changes.slices[:5]
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
    candidate, baseline = speed.candidate, speed.baseline
    shown = {
        "one row, p50 (ms)": ("p50_ms", "p50_ms", 1.0),
        "one row, p95 (ms)": ("p95_ms", "p95_ms", 1.0),
        "one row, p99 (ms)": ("p99_ms", "p99_ms", 1.0),
        "rows per second in a batch": ("rows_per_second", "", 1.0),
        "load (s)": ("load_seconds", "load_seconds", 1.0),
        "peak memory (MB)": ("peak_memory_bytes", "peak_memory_bytes", 1e-6),
        "size (MB)": ("artifact_bytes", "artifact_bytes", 1e-6),
    }
    return table(
        [
            {
                "measured": title,
                "this version": f"{getattr(candidate, field) * scale:,.4g}",
                "production": f"{getattr(baseline, field) * scale:,.4g}"
                if baseline
                else speed.baseline_reason,
                "ratio": both(speed.ratios.get(ratio)) if baseline and ratio else "",
            }
            for title, (field, ratio, scale) in shown.items()
        ]
    )


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
                "trained on": f"{fold.trained_on[0]} to {fold.trained_on[-1]}",
                "rows": fold.rows,
                "outcome": fold.reason
                or ", ".join(f"{name} {both(found)}" for name, found in fold.metrics.items()),
            }
            for fold in result.folds
        ]
    )
