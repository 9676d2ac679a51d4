"""Evaluations to judge, made of the few numbers that a gate reads."""

from collections.abc import Mapping
from typing import Any

from registry_assets.evaluation.results import (
    Comparison,
    Estimate,
    EvaluationResult,
    SliceResult,
)
from registry_assets.evaluation.results.data import ColumnPower, DataResult, SharedRows
from registry_assets.evaluation.results.fairness import FairnessResult
from registry_assets.evaluation.results.speed import Speed, SpeedResult

UNDEFINED = Estimate.undefined(rows=100, reason="one class only")


def estimate(value: float, width: float = 0.02) -> Estimate:
    """An estimate with a symmetric interval."""
    return Estimate(value, value - width, value + width, rows=100)


def result(metrics: Mapping[str, Estimate] | None = None, **more: Any) -> EvaluationResult:
    """An evaluation that found this."""
    less = ("log_loss", "calibration_error")
    return EvaluationResult("binary", 100, 0, 1000, metrics or {}, less, **more)


def compared(difference: Estimate | None, *, name: str = "roc_auc", **more: Any) -> Comparison:
    """A comparison with version 3 in production."""
    differences = {} if difference is None else {name: difference}
    return Comparison(
        "production", 7, 3, "sha256:" + "3" * 64, 100, differences=differences, **more
    )


NEVER_HELD = Comparison("production", 0, None, None, 100)


def part(value: str, found: Estimate | None, *, supported: bool = True) -> SliceResult:
    """One origin's slice."""
    estimates = {} if found is None else {"roc_auc": found}
    return SliceResult("origin", value, 100, 30, supported, estimates)


def fair(found: Estimate | None, *, measure: str, by: str = "race") -> FairnessResult:
    """The groups of a column, so far apart."""
    return FairnessResult(by, (), {} if found is None else {measure: found})


def speed(p95_ms: float = 5.0, *, size: int = 2_000_000) -> Speed:
    """What a version takes."""
    return Speed(p95_ms / 2, p95_ms, p95_ms * 2, 1e5, 1000, 2.0, 10**8, size, 200)


def measured(candidate: Speed | None, ratio: Estimate | None = None, **more: Any) -> SpeedResult:
    """A measurement, beside production's if there is a ratio."""
    ratios = {} if ratio is None else {"p95_ms": ratio}
    beside = None if ratio is None else speed()
    return SpeedResult(candidate, beside, ratios=ratios, **more)


def data(share: float | None, *, power: tuple[ColumnPower, ...] = (), **more: Any) -> DataResult:
    """What was found out of 1,000 rows of training and 200 of the holdout."""
    shared = SharedRows(
        1000, 200, 5, 0 if share is None else round(200 * share), share,
        reason="" if share is not None else "no column to compare",
    )  # fmt: skip
    return DataResult(1000, 200, 1000, 200, 0, shared=shared, power=power, **more)


def power(column: str, value: float | None, *, decides: bool = False) -> ColumnPower:
    """How well one column decides the target."""
    reason = "" if value is not None else "one class only"
    return ColumnPower(column, "roc_auc", value, 0.98, decides, 1000, 200, reason)
