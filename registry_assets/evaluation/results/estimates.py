"""A number with its interval: the value that metrics, slices and differences consist of."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from registry_assets.canonical import Json


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
