"""Slices of rows that a search found to be weak, as values.

`registry_assets.evaluation.weak` searches.

A condition stores all that it takes to select its rows again, today or in another frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from registry_assets.evaluation.results.estimates import Estimate


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is true of a cell in all rows of a slice.

    Args:
        column: the column's name, as text.
        text: the condition, as people say it: `origin is EWR`, `temp in [30, 41.5)`.
        kind: "missing", the cell is null; "text", it prints as `value`; "number", it equals
            `low`, which is also `high`; "range", it is at least `low` and less than `high`.
        value: None but for text.
        low: a time is its seconds since 1970, in UTC. In a range, None is no limit.
    """

    column: str
    text: str
    kind: Literal["missing", "text", "number", "range"]
    value: str | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class WeakSlice:
    """Rows on which the mean loss is higher than on all others, more than by chance.

    Where the rows are weighted, all figures but `rows` and `share` are.

    Args:
        conditions: one, or two that hold together.
        rows: of those that were searched.
        share: `rows` as a share of those that were searched.
        rest_loss: the mean over all rows outside.
        excess: `mean_loss` less `rest_loss`. Among many slices the ones found are those
            that also had bad luck: on fresh rows expect somewhat less.
        low: lower end of the excess's 95 % interval, taken by itself.
        high: upper end of the same.
        p_adjusted: the chance that in a search without any weak slice one as striking is
            found: Holm's correction over all conditions that were tested.
        estimates: the headline metric on all rows of the slice, searched or not.
    """

    conditions: tuple[Condition, ...]
    rows: int
    share: float
    mean_loss: float
    rest_loss: float
    excess: float
    low: float
    high: float
    p_adjusted: float
    estimates: Mapping[str, Estimate] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The slice, as people say it."""
        return " and ".join(condition.text for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class WeakSliceSearch:
    """What was looked for, and what was found.

    Args:
        tried: how many conditions, and pairs of them, were tested.
        rows: how many were searched.
        sampled_from: how many there were: more than `rows` if a sample was searched.
        min_rows: how many a slice needs, and what it is compared with.
        level: the chance to find anything at all where nothing is weak.
        found: the strongest first: by the excess as a multiple of its uncertainty.
        left_out: columns that were not searched, each with the reason.
        unpaired: columns that were searched by themselves only, since there are many.
        reason: why nothing could be searched; "" if something was.
        most: how many are listed at most; an earlier release did not record it.
    """

    tried: int
    rows: int
    sampled_from: int
    min_rows: int
    level: float
    found: tuple[WeakSlice, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    unpaired: tuple[str, ...] = ()
    reason: str = ""
    most: int = 10

    @property
    def full(self) -> bool:
        """Whether as many are listed as may be: how many there are is not known then."""
        return len(self.found) >= self.most
