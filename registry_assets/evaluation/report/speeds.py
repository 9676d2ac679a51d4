"""What a version takes when it runs, a line for each property, beside production's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from registry_assets.evaluation.report.texts import NONE, size
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.results.speed import Speed, SpeedResult


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """One property of a version that runs, beside production's.

    Args:
        ratio: how many times production's, so that above 1 is worse.
        interval: of the ratio, or why it has none; "" where there is no ratio.
    """

    name: str
    candidate: str
    baseline: str
    ratio: str
    interval: str


def speed_rows(found: SpeedResult) -> Iterator[SpeedRow]:
    """Give a row for each property."""
    candidate, baseline = found.candidate, found.baseline
    for name, measure, write in _SPEEDS:
        ratio = found.ratios.get(measure)
        if measure == "p99_ms" and any(each and _few(each) for each in (candidate, baseline)):
            ratio = None
        yield SpeedRow(
            name=name,
            candidate=write(candidate) if candidate else NONE,
            baseline=write(baseline) if baseline else NONE,
            ratio=f"{ratio.value:,.2f}" if ratio and ratio.defined else NONE,
            interval=_interval(ratio) if ratio else "",
        )


def _interval(ratio: Estimate) -> str:
    if not ratio.defined:
        return ratio.reason
    if ratio.low == ratio.high:
        return "measured once"
    return f"[{ratio.low:,.2f}, {ratio.high:,.2f}]"


def _few(of: Speed) -> bool:
    """Whether a single call is more than the hundredth part of them, and makes the percentile."""
    return of.calls < 100


def _slowest(of: Speed) -> str:
    said = f"{of.p99_ms:,.1f} ms"
    return f"{said}, near the slowest of {of.calls}" if _few(of) else said


_SPEEDS: tuple[tuple[str, str, Callable[[Speed], str]], ...] = (
    ("One row, median", "p50_ms", lambda of: f"{of.p50_ms:,.1f} ms"),
    ("One row, 95th percentile", "p95_ms", lambda of: f"{of.p95_ms:,.1f} ms"),
    ("One row, 99th percentile", "p99_ms", _slowest),
    ("Many rows at once", "seconds_per_row", lambda of: f"{of.rows_per_second:,.0f} rows/s"),
    ("Loading, imports and all", "load_seconds", lambda of: f"{of.load_seconds:,.2f} s"),
    ("Memory at its peak", "peak_memory_bytes", lambda of: size(of.peak_memory_bytes)),
    ("Files that are loaded", "artifact_bytes", lambda of: size(of.artifact_bytes)),
)
