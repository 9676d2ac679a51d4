"""The page of a performance: what was lived beside what was promised, by version."""

from collections.abc import Iterator
from dataclasses import dataclass

from registry_assets.catalog.observations import CheckFinding
from registry_assets.evaluation.report.rendering import render
from registry_assets.evaluation.report.scales import Bar, Scale
from registry_assets.evaluation.report.texts import interval, named, number, share
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.results.slices import SliceResult
from registry_assets.monitoring.report.values import ObservationSubject, Tile
from registry_assets.monitoring.results.performance import Lived, PerformanceResult
from registry_assets.monitoring.results.quality import QualityResult

MOST_ROWS = 200
"""Rows of one table."""


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric, lived and promised, both on one scale; `difference` is lived minus promised."""

    name: str
    less_is_better: bool
    lived: Estimate
    promised: Estimate | None
    difference: float | None
    bar: Bar | None


@dataclass(frozen=True, slots=True)
class SliceRow:
    """One slice by the headline metric, on the scale of all of them."""

    label: str
    rows: int
    found: Estimate | None
    bar: Bar | None


@dataclass(frozen=True, slots=True)
class VersionPart:
    """What the page shows of one version."""

    lived: Lived
    headline: str
    metrics: list[MetricRow]
    slices: list[SliceRow]


def performance_page(
    result: PerformanceResult, quality: QualityResult, subject: ObservationSubject
) -> bytes:
    """Give the page of a performance as UTF-8 HTML; equal arguments give equal bytes."""
    return render(
        "performance.html",
        subject=subject,
        result=result,
        quality=quality,
        tiles=list(_tiles(result, subject)),
        parts=[_part(each, result) for each in result.versions],
        most=MOST_ROWS,
    )


def _tiles(result: PerformanceResult, subject: ObservationSubject) -> Iterator[Tile]:
    for lived in result.versions:
        of = f", version {lived.version}" if subject.many else ""
        known = share(lived.labelled / lived.rows) if lived.rows else "none"
        note = f"of {lived.rows:,} predictions, {known}"
        yield Tile(f"Rows with an outcome{of}", f"{lived.labelled:,}", note)
        name = next(iter(lived.metrics), "")
        found, promised = lived.metrics.get(name), lived.promised.get(name)
        if found is None or not found.defined:
            yield Tile(f"{name or 'Metrics'}{of}", "unknown", lived.reason, "unsure")
            continue
        yield Tile(f"{name} lived{of}", number(found.value), f"95 % interval {interval(found)}")
        if promised is not None and promised.defined:
            note = f"95 % interval {interval(promised)}, on the holdout"
            yield Tile(f"{name} promised{of}", number(promised.value), note)
    decay = [
        finding
        for each in subject.versions
        for finding in each.findings
        if finding.check == "performance_decay"
    ]
    if decay:
        outcomes = [finding.outcome for finding in decay]
        worst = next((each for each in ("failed", "undecided") if each in outcomes), "passed")
        tone = {"failed": "bad", "undecided": "unsure"}.get(worst, "good")
        yield Tile("Decay", worst, _worst(decay, worst), tone)


def _worst(decay: list[CheckFinding], worst: str) -> str:
    """Say what decayed; of what passed the checks' table tells enough."""
    return named([each.why for each in decay if each.outcome == worst != "passed"], most=1)


def _part(lived: Lived, result: PerformanceResult) -> VersionPart:
    headline = next(iter(lived.metrics), "")
    return VersionPart(
        lived=lived,
        headline=headline,
        metrics=list(_metrics(lived, result)),
        slices=_slices(lived.slices, headline, lived.metrics.get(headline)),
    )


def _metrics(lived: Lived, result: PerformanceResult) -> Iterator[MetricRow]:
    for name, found in lived.metrics.items():
        promised = lived.promised.get(name)
        # Metrics have no unit in common: each is drawn on a scale of its own.
        scale, at, difference = Scale.over([found, promised]), None, None
        if promised is not None and promised.defined:
            at = promised.value
            difference = found.value - at if found.defined else None
        yield MetricRow(
            name=name,
            less_is_better=name in result.less_is_better,
            lived=found,
            promised=promised,
            difference=difference,
            bar=scale.bar(found, reference=at) if scale else None,
        )


def _slices(
    slices: tuple[SliceResult, ...], headline: str, overall: Estimate | None
) -> list[SliceRow]:
    known = [part.estimates.get(headline) for part in slices]
    scale = Scale.over([*known, overall])
    at = overall.value if overall is not None and overall.defined else None
    return [
        SliceRow(part.label, part.rows, found, scale.bar(found, reference=at) if scale else None)
        for part, found in zip(slices, known, strict=True)
    ]
