"""What was timed of one version, in units people read, and the ratios of two.

A ratio's interval comes from drawing rounds, the same for both: within a round the two saw
the same rows and the same machine. The times are taken in `registry_assets.evaluation.speed`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.results.speed import Speed

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_PERCENTILES = {"p50_ms": 50, "p95_ms": 95, "p99_ms": 99}
_ONCE = ("load_seconds", "peak_memory_bytes", "artifact_bytes")
RATIOS = (*_PERCENTILES, "seconds_per_row", *_ONCE)
_RESAMPLES = 1000
# Numbers drawn at once, which bounds the memory: 8 MB.
_DRAWN = 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Timings:
    """What was measured of one version.

    Args:
        singles: nanoseconds per call, (rounds, calls per round).
        batches: nanoseconds per batch, (rounds,).
    """

    singles: FloatArray
    batches: FloatArray
    batch_rows: int
    load_seconds: float
    peak_memory_bytes: int
    artifact_bytes: int

    def speed(self) -> Speed:
        """Summarise it."""
        p50, p95, p99 = np.percentile(self.singles, list(_PERCENTILES.values())) / 1e6
        return Speed(
            p50_ms=float(p50),
            p95_ms=float(p95),
            p99_ms=float(p99),
            rows_per_second=float(self.batch_rows / (np.median(self.batches) / 1e9)),
            batch_rows=self.batch_rows,
            load_seconds=self.load_seconds,
            peak_memory_bytes=self.peak_memory_bytes,
            artifact_bytes=self.artifact_bytes,
            calls=self.singles.size,
        )


def speed_ratios(candidate: Timings, baseline: Timings, *, seed: int = 0) -> dict[str, Estimate]:
    """Give candidate ÷ baseline by name, with 95 % percentile intervals over rounds.

    What is measured once has no width.

    Args:
        baseline: measured in the same rounds as the candidate.
    """
    latencies = _ratios(
        candidate.singles, baseline.singles, percentiles=tuple(_PERCENTILES.values()), seed=seed
    )
    batches = [each.batches[:, np.newaxis] for each in (candidate, baseline)]
    ratios = {name: getattr(candidate, name) / getattr(baseline, name) for name in _ONCE}
    return {
        **{
            name: Estimate(*numbers, rows=candidate.singles.size)
            for name, numbers in zip(_PERCENTILES, latencies, strict=True)
        },
        "seconds_per_row": Estimate(
            *_ratios(*batches, percentiles=(50,), seed=seed)[0], rows=candidate.batch_rows
        ),
        **{name: Estimate(ratio, ratio, ratio, rows=1) for name, ratio in ratios.items()},
    }


def _ratios(
    candidate: FloatArray, baseline: FloatArray, *, percentiles: tuple[int, ...], seed: int
) -> list[tuple[float, float, float]]:
    """Give value, low and high of each percentile's ratio; both are (rounds, times)."""
    replicates = np.concatenate(
        [
            _drawn(candidate, rounds, percentiles) / _drawn(baseline, rounds, percentiles)
            for rounds in _draws(len(candidate), batch=max(1, _DRAWN // candidate.size), seed=seed)
        ],
        axis=1,
    )
    values = np.percentile(candidate, percentiles) / np.percentile(baseline, percentiles)
    lows, highs = np.quantile(replicates, (0.025, 0.975), axis=1)
    return [
        (float(value), float(low), float(high))
        for value, low, high in zip(values, lows, highs, strict=True)
    ]


def _draws(rounds: int, *, batch: int, seed: int) -> Iterator[IntArray]:
    generator = np.random.default_rng(seed)
    for start in range(0, _RESAMPLES, batch):
        yield generator.integers(rounds, size=(min(batch, _RESAMPLES - start), rounds))


def _drawn(times: FloatArray, rounds: IntArray, percentiles: tuple[int, ...]) -> FloatArray:
    """Give the percentiles of all times of the drawn rounds: (percentiles, resamples)."""
    pooled = times[rounds].reshape(len(rounds), -1)
    return np.percentile(pooled, percentiles, axis=1)
