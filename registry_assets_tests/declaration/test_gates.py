"""Gates judge what the suite computed: a number that is absent or not finite never passes."""

import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.declaration import AtLeast, Gate, NotWorseThanProduction, SliceFloor
from registry_assets.declaration.gates import Judgement, gate_digest
from registry_assets.evaluation.results import (
    Comparison,
    Estimate,
    EvaluationResult,
    SliceResult,
)

NUMBERS = st.floats(-10, 10)
UNDEFINED = Estimate.undefined(rows=100, reason="one class only")


def estimate(value: float, width: float = 0.02) -> Estimate:
    """An estimate with a symmetric interval."""
    return Estimate(value, value - width, value + width, rows=100)


def result(
    metrics: Mapping[str, Estimate] | None = None,
    *,
    slices: tuple[SliceResult, ...] = (),
    comparison: Comparison | None = None,
) -> EvaluationResult:
    """An evaluation that found this."""
    return EvaluationResult(100, 30, 0, 1000, metrics or {}, slices, comparison)


def compared(difference: Estimate | None, *, name: str = "roc_auc", **more: Any) -> Comparison:
    """A comparison with version 3 in production."""
    differences = {} if difference is None else {name: difference}
    return Comparison("production", 7, 3, "sha256:" + "3" * 64, 100, differences, **more)


def part(value: str, found: Estimate | None, *, supported: bool = True) -> SliceResult:
    """One origin's slice."""
    estimates = {} if found is None else {"roc_auc": found}
    return SliceResult("origin", value, 100, 30, supported, estimates)


@pytest.mark.parametrize(
    ("value", "outcome"), [(0.7, "passed"), (0.6, "passed"), (0.599, "failed")]
)
def test_a_metric_passes_at_its_threshold_and_above(value: float, outcome: str) -> None:
    found = AtLeast("roc_auc", 0.6).judge(result({"roc_auc": estimate(value)}))
    assert found.outcome == outcome
    assert (found.value, found.threshold, found.rows) == (value, 0.6, 100)
    assert "roc_auc" in found.why


def test_the_lower_bound_is_judged_where_the_gate_says_so() -> None:
    measured = result({"roc_auc": estimate(0.61)})
    assert AtLeast("roc_auc", 0.6).judge(measured).outcome == "passed"
    assert AtLeast("roc_auc", 0.6, bound="low").judge(measured).outcome == "failed"


@pytest.mark.parametrize("bound", ["value", "low"])
@pytest.mark.parametrize("metrics", [{}, {"roc_auc": UNDEFINED}])
def test_what_was_not_measured_does_not_pass(bound: Any, metrics: dict[str, Estimate]) -> None:
    found = AtLeast("roc_auc", -1e300, bound=bound).judge(result(metrics))
    assert found.outcome == "failed"
    assert found.value is None


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_stricter_threshold_never_lets_more_through(
    value: float, lenient: float, stricter: float
) -> None:
    lenient, stricter = sorted((lenient, stricter))
    measured = result({"roc_auc": estimate(value)})
    if AtLeast("roc_auc", stricter).judge(measured).outcome == "passed":
        assert AtLeast("roc_auc", lenient).judge(measured).outcome == "passed"


@given(NUMBERS, NUMBERS, st.floats(0, 10), st.sampled_from(["roc_auc", "log_loss"]))
def test_a_wider_margin_never_lets_less_through(
    value: float, one: float, other: float, name: str
) -> None:
    narrow, wide = sorted((abs(one), other))
    measured = result(comparison=compared(estimate(value), name=name))
    if NotWorseThanProduction(name, margin=narrow).judge(measured).outcome == "passed":
        assert NotWorseThanProduction(name, margin=wide).judge(measured).outcome == "passed"


@given(st.lists(NUMBERS, min_size=1, max_size=5), NUMBERS)
def test_a_floor_passes_exactly_where_every_slice_reaches_it(
    values: list[float], floor: float
) -> None:
    slices = tuple(part(str(i), estimate(value)) for i, value in enumerate(values))
    found = SliceFloor("roc_auc", by="origin", floor=floor).judge(result(slices=slices))
    assert (found.outcome == "passed") == (min(values) >= floor)
    assert found.value == min(values)


