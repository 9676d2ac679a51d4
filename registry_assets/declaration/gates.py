"""Gates: named predicates over an evaluation; each appears in Dagster as one asset check.

A gate is a frozen value with a readable sentence and a definition whose digest every
verdict binds. It judges numbers that the suite computed; it computes none itself. A number
that is missing or not finite never passes.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, runtime_checkable

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.declaration.checks import finite, one_of, require
from registry_assets.declaration.metrics import metric

if TYPE_CHECKING:
    from registry_assets.declaration.evaluation import Evaluation
    from registry_assets.evaluation.results import Estimate, EvaluationResult

Outcome = Literal["passed", "failed", "undecided", "no_baseline"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one gate found: an outcome, the numbers behind it, and why in one sentence.

    A number that is not finite becomes None, and then `passed` becomes `failed`, whatever
    kind of gate says so.
    """

    outcome: Outcome
    why: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    threshold: float | None = None
    rows: int | None = None

    def __post_init__(self) -> None:
        for name in ("value", "low", "high", "threshold"):
            number = getattr(self, name)
            if number is None or math.isfinite(number):
                continue
            object.__setattr__(self, name, None)
            if self.outcome == "passed":
                object.__setattr__(self, "outcome", "failed")
                object.__setattr__(self, "why", f"its {name} is {number}: {self.why}")


@runtime_checkable
class Gate(Protocol):
    """What every gate offers; implement it to add a kind of gate."""

    relative: ClassVar[bool]
    """Whether the verdict depends on production, and so goes stale when the pointer moves."""

    @property
    def name(self) -> str:
        """The check's name, unique within a model: `[a-z][a-z0-9_]*`."""

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON: what its digest is made of.

        Of a gate of your own, let it hold a number that you raise when `judge` changes:
        verdicts of the rule before would count on otherwise.
        """

    def check_plan(self, plan: "Evaluation") -> None:
        """Raise DeclarationError where the plan does not compute what this gate reads."""

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Judge one evaluation; never raises for numbers that are absent or not finite."""


def gate_digest(gate: Gate) -> str:
    """The digest of a gate's definition: what binds a verdict to the rule it applied."""
    return sha256_digest(canonical_json(gate.definition()))


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The metric on the holdout is at least `threshold`.

    Args:
        bound: judge the point value, or the lower end of its 95 % interval.
    """

    metric: str
    threshold: float
    bound: Literal["value", "low"] = "value"
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        metric(self.metric)
        object.__setattr__(self, "threshold", finite(self.threshold, f"{self.metric}'s threshold"))
        one_of(self.bound, ("value", "low"), "AtLeast's bound")

    @property
    def name(self) -> str:
        """`roc_auc_at_least`."""
        return f"{self.metric}_at_least"

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        what = "the lower bound of " if self.bound == "low" else ""
        return f"{what}{self.metric} on the holdout is at least {self.threshold:g}"

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return {"gate": "at_least", **asdict(self)}

    def check_plan(self, plan: "Evaluation") -> None:
        """Refuse a metric that the plan does not compute, or for which less is better."""
        _computed(self.name, self.metric, plan)
        _possible_floor(self.name, self.metric, self.threshold)

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Compare the declared bound of the estimate with the threshold."""
        estimate = evaluation.metrics.get(self.metric)
        if estimate is None:
            return Judgement("failed", f"{self.metric} was not computed")
        number = estimate.low if self.bound == "low" else estimate.value
        passed = math.isfinite(number) and number >= self.threshold
        word = "is at least" if passed else "is below"
        why = f"{self.metric} {_show(estimate)} {word} {self.threshold:g}"
        if not math.isfinite(number):
            why = f"{self.metric} is not defined on this holdout: {estimate.reason}"
        return _judgement("passed" if passed else "failed", why, estimate, self.threshold)


