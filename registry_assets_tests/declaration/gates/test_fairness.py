"""Gates across groups: which measure they take, and which number of it is judged."""

import math

import pytest

from registry_assets.declaration import (
    Evaluation,
    Fairness,
    FairnessAtLeast,
    FairnessAtMost,
)
from registry_assets.errors import DeclarationError
from registry_assets_tests.declaration.judged import estimate, fair, result

ODDS = "equalized_odds_difference"
RATIO = "demographic_parity_ratio"


@pytest.mark.parametrize(
    ("bound", "value", "outcome"),
    [("value", 0.8, "passed"), ("value", 0.799, "failed"), ("low", 0.8, "failed"),
     ("low", 0.821, "passed")],
)  # fmt: skip
def test_the_ratio_of_groups_is_judged_by_the_declared_bound(
    bound: str, value: float, outcome: str
) -> None:
    gate = FairnessAtLeast(RATIO, by="race", floor=0.8, bound=bound)  # type: ignore[arg-type]
    found = gate.judge(result(fairness=(fair(estimate(value), measure=RATIO),)))
    assert (found.outcome, found.value, found.threshold) == (outcome, value, 0.8)


def test_a_ratio_has_a_floor_and_a_difference_a_limit() -> None:
    with pytest.raises(DeclarationError) as caught:
        FairnessAtMost(RATIO, by="race", limit=0.8)
    assert f"use FairnessAtLeast({RATIO!r}, …)" in caught.value.hint
    with pytest.raises(DeclarationError) as caught:
        FairnessAtLeast(ODDS, by="race", floor=0.8)
    assert f"use FairnessAtMost({ODDS!r}, …)" in caught.value.hint
    for floor in (0.0, 1.1, math.nan):
        with pytest.raises(DeclarationError):
            FairnessAtLeast(RATIO, by="race", floor=floor)
    with pytest.raises(DeclarationError, match="is not known"):
        FairnessAtLeast("equalised_odds_ratio", by="race", floor=0.8)


def test_groups_that_nobody_compares_cannot_be_gated_on() -> None:
    gate = FairnessAtLeast(RATIO, by="race", floor=0.8)
    with pytest.raises(DeclarationError, match="which the evaluation does not compare"):
        gate.check_plan(Evaluation(metrics=("roc_auc",)))
    gate.check_plan(Evaluation(metrics=("roc_auc",), fairness=Fairness(("race",))))


@pytest.mark.parametrize(
    ("bound", "value", "outcome"),
    [("value", 0.1, "passed"), ("value", 0.101, "failed"), ("high", 0.1, "failed"),
     ("high", 0.08, "passed")],
)  # fmt: skip
def test_groups_are_judged_by_the_declared_bound(bound: str, value: float, outcome: str) -> None:
    gate = FairnessAtMost(ODDS, by="race", limit=0.1, bound=bound)  # type: ignore[arg-type]
    found = gate.judge(result(fairness=(fair(estimate(value), measure=ODDS),)))
    assert (found.outcome, found.value, found.threshold) == (outcome, value, 0.1)


def test_groups_of_another_column_or_by_another_measure_are_not_judged() -> None:
    gate = FairnessAtMost(ODDS, by="race", limit=0.9)
    for other in (
        fair(estimate(0.0), measure=ODDS, by="sex"),
        fair(estimate(0.0), measure="demographic_parity_difference"),
    ):
        found = gate.judge(result(fairness=(other,)))
        assert (found.outcome, found.value) == ("failed", None)


def test_a_gate_s_name_is_made_of_measure_and_column() -> None:
    assert FairnessAtMost(ODDS, by="Home state", limit=0.1).name == f"{ODDS}_by_home_state"
    assert FairnessAtLeast(RATIO, by="race", floor=0.8).name == f"{RATIO}_by_race"
