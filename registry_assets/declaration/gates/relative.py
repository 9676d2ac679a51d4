"""Gates that hold a metric against production's, on the same rows.

Judged on the paired interval of the difference, candidate minus production. Their verdicts
bind the pointer, its generation and what it held, and go stale when it moves.
"""

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from registry_assets.canonical import Json
from registry_assets.declaration.checks import a_name, finite, one_of, require
from registry_assets.declaration.gates.judging import (
    Judgement,
    judgement,
    planned,
    shown_estimate,
    undefined,
)

if TYPE_CHECKING:
    from registry_assets.declaration.evaluation import Evaluation
    from registry_assets.evaluation.results import Estimate, EvaluationResult

First = Literal["pass", "hold"]


@dataclass(frozen=True, slots=True)
class NotWorseThanProduction:
    """The metric is not worse than production's on the same rows, by more than `margin`.

    Judged on the worse end of the paired 95 % interval of the difference: it must not fall
    below `-margin`, or, for a metric of which less is better, rise above `margin`.

    Args:
        first: what a pointer that never held anything means: `pass` or `hold`.
    """

    metric: str
    margin: float
    first: First = "pass"
    relative: ClassVar[bool] = True

    def __post_init__(self) -> None:
        a_name(self.metric, "NotWorseThanProduction's metric", example="roc_auc")
        margin = finite(self.margin, f"{self.metric}'s margin")
        require(margin >= 0, f"the margin is {margin:g}", "a margin is 0 or more")
        object.__setattr__(self, "margin", margin)
        one_of(self.first, ("pass", "hold"), "NotWorseThanProduction's first")

    @property
    def name(self) -> str:
        """`roc_auc_not_worse_than_production`."""
        return f"{self.metric}_not_worse_than_production"

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        return (
            f"{self.metric} is not worse than production's on the same rows"
            f" by more than {self.margin:g}"
        )

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return {"gate": "not_worse_than_production", **asdict(self)}

    def check_plan(self, plan: "Evaluation") -> None:
        """Refuse a metric that the plan does not compute."""
        planned(self.name, self.metric, plan)

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Compare the worse end of the paired difference with the margin."""
        sign = -1 if self.metric in evaluation.less_is_better else 1
        limit = 0.0 - sign * self.margin  # never -0.0
        found = _difference(evaluation, self.metric, limit)
        if isinstance(found, Judgement):
            return found
        baseline, difference = found
        passed = sign * _worse_end(difference, sign) >= -self.margin
        verb = "is not worse" if passed else "may be worse"
        why = (
            f"{self.metric} {verb} than that of {baseline} by more than {self.margin:g}:"
            f" difference {shown_estimate(difference, signed=True)}"
        )
        return judgement("passed" if passed else "failed", why, difference, limit)


@dataclass(frozen=True, slots=True)
class BetterThanProduction:
    """The metric is better than production's on the same rows, by `by` or more.

    Judged on the worse end of the paired 95 % interval of the difference: it must be above
    `by`, or, for a metric of which less is better, below `-by`. At 0 it must be on the good
    side altogether.

    Args:
        first: what a pointer that never held anything means: `pass` or `hold`.
    """

    metric: str
    by: float = 0.0
    first: First = "pass"
    relative: ClassVar[bool] = True

    def __post_init__(self) -> None:
        a_name(self.metric, "BetterThanProduction's metric", example="roc_auc")
        by = finite(self.by, f"by how much {self.metric} is to be better")
        require(by >= 0, f"BetterThanProduction(by={by:g})", "give 0 or more")
        object.__setattr__(self, "by", by)
        one_of(self.first, ("pass", "hold"), "BetterThanProduction's first")

    @property
    def name(self) -> str:
        """`roc_auc_better_than_production`."""
        return f"{self.metric}_better_than_production"

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        more = f" by more than {self.by:g}" if self.by else ""
        return f"{self.metric} is better than production's on the same rows{more}"

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return {"gate": "better_than_production", **asdict(self)}

    def check_plan(self, plan: "Evaluation") -> None:
        """Refuse a metric that the plan does not compute."""
        planned(self.name, self.metric, plan)

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Compare the worse end of the paired difference with what is asked for."""
        sign = -1 if self.metric in evaluation.less_is_better else 1
        limit = 0.0 + sign * self.by
        found = _difference(evaluation, self.metric, limit)
        if isinstance(found, Judgement):
            return found
        baseline, difference = found
        passed = sign * _worse_end(difference, sign) > self.by
        verb = "is better" if passed else "is not shown to be better"
        more = f" by more than {self.by:g}" if self.by else ""
        why = (
            f"{self.metric} {verb} than that of {baseline}{more}:"
            f" difference {shown_estimate(difference, signed=True)}"
        )
        return judgement("passed" if passed else "failed", why, difference, limit)


def _worse_end(difference: "Estimate", sign: int) -> float:
    return difference.low if sign > 0 else difference.high


def _difference(
    evaluation: "EvaluationResult", metric: str, limit: float
) -> "tuple[str, Estimate] | Judgement":
    """Give what is compared with and the difference to it, or what holds without them."""
    comparison = evaluation.comparison
    if comparison is None:
        return Judgement("failed", "no comparison with production was made")
    if comparison.outcome == "no_baseline":
        # There is nothing to compare with, which passes: but not what is no number itself.
        measured = evaluation.metrics.get(metric)
        if measured is None or not measured.defined:
            return undefined(metric, measured, limit)
        why = f"{comparison.pointer} has never held a version: nothing to compare with"
        return Judgement("no_baseline", why, threshold=limit)
    baseline = f"{comparison.pointer} version {comparison.baseline_version}"
    found = comparison.differences.get(metric)
    if comparison.undecided or found is None or not math.isfinite(found.low):
        reason = comparison.undecided or "the difference is not defined on this holdout"
        if found is not None and found.reason and not comparison.undecided:
            reason += f": {found.reason}"
        return Judgement("undecided", f"against {baseline}: {reason}")
    return baseline, found
