"""Slices: every row in exactly one, in a stable order, with enough rows or without numbers."""

import math
import sys
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.declaration.metrics import Task
from registry_assets.declaration.slicing import Bins, Column, Where
from registry_assets.errors import DataUnusable
from registry_assets.evaluation.results.slices import SliceResult
from registry_assets.evaluation.slices import find_slices, slice_results, text_codes
from registry_assets_tests.evaluation.rows import (
    TASKS,
    bernoulli,
    estimated,
    measures,
    synthetic,
    weighted,
)

NAN, INF = math.nan, math.inf


def _slices(
    values: Sequence[object], *, min_rows: int = 1, dtype: str | None = None, task: Task = "binary"
) -> dict[str | None, SliceResult]:
    scored = synthetic(task, len(values), seed=0)
    frame = pd.DataFrame({"carrier": pd.Series(list(values), dtype=dtype)})
    parts = slice_results(
        find_slices(frame, [Column("carrier")]),
        scored.outcomes,
        scored.predictions,
        metrics=measures(task),
        min_rows=min_rows,
        resamples=100,
    )
    return {part.value: part for part in parts}


def _index(frame: pd.DataFrame, slicing: Column | Bins | Where) -> dict[str | None, list[int]]:
    return {each.value: each.index.tolist() for each in find_slices(frame, [slicing])}


def test_a_slice_is_estimated_on_its_own_rows() -> None:
    scored = bernoulli(600, seed=0)
    found = _slices(["AA", "UA", "DL"] * 200, min_rows=200)
    assert list(found) == ["AA", "DL", "UA"]
    own = scored.take(np.arange(1, 600, 3))
    assert found["UA"].estimates == estimated(own, among=600)
    assert (found["UA"].rows, found["UA"].positives) == (200, own.outcomes.y.sum())
    assert found["UA"].label == "carrier UA"


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_only_two_classes_have_a_positive_one(task: Task) -> None:
    found = _slices(["AA", "UA"] * 50, task=task)
    assert [part.positives for part in found.values()] == [None, None]
    assert all(each.defined for each in found["AA"].estimates.values())


def test_a_slice_counts_its_rows_by_their_weight() -> None:
    scored = weighted(bernoulli(300, seed=0))
    frame = pd.DataFrame({"site": ["a", "b", "b"] * 100})
    slices = find_slices(frame, [Column("site")])
    [part, _] = slice_results(
        slices,
        scored.outcomes,
        scored.predictions,
        metrics=measures("binary"),
        min_rows=1,
        resamples=100,
    )
    assert part.estimates == estimated(scored.take(np.arange(0, 300, 3)), among=300)
    assert part.rows == 100


def test_a_slice_of_fewer_rows_than_asked_for_is_listed_without_numbers() -> None:
    found = _slices(["AA"] * 200 + ["HA"] * 199, min_rows=200)
    assert found["AA"].supported
    assert not found["HA"].supported
    assert found["HA"].rows == 199
    assert not found["HA"].estimates


def test_missing_values_are_the_last_slice() -> None:
    found = _slices(["UA", None, "AA", None] * 20)
    assert list(found) == ["AA", "UA", None]
    assert found[None].label == "carrier is missing"
    assert found[None].rows == 40


@pytest.mark.parametrize("dtype", ["float64", "str", "object", "Int64", "boolean", "category"])
def test_a_column_without_any_value_is_one_slice(dtype: str) -> None:
    found = _slices([None] * 30, dtype=dtype)
    assert {value: part.rows for value, part in found.items()} == {None: 30}


def test_a_slice_of_one_row_has_no_interval_and_says_so() -> None:
    found = _slices(["AA"] * 30 + ["HA"])
    assert found["HA"].supported
    assert all("a single row" in each.reason for each in found["HA"].estimates.values())


def test_no_rows_make_no_slices() -> None:
    assert _slices([], dtype="str") == {}


