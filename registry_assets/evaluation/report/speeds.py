"""What a version takes when it runs, a line for each property, beside production's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from registry_assets.evaluation.report.texts import NONE, size
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.results.speed import Speed, SpeedResult


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """One property of a version that runs, beside production's; `ratio` above 1 is worse."""

    name: str
    candidate: str
    baseline: str
    ratio: Estimate | None


def speed_rows(found: SpeedResult) -> Iterator[SpeedRow]:
    """Give a row for each property."""
    candidate, baseline = found.candidate, found.baseline
    for name, ratio, write in _SPEEDS:
        yield SpeedRow(
            name=name,
            candidate=write(candidate) if candidate else NONE,
            baseline=write(baseline) if baseline else NONE,
            ratio=found.ratios.get(ratio),
        )


_SPEEDS: tuple[tuple[str, str, Callable[[Speed], str]], ...] = (
    ("One row, median", "p50_ms", lambda of: f"{of.p50_ms:,.1f} ms"),
    ("One row, 95th percentile", "p95_ms", lambda of: f"{of.p95_ms:,.1f} ms"),
    ("One row, 99th percentile", "p99_ms", lambda of: f"{of.p99_ms:,.1f} ms"),
    ("Many rows at once", "seconds_per_row", lambda of: f"{of.rows_per_second:,.0f} rows/s"),
    ("Loading, imports and all", "load_seconds", lambda of: f"{of.load_seconds:,.2f} s"),
    ("Memory at its peak", "peak_memory_bytes", lambda of: size(of.peak_memory_bytes)),
    ("Files that are loaded", "artifact_bytes", lambda of: size(of.artifact_bytes)),
)
