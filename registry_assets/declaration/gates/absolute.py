"""Gates that hold a metric on the holdout against a number."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from registry_assets.canonical import Json
from registry_assets.declaration.checks import a_name, finite, one_of, require
from registry_assets.declaration.gates.judging import Judgement, limited, of_bound, planned
from registry_assets.declaration.gates.naming import name_gate, rule

if TYPE_CHECKING:
    from registry_assets.declaration.evaluation import Evaluation
    from registry_assets.evaluation.results import EvaluationResult

_CALIBRATION = "calibration_error"


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The metric on the holdout is at least `threshold`.

    Args:
        bound: judge the point value, or the lower end of its 95 % interval.
        name: by default `roc_auc_at_least`.
    """

    metric: str
    threshold: float
    bound: Literal["value", "low"] = "value"
    name: str = ""
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        a_name(self.metric, "AtLeast's metric", example="roc_auc")
        object.__setattr__(self, "threshold", finite(self.threshold, f"{self.metric}'s threshold"))
        one_of(self.bound, ("value", "low"), "AtLeast's bound")
        name_gate(self, f"{self.metric}_at_least")

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        what = of_bound(self.bound) + self.metric
        return f"{what} on the holdout is at least {self.threshold:g}"

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return rule(self, "at_least")

    def check_plan(self, plan: "Evaluation") -> None:
        """Refuse a metric that the plan does not compute, or for which less is better."""
        possible_floor(self.name, self.metric, self.threshold, plan)

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Compare the declared bound of the estimate with the threshold."""
        found = evaluation.metrics.get(self.metric)
        return limited(self.metric, found, self.threshold, at_most=False, bound=self.bound)


@dataclass(frozen=True, slots=True)
class AtMost:
    """The metric on the holdout, of which less is better, is at most `threshold`.

    Args:
        bound: judge the point value, or the upper end of its 95 % interval.
        name: by default `log_loss_at_most`.
    """

    metric: str
    threshold: float
    bound: Literal["value", "high"] = "value"
    name: str = ""
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        a_name(self.metric, "AtMost's metric", example="log_loss")
        object.__setattr__(self, "threshold", finite(self.threshold, f"{self.metric}'s threshold"))
        one_of(self.bound, ("value", "high"), "AtMost's bound")
        name_gate(self, f"{self.metric}_at_most")

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        what = of_bound(self.bound) + self.metric
        return f"{what} on the holdout is at most {self.threshold:g}"

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return rule(self, "at_most")

    def check_plan(self, plan: "Evaluation") -> None:
        """Refuse a metric that the plan does not compute, or for which more is better."""
        known = planned(self.name, self.metric, plan)
        require(
            not known.greater_is_better,
            f"gate {self.name}: an upper limit on {self.metric}, for which more is better",
            f"use AtLeast({self.metric!r}, …), or a metric for which less is better",
        )
        require(
            known.best is None or self.threshold >= known.best,
            f"gate {self.name}: no model can pass it, {self.metric} is at least"
            f" {known.best or 0:g} and not {self.threshold:g}",
            f"give a limit above {known.best or 0:g}",
        )

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Compare the declared bound of the estimate with the threshold."""
        found = evaluation.metrics.get(self.metric)
        return limited(self.metric, found, self.threshold, at_most=True, bound=self.bound)


@dataclass(frozen=True, slots=True)
class CalibrationAtMost:
    """Predicted probabilities are on average at most `limit` from what happens.

    Judged on the metric `calibration_error`, the expected calibration error over ten bins of
    equally many rows.

    Args:
        limit: a share of 0 to 1.
        bound: judge the point value, or the upper end of its 95 % interval.
        name: by default `calibration_at_most`.
    """

    limit: float
    bound: Literal["value", "high"] = "value"
    name: str = ""
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        limit = finite(self.limit, "CalibrationAtMost's limit")
        require(0 <= limit < 1, f"CalibrationAtMost({limit:g})", "give a share from 0 to 1")
        object.__setattr__(self, "limit", limit)
        one_of(self.bound, ("value", "high"), "CalibrationAtMost's bound")
        name_gate(self, "calibration_at_most")

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        return f"{of_bound(self.bound)}the calibration error is at most {self.limit:g}"

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return rule(self, "calibration_at_most")

    def check_plan(self, plan: "Evaluation") -> None:
        """Refuse a plan that does not compute the calibration error."""
        planned(self.name, _CALIBRATION, plan)

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Compare the declared bound of the calibration error with the limit."""
        found = evaluation.metrics.get(_CALIBRATION)
        return limited(_CALIBRATION, found, self.limit, at_most=True, bound=self.bound)


def possible_floor(gate: str, name: str, floor: float, plan: "Evaluation") -> None:
    """Refuse a lower limit on what the plan does not compute, or that no model can reach."""
    known = planned(gate, name, plan)
    require(
        known.greater_is_better,
        f"gate {gate}: a lower limit on {name}, for which less is better",
        f"use AtMost({name!r}, …), or a metric for which more is better",
    )
    require(
        known.best is None or floor <= known.best,
        f"gate {gate}: no model can pass it, {name} is at most {known.best or 0:g}"
        f" and not {floor:g}",
        f"give a limit below {known.best or 0:g}",
    )