def test_numbers_booleans_times_and_categories_are_named_as_they_print() -> None:
    assert list(_slices([1, 2] * 10)) == ["1", "2"]
    assert list(_slices([1, None] * 10, dtype="Int64")) == ["1", None]
    assert list(_slices([True, False] * 10)) == ["False", "True"]
    assert list(_slices([0.5, NAN] * 10)) == ["0.5", None]
    assert list(_slices([INF, -INF] * 10)) == ["-inf", "inf"]
    assert list(_slices(["b", "a"] * 10, dtype="category")) == ["a", "b"]
    assert list(_slices([(1, 2), [3]] * 10)) == ["(1, 2)", "[3]"]
    for zone in ("UTC", None):
        days = [pd.Timestamp("2013-01-02", tz=zone), pd.Timestamp("2013-01-01", tz=zone)]
        assert [value[:10] for value in _slices(days * 10) if value] == ["2013-01-01", "2013-01-02"]


def test_values_that_print_alike_are_one_slice() -> None:
    found = _slices([1, "1"] * 10, dtype="object")
    assert {value: part.rows for value, part in found.items()} == {"1": 20}


@pytest.mark.parametrize("distinct", [51, 20_000])
def test_of_many_small_slices_the_50_largest_are_listed_and_the_rest_together(
    distinct: int,
) -> None:
    values = [*range(distinct), 7, 7, 9]
    found = _slices(values, min_rows=100)
    assert len(found) == 51
    assert (found["7"].rows, found["9"].rows) == (3, 2)
    together = found[f"({distinct - 50:,} other values)"]
    assert (together.rows, together.supported, dict(together.estimates)) == (
        distinct - 50,
        False,
        {},
    )
    assert sum(part.rows for part in found.values()) == len(values)
    assert sum(part.positives or 0 for part in found.values()) == (
        synthetic("binary", len(values), seed=0).outcomes.y.sum()
    )


def test_supported_slices_are_all_listed_however_many_there_are() -> None:
    found = _slices([at % 60 for at in range(300)], min_rows=5)
    assert len(found) == 60
    assert all(part.supported for part in found.values())


CELLS = st.one_of(
    st.none(), st.integers(), st.floats(), st.booleans(), st.text(max_size=3), st.datetimes()
)


@given(st.lists(CELLS, max_size=30))
def test_every_row_is_in_exactly_one_slice_of_a_column(values: list[object]) -> None:
    frame = pd.DataFrame({"x": pd.Series(values, dtype="object")})
    found = _index(frame, Column("x"))
    assert sorted(chain.from_iterable(found.values())) == list(range(len(values)))
    assert all(index == sorted(index) for index in found.values())


@given(
    st.lists(st.one_of(st.none(), st.floats(width=32)), max_size=30),
    st.one_of(st.integers(2, 9), st.sets(st.integers(-9, 9), min_size=1).map(sorted)),
)
def test_every_row_is_in_exactly_one_bin_of_a_column(
    values: list[float | None], edges: int | list[float]
) -> None:
    frame = pd.DataFrame({"x": pd.Series(values, dtype="float64")})
    slicing = Bins("x", edges if isinstance(edges, int) else tuple(edges))
    found = _index(frame, slicing)
    assert sorted(chain.from_iterable(found.values())) == list(range(len(values)))
    assert len(found) == len(find_slices(frame, [slicing]))
    missing = frame["x"].isna()
    assert found.get(None, []) == np.flatnonzero(missing).tolist()


def test_edges_part_a_column_and_each_belongs_to_the_range_above_it() -> None:
    frame = pd.DataFrame({"km": [499.9, 500, 999, 1000, 5000, NAN, -INF, INF]})
    assert _index(frame, Bins("km", (500, 1000))) == {
        "below 500": [0, 6],
        "500 to 1000": [1, 2],
        "1000 and above": [3, 4, 7],
        None: [5],
    }


