"""Which of two gates asks for more, held against how the gates themselves judge."""

import inspect
from dataclasses import replace
from typing import Any

import pytest

from registry_assets.declaration import gates as package
from registry_assets.declaration.gates import (
    AtLeast,
    AtMost,
    BetterThanProduction,
    CalibrationAtMost,
    FairnessAtLeast,
    FairnessAtMost,
    Gate,
    LatencyAtMost,
    LatencyNotWorse,
    NoLeakage,
    NotWorseThanProduction,
    SizeAtMost,
    SliceFloor,
    SliceGap,
)
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.governance.strictness import LIMITS, gates_differing
from registry_assets_tests.declaration.judged import (
    compared,
    data,
    estimate,
    fair,
    measured,
    part,
    result,
    speed,
)

DIFFERENCE, RATIO = "equalized_odds_difference", "demographic_parity_ratio"
SLICES = (part("EWR", estimate(0.6)), part("JFK", estimate(0.8)))

LAWS: dict[str, tuple[Gate, Gate, EvaluationResult]] = {
    "at_least": (
        AtLeast("roc_auc", 0.5),
        AtLeast("roc_auc", 0.7),
        result({"roc_auc": estimate(0.6)}),
    ),
    "at_most": (
        AtMost("log_loss", 0.7),
        AtMost("log_loss", 0.5),
        result({"log_loss": estimate(0.6)}),
    ),
    "calibration_at_most": (
        CalibrationAtMost(0.2),
        CalibrationAtMost(0.05),
        result({"calibration_error": estimate(0.1)}),
    ),
    "slice_floor": (
        SliceFloor("roc_auc", "origin", 0.5),
        SliceFloor("roc_auc", "origin", 0.7),
        result(slices=SLICES),
    ),
    "slice_gap": (
        SliceGap("roc_auc", "origin", 0.3),
        SliceGap("roc_auc", "origin", 0.1),
        result(slices=SLICES),
    ),
    "fairness_at_most": (
        FairnessAtMost(DIFFERENCE, "race", 0.2),
        FairnessAtMost(DIFFERENCE, "race", 0.05),
        result(fairness=(fair(estimate(0.1), measure=DIFFERENCE),)),
    ),
    "fairness_at_least": (
        FairnessAtLeast(RATIO, "race", 0.7),
        FairnessAtLeast(RATIO, "race", 0.9),
        result(fairness=(fair(estimate(0.8), measure=RATIO),)),
    ),
    "not_worse_than_production": (
        NotWorseThanProduction("roc_auc", 0.1),
        NotWorseThanProduction("roc_auc", 0.01),
        result({"roc_auc": estimate(0.6)}, comparison=compared(estimate(-0.03))),
    ),
    "better_than_production": (
        BetterThanProduction("roc_auc", 0.01),
        BetterThanProduction("roc_auc", 0.1),
        result({"roc_auc": estimate(0.6)}, comparison=compared(estimate(0.06))),
    ),
    "latency_at_most": (
        LatencyAtMost("p95", 9),
        LatencyAtMost("p95", 3),
        result(speed=measured(speed(p95_ms=5))),
    ),
    "latency_not_worse": (
        LatencyNotWorse("p95", 0.3),
        LatencyNotWorse("p95", 0.1),
        result(speed=measured(speed(), estimate(1.2)), comparison=compared(estimate(0.0))),
    ),
    "size_at_most": (
        SizeAtMost(3),
        SizeAtMost(1),
        result(speed=measured(speed(size=2_000_000))),
    ),
    "no_leakage": (NoLeakage(0.3), NoLeakage(0.1), result(data=data(0.2))),
}
"""By kind a lax gate that passes, a strict one that fails, and what both judge."""


def differing(pinned: Gate, declared: Gate) -> list[str]:
    """In what a declared gate asks for less than the one that is pinned."""
    return list(gates_differing({"g": pinned.definition()}, {"g": declared.definition()}))


def numbers(gate: Gate) -> set[str]:
    """The fields of a gate that are numbers."""
    found = gate.definition().items()
    return {name for name, value in found if type(value) in (int, float)}


