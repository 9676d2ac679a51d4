"""What every gate is, and the judgement it gives; the gates themselves are beside this.

A gate is a frozen value with a readable sentence and a definition whose digest every
verdict binds. It judges numbers that the suite computed; it computes none itself. A number
that is missing or not finite never passes.
"""

import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, get_args, runtime_checkable

from registry_assets.canonical import LARGEST_INTEGER, Json
from registry_assets.declaration.checks import require
from registry_assets.declaration.metrics import Measure
from registry_assets.reasons import sayable, shortened

if TYPE_CHECKING:
    from registry_assets.declaration.evaluation import Evaluation
    from registry_assets.evaluation.results import Estimate, EvaluationResult

Outcome = Literal["passed", "failed", "undecided", "no_baseline"]
Bound = Literal["value", "low", "high"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one gate found: an outcome, the numbers behind it, and why in one sentence.

    A number that is not finite becomes None, and then `passed` becomes `failed`, whatever
    kind of gate says so. What of `why` cannot be stored is written out, and of one that is
    longer than any reason the beginning is kept.

    Raises:
        ValueError: it holds something else than that; says what.
    """

    outcome: Outcome
    why: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    threshold: float | None = None
    rows: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.outcome, str) or self.outcome not in get_args(Outcome):
            expected = ", ".join(get_args(Outcome))
            raise ValueError(f"a Judgement's outcome is {self.outcome!r}: expected {expected}")
        if not isinstance(self.why, str):
            raise ValueError(f"a Judgement's why is {self.why!r}: expected a text")
        object.__setattr__(self, "why", shortened(sayable(self.why)))
        for name in ("value", "low", "high", "threshold"):
            self._check_number(name)
        if self.rows is not None:
            object.__setattr__(self, "rows", _count(self.rows))

    def _check_number(self, name: str) -> None:
        given = getattr(self, name)
        if given is None:
            return
        number = _number(given, f"a Judgement's {name}")
        if math.isfinite(number):
            object.__setattr__(self, name, number)
            return
        object.__setattr__(self, name, None)
        if self.outcome == "passed":
            object.__setattr__(self, "outcome", "failed")
            object.__setattr__(self, "why", f"its {name} is {number}: {self.why}")


def _number(given: object, what: str) -> float:
    if isinstance(given, bool) or not isinstance(given, numbers.Real):
        raise ValueError(f"{what} is {given!r}: expected a number, or None")
    return float(given)


def _count(given: object) -> int:
    whole = isinstance(given, numbers.Integral) and not isinstance(given, bool)
    if not whole or not 0 <= int(given) <= LARGEST_INTEGER:  # type: ignore[call-overload]
        raise ValueError(f"a Judgement's rows is {given!r}: expected how many there are, or None")
    return int(given)  # type: ignore[call-overload, no-any-return]


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

        Of a gate of your own, under `gate` a kind that none of the built-in gates has. What its
        methods do, and what it holds, is in the digest too: changed, it is another rule. So
        nothing of it may change while it judges.
        """

    def check_plan(self, plan: "Evaluation") -> None:
        """Raise DeclarationError where the plan does not compute what this gate reads."""

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Judge one evaluation; never raises for numbers that are absent or not finite."""


def planned(gate: str, name: str, plan: "Evaluation") -> Measure:
    """Give the metric that a gate reads; refuse one that the plan does not compute."""
    found = {each.name: each for each in plan.measures}
    known = ", ".join(map(repr, found))
    require(
        name in found,
        f"gate {gate} reads {name}, which the evaluation does not compute",
        f"add {name!r} to Evaluation(metrics=[{known}]), or correct the name",
    )
    return found[name]


def number_of(estimate: "Estimate", bound: Bound) -> float:
    """Give the number of an estimate that a gate is to judge; NaN where there is none."""
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}[bound]


def of_bound(bound: Bound) -> str:
    """Say which number is judged, before the metric's name."""
    return "" if bound == "value" else f"the {'lower' if bound == 'low' else 'upper'} bound of "


def limited(
    what: str,
    estimate: "Estimate | None",
    limit: float,
    *,
    at_most: bool,
    bound: Bound,
    show: "Callable[[Estimate], str] | None" = None,
) -> Judgement:
    """Judge one estimate by a limit that it may reach, and may not pass."""
    if estimate is None or not estimate.defined:
        return undefined(what, estimate, limit)
    number = number_of(estimate, bound)
    passed = number <= limit if at_most else number >= limit
    word = (
        ("is at most" if passed else "is above")
        if at_most
        else ("is at least" if passed else "is below")
    )
    shown = (show or shown_estimate)(estimate)
    why = f"{of_bound(bound)}{what} {shown} {word} {limit:g}"
    return judgement("passed" if passed else "failed", why, estimate, limit)


def undefined(what: str, estimate: "Estimate | None", limit: float) -> Judgement:
    """Give the judgement on what was not computed, or is no number; says why."""
    if estimate is None:
        return Judgement("failed", f"{what} was not computed", threshold=limit)
    why = f"{what} is not defined on this holdout: {estimate.reason}"
    return judgement("failed", why, estimate, limit)


def judgement(
    outcome: Outcome, why: str, estimate: "Estimate", threshold: float | None
) -> Judgement:
    """Give a judgement that rests on this estimate."""
    return Judgement(
        outcome,
        why,
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        threshold=threshold,
        rows=estimate.rows,
    )


def shown_estimate(estimate: "Estimate", *, signed: bool = False) -> str:
    """Show a number with its interval."""
    if not estimate.defined:
        return "undefined"
    spec = "+.4f" if signed else ".4f"
    return f"{estimate.value:{spec}} [{estimate.low:{spec}}, {estimate.high:{spec}}]"
