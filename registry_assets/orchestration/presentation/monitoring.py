"""What was observed after deployment: tables of columns, problems and metrics, and the pages.

Tables are kept short, as those of an evaluation: every byte goes into the event's row.
"""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from registry_assets.catalog.observations import CheckFinding
from registry_assets.evaluation.report.texts import chance, plural, share
from registry_assets.lifecycle.monitoring.drifting import DRIFT_FILE, read_drift
from registry_assets.lifecycle.monitoring.performing import PERFORMANCE_FILE
from registry_assets.lifecycle.monitoring.scoring import QUALITY_FILE
from registry_assets.monitoring.report.drift import missing_shares
from registry_assets.monitoring.results.drift import (
    ColumnDrift,
    DriftResult,
    Side,
    SliceDrift,
)
from registry_assets.monitoring.results.performance import Lived, PerformanceResult
from registry_assets.monitoring.results.quality import QualityResult
from registry_assets.orchestration.monitoring.views import View
from registry_assets.orchestration.presentation.cells import bullets, interval, number, table
from registry_assets.recipe import SnapshotRef
from registry_assets.registry import Registry

_MOST_ROWS = 100
_MEASURES = (
    "numbers: distance in standard deviations (Wasserstein), mean ± standard deviation",
    "categories: distance from 0 to 0.83 (Jensen-Shannon), shares",
)
_PAGE = "report.html"


def observation_metadata(
    registry: Registry, view: View, dashboards: Mapping[str, str]
) -> dict[str, Any]:
    """Describe an observation.

    Args:
        dashboards: the pages declared for the deployment, by name.
    """
    first = view.records[0]
    metadata: dict[str, Any] = {
        # As texts: the UI draws a curve of any number.
        "version": ", ".join(str(each.version) for each in view.records),
        "version digest": bullets(
            f"version {each.version}: `{each.version_digest}`" for each in view.records
        ),
        "observation": view.digest,
        "pointer": f"{first.pointer}, generation {first.generation}",
        "rows": sum(each.rows for each in view.records),
    }
    if len(view.records) > 1:
        rows = [{"version": each.version, "rows": each.rows} for each in view.records]
        metadata["rows by version"] = table(rows)
    if any(file.path == _PAGE for file in registry.manifest(view.digest).files):
        metadata["page"] = f"registry report {first.model} {_page_option(view)} --open"
    parts = {"predictions": _quality, "drift": _drift, "performance": _performance}
    metadata |= parts[view.kind](registry, view)
    metadata |= {name: snapshot_list(refs) for name, refs in view.data.items()}
    for name, url in dashboards.items():
        metadata[f"dashboard: {name}"] = dg.MetadataValue.url(url)
    return metadata


def result_metadata(finding: CheckFinding, view: View, *, version: int) -> dict[str, Any]:
    """Describe what a check found; names version, digest, partition and data in any case."""
    record = next(each for each in view.records if each.version == version)
    where = {"partition": view.partition} if view.partition else {}
    return {
        "version": str(version),
        "digest": record.version_digest,
        **where,
        "outcome": finding.outcome,
        **finding_numbers(finding),
        "observation": view.digest,
        **{name: snapshot_list(refs) for name, refs in view.data.items()},
        "trained on": snapshot_list(view.trained[version]),
    }


def _page_option(view: View) -> str:
    """Give the option of the command line that names the page of an observation."""
    return f"--{view.kind} {shlex.quote(view.partition)}"


