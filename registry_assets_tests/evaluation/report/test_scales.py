"""Bars: where an interval lies on a line, whatever its numbers are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.evaluation.report.scales import Scale, difference_bar
from registry_assets.evaluation.results.estimates import Estimate

numbers = st.floats(allow_nan=False, allow_infinity=False)
estimates = st.builds(Estimate, numbers, numbers, numbers, rows=st.just(9))
UNDEFINED = Estimate.undefined(rows=0, reason="no rows")


@given(st.lists(estimates, min_size=1, max_size=5), st.booleans())
def test_every_bar_is_inside_its_line(found: list[Estimate], less: bool) -> None:
    scale = Scale.over(found)
    assert scale is not None
    for each in found:
        for bar in (scale.bar(each), difference_bar(each, less_is_better=less)):
            assert bar is not None
            assert 0 <= bar.low <= bar.high <= 100
            assert 0 <= bar.at <= 100
            assert "nan" not in bar.style + bar.dot + bar.line


def test_greater_lies_to_the_right_and_better_does() -> None:
    low, high = Estimate(0.6, 0.55, 0.65, rows=9), Estimate(0.8, 0.75, 0.85, rows=9)
    scale = Scale.over([low, high, UNDEFINED, None])
    assert scale is not None
    bars = scale.bar(low), scale.bar(high, reference=0.7)
    assert bars[0] is not None
    assert bars[1] is not None
    assert bars[0].high < bars[1].low
    assert bars[1].reference == pytest.approx(50.0)
    more, less = (difference_bar(low, less_is_better=flag) for flag in (False, True))
    assert more is not None
    assert less is not None
    assert less.at < 50 < more.at


def test_what_has_no_number_has_no_bar() -> None:
    assert Scale.over([UNDEFINED, None]) is None
    assert Scale(0.0, 1.0).bar(UNDEFINED) is None
    assert difference_bar(None, less_is_better=False) is None
