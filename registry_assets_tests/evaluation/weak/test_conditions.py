"""Conditions over columns of any kind: which there are, and the rows that fulfil them."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.evaluation.weak.conditions import (
    Column,
    conditions_of,
    content_bits,
    fulfilled,
    kind_of,
)

DAY = pd.Timestamp("2013-01-02")
UTC_DAY = dt.datetime(2013, 1, 2, tzinfo=dt.UTC)


def _conditions(values: "pd.Series[Any]", *, least: int = 1) -> dict[str, int]:
    """The conditions, as people say them, and how many rows fulfil each."""
    column = _column(values, least=least)
    sizes = np.bincount(column.codes, minlength=len(column.conditions) + 1)
    return {
        part.text.removeprefix("x "): int(size)
        for part, size in zip(column.conditions, sizes, strict=False)
    }


def _column(values: "pd.Series[Any]", *, least: int = 1) -> Column:
    column = conditions_of(values, "x", kind=kind_of(values), least=least)
    for code, condition in enumerate(column.conditions):
        assert np.array_equal(column.codes == code, fulfilled(values, condition)), condition
        json.dumps(asdict(condition), allow_nan=False).encode()
    return column


@pytest.mark.parametrize(
    ("one", "other", "dtype", "expected"),
    [
        ("a", None, "str", {"is a", "is missing"}),
        ("a", "b", "category", {"is a", "is b"}),
        (2, 1, "category", {"is 1", "is 2"}),
        (True, False, "bool", {"is False", "is True"}),
        (True, None, "boolean", {"is True", "is missing"}),
        (True, 1, "object", {"is 1", "is True"}),
        (1, "b", "object", {"is 1", "is b"}),
        (1, None, "object", {"is 1", "is missing"}),
        (1, None, "Int64", {"is 1", "is missing"}),
        (0.5, None, "Float64", {"is 0.5", "is missing"}),
        (0.5, np.nan, "float32", {"is 0.5", "is missing"}),
        (2**63, 0, "uint64", {"is 0", "is 9.22337e+18"}),
        (10**400, 1, "object", {"is 1", "is inf"}),
        (np.inf, -np.inf, "float64", {"is -inf", "is inf"}),
        (Decimal("1.5"), None, "object", {"is 1.5", "is missing"}),
        (1j, 2, "complex128", {"is (2+0j)", "is 1j"}),
        ([1], {"a": 2}, "object", {"is [1]", "is {'a': 2}"}),
        (b"a", b"b", "object", {"is b'a'", "is b'b'"}),
        ("\ud800", "b", "object", {"is \\ud800", "is b"}),
        ("\0", "\0\0", "object", {"is \0", "is \0\0"}),
        (DAY, pd.NaT, None, {"is 2013-01-02", "is missing"}),
        (DAY, pd.Timestamp("2013-01-02 08:30"), None, {"is 2013-01-02", "is 2013-01-02 08:30:00"}),
        (UTC_DAY, None, "datetime64[us, America/New_York]", {"is 2013-01-02", "is missing"}),
        (np.datetime64("20000-01-01"), pd.NaT, "datetime64[s]", {"is 20000-01-01", "is missing"}),
        (DAY, None, pd.ArrowDtype(pa.timestamp("us")), {"is 2013-01-02", "is missing"}),
        (UTC_DAY, None, pd.ArrowDtype(pa.timestamp("s", "UTC")), {"is 2013-01-02", "is missing"}),
        (DAY.date(), None, pd.ArrowDtype(pa.date32()), {"is 2013-01-02", "is missing"}),
        (DAY.date(), None, "object", {"is 2013-01-02", "is missing"}),
        ("a", None, pd.ArrowDtype(pa.string()), {"is a", "is missing"}),
        (Decimal("1.5"), None, pd.ArrowDtype(pa.decimal128(4, 2)), {"is 1.5", "is missing"}),
        ([1], None, pd.ArrowDtype(pa.list_(pa.int64())), {"is [1]", "is missing"}),
        (0, 1, pd.SparseDtype("int64", 0), {"is 0", "is 1"}),
        (pd.Period("2013-01"), None, "period[M]", {"is 2013-01", "is missing"}),
        (None, None, "object", {"is missing"}),
    ],
)
def test_cells_of_any_kind_are_divided(one: Any, other: Any, dtype: Any, expected: Any) -> None:
    cells = pd.Series([one, other] * 3, dtype=dtype)
    assert set(_conditions(cells, least=0)) == expected | {"is missing"}
    supported = _conditions(cells, least=3)
    assert supported == ({} if len(expected) == 1 else dict.fromkeys(expected, 3))


def test_what_is_not_fulfilled_by_enough_rows_or_by_nearly_all_is_no_condition() -> None:
    cells = pd.Series(["a"] * 6 + ["b"] * 3 + [None], dtype="str")
    assert _conditions(cells, least=3) == {"is a": 6, "is b": 3}
    assert _conditions(cells, least=4) == {"is a": 6}
    assert _conditions(cells, least=5) == {}
    assert _conditions(cells[:0]) == {}


def test_of_many_values_the_most_frequent_are_conditions() -> None:
    cells = pd.Series(np.repeat([f"v{number:02}" for number in range(30)], range(30, 0, -1)))
    assert _conditions(cells) == {f"is v{number:02}": 30 - number for number in range(20)}
    equal = pd.Series([f"v{number:02}" for number in range(30)] * 2)
    assert list(_conditions(equal)) == [f"is v{number:02}" for number in range(20)]


def test_numbers_of_many_values_are_divided_into_fifths() -> None:
    cells = pd.Series(np.arange(100) / 2)
    fifths = ["< 9.5", "in [9.5, 19.5)", "in [19.5, 29.5)", "in [29.5, 39.5)", ">= 39.5"]
    assert list(_conditions(cells)) == fifths
    assert sum(_conditions(cells).values()) == 100


def test_a_number_that_many_rows_share_is_a_range_of_its_own() -> None:
    zeros = pd.Series([0.0] * 90 + list(range(3, 23)) + [np.nan] * 5)
    assert _conditions(zeros) == {"< 3": 90, ">= 3": 20, "is missing": 5}
    middle = pd.Series([*np.arange(-50, 0), *[0.0] * 90, *np.arange(1, 51)])
    assert _conditions(middle)["in [0, 1)"] == 90


def test_infinite_numbers_are_in_the_ranges_at_the_ends() -> None:
    cells = pd.Series([-np.inf, *range(100), np.inf, np.inf])
    assert sum(_conditions(cells).values()) == 103
    many = pd.Series([*range(20), *[np.inf] * 40])
    assert _conditions(many)[">= inf"] == 40


def test_times_are_divided_into_ranges_and_shown_as_days_where_they_are() -> None:
    days = pd.Series(pd.date_range("2013-01-01", periods=100, tz="UTC"))
    assert next(iter(_conditions(days))) == "< 2013-01-20"
    hours = pd.Series(pd.date_range("2013-01-01", periods=100, freq="h"))
    assert next(iter(_conditions(hours))) == "< 2013-01-01 19:00:00"


def test_a_long_value_is_shortened_where_it_is_shown_only() -> None:
    (found,) = _column(pd.Series(["y" * 200, "z"]).astype("str"), least=1).conditions[:1]
    assert found.text == f"x is {'y' * 60}…"
    assert found.value == "y" * 200


def test_a_cell_of_another_kind_than_a_condition_fulfils_it_not() -> None:
    number = _column(pd.Series([1.0, 2.0]), least=1).conditions[0]
    text = _column(pd.Series(["1", "2"]), least=1).conditions[0]
    assert not fulfilled(pd.Series(["1", "2"]), number).any()
    assert not fulfilled(pd.Series([1.0, 2.0]), text).any()


@given(
    cells=st.lists(
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(max_size=2)
        ),
        max_size=30,
    )
)
def test_whatever_the_cells_each_row_fulfils_one_condition_at_most(cells: Sequence[Any]) -> None:
    values = pd.Series(list(cells), dtype="object")
    found = _column(values, least=0).conditions
    fulfilling = [fulfilled(values, condition) for condition in found]
    assert (np.sum(fulfilling, axis=0) <= 1).all()
    assert len(content_bits(values, kind=kind_of(values))) == len(values)


def test_equal_cells_have_equal_bits_and_others_do_not() -> None:
    numbers = pd.Series([0.0, -0.0, 1.0, np.nan, -np.nan])
    bits = content_bits(numbers, kind="number").tolist()
    assert bits[0] == bits[1]
    assert bits[3] == bits[4]
    assert len(set(bits)) == 3
    texts = pd.Series(["a", "b", None, "a"], dtype="str")
    assert len(set(content_bits(texts, kind="text").tolist())) == 3


def test_the_more_even_a_column_the_higher_its_entropy() -> None:
    even, uneven = (_column(pd.Series(["a"] * a + ["b"] * (10 - a))) for a in (5, 8))
    assert even.entropy == pytest.approx(np.log(2))
    assert 0 < uneven.entropy < even.entropy
