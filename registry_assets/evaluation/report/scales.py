"""Where numbers lie on a line: intervals drawn as bars beside the numbers of a table.

Only shares of a line's length, 0 to 100; what they look like is in the templates' style.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from registry_assets.evaluation.results.estimates import Estimate


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval and the value in it, in per cent of a line's length.

    Args:
        reference: where a line of reference crosses, if it does.
    """

    low: float
    high: float
    at: float
    reference: float | None = None

    @property
    def style(self) -> str:
        """The bar's place, for a style attribute: numbers alone, never text of others."""
        return f"left:{self.low:.2f}%;width:{max(self.high - self.low, 0):.2f}%"

    @property
    def dot(self) -> str:
        """The value's place."""
        return f"left:{self.at:.2f}%"

    @property
    def line(self) -> str:
        """The reference's place; empty without one."""
        return "" if self.reference is None else f"left:{self.reference:.2f}%"


@dataclass(frozen=True, slots=True)
class Scale:
    """A stretch of numbers that several bars share."""

    low: float
    high: float

    @classmethod
    def over(cls, estimates: Iterable[Estimate | None], *more: float | None) -> Self | None:
        """Give the scale that these fit on, with a little air; None where there are none."""
        numbers = [each for each in more if each is not None]
        for found in estimates:
            if found is not None and found.defined:
                numbers += [found.low, found.value, found.high]
        if not numbers:
            return None
        low, high = min(numbers), max(numbers)
        air = (high - low) * 0.04 or abs(high) * 0.04 or 1.0
        # The ends of a regression's intervals may be as far apart as floats go.
        most = sys.float_info.max
        return cls(max(low - air, -most), min(high + air, most))

    def place(self, number: float) -> float:
        """Give where a number lies, from 0 to 100."""
        # Halved first: the length may be more than a float holds.
        length = self.high / 2 - self.low / 2
        share = (number / 2 - self.low / 2) / length if length else 0.5
        return 100 * min(max(share, 0.0), 1.0)

    def bar(self, found: Estimate | None, *, reference: float | None = None) -> Bar | None:
        """Give the bar of an estimate; None where it has no number."""
        if found is None or not found.defined:
            return None
        line = None if reference is None else self.place(reference)
        # An interval may lie beside its value.
        ends = sorted((self.place(found.low), self.place(found.high)))
        return Bar(ends[0], ends[1], self.place(found.value), line)


def difference_bar(found: Estimate | None, *, less_is_better: bool) -> Bar | None:
    """Give the bar of a difference, 0 in the middle and better to the right; see `own_scale`."""
    if found is None or not found.defined:
        return None
    scaled = on_own_scale(found, less_is_better=less_is_better)
    return Scale(-1.05, 1.05).bar(scaled, reference=0.0)


def on_own_scale(found: Estimate, *, less_is_better: bool) -> Estimate:
    """Give a defined difference in units of its `own_scale`, better to the right."""
    scale = own_scale(found) * (-1.0 if less_is_better else 1.0)
    low, high = sorted((found.low / scale, found.high / scale))
    return Estimate(found.value / scale, low, high, rows=found.rows)


def own_scale(found: Estimate) -> float:
    """Give how far a difference and its interval reach from 0.

    Differences of two metrics have no unit in common, so each is drawn on the scale of its
    own interval: what can be seen is the side it lies on, and whether it touches 0.
    """
    return max(abs(found.low), abs(found.high), abs(found.value)) or 1.0