@dataclass(frozen=True, slots=True)
class NotWorseThanProduction:
    """The metric is not worse than production's on the same rows, by more than `margin`.

    Judged on the worse end of the paired 95 % interval of the difference, candidate minus
    production: it must not fall below `-margin`, or, for a metric of which less is better,
    rise above `margin`.

    Args:
        first: what a pointer that never held anything means: `pass` or `hold`.
    """

    metric: str
    margin: float
    first: Literal["pass", "hold"] = "pass"
    relative: ClassVar[bool] = True

    def __post_init__(self) -> None:
        metric(self.metric)
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
        _computed(self.name, self.metric, plan)

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Compare the worse end of the paired difference with the margin."""
        sign = 1 if metric(self.metric).greater_is_better else -1
        limit = 0.0 - sign * self.margin  # never -0.0
        comparison = evaluation.comparison
        if comparison is None:
            return Judgement("failed", "no comparison with production was made")
        if comparison.outcome == "no_baseline":
            why = f"{comparison.pointer} has never held a version: nothing to compare with"
            return Judgement("no_baseline", why, threshold=limit)
        baseline = f"{comparison.pointer} version {comparison.baseline_version}"
        difference = comparison.differences.get(self.metric)
        if comparison.undecided or difference is None or not math.isfinite(difference.low):
            reason = comparison.undecided or "the difference is not defined on this holdout"
            return Judgement("undecided", f"against {baseline}: {reason}")
        worst = difference.low if sign > 0 else difference.high
        passed = sign * worst >= -self.margin
        verb = "is not worse" if passed else "may be worse"
        why = (
            f"{self.metric} {verb} than that of {baseline} by more than {self.margin:g}:"
            f" difference {_show(difference, signed=True)}"
        )
        return _judgement("passed" if passed else "failed", why, difference, limit)


@dataclass(frozen=True, slots=True)
class SliceFloor:
    """The metric reaches `floor` in every value of a column that has enough rows."""

    metric: str
    by: str
    floor: float
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        metric(self.metric)
        object.__setattr__(self, "floor", finite(self.floor, f"{self.metric}'s floor"))

    @property
    def name(self) -> str:
        """`roc_auc_floor_by_carrier`."""
        return f"{self.metric}_floor_by_{self.by}"

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        return f"{self.metric} is at least {self.floor:g} for every {self.by} with enough rows"

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return {"gate": "slice_floor", **asdict(self)}

    def check_plan(self, plan: "Evaluation") -> None:
        """Refuse a metric or a column that the plan does not slice by."""
        _computed(self.name, self.metric, plan)
        one_of(self.by, plan.slices, f"gate {self.name}: slice")
        _possible_floor(self.name, self.metric, self.floor)

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Find the lowest supported slice and compare it with the floor."""
        supported = [
            (part, part.estimates[self.metric])
            for part in evaluation.slices
            if part.column == self.by and part.supported and self.metric in part.estimates
        ]
        unmeasured = [
            part.label
            for part in evaluation.slices
            if part.column == self.by and part.supported and self.metric not in part.estimates
        ]
        if unmeasured:
            why = f"{self.metric} was not computed for {', '.join(unmeasured)}"
            return Judgement("failed", why, threshold=self.floor)
        if not supported:
            return Judgement("failed", f"no {self.by} has enough rows", threshold=self.floor)
        below = [
            (part, found)
            for part, found in supported
            if not (math.isfinite(found.value) and found.value >= self.floor)
        ]
        part, lowest = min(
            below or supported,
            key=lambda pair: pair[1].value if math.isfinite(pair[1].value) else -math.inf,
        )
        if below:
            listed = ", ".join(f"{slice_.label} {_show(found)}" for slice_, found in below)
            why = f"{self.metric} is below {self.floor:g} for {listed}"
        else:
            why = f"the lowest of {len(supported)} is {part.label}: {_show(lowest)}"
        return _judgement("failed" if below else "passed", why, lowest, self.floor)


def _computed(gate: str, name: str, plan: "Evaluation") -> None:
    require(
        name in plan.metrics,
        f"gate {gate} reads {name}, which the evaluation does not compute",
        f"add {name!r} to Evaluation(metrics=[{', '.join(map(repr, plan.metrics))}])",
    )


def _possible_floor(gate: str, name: str, floor: float) -> None:
    known = metric(name)
    require(
        known.greater_is_better,
        f"gate {gate}: a lower limit on {name}, for which less is better",
        "use a metric for which more is better",
    )
    require(
        floor <= known.best,
        f"gate {gate}: no model can pass it, {name} is at most {known.best:g} and not {floor:g}",
        f"give a limit below {known.best:g}",
    )


def _show(estimate: "Estimate", *, signed: bool = False) -> str:
    if not math.isfinite(estimate.value):
        return "undefined"
    spec = "+.4f" if signed else ".4f"
    return f"{estimate.value:{spec}} [{estimate.low:{spec}}, {estimate.high:{spec}}]"


def _judgement(outcome: Outcome, why: str, estimate: "Estimate", threshold: float) -> Judgement:
    return Judgement(
        outcome,
        why,
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        threshold=threshold,
        rows=estimate.rows,
    )


def check_gates(gates: Sequence[Gate], plan: "Evaluation") -> None:
    """Raise DeclarationError for gates that share a name or read what is not computed."""
    require(
        len(gates) > 0,
        "it has no gate, so any version at all would pass",
        'give at least one, e.g. gates=[AtLeast("roc_auc", 0.65)]',
    )
    for gate in gates:
        require(
            isinstance(gate, Gate),
            f"gates hold a {type(gate).__name__}",
            'give gates, e.g. AtLeast("roc_auc", 0.65)',
        )
    names = [gate.name for gate in gates]
    for name in names:
        require(
            names.count(name) == 1,
            f"two gates are called {name}",
            "one gate of a kind per metric; keep the stricter",
        )
    for gate in gates:
        gate.check_plan(plan)
