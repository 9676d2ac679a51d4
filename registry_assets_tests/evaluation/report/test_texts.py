"""Numbers and texts as people read them."""

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.evaluation.report import texts


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.77437, "0.7744"),
        (0.0, "0.0000"),
        (0.00001, "1.00e-05"),
        (1234.56, "1,234.6"),
        (1e12, "1.00e+12"),
        (-0.5, "-0.5000"),
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_numbers_have_as_many_digits_as_can_matter(value: float | None, said: str) -> None:
    assert texts.number(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.64407, "0.644"), (1.9e5, "190000.000"), (1e300, "1e+300"), (math.inf, "inf")],
)
def test_a_distance_is_no_row_of_digits(value: float, said: str) -> None:
    assert texts.distance(value) == said


def test_a_share_that_is_not_zero_is_not_shown_as_zero() -> None:
    assert texts.share(0.0) == "0.0 %"
    assert texts.share(0.0004) == "< 0.1 %"
    assert texts.share(0.8473) == "84.7 %"
    assert texts.share(None) == "–"


def test_small_things_are_counted_and_measured() -> None:
    assert [texts.count(value) for value in (3.0, 28128, 2.5, None)] == ["3", "28,128", "2.5", "–"]
    assert [texts.size(value) for value in (7, 884_420, 4_889_092, 3 * 10**9)] == [
        "7 B",
        "884 kB",
        "4.9 MB",
        "3.0 GB",
    ]
    assert texts.chance(1e-9) == "< 0.001"
    assert texts.short(None) == "–"
    assert texts.moment("2013-06-01T10:00:09.512000Z") == "2013-06-01 10:00 UTC"


def test_what_is_no_text_is_written_out() -> None:
    assert texts.shown("a\x1b[2J\u202eb\x00") == "a\\x1b[2J\\u202eb\\x00"
    assert texts.shown("one\ntwo") == "one two"
    assert texts.shown("one\ntwo", lines=True) == "one\ntwo"
    assert texts.shown("👩‍🚀 é") == "👩‍🚀 é"


@given(st.text(max_size=1000), st.booleans())
def test_nothing_hidden_is_left_and_nothing_is_without_end(text: str, lines: bool) -> None:
    found = texts.shown(text, lines=lines)
    assert len(found) <= 11 * (texts.LONGEST + 20)
    hidden = [c for c in found if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert set(hidden) <= set("\n\u200c\u200d")
    assert lines or "\n" not in found
