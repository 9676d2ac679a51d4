"""How fast and how large a packaged version is: what was measured, and production's beside it.

Values only; they are measured in `registry_assets.evaluation.speed`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from registry_assets.evaluation.results.estimates import Estimate


@dataclass(frozen=True, slots=True)
class Speed:
    """What one version takes, loaded from its package in a fresh process with one thread.

    Args:
        p50_ms: median of the single-row calls, from a raw row to the prediction.
        p95_ms: 95th percentile of the same calls.
        p99_ms: 99th percentile; of fewer than 100 calls it is nearly the slowest.
        rows_per_second: of the median batch.
        batch_rows: rows in every batch.
        load_seconds: from before the first import of the process to a model that is ready.
        peak_memory_bytes: most resident memory, when all of it was done.
        artifact_bytes: the files that loading reads; the packaged sample is none of them.
        calls: single-row calls that were timed.
    """

    p50_ms: float
    p95_ms: float
    p99_ms: float
    rows_per_second: float
    batch_rows: int
    load_seconds: float
    peak_memory_bytes: int
    artifact_bytes: int
    calls: int


@dataclass(frozen=True, slots=True)
class SpeedResult:
    """A candidate and production, measured in turns on the same rows.

    Args:
        candidate: None where it could not be measured.
        reason: why there is no candidate.
        baseline: None where there is none or it could not be measured.
        baseline_reason: why there is no baseline.
        ratios: candidate ÷ baseline by name, so above 1 is worse: p50_ms, p95_ms, p99_ms,
            seconds_per_row, load_seconds, peak_memory_bytes, artifact_bytes. What is
            measured once (the last three) has no width. Undefined without a baseline.
    """

    candidate: Speed | None
    baseline: Speed | None
    reason: str = ""
    baseline_reason: str = ""
    ratios: Mapping[str, Estimate] = field(default_factory=dict)
