"""Gates across slices and groups: which are judged, and which number of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.declaration import FairnessAtMost, SliceFloor, SliceGap
from registry_assets.evaluation.results import Estimate
from registry_assets_tests.declaration.judged import UNDEFINED, estimate, fair, part, result

NUMBERS = st.floats(-10, 10)
FLOOR = SliceFloor("roc_auc", by="origin", floor=0.5)
GAP = SliceGap("roc_auc", by="origin", limit=0.3)
ODDS = "equalized_odds_difference"


@given(st.lists(NUMBERS, min_size=1, max_size=5), NUMBERS)
def test_a_floor_passes_exactly_where_every_slice_reaches_it(
    values: list[float], floor: float
) -> None:
    slices = tuple(part(str(at), estimate(value)) for at, value in enumerate(values))
    found = SliceFloor("roc_auc", by="origin", floor=floor).judge(result(slices=slices))
    assert (found.outcome == "passed") == (min(values) >= floor)
    assert found.value == min(values)


@given(st.lists(NUMBERS, min_size=2, max_size=5), st.floats(0, 20))
def test_a_gap_is_that_of_the_two_slices_that_are_farthest_apart(
    values: list[float], limit: float
) -> None:
    slices = tuple(part(str(at), estimate(value)) for at, value in enumerate(values))
    found = SliceGap("roc_auc", by="origin", limit=limit).judge(result(slices=slices))
    assert found.value == max(values) - min(values)
    assert (found.outcome == "passed") == (found.value <= limit)


def test_the_interval_of_a_gap_is_made_of_those_of_the_two_slices() -> None:
    low = Estimate(0.5, 0.47, 0.54, rows=200)
    high = Estimate(0.8, 0.76, 0.83, rows=300)
    found = GAP.judge(result(slices=(part("EWR", low), part("JFK", high))))
    assert found.value == pytest.approx(0.3)
    # 0.03 above the one and 0.03 below the other, and 0.04 with 0.04: at right angles.
    assert found.high == pytest.approx(0.3 + math.hypot(0.03, 0.03))
    assert found.low == pytest.approx(0.3 - math.hypot(0.04, 0.04))
    assert found.rows == 500
    assert "from origin EWR to origin JFK" in found.why


def test_slices_that_are_beyond_all_numbers_apart_are_not_close() -> None:
    slices = (part("EWR", estimate(1e308, 0)), part("JFK", estimate(-1e308, 0)))
    found = SliceGap("roc_auc", by="origin", limit=1e308).judge(result(slices=slices))
    assert (found.outcome, found.value) == ("failed", None)


@pytest.mark.parametrize("gate", [FLOOR, GAP])
def test_a_small_slice_is_not_judged_and_alone_proves_nothing(gate: SliceFloor | SliceGap) -> None:
    good = part("JFK", estimate(0.7)), part("EWR", estimate(0.7))
    small = part("LGA", None, supported=False)
    assert gate.judge(result(slices=(*good, small))).outcome == "passed"
    assert gate.judge(result(slices=(small,))).outcome == "failed"
    assert "no origin has enough rows" in gate.judge(result()).why


def test_one_slice_is_apart_from_nothing() -> None:
    found = GAP.judge(result(slices=(part("JFK", estimate(0.7)),)))
    assert found.outcome == "failed"
    assert "only origin JFK has enough rows" in found.why


@pytest.mark.parametrize("gate", [FLOOR, GAP])
@pytest.mark.parametrize("found", [UNDEFINED, None])
def test_a_slice_with_enough_rows_and_no_number_fails_by_name(
    gate: SliceFloor | SliceGap, found: Estimate | None
) -> None:
    slices = (part("JFK", estimate(0.9)), part("EWR", estimate(0.9)), part("LGA", found))
    judged = gate.judge(result(slices=slices))
    assert judged.outcome == "failed"
    assert "LGA" in judged.why


def test_slices_of_another_column_are_not_judged() -> None:
    other = SliceFloor("roc_auc", by="carrier", floor=0.0)
    assert other.judge(result(slices=(part("JFK", estimate(0.7)),))).outcome == "failed"


def test_every_slice_below_the_floor_is_named() -> None:
    slices = tuple(part(name, estimate(value)) for name, value in (("A", 0.3), ("B", 0.2)))
    judged = FLOOR.judge(result(slices=slices))
    assert judged.value == 0.2
    assert "origin A" in judged.why
    assert "origin B" in judged.why


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


@pytest.mark.parametrize(
    ("by", "name"),
    [("origin", "origin"), ("Night flights", "night_flights"), ("a-b (c)", "a_b__c")],
)
def test_a_gate_s_name_is_made_of_what_the_slices_go_by(by: str, name: str) -> None:
    assert SliceFloor("r2", by=by, floor=0.1).name == f"r2_floor_by_{name}"
    assert SliceGap("r2", by=by, limit=0.1).name == f"r2_gap_by_{name}"
    assert FairnessAtMost(ODDS, by=by, limit=0.1).name == f"{ODDS}_by_{name}"
