"""Gates that look at the groups of a sensitive column."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from registry_assets.canonical import Json
from registry_assets.declaration.checks import a_name, finite, one_of, require
from registry_assets.declaration.fairness import DISPARITIES
from registry_assets.declaration.gates.judging import Judgement, limited, of_bound
from registry_assets.declaration.gates.naming import name_by, name_gate, rule

if TYPE_CHECKING:
    from registry_assets.declaration.evaluation import Evaluation
    from registry_assets.evaluation.results import Estimate, EvaluationResult

_DIFFERENCES = tuple(name for name in DISPARITIES if name.endswith("_difference"))
_RATIOS = tuple(name for name in DISPARITIES if name.endswith("_ratio"))


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
        name: by default `demographic_parity_difference_by_race`.
    """

    measure: str
    by: str
    limit: float
    bound: Literal["value", "high"] = "value"
    name: str = ""
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        require(
            self.measure not in _RATIOS,
            f"FairnessAtMost({self.measure!r}): the larger a ratio the more alike the groups are",
            f"use FairnessAtLeast({self.measure!r}, …)",
        )
        one_of(self.measure, _DIFFERENCES, "FairnessAtMost's measure")
        a_name(self.by, "FairnessAtMost's by", example="race")
        limit = finite(self.limit, "FairnessAtMost's limit")
        require(0 <= limit < 1, f"FairnessAtMost(limit={limit:g})", "give a share from 0 to 1")
        object.__setattr__(self, "limit", limit)
        one_of(self.bound, ("value", "high"), "FairnessAtMost's bound")
        name_gate(self, name_by(f"{self.measure}_by", self.by))

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        what = of_bound(self.bound) + f"the {self.measure.replace('_', ' ')}"
        return f"{what} by {self.by} is at most {self.limit:g}"

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return rule(self, "fairness_at_most")

    def check_plan(self, plan: "Evaluation") -> None:
        """Refuse a column whose groups the plan does not compare."""
        _compares_groups(self.name, self.by, plan)

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Compare the declared bound of the disparity with the limit."""
        estimate = _disparity(evaluation, self.measure, by=self.by)
        what = f"{self.measure} by {self.by}"
        return limited(what, estimate, self.limit, at_most=True, bound=self.bound)


@dataclass(frozen=True, slots=True)
class FairnessAtLeast:
    """The rates of a sensitive column's groups are in a ratio of at least `floor`.

    The four-fifths rule is `FairnessAtLeast("demographic_parity_ratio", by=…, floor=0.8)`: the
    rate of every group is at least four fifths of the highest.

    Args:
        measure: `demographic_parity_ratio`, of the rates at which groups are predicted
            positive; or `equalized_odds_ratio`, of those rates among the rows that are positive
            and among those that are not, the smaller.
        by: a column of `Evaluation(fairness=…)`.
        floor: above 0, at most 1.
        bound: judge the point value, or the lower end of its 95 % interval.
        name: by default `demographic_parity_ratio_by_race`.
    """

    measure: str
    by: str
    floor: float
    bound: Literal["value", "low"] = "value"
    name: str = ""
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        require(
            self.measure not in _DIFFERENCES,
            f"FairnessAtLeast({self.measure!r}): the smaller a difference the more alike the"
            " groups are",
            f"use FairnessAtMost({self.measure!r}, …)",
        )
        one_of(self.measure, _RATIOS, "FairnessAtLeast's measure")
        a_name(self.by, "FairnessAtLeast's by", example="race")
        floor = finite(self.floor, "FairnessAtLeast's floor")
        require(0 < floor <= 1, f"FairnessAtLeast(floor={floor:g})", "give a ratio, such as 0.8")
        object.__setattr__(self, "floor", floor)
        one_of(self.bound, ("value", "low"), "FairnessAtLeast's bound")
        name_gate(self, name_by(f"{self.measure}_by", self.by))

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        what = of_bound(self.bound) + f"the {self.measure.replace('_', ' ')}"
        return f"{what} by {self.by} is at least {self.floor:g}"

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return rule(self, "fairness_at_least")

    def check_plan(self, plan: "Evaluation") -> None:
        """Refuse a column whose groups the plan does not compare."""
        _compares_groups(self.name, self.by, plan)

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Compare the declared bound of the ratio with the floor."""
        estimate = _disparity(evaluation, self.measure, by=self.by)
        what = f"{self.measure} by {self.by}"
        return limited(what, estimate, self.floor, at_most=False, bound=self.bound)


def _compares_groups(gate: str, by: str, plan: "Evaluation") -> None:
    columns = plan.fairness.columns if plan.fairness else ()
    require(
        bool(columns),
        f"gate {gate} reads groups, which the evaluation does not compare",
        f"add Evaluation(fairness=Fairness([{by!r}]))",
    )
    one_of(by, columns, f"gate {gate}: sensitive column")


def _disparity(evaluation: "EvaluationResult", measure: str, *, by: str) -> "Estimate | None":
    found = {each.by: each for each in evaluation.fairness}.get(by)
    return found.disparities.get(measure) if found else None
