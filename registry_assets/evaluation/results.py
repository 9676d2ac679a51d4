"""The values an evaluation consists of, and the JSON they are stored as.

Only values: reading a stored evaluation needs no numeric library. They are computed in the
neighbouring modules and judged by gates.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from registry_assets.canonical import Json
from registry_assets.errors import RegistryError

FORMAT = "registry_assets/evaluation/1"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric on some rows with its 95 % interval, or the reason why there is none.

    All three numbers are finite, or all are NaN and `reason` says why: no comparison with a
    NaN is true, so an undefined estimate reaches no threshold.

    Args:
        rows: how many rows the numbers rest on.
    """

    value: float
    low: float
    high: float
    rows: int
    reason: str = ""

    def __post_init__(self) -> None:
        numbers = (self.value, self.low, self.high)
        if self.reason:
            if not all(map(math.isnan, numbers)):
                raise ValueError(f"an undefined estimate ({self.reason}) has numbers: {numbers}")
        elif not all(map(math.isfinite, numbers)):
            raise ValueError(f"an estimate without a reason has numbers {numbers}")

    @classmethod
    def undefined(cls, *, rows: int, reason: str) -> Self:
        """Give the estimate that has no number."""
        return cls(math.nan, math.nan, math.nan, rows=rows, reason=reason)

    @property
    def defined(self) -> bool:
        """Whether there are numbers."""
        return not self.reason

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON; an undefined number is null."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {
            **{name: number if self.defined else None for name, number in numbers.items()},
            "rows": self.rows,
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave."""
        rows, reason = int(value["rows"]), str(value["reason"])
        if reason:
            return cls.undefined(rows=rows, reason=reason)
        low, high = float(value["low"]), float(value["high"])
        return cls(float(value["value"]), low, high, rows=rows)


@dataclass(frozen=True, slots=True)
class SliceResult:
    """The rows that share one value of a column.

    Args:
        value: as text; None stands for the rows in which the column is null.
        supported: whether there are enough rows for a verdict. Without, no estimates.
    """

    column: str
    value: str | None
    rows: int
    positives: int
    supported: bool
    estimates: Mapping[str, Estimate]

    @property
    def label(self) -> str:
        """The slice, as people say it."""
        return f"{self.column} is missing" if self.value is None else f"{self.column} {self.value}"

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {
            "column": self.column,
            "value": self.value,
            "rows": self.rows,
            "positives": self.positives,
            "supported": self.supported,
            "estimates": _named_to_json(self.estimates),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave."""
        return cls(**{**value, "estimates": _named_from_json(value["estimates"])})


@dataclass(frozen=True, slots=True)
class Comparison:
    """A candidate beside what a pointer held at one generation, on the same rows.

    Args:
        baseline_version: None when the pointer has never held a version.
        differences: candidate minus baseline, in the metric's own direction.
        undecided: why the figures, if any, prove nothing; None when they do.
    """

    pointer: str
    generation: int
    baseline_version: int | None
    baseline_digest: str | None
    rows: int
    differences: Mapping[str, Estimate] = field(default_factory=dict)
    undecided: str | None = None

    @property
    def outcome(self) -> Literal["no_baseline", "undecided", "compared"]:
        """Whether there was something to compare with, and whether the figures count."""
        if self.undecided:
            return "undecided"
        return "no_baseline" if self.baseline_version is None else "compared"

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {
            "pointer": self.pointer,
            "generation": self.generation,
            "baseline_version": self.baseline_version,
            "baseline_digest": self.baseline_digest,
            "rows": self.rows,
            "differences": _named_to_json(self.differences),
            "undecided": self.undecided,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave."""
        return cls(**{**value, "differences": _named_from_json(value["differences"])})


@dataclass(frozen=True, slots=True)
class RocPoint:
    """What calling every row at or above a threshold positive does, as shares of 0 to 1."""

    threshold: float
    false_positive_rate: float
    true_positive_rate: float

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON."""
        return dict(asdict(self))

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave."""
        return cls(**{name: float(number) for name, number in value.items()})


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Rows of similar score: the mean that was predicted, and the share that was positive.

    Args:
        low: lower end of the observed share's 95 % interval.
        high: upper end of the observed share's 95 % interval.
    """

    rows: int
    predicted: float
    observed: float
    low: float
    high: float

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON."""
        return dict(asdict(self))

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave."""
        numbers = {name: float(number) for name, number in value.items() if name != "rows"}
        return cls(rows=int(value["rows"]), **numbers)


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """Everything the suite found out about one version on its holdout.

    Law: `from_json(r.to_json(), pictures=r.pictures)` gives the same JSON and pictures.

    Args:
        metrics: in the declaration's order, the headline first.
        positives: rows whose target is 1.
        comparison: None when no comparison was asked for.
        pictures: PNG by name. Files of their own, so not in the JSON.
    """

    rows: int
    positives: int
    seed: int
    resamples: int
    metrics: Mapping[str, Estimate]
    slices: tuple[SliceResult, ...] = ()
    comparison: Comparison | None = None
    roc: tuple[RocPoint, ...] = ()
    calibration: tuple[CalibrationBin, ...] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """Give everything but the pictures as JSON, with finite numbers only."""
        return {
            "format": FORMAT,
            "rows": self.rows,
            "positives": self.positives,
            "seed": self.seed,
            "resamples": self.resamples,
            "metrics": _named_to_json(self.metrics),
            "slices": [part.to_json() for part in self.slices],
            "comparison": self.comparison.to_json() if self.comparison else None,
            "roc": [point.to_json() for point in self.roc],
            "calibration": [bin_.to_json() for bin_ in self.calibration],
        }

    @classmethod
    def from_json(
        cls, value: Mapping[str, Any], *, pictures: Mapping[str, bytes] | None = None
    ) -> Self:
        """Read what `to_json` gave.

        Raises:
            RegistryError: another release wrote it, in a format this one does not know.
        """
        if value.get("format") != FORMAT:
            raise RegistryError(
                f"an evaluation's format is {value.get('format')!r}, expected {FORMAT!r}",
                hint="it was written by a newer release: upgrade registry_assets",
            )
        comparison = value["comparison"]
        return cls(
            rows=int(value["rows"]),
            positives=int(value["positives"]),
            seed=int(value["seed"]),
            resamples=int(value["resamples"]),
            metrics=_named_from_json(value["metrics"]),
            slices=tuple(map(SliceResult.from_json, value["slices"])),
            comparison=Comparison.from_json(comparison) if comparison else None,
            roc=tuple(map(RocPoint.from_json, value["roc"])),
            calibration=tuple(map(CalibrationBin.from_json, value["calibration"])),
            pictures=pictures or {},
        )


def _named_to_json(estimates: Mapping[str, Estimate]) -> list[Json]:
    # A list, because canonical JSON sorts the members of an object and the first metric
    # is the headline.
    return [{"metric": name, **found.to_json()} for name, found in estimates.items()]


def _named_from_json(values: list[dict[str, Any]]) -> dict[str, Estimate]:
    return {value["metric"]: Estimate.from_json(value) for value in values}
