"""Gates across slices: which are judged, and which number of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.declaration import (
    SliceFloor,
    SliceGap,
)
from registry_assets.evaluation.results import Estimate
from registry_assets_tests.declaration.judged import UNDEFINED, estimate, part, result

NUMBERS = st.floats(-10, 10)
FLOOR = SliceFloor("roc_auc", by="origin", floor=0.5)
GAP = SliceGap("roc_auc", by="origin", limit=0.3)


@given(st.lists(NUMBERS, min_size=1, max_size=5), NUMBERS)
def test_a_floor_passes_exactly_where_every_slice_reaches_it(
    values: list[float], floor: float
) -> None:
    slices = tuple(part(str(at), estimate(value)) for at, value in enumerate(values))
    found = SliceFloor("roc_auc", by="origin", floor=floor).judge(result(slices=slices))
    assert (found.outcome == "passed") == (min(values) >= floor)
    assert found.value == min(values)


def test_a_gate_names_the_slices_that_its_numbers_are_of() -> None:
    found = result(
        slices=(
            part("EWR", estimate(0.7)),
            part("JFK", estimate(0.9)),
            part("LGA", estimate(0.6)),
            part("HPN", None, supported=False),
        )
    )
    assert FLOOR.slice_of(found) == "origin LGA"
    assert GAP.slice_of(found) == "origin LGA to origin JFK"
    assert (FLOOR.slice_of(result()), GAP.slice_of(result())) == ("", "")


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
    assert "no slice by origin has enough rows" in gate.judge(result()).why


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
    if found is None:
        assert judged.why == "roc_auc was not computed for origin LGA"
    else:
        assert judged.why == "roc_auc is not defined for origin LGA: one class only"


def test_slices_of_another_column_are_not_judged() -> None:
    other = SliceFloor("roc_auc", by="carrier", floor=0.0)
    assert other.judge(result(slices=(part("JFK", estimate(0.7)),))).outcome == "failed"


def test_every_slice_below_the_floor_is_named() -> None:
    slices = tuple(part(name, estimate(value)) for name, value in (("A", 0.3), ("B", 0.2)))
    judged = FLOOR.judge(result(slices=slices))
    assert judged.value == 0.2
    assert "origin A" in judged.why
    assert "origin B" in judged.why


def test_of_many_slices_the_worst_are_named() -> None:
    slices = tuple(part(f"{at:03}", estimate(0.4 - at / 1000)) for at in range(200))
    why = FLOOR.judge(result(slices=slices)).why
    worst = [f"origin {at} " for at in (199, 198, 197, 196, 195)]
    assert [why.index(each) for each in worst] == sorted(why.index(each) for each in worst)
    assert why.endswith("and 195 more")
    assert "origin 194 " not in why
    for odd in (UNDEFINED, None):
        slices = tuple(part(f"{at:03}", odd) for at in range(200))
        for gate in (FLOOR, GAP):
            assert "and 195 more" in gate.judge(result(slices=slices)).why


def test_slices_without_a_number_are_told_apart_from_those_below_the_floor() -> None:
    slices = (part("A", UNDEFINED), part("B", estimate(0.2)), part("C", estimate(0.9)))
    judged = FLOOR.judge(result(slices=slices))
    assert (judged.outcome, judged.value) == ("failed", None)
    assert judged.why == (
        "roc_auc is not defined for origin A: one class only;"
        " roc_auc is below 0.5 for origin B 0.2000 [0.1800, 0.2200]"
    )


@pytest.mark.parametrize(
    ("by", "name"),
    [("origin", "origin"), ("Night flights", "night_flights"), ("a-b (c)", "a_b__c")],
)
def test_a_gate_s_name_is_made_of_what_the_slices_go_by(by: str, name: str) -> None:
    assert SliceFloor("r2", by=by, floor=0.1).name == f"r2_floor_by_{name}"
    assert SliceGap("r2", by=by, limit=0.1).name == f"r2_gap_by_{name}"