def finding_numbers(finding: CheckFinding) -> dict[str, float | int]:
    """Give the numbers that a check found, those that there are."""
    names = ("value", "low", "high", "threshold", "rows")
    found = {name: getattr(finding, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def snapshot_list(refs: tuple[SnapshotRef, ...]) -> dg.MarkdownMetadataValue:
    """Give snapshots with their digests, the newest where there are many."""
    shown = [f"{ref}: `{ref.digest}`" for ref in refs[-_MOST_ROWS:]]
    if len(refs) > _MOST_ROWS:
        shown.insert(0, f"{plural(len(refs) - _MOST_ROWS, 'snapshot')} before these")
    return bullets(shown)


def _quality(registry: Registry, view: View) -> dict[str, Any]:
    document = json.loads(registry.read_file(view.digest, QUALITY_FILE))
    found = QualityResult.from_json(document)
    metadata: dict[str, Any] = {"rows given": found.rows, "problems": len(found.problems)}
    if view.kind == "predictions":
        metadata["dagster/row_count"] = sum(each.rows for each in view.records)
    if found.problems:
        metadata["what is wrong"] = table(
            [
                {
                    "problem": each.kind.replace("_", " "),
                    "column": each.column,
                    "rows": each.count,
                    "sentence": each.sentence,
                }
                for each in found.problems[:_MOST_ROWS]
            ]
        )
    return metadata


def _drift(registry: Registry, view: View) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    versions = read_drift(registry.read_file(view.digest, DRIFT_FILE))
    for each in versions:
        of = f" of version {each.version}" if len(versions) > 1 else ""
        if each.features is not None:
            metadata[f"drifted columns{of}"] = each.features.drifted
            metadata[f"compared columns{of}"] = each.features.compared
            if each.features.share is not None:
                metadata[f"share drifted{of}"] = each.features.share
        for name, result, reason in (
            ("columns", each.features, each.features_reason),
            ("predictions", each.predictions, each.predictions_reason),
        ):
            if result is not None and result.columns:
                metadata[f"{name}{of}"] = _columns(result)
                threshold = f"threshold of the distance: {result.columns[0].threshold:g}"
                metadata[f"about the {name}{of}"] = bullets([threshold, *_MEASURES])
            if reason:
                metadata[f"reference of the {name}{of}"] = reason
        if each.slices:
            metadata[f"slices{of}"] = _drifted_slices(each.slices)
        if each.evidently is not None:
            metadata[f"Evidently{of}"] = each.evidently.sentence
    return metadata


def _drifted_slices(slices: Sequence[SliceDrift]) -> dg.TableMetadataValue:
    """Give the slices, those that drifted most first; advice, on which no verdict rests."""
    ordered = sorted(slices, key=lambda each: -((each.result and each.result.share) or 0))
    return table(
        [
            {
                "slice": f"{each.column} {each.value}".strip(),
                "rows": each.result.rows_after if each.result else "",
                "outcome": each.result.outcome if each.result else "not compared",
                "why": each.result.sentence if each.result else each.reason,
            }
            for each in ordered[:_MOST_ROWS]
        ]
    )


def _columns(result: DriftResult) -> dg.TableMetadataValue:
    """Give the columns, the furthest in relation to its threshold first."""
    ordered = sorted(result.columns, key=lambda each: -(each.value or 0) / each.threshold)
    rows = [_column(each) for each in ordered[:_MOST_ROWS]]
    # Beside what says nothing of any column, the page has no room for what does.
    said = [name for name in rows[0] if any(row[name] for row in rows)]
    return table([{name: _unbroken(row[name]) for name in said} for row in rows])


def _unbroken(text: str) -> str:
    """Keep numbers with their signs where a cell is narrow."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%").replace("± ", "±\N{NO-BREAK SPACE}")


def _column(column: ColumnDrift) -> dict[str, str]:
    finding = column.finding.replace("_", " ")
    before, after = _side(column.before), _side(column.after)
    if column.moved:
        before = ", ".join(f"{each.category} {share(each.before)}" for each in column.moved[:3])
        after = ", ".join(f"{each.category} {share(each.after)}" for each in column.moved[:3])
    return {
        "column": column.column,
        "finding": f"{finding}: {column.reason}" if column.reason else finding,
        "distance": "" if column.value is None else number(column.value),
        "before": before,
        "after": after,
        "p, corrected": "" if column.adjusted_p is None else chance(column.adjusted_p),
        "missing": missing_shares(column),
        "never seen": "" if column.unseen is None else share(column.unseen),
    }


def _side(side: Side | None) -> str:
    if side is None:
        return "not there"
    if side.mean is None or side.std is None:
        return ""
    return f"{side.mean:.4g} ± {side.std:.3g}"


def _performance(registry: Registry, view: View) -> dict[str, Any]:
    metadata = _quality(registry, view)
    document = json.loads(registry.read_file(view.digest, PERFORMANCE_FILE))
    result = PerformanceResult.from_json(document)
    for lived in result.versions:
        of = f" of version {lived.version}" if len(result.versions) > 1 else ""
        metadata[f"labelled rows{of}"] = lived.labelled
        if lived.reason:
            metadata[f"no metrics{of}"] = lived.reason
        if lived.metrics:
            metadata[f"metrics{of}"] = _metrics(lived)
        metadata |= dict(_plotted(lived, of))
        if lived.slices:
            metadata[f"slices by value{of}"] = _slices(lived)
    return metadata


def _metrics(lived: Lived) -> dg.TableMetadataValue:
    rows = []
    for name, found in lived.metrics.items():
        promised = lived.promised.get(name)
        rows.append(
            {
                "metric": name,
                "lived": number(found.value),
                "95 % interval": interval(found),
                "rows": found.rows,
                "promised": number(promised.value) if promised else "not measured",
                "its 95 % interval": interval(promised) if promised else "",
            }
        )
    return table(rows)


def _plotted(lived: Lived, of: str) -> Iterator[tuple[str, float]]:
    for name, found in lived.metrics.items():
        if found.defined:
            yield f"{name}{of}", found.value
        promised = lived.promised.get(name)
        if promised is not None and promised.defined:
            yield f"{name} promised{of}", promised.value


def _slices(lived: Lived) -> dg.TableMetadataValue:
    headline = next(iter(lived.metrics), "")
    rows = []
    for part in lived.slices[:_MOST_ROWS]:
        estimate = part.estimates.get(headline)
        rows.append(
            {
                "slice": part.label,
                "rows": part.rows,
                headline: number(estimate.value) if estimate else "too few rows",
                "95 % interval": interval(estimate) if estimate else "",
            }
        )
    return table(rows)