def test_a_number_of_bins_makes_ranges_of_equally_many_rows() -> None:
    frame = pd.DataFrame({"km": np.random.default_rng(0).permutation(1000)})
    found = find_slices(frame, [Bins("km", 4, name="distance")])
    assert [each.rows for each in found] == [250] * 4
    assert {each.by for each in found} == {"distance"}
    assert found[0].value == "below 249.75"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3.0] * 5, {"all": 5}),
        ([3.0] * 4 + [NAN], {"all": 4, None: 1}),
        ([NAN] * 5, {None: 5}),
        ([INF, -INF], {"all": 2}),
        ([0.0] * 90 + [1.0] * 10, {"all": 100}),
        ([0.0] * 40 + [1.0] * 60, {"below 1": 40, "1 and above": 60}),
    ],
)
def test_bins_of_hardly_any_values_are_few(
    values: list[float], expected: dict[str | None, int]
) -> None:
    found = _index(pd.DataFrame({"km": values}), Bins("km", 4))
    assert {value: len(index) for value, index in found.items()} == expected


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, 2, None], dtype="Int64"),
        pd.Series([True, False, None], dtype="boolean"),
        pd.Series(["1", "2.5", None], dtype="str"),
        pd.Series([1, 2.5, None], dtype="object"),
        pd.Series([1, 2, None], dtype="category"),
    ],
)
def test_numbers_are_put_into_bins_whatever_their_type(column: "pd.Series[Any]") -> None:
    found = _index(pd.DataFrame({"x": column}), Bins("x", (1.5,)))
    assert found[None] == [2]
    assert sum(map(len, found.values())) == 3


@pytest.mark.parametrize(
    ("column", "count"),
    [
        (pd.Series(["a", "2", None]), "1 of 3"),
        (pd.Series(pd.to_datetime(["2020-01-01"] * 3)), "3 of 3"),
        (pd.Series(pd.to_datetime(["2020-01-01"] * 3, utc=True)), "3 of 3"),
        (pd.Series(pd.to_timedelta([1, 2, 3], unit="D")), "3 of 3"),
        (pd.Series([pd.Timestamp("2020-01-01"), 1, 2], dtype="object"), "1 of 3"),
    ],
)
def test_bins_of_what_are_no_numbers_are_refused(column: "pd.Series[Any]", count: str) -> None:
    with pytest.raises(DataUnusable, match=f"Bins\\('x', …\\): {count} values are no numbers"):
        find_slices(pd.DataFrame({"x": column}), [Bins("x", (1.0,))])


def _late(frame: pd.DataFrame) -> Any:
    return frame["hour"] >= 22


@pytest.mark.parametrize(
    "condition",
    [
        "hour >= 22",
        "hour >= 22 and site == 'a'",
        _late,
        lambda frame: (frame["hour"] >= 22).astype("boolean"),
        lambda frame: (frame["hour"] >= 22).astype(int).to_numpy(),
        lambda frame: [hour >= 22 for hour in frame["hour"]],
    ],
)
def test_a_condition_is_a_slice_of_the_rows_that_meet_it(condition: Any) -> None:
    frame = pd.DataFrame({"hour": [23, 1, 22, 12], "site": ["a"] * 4})
    [found] = find_slices(frame, [Where("night flights", condition)])
    assert (found.by, found.value, found.index.tolist()) == ("night flights", "", [0, 2])
    label = SliceResult(found.by, found.value, 2, 1, supported=True, estimates={}).label
    assert label == "night flights"


def test_a_condition_that_cannot_be_told_of_a_row_does_not_hold_for_it() -> None:
    frame = pd.DataFrame({"hour": pd.Series([23, None, 22], dtype="Int64")})
    assert _index(frame, Where("night", "hour >= 22")) == {"": [0, 2]}


def test_a_condition_that_no_row_meets_is_a_slice_of_none() -> None:
    frame = pd.DataFrame({"hour": [1, 2, 3]})
    [found] = find_slices(frame, [Where("night", "hour >= 22")])
    assert found.rows == 0


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("hours >= 22", "'night' cannot be told: UndefinedVariableError"),
        ("hour + 1", "'night' cannot be told: TypeError"),
        ("1 == 1", "'night' cannot be told"),
        (lambda frame: frame["hours"], "'night' cannot be told: KeyError: 'hours'"),
        (lambda frame: frame["hour"] / "a", "'night' cannot be told: TypeError"),
        (lambda frame: [True], "gave a result of shape (1,) for 3 rows"),
        (lambda frame: None, "'night' cannot be told"),
        (lambda frame: ["yes"] * 3, "'night' cannot be told"),
        (lambda frame: sys.exit(3), "'night' cannot be told: SystemExit: 3"),
    ],
)
def test_a_condition_that_cannot_be_told_is_refused_with_what_there_is(
    condition: str | Callable[..., Any], said: str
) -> None:
    frame = pd.DataFrame({"hour": [1, 2, 3], "site": ["a", "b", "c"]})
    with pytest.raises(DataUnusable) as caught:
        find_slices(frame, [Where("night", condition)])
    assert said in caught.value.message
    assert "one bool per row" in caught.value.hint or "hour, site" in caught.value.hint