@pytest.mark.parametrize(
    ("name", "difference", "outcome", "threshold"),
    [
        ("roc_auc", 0.05, "passed", -0.03),
        ("roc_auc", -0.01, "passed", -0.03),
        ("roc_auc", -0.02, "failed", -0.03),
        ("log_loss", -0.05, "passed", 0.03),
        ("log_loss", 0.01, "passed", 0.03),
        ("log_loss", 0.02, "failed", 0.03),
    ],
)
def test_not_worse_is_judged_on_the_worse_end_of_the_difference(
    name: str, difference: float, outcome: str, threshold: float
) -> None:
    measured = result(comparison=compared(estimate(difference, width=0.015), name=name))
    found = NotWorseThanProduction(name, margin=0.03).judge(measured)
    assert found.outcome == outcome
    assert (found.value, found.threshold) == (difference, threshold)
    assert "production version 3" in found.why


def test_the_first_version_has_nothing_to_be_compared_with() -> None:
    first = Comparison("production", 0, None, None, 100)
    found = NotWorseThanProduction("roc_auc", margin=0.0).judge(result(comparison=first))
    assert found.outcome == "no_baseline"
    assert "never held a version" in found.why
    assert math.copysign(1, found.threshold or 0.0) == 1


@pytest.mark.parametrize(
    ("comparison", "said"),
    [
        (compared(estimate(0.1), undecided="held-out 2013-04 was trained on"), "2013-04"),
        (compared(UNDEFINED), "not defined"),
        (compared(None), "not defined"),
        (Comparison("production", 0, None, None, 9, undecided="it saw 2013-04"), "2013-04"),
    ],
)
def test_figures_that_prove_nothing_leave_it_undecided(comparison: Comparison, said: str) -> None:
    found = NotWorseThanProduction("roc_auc", margin=1.0).judge(result(comparison=comparison))
    assert found.outcome == "undecided"
    assert said in found.why


def test_without_a_comparison_it_fails() -> None:
    assert NotWorseThanProduction("roc_auc", margin=1.0).judge(result()).outcome == "failed"


def test_a_small_slice_is_not_judged_and_alone_proves_nothing() -> None:
    gate = SliceFloor("roc_auc", by="origin", floor=0.5)
    good, small = part("JFK", estimate(0.7)), part("LGA", None, supported=False)
    assert gate.judge(result(slices=(good, small))).outcome == "passed"
    assert gate.judge(result(slices=(small,))).outcome == "failed"
    assert gate.judge(result()).outcome == "failed"


@pytest.mark.parametrize("found", [UNDEFINED, None])
def test_a_slice_with_enough_rows_and_no_number_fails_by_name(found: Estimate | None) -> None:
    slices = (part("JFK", estimate(0.9)), part("LGA", found))
    judged = SliceFloor("roc_auc", by="origin", floor=0.5).judge(result(slices=slices))
    assert judged.outcome == "failed"
    assert "LGA" in judged.why


def test_every_slice_below_the_floor_is_named() -> None:
    slices = tuple(part(name, estimate(value)) for name, value in (("A", 0.3), ("B", 0.2)))
    judged = SliceFloor("roc_auc", by="origin", floor=0.5).judge(result(slices=slices))
    assert judged.value == 0.2
    assert "origin A" in judged.why
    assert "origin B" in judged.why


@pytest.mark.parametrize("number", ["value", "low", "high", "threshold"])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_no_kind_of_gate_passes_on_a_number_that_is_not_finite(number: str, bad: float) -> None:
    found = Judgement("passed", "they said so", **{number: bad})  # type: ignore[arg-type]
    assert found.outcome == "failed"
    assert getattr(found, number) is None
    assert number in found.why


@pytest.mark.parametrize("outcome", ["failed", "undecided", "no_baseline"])
def test_an_outcome_that_does_not_pass_stays_what_it_is(outcome: Any) -> None:
    assert Judgement(outcome, "why", value=math.nan).outcome == outcome


GATES: tuple[Gate, ...] = (
    AtLeast("roc_auc", 0.6),
    AtLeast("roc_auc", 0.61),
    AtLeast("roc_auc", 0.6, bound="low"),
    AtLeast("average_precision", 0.6),
    NotWorseThanProduction("roc_auc", margin=0.6),
    NotWorseThanProduction("roc_auc", margin=0.6, first="hold"),
    SliceFloor("roc_auc", by="origin", floor=0.6),
    SliceFloor("roc_auc", by="carrier", floor=0.6),
)


def test_every_difference_between_gates_is_in_their_digest() -> None:
    assert len({gate_digest(gate) for gate in GATES}) == len(GATES)


def test_whole_numbers_make_the_same_gate() -> None:
    assert gate_digest(AtLeast("roc_auc", 1)) == gate_digest(AtLeast("roc_auc", 1.0))


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_a_gate_says_its_rule_in_words(gate: Gate) -> None:
    assert isinstance(gate, Gate)
    assert "0.6" in gate.sentence
    assert gate.relative == ("production" in gate.sentence)
