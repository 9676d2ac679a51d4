"""Gates on the artifact and on the rows: what was measured, and what was not."""

import math

import pytest

from registry_assets.declaration import LatencyAtMost, LatencyNotWorse, NoLeakage, SizeAtMost
from registry_assets.declaration.gates import Gate
from registry_assets.evaluation.results.data import DataResult
from registry_assets_tests.declaration.judged import (
    UNDEFINED,
    compared,
    data,
    estimate,
    measured,
    power,
    result,
    speed,
)


@pytest.mark.parametrize(
    ("percentile", "limit", "outcome"),
    [("p50", 2.5, "passed"), ("p50", 2.4, "failed"), ("p95", 5, "passed"), ("p99", 9, "failed")],
)
def test_a_percentile_is_held_against_its_limit(
    percentile: str, limit: float, outcome: str
) -> None:
    gate = LatencyAtMost(percentile, limit)  # type: ignore[arg-type]
    found = gate.judge(result(speed=measured(speed(p95_ms=5.0))))
    assert (found.outcome, found.threshold, found.rows) == (outcome, limit, 200)
    assert "200 calls" in found.why


@pytest.mark.parametrize(("megabytes", "outcome"), [(2.0, "passed"), (1.999, "failed")])
def test_a_size_is_held_against_its_limit_in_millions_of_bytes(
    megabytes: float, outcome: str
) -> None:
    found = SizeAtMost(megabytes).judge(result(speed=measured(speed(size=2_000_000))))
    assert (found.outcome, found.value) == (outcome, 2.0)


MEASURED: tuple[Gate, ...] = (
    LatencyAtMost("p95", 1e9),
    LatencyNotWorse("p95", margin=1e9),
    SizeAtMost(1e9),
)


@pytest.mark.parametrize("gate", MEASURED, ids=lambda gate: gate.name)
def test_a_version_that_could_not_be_measured_fails_with_the_reason(gate: Gate) -> None:
    found = gate.judge(result(speed=measured(None, reason="it was killed"), comparison=None))
    assert found.outcome == "failed"
    assert "it was killed" in found.why
    assert "nothing was measured" in gate.judge(result()).why


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_time_that_is_no_number_does_not_pass(bad: float) -> None:
    found = LatencyAtMost("p95", 1e9).judge(result(speed=measured(speed(p95_ms=bad))))
    assert found.outcome == "failed"


@pytest.mark.parametrize(
    ("ratio", "bound", "outcome"),
    [(1.2, "value", "passed"), (1.21, "value", "failed"), (1.2, "high", "failed"),
     (1.18, "high", "passed"), (0.5, "high", "passed")],
)  # fmt: skip
def test_a_ratio_is_judged_by_the_declared_bound(ratio: float, bound: str, outcome: str) -> None:
    gate = LatencyNotWorse("p95", margin=0.2, bound=bound)  # type: ignore[arg-type]
    found = gate.judge(result(speed=measured(speed(), estimate(ratio)), comparison=compared(None)))
    assert (found.outcome, found.value, found.threshold) == (outcome, ratio, 1.2)


def test_a_baseline_that_could_not_be_measured_leaves_it_undecided() -> None:
    gate = LatencyNotWorse("p95", margin=9.0)
    alone = measured(speed(), baseline_reason="version 3 cannot be loaded")
    found = gate.judge(result(speed=alone, comparison=compared(None)))
    assert found.outcome == "undecided"
    assert "version 3 cannot be loaded" in found.why
    other = LatencyNotWorse("p50", margin=9.0)
    found = other.judge(result(speed=measured(speed(), estimate(1)), comparison=compared(None)))
    assert found.outcome == "undecided"
    undefined = measured(speed(), UNDEFINED)
    assert gate.judge(result(speed=undefined, comparison=compared(None))).outcome == "undecided"
    assert gate.judge(result(speed=measured(speed(), estimate(1)))).outcome == "failed"


@pytest.mark.parametrize(
    ("found", "allowed", "outcome", "said"),
    [
        (data(0.0), 0.0, "passed", "0 of 200 held-out rows occur in the training"),
        (data(0.005), 0.0, "failed", "1 of 200 held-out rows occur in the training"),
        (data(0.05), 0.05, "passed", "10 of 200"),
        (data(0.055), 0.05, "failed", "11 of 200"),
        (
            data(0.0, power=(power("arrival", 0.9999, decides=True), power("hour", 0.6))),
            0.0,
            "failed",
            "arrival alone decides the target (roc_auc 0.9999)",
        ),
        (data(0.0, power=(power("hour", 0.6), power("day", None))), 0.0, "passed", "no column"),
        (data(0.0, power=(power("hour", None),)), 0.0, "failed", "no column could be looked at"),
        (data(None), 0.5, "failed", "no column to compare"),
        (data(0.0, reasons={"shared": "too wide"}), 0.5, "failed", "shared: too wide"),
        (data(0.0, reasons={"power": "one class"}), 0.5, "failed", "power: one class"),
        (data(0.0, reasons={"drift": "too few"}), 0.0, "passed", "0 of 200"),
        (DataResult(1, 1, 1, 1, 0), 0.5, "failed", "it cannot be told what leaks"),
        (None, 0.5, "failed", "the data was not examined"),
    ],
)
def test_leakage_is_rows_that_were_seen_and_columns_that_tell(
    found: DataResult | None, allowed: float, outcome: str, said: str
) -> None:
    judged = NoLeakage(shared=allowed).judge(result(data=found))
    assert judged.outcome == outcome
    assert said in judged.why
