"""Gates that look at the slices of a column, or at the groups of a sensitive one."""

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from registry_assets.canonical import Json
from registry_assets.declaration.checks import finite, one_of, require
from registry_assets.declaration.fairness import DISPARITIES
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

if TYPE_CHECKING:
    from registry_assets.declaration.evaluation import Evaluation
    from registry_assets.evaluation.results import Estimate, EvaluationResult, SliceResult

_DIFFERENCES = tuple(name for name in DISPARITIES if name.endswith("_difference"))


@dataclass(frozen=True, slots=True)
class SliceFloor:
    """The metric reaches `floor` in every slice of a column that has enough rows.

    Args:
        by: what the slices go by: a column, or the name of bins or of a condition.
        bound: judge each point value, or the lower end of its 95 % interval.
    """

    metric: str
    by: str
    floor: float
    bound: Literal["value", "low"] = "value"
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "floor", finite(self.floor, f"{self.metric}'s floor"))
        one_of(self.bound, ("value", "low"), "SliceFloor's bound")

    @property
    def name(self) -> str:
        """`roc_auc_floor_by_carrier`."""
        return f"{self.metric}_floor_by_{_slug(self.by)}"

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        what = of_bound(self.bound) + self.metric
        return f"{what} is at least {self.floor:g} for every {self.by} with enough rows"

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return {"gate": "slice_floor", **asdict(self)}

    def check_plan(self, plan: "Evaluation") -> None:
        """Refuse a metric or a column that the plan does not slice by."""
        possible_floor(self.name, self.metric, self.floor, plan)
        one_of(self.by, plan.slice_names, f"gate {self.name}: slice")

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Find the lowest supported slice and compare it with the floor."""
        supported = _supported(evaluation, self.metric, self.by, self.floor)
        if isinstance(supported, Judgement):
            return supported
        numbers = [(_known(number_of(each, self.bound)), part, each) for part, each in supported]
        below = [found for found in numbers if found[0] < self.floor]
        _, part, lowest = min(below or numbers, key=lambda found: found[0])
        if below:
            listed = ", ".join(f"{each.label} {shown_estimate(of)}" for _, each, of in below)
            why = f"{of_bound(self.bound)}{self.metric} is below {self.floor:g} for {listed}"
        else:
            why = f"the lowest of {len(numbers)} is {part.label}: {shown_estimate(lowest)}"
        return judgement("failed" if below else "passed", why, lowest, self.floor)


@dataclass(frozen=True, slots=True)
class SliceGap:
    """The best and the worst slice of a column are at most `limit` apart in the metric.

    Args:
        by: what the slices go by: a column, or the name of bins or of a condition.
        bound: judge the point value, or the upper end of the gap's 95 % interval, made of
            those of the two slices, which share no row.
    """

    metric: str
    by: str
    limit: float
    bound: Literal["value", "high"] = "value"
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        limit = finite(self.limit, f"the gap of {self.metric}")
        require(limit >= 0, f"SliceGap(limit={limit:g})", "a gap is 0 or more")
        object.__setattr__(self, "limit", limit)
        one_of(self.bound, ("value", "high"), "SliceGap's bound")

    @property
    def name(self) -> str:
        """`roc_auc_gap_by_carrier`."""
        return f"{self.metric}_gap_by_{_slug(self.by)}"

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        what = f"{of_bound(self.bound)}the gap in {self.metric}"
        return f"{what} between any two {self.by} with enough rows is at most {self.limit:g}"

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return {"gate": "slice_gap", **asdict(self)}

    def check_plan(self, plan: "Evaluation") -> None:
        """Refuse a metric or a column that the plan does not slice by."""
        planned(self.name, self.metric, plan)
        one_of(self.by, plan.slice_names, f"gate {self.name}: slice")

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Find the two supported slices that are farthest apart."""
        supported = _supported(evaluation, self.metric, self.by, self.limit)
        if isinstance(supported, Judgement):
            return supported
        unknown = [part.label for part, found in supported if not found.defined]
        if unknown:
            why = f"{self.metric} is not defined for {', '.join(unknown)}"
            return Judgement("failed", why, threshold=self.limit)
        if len(supported) < 2:
            why = f"only {supported[0][0].label} has enough rows: there is nothing to be apart"
            return Judgement("failed", why, threshold=self.limit)
        low, high = (choose(supported, key=lambda pair: pair[1].value) for choose in (min, max))
        gap = _gap(low[1], high[1])
        return limited(
            f"the gap in {self.metric} from {low[0].label} to {high[0].label}",
            gap,
            self.limit,
            at_most=True,
            bound=self.bound,
        )


@dataclass(frozen=True, slots=True)
class FairnessAtMost:
    """The groups of a sensitive column are at most `limit` apart, as fairlearn measures it.

    Args:
        measure: `demographic_parity_difference`, of the rates at which groups are predicted
            positive; or `equalized_odds_difference`, of those rates among the rows that are
            positive and among those that are not, the larger.
        by: a column of `Evaluation(fairness=…)`.
        limit: a share of 0 to 1.
        bound: judge the point value, or the upper end of its 95 % interval.
    """

    measure: str
    by: str
    limit: float
    bound: Literal["value", "high"] = "value"
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        one_of(self.measure, _DIFFERENCES, "FairnessAtMost's measure")
        limit = finite(self.limit, "FairnessAtMost's limit")
        require(0 <= limit < 1, f"FairnessAtMost(limit={limit:g})", "give a share from 0 to 1")
        object.__setattr__(self, "limit", limit)
        one_of(self.bound, ("value", "high"), "FairnessAtMost's bound")

    @property
    def name(self) -> str:
        """`demographic_parity_difference_by_race`."""
        return f"{self.measure}_by_{_slug(self.by)}"

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        what = of_bound(self.bound) + f"the {self.measure.replace('_', ' ')}"
        return f"{what} by {self.by} is at most {self.limit:g}"

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return {"gate": "fairness_at_most", **asdict(self)}

    def check_plan(self, plan: "Evaluation") -> None:
        """Refuse a column whose groups the plan does not compare."""
        columns = plan.fairness.columns if plan.fairness else ()
        require(
            bool(columns),
            f"gate {self.name} reads groups, which the evaluation does not compare",
            f"add Evaluation(fairness=Fairness([{self.by!r}]))",
        )
        one_of(self.by, columns, f"gate {self.name}: sensitive column")

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Compare the declared bound of the disparity with the limit."""
        found = {each.by: each for each in evaluation.fairness}.get(self.by)
        estimate = found.disparities.get(self.measure) if found else None
        what = f"{self.measure} by {self.by}"
        return limited(what, estimate, self.limit, at_most=True, bound=self.bound)


def _supported(
    evaluation: "EvaluationResult", metric: str, by: str, limit: float
) -> "list[tuple[SliceResult, Estimate]] | Judgement":
    """Give the slices with enough rows, or why nothing can be said of them."""
    parts = [part for part in evaluation.slices if part.column == by and part.supported]
    missing = [part.label for part in parts if metric not in part.estimates]
    if missing:
        why = f"{metric} was not computed for {', '.join(missing)}"
        return Judgement("failed", why, threshold=limit)
    if not parts:
        return Judgement("failed", f"no {by} has enough rows", threshold=limit)
    return [(part, part.estimates[metric]) for part in parts]


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


def _slug(name: str) -> str:
    """Give a slice's name as part of a check's name."""
    return "".join(sign if sign.isalnum() else "_" for sign in name.lower()).strip("_")