def test_every_kind_of_gate_with_a_number_has_a_way_in_which_it_becomes_stricter() -> None:
    kinds = [kind for _, kind in inspect.getmembers(package, inspect.isclass) if _is_gate(kind)]
    without = {"AssetCheck", "GateFunction"}
    assert {type(law[0]) for law in LAWS.values()} == {
        kind for kind in kinds if kind.__name__ not in without
    }
    for kind in kinds:
        if kind.__name__ in without:
            fields = inspect.get_annotations(kind).values()
            assert not {int, float} & set(fields), f"{kind.__name__} has a number that may be lower"
    assert set(LAWS) == set(LIMITS)


def _is_gate(kind: type) -> bool:
    return kind is not Gate and hasattr(kind, "judge") and kind.__name__ in package.__all__


@pytest.mark.parametrize("kind", LAWS)
def test_the_stricter_of_two_gates_is_the_one_that_fails_what_the_other_passes(kind: str) -> None:
    lax, strict, evaluation = LAWS[kind]
    assert lax.definition()["gate"] == strict.definition()["gate"] == kind
    assert numbers(lax) == {LIMITS[kind][0]}
    assert lax.judge(evaluation).outcome == "passed"
    assert strict.judge(evaluation).outcome == "failed"
    assert differing(lax, strict) == []
    (said,) = differing(strict, lax)
    limit = LIMITS[kind][0]
    declared, asked = lax.definition()[limit], strict.definition()[limit]
    assert said == f"g: {limit} is {declared}, and the policy in force pins {asked}"


@pytest.mark.parametrize("kind", LAWS)
def test_a_gate_is_as_strict_as_itself(kind: str) -> None:
    for gate in LAWS[kind][:2]:
        assert differing(gate, gate) == []


@pytest.mark.parametrize("kind", LAWS)
def test_everything_but_the_limit_has_to_be_the_very_same(kind: str) -> None:
    lax, strict, _ = LAWS[kind]
    pinned = lax.definition()
    for field, value in strict.definition().items():
        if field in ("first", LIMITS[kind][0]):
            continue
        for other in ("other", None, 5, [value]):
            declared = {**strict.definition(), field: other}
            assert list(gates_differing({"g": pinned}, {"g": declared})), (field, other)
    # Neither less nor more than is pinned: nobody knows what the more does.
    assert list(gates_differing({"g": pinned}, {"g": {**strict.definition(), "but": "not"}}))
    left_out = {field: value for field, value in pinned.items() if field != "gate"}
    assert list(gates_differing({"g": pinned}, {"g": left_out}))


@pytest.mark.parametrize("limit", [None, "0.9", True, [0.9], float("nan")])
def test_a_limit_that_is_no_number_is_not_stricter(limit: Any) -> None:
    pinned = AtLeast("roc_auc", 0.5).definition()
    assert list(gates_differing({"g": pinned}, {"g": {**pinned, "threshold": limit}}))


def test_a_gate_of_ones_own_has_to_be_the_very_one() -> None:
    pinned = {"gate": "mine", "threshold": 0.5, "by": 1}
    assert list(gates_differing({"g": pinned}, {"g": pinned})) == []
    for other in ({"threshold": 0.9}, {"by": 2}, {"by": 0}):
        assert list(gates_differing({"g": pinned}, {"g": {**pinned, **other}}))


@pytest.mark.parametrize("kind", ["not_worse_than_production", "better_than_production",
                                  "latency_not_worse"])  # fmt: skip
def test_to_hold_a_first_version_is_stricter_than_to_let_it_pass(kind: str) -> None:
    lax: Any = LAWS[kind][0]
    hold = replace(lax, first="hold")
    assert differing(lax, hold) == []
    assert differing(hold, lax) == ["g: first is pass, and the policy in force pins hold"]


def test_every_pinned_gate_that_asks_for_less_is_named_and_none_beside() -> None:
    pinned: dict[str, Any] = {
        "auc": AtLeast("roc_auc", 0.6).definition(),
        "size": SizeAtMost(2).definition(),
        "gone": NoLeakage().definition(),
    }
    declared: dict[str, Any] = {
        "auc": AtLeast("roc_auc", 0.5, bound="low").definition(),
        "size": SizeAtMost(1).definition(),
        "more": SizeAtMost(9).definition(),
    }
    assert list(gates_differing(pinned, declared)) == [
        "auc: bound is low, and the policy in force pins value",
        "auc: threshold is 0.5, and the policy in force pins 0.6",
        "gone is not declared",
    ]
