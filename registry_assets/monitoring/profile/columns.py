"""What one column holds: how much is missing, and how the values that are there are distributed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from registry_assets.monitoring.profile.cells import Cells
from registry_assets.monitoring.profile.labels import Labels
from registry_assets.monitoring.profile.ordering import bounds_of
from registry_assets.monitoring.profile.points import Points

Kind: TypeAlias = Literal["number", "time", "truth", "text", "empty", "other"]
"""`empty` holds no value at all; `other` is of a type that is not compared, or of several."""

NUMERIC: frozenset[Kind] = frozenset({"number", "time", "truth"})


@dataclass(frozen=True, slots=True, eq=False)
class ColumnProfile:
    """One column of a table. Values are those that are neither missing nor infinite.

    Times are numbers: seconds since 1970, a duration's seconds; truths are 0 and 1.

    Args:
        rows: of the table.
        missing: rows without a value, NaN among them.
        infinite: rows whose number is infinite.
        whole: whether it is of a type of whole numbers.
        category: whether it is of a type of categories, as pandas' and Arrow's dictionaries are.
        minimum: the least number; None without numbers.
        maximum: the greatest number; None without numbers.
        cells: how many numbers lie where, on a grid; empty for text.
        labels: how many rows have each text; empty for numbers.
    """

    kind: Kind
    rows: int
    missing: int = 0
    infinite: int = 0
    whole: bool = False
    category: bool = False
    minimum: float | None = None
    maximum: float | None = None
    cells: Cells = field(default_factory=Cells.none)
    labels: Labels = field(default_factory=Labels)

    def __add__(self, other: "ColumnProfile") -> "ColumnProfile":
        """Give the profile of the rows of both; of two types that have nothing in common, `other`.

        Law: `a + b` and `b + a` are alike, and so are `(a + b) + c` and `a + (b + c)`.
        """
        kind = _common(self.kind, other.kind)
        rows, missing = self.rows + other.rows, self.missing + other.missing
        if kind in ("empty", "other"):
            return ColumnProfile(kind, rows, missing)
        holding = [each for each in (self, other) if each.kind != "empty"]
        return ColumnProfile(
            kind,
            rows,
            missing,
            self.infinite + other.infinite,
            whole=all(each.whole for each in holding),
            category=any(each.category for each in holding),
            minimum=min(
                (each.minimum for each in holding if each.minimum is not None), default=None
            ),
            maximum=max(
                (each.maximum for each in holding if each.maximum is not None), default=None
            ),
            cells=self.cells + other.cells,
            labels=self.labels + other.labels,
        )

    @property
    def values(self) -> int:
        """How many values there are."""
        return self.labels.total if self.kind == "text" else self.cells.total

    @property
    def missing_share(self) -> float | None:
        """The share of rows without a value; None without rows."""
        return self.missing / self.rows if self.rows else None

    @property
    def distinct(self) -> int | None:
        """How many different values there are; None for numbers of too many to count.

        Of more than 10,000 texts it is an estimate.
        """
        if self.kind == "text":
            return self.labels.distinct
        return len(self.cells.keys) if self.cells.exact else None

    @property
    def counts(self) -> Mapping[str, int] | None:
        """How many rows have each text; None for numbers, and for too many texts."""
        return self.labels.counts if self.kind == "text" else None

    @property
    def mean(self) -> float | None:
        """The mean of the numbers, within `error`; None without numbers."""
        return self.points().mean if self.cells.total else None

    @property
    def std(self) -> float | None:
        """The standard deviation of the numbers, of n; None without numbers."""
        return self.points().std if self.cells.total else None

    @property
    def median(self) -> float | None:
        """The number that half of them are at or below; None without numbers."""
        return self.quantile(0.5)

    @property
    def error(self) -> float | None:
        """How far, in the mean, a number is from the middle of its cell, at most.

        So much may any Wasserstein distance from this column be wrong, by the triangle inequality.
        """
        return self.points().error if self.cells.total else None

    def quantile(self, share: float) -> float | None:
        """Give the least number that this share of them are at or below, to the cell's middle."""
        return self.points().quantile(share) if self.cells.total else None

    def points(self) -> Points:
        """Give the numbers as the middles of their cells."""
        low, high = bounds_of(self.cells.keys, shift=self.cells.shift)
        if self.minimum is not None and self.maximum is not None:
            low, high = np.maximum(low, self.minimum), np.minimum(high, self.maximum)
        errors = high / 2 - low / 2
        # Halved first, for the width of a cell may be infinite.
        values = low if self.cells.exact else low / 2 + high / 2
        return Points(values, self.cells.counts, errors)


def _common(first: Kind, second: Kind) -> Kind:
    """Say what the values of two columns are together."""
    if first == second or second == "empty":
        return first
    if first == "empty":
        return second
    return "number" if {first, second} == {"truth", "number"} else "other"
