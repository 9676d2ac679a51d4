"""Gates that look at the slices of a column."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from registry_assets.canonical import Json
from registry_assets.declaration.checks import a_name, finite, one_of, require
from registry_assets.declaration.gates.absolute import possible_floor
from registry_assets.declaration.gates.judging import (
    Judgement,
    judgement,
    limited,
    number_of,
    of_bound,
    planned,
    shown_estimate,
)
from registry_assets.declaration.gates.naming import name_by, name_gate, rule
from registry_assets.declaration.slicing import Slicing, Where

if TYPE_CHECKING:
    from registry_assets.declaration.evaluation import Evaluation
    from registry_assets.evaluation.results import Estimate, EvaluationResult, SliceResult

    _Supported = list[tuple[SliceResult, Estimate]]

_LISTED = 5
"""Slices that a sentence names."""


@dataclass(frozen=True, slots=True)
class SliceFloor:
    """The metric reaches `floor` in every slice of a column that has enough rows.

    Args:
        by: what the slices go by: a column, or the name of bins or of a condition.
        bound: judge each point value, or the lower end of its 95 % interval.
        name: by default `roc_auc_floor_by_carrier`.
    """

    metric: str
    by: str
    floor: float
    bound: Literal["value", "low"] = "value"
    name: str = ""
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_words(self)
        object.__setattr__(self, "floor", finite(self.floor, f"{self.metric}'s floor"))
        one_of(self.bound, ("value", "low"), "SliceFloor's bound")
        name_gate(self, name_by(f"{self.metric}_floor_by", self.by))

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        what = of_bound(self.bound) + self.metric
        return f"{what} is at least {self.floor:g} for every {self.by} with enough rows"

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return rule(self, "slice_floor")

    def check_plan(self, plan: "Evaluation") -> None:
        """Refuse a metric or a column that the plan does not slice by."""
        possible_floor(self.name, self.metric, self.floor, plan)
        _sliced(self, plan)

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Find the lowest supported slice and compare it with the floor."""
        supported = _supported(evaluation, self.metric, self.by, self.floor)
        if isinstance(supported, Judgement):
            return supported
        part, lowest = self._lowest(supported)
        known = sorted((pair for pair in supported if pair[1].defined), key=self._place)
        below = [pair for pair in known if self._place(pair) < self.floor]
        wrong = [_undefined(self.metric, supported)]
        if below:
            listed = _few([f"{each.label} {shown_estimate(of)}" for each, of in below])
            what = of_bound(self.bound) + self.metric
            wrong.append(f"{what} is below {self.floor:g} for {listed}")
        if why := "; ".join(filter(None, wrong)):
            return judgement("failed", why, lowest, self.floor)
        why = f"the lowest of {len(supported)} is {part.label}: {shown_estimate(lowest)}"
        return judgement("passed", why, lowest, self.floor)

    def slice_of(self, evaluation: "EvaluationResult") -> str:
        """Name the slice that the judgement's numbers are of; "" where it has none."""
        supported = _supported(evaluation, self.metric, self.by, self.floor)
        return "" if isinstance(supported, Judgement) else self._lowest(supported)[0].label

    def _lowest(self, supported: "_Supported") -> "tuple[SliceResult, Estimate]":
        return min(supported, key=self._place)

    def _place(self, pair: "tuple[SliceResult, Estimate]") -> float:
        return _known(number_of(pair[1], self.bound))