def _rig(change: Callable[[pd.DataFrame], Any]) -> Callable[[pd.DataFrame], Any]:
    def condition(frame: pd.DataFrame) -> Any:
        change(frame)
        return [True] * len(frame)

    return condition


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.__setitem__("site", "z"),
        lambda frame: frame.pop("site"),
        lambda frame: frame.sort_values("hour", ascending=False, inplace=True),
        lambda frame: frame["hour"].array.__setitem__(0, 99),
        lambda frame: frame["site"].array.__setitem__(0, "z"),
        lambda frame: frame["group"].array.__setitem__(0, "y"),
        lambda frame: frame.columns.values.__setitem__(0, "z"),
    ],
)
def test_a_condition_changes_nothing_of_what_others_see(
    change: Callable[[pd.DataFrame], Any],
) -> None:
    frame = pd.DataFrame({"hour": [1, 2], "site": ["a", "b"], "group": pd.Categorical(["x", "y"])})
    before = frame.to_dict("list")
    find_slices(frame, [Where("rigged", _rig(change))])
    assert frame.to_dict("list") == before


@pytest.mark.parametrize("slicing", [Column("hours"), Bins("hours", 3)])
def test_an_absent_column_is_named(slicing: Column | Bins) -> None:
    with pytest.raises(DataUnusable, match="no column hours to slice by; it has hour, 7"):
        find_slices(pd.DataFrame({"hour": [1], 7: [2]}), [slicing])


def test_a_column_that_is_there_twice_is_refused() -> None:
    frame = pd.DataFrame([[1, 2]], columns=["hour", "hour"])
    twice: tuple[Column | Bins, ...] = (Column("hour"), Bins("hour", 3))
    for slicing in twice:
        with pytest.raises(DataUnusable, match="hour twice"):
            find_slices(frame, [slicing])


@pytest.mark.parametrize("task", TASKS)
def test_a_permuted_row_order_changes_nothing(task: Task) -> None:
    scored = weighted(synthetic(task, 400, seed=0))
    frame = pd.DataFrame({"a": np.arange(400) % 7, "b": np.arange(400) ** 0.5, "c": range(400)})
    slicings = (Column("a"), Bins("b", 3), Where("odd", "c % 2 == 1"), Column("c"))
    found = []
    for order in (np.arange(400), np.random.default_rng(0).permutation(400)):
        here = scored.take(order)
        moved = frame.iloc[order].reset_index(drop=True)
        found.append(
            slice_results(
                find_slices(moved, slicings),
                here.outcomes,
                here.predictions,
                metrics=measures(task),
                min_rows=30,
                resamples=100,
            )
        )
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "values",
    [
        ["b", "a", None, "a"],
        [3, 1, 2, 1],
        [2.5, None, 1.5, 2.5],
        [True, False, None, True],
        [1, "1", "x", None],
        [None, None, None],
    ],
)
def test_categories_are_grouped_as_the_cells_that_they_stand_for(values: list[object]) -> None:
    plain = pd.Series(values, dtype=object)
    codes, labels = text_codes(plain.astype("category"))
    expected, texts = text_codes(plain)
    assert (codes.tolist(), labels) == (expected.tolist(), texts)


def test_a_category_without_rows_is_no_group() -> None:
    column = pd.Series(pd.Categorical(["a", "c"], categories=["c", "b", "a"]))
    codes, labels = text_codes(column)
    assert (codes.tolist(), labels) == ([0, 1], ["a", "c"])


def test_whole_categories_are_shown_as_such_beside_missing_ones() -> None:
    codes, labels = text_codes(pd.Series(pd.Categorical([7, None, 10])))
    assert (codes.tolist(), labels) == ([1, -1, 0], ["10", "7"])
