"""Ratios of what was timed in the same rounds tell two versions apart."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.evaluation.timings import Timings, speed_ratios

times = st.lists(st.floats(1.0, 1e12), min_size=15, max_size=15)


def timings(singles: Any, batches: Any, **changes: Any) -> Timings:
    once: dict[str, Any] = {
        "batch_rows": 10,
        "load_seconds": 2.0,
        "peak_memory_bytes": 1000,
        "artifact_bytes": 100,
    }
    return Timings(
        singles=np.asarray(singles, dtype=float),
        batches=np.asarray(batches, dtype=float),
        **{**once, **changes},
    )


@given(times, times, st.sampled_from([0.25, 1.0, 2.0, 8.0]))
def test_a_version_k_times_as_slow_has_the_ratio_k_whatever_the_machine_did(
    singles: list[float], batches: list[float], k: float
) -> None:
    calls = np.array(singles).reshape(5, 3)
    ratios = speed_ratios(
        timings(calls * k, np.array(batches[:5]) * k), timings(calls, batches[:5])
    )
    for name in ("p50_ms", "p95_ms", "p99_ms", "seconds_per_row"):
        found = ratios[name]
        assert [found.value, found.low, found.high] == pytest.approx([k, k, k])


def test_the_interval_holds_the_truth_when_both_are_noisy() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(200):
        machine = rng.lognormal(0, 0.5, (40, 1))
        slow, fast = (
            timings(scale * machine * rng.lognormal(0, 0.1, (40, 10)), np.ones(40))
            for scale in (1.5, 1.0)
        )
        found = speed_ratios(slow, fast, seed=seed)["p50_ms"]
        held += found.low <= 1.5 <= found.high
        assert found.high - found.low < 0.5
    assert held >= 180


def test_many_calls_are_drawn_part_by_part_with_the_same_result() -> None:
    rng = np.random.default_rng(1)
    calls = [rng.lognormal(0, 0.2, (20, 1000)) for _ in range(2)]
    slow, fast = (timings(each, np.ones(20)) for each in calls)
    assert speed_ratios(slow, fast) == speed_ratios(slow, fast)
    found = speed_ratios(slow, fast)["p50_ms"]
    assert 0.95 < found.low < 1 < found.high < 1.05


def test_figures_are_in_their_units() -> None:
    found = timings(np.full((5, 2), 3e6), [2e9, 1e9, 2e9, 1e9, 1e9], batch_rows=50).speed()
    assert (found.p50_ms, found.p95_ms, found.p99_ms, found.calls) == (3.0, 3.0, 3.0, 10)
    assert found.rows_per_second == 50.0