@dataclass(frozen=True, slots=True)
class SliceGap:
    """The best and the worst slice of a column are at most `limit` apart in the metric.

    Args:
        by: what the slices go by: a column, or the name of bins or of a condition.
        bound: judge the point value, or the upper end of the gap's 95 % interval, made of
            those of the two slices, which share no row.
        name: by default `roc_auc_gap_by_carrier`.
    """

    metric: str
    by: str
    limit: float
    bound: Literal["value", "high"] = "value"
    name: str = ""
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_words(self)
        limit = finite(self.limit, f"the gap of {self.metric}")
        require(limit >= 0, f"SliceGap(limit={limit:g})", "a gap is 0 or more")
        object.__setattr__(self, "limit", limit)
        one_of(self.bound, ("value", "high"), "SliceGap's bound")
        name_gate(self, name_by(f"{self.metric}_gap_by", self.by))

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        what = f"{of_bound(self.bound)}the gap in {self.metric}"
        return f"{what} between any two {self.by} with enough rows is at most {self.limit:g}"

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return rule(self, "slice_gap")

    def check_plan(self, plan: "Evaluation") -> None:
        """Refuse a metric or a column that the plan does not slice by, and a condition."""
        planned(self.name, self.metric, plan)
        require(
            not isinstance(_sliced(self, plan), Where),
            f"gate {self.name}: no model can pass it, as a condition makes one slice and a gap"
            " needs two",
            f"use SliceFloor({self.metric!r}, by={self.by!r}, …), or slice by a column",
        )

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Find the two supported slices that are farthest apart."""
        supported = _supported(evaluation, self.metric, self.by, self.limit)
        if isinstance(supported, Judgement):
            return supported
        if why := _undefined(self.metric, supported):
            return Judgement("failed", why, threshold=self.limit)
        if len(supported) < 2:
            why = f"only {supported[0][0].label} has enough rows: there is nothing to be apart"
            return Judgement("failed", why, threshold=self.limit)
        low, high = _ends(supported)
        gap = _gap(low[1], high[1])
        return limited(
            f"the gap in {self.metric} from {low[0].label} to {high[0].label}",
            gap,
            self.limit,
            at_most=True,
            bound=self.bound,
        )

    def slice_of(self, evaluation: "EvaluationResult") -> str:
        """Name the two slices that the judgement's numbers are of; "" where it has none."""
        supported = _supported(evaluation, self.metric, self.by, self.limit)
        if isinstance(supported, Judgement):
            return ""
        low, high = _ends(supported)
        return f"{low[0].label} to {high[0].label}"


def _check_words(gate: SliceFloor | SliceGap) -> None:
    kind = type(gate).__name__
    a_name(gate.metric, f"{kind}'s metric", example="roc_auc")
    a_name(gate.by, f"{kind}'s by", example="carrier")


def _sliced(gate: SliceFloor | SliceGap, plan: "Evaluation") -> Slicing:
    """Give what the slices of a gate are; refuse what the plan does not slice by."""
    require(
        bool(plan.slice_names),
        f"gate {gate.name} reads slices, which the evaluation does not make",
        f"add Evaluation(slices=[{gate.by!r}])",
    )
    one_of(gate.by, plan.slice_names, f"gate {gate.name}: slice")
    return next(each for each in plan.slicings if each.name == gate.by)


def _supported(
    evaluation: "EvaluationResult", metric: str, by: str, limit: float
) -> "_Supported | Judgement":
    """Give the slices with enough rows, or why nothing can be said of them."""
    parts = [part for part in evaluation.slices if part.column == by and part.supported]
    missing = [part.label for part in parts if metric not in part.estimates]
    if missing:
        why = f"{metric} was not computed for {_few(missing)}"
        return Judgement("failed", why, threshold=limit)
    if not parts:
        return Judgement("failed", f"no slice by {by} has enough rows", threshold=limit)
    return [(part, part.estimates[metric]) for part in parts]


def _undefined(metric: str, supported: "_Supported") -> str:
    """Say of which slices the metric is no number, and why of the first; "" where it always is."""
    unknown = [(part.label, found.reason) for part, found in supported if not found.defined]
    if not unknown:
        return ""
    return f"{metric} is not defined for {_few([each for each, _ in unknown])}: {unknown[0][1]}"


def _few(said: Sequence[str]) -> str:
    """List the first, and how many more there are."""
    more = len(said) - _LISTED
    return ", ".join(said[:_LISTED]) + (f" and {more:,} more" if more > 0 else "")


def _ends(supported: "_Supported") -> "_Supported":
    """Give the lowest slice and the highest."""
    return [choose(supported, key=lambda pair: pair[1].value) for choose in (min, max)]


def _known(number: float) -> float:
    """Give the number, or one below any floor where it is not finite."""
    return number if math.isfinite(number) else -math.inf


def _gap(low: "Estimate", high: "Estimate") -> "Estimate":
    """Give the difference of two independent estimates, with an interval made of theirs.

    Each end's distance is the root of the squares of the two distances it comes from (Zou
    and Donner's recovery of variance estimates).
    """
    value = high.value - low.value
    below = math.hypot(high.value - high.low, low.high - low.value)
    above = math.hypot(high.high - high.value, low.value - low.low)
    kind, rows = type(high), low.rows + high.rows
    if not math.isfinite(value + above + below):
        return kind.undefined(rows=rows, reason="the two are too far apart for a number")
    return kind(value, max(0.0, value - below), value + above, rows=rows)
