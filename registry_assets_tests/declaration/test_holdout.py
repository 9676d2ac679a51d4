"""Which rows are held out depends on their keys alone, never on the rows around them."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.declaration import ByKey, LatestPartitions
from registry_assets.errors import DataUnusable

MONTHS = [f"2013-{month:02}" for month in range(1, 13)]


@given(st.permutations(MONTHS), st.integers(1, 11))
def test_the_greatest_keys_are_held_out_in_whatever_order_they_came(
    arrived: Sequence[str], count: int
) -> None:
    train, holdout = LatestPartitions(count).split(arrived)
    assert (*train, *holdout) == tuple(MONTHS)
    assert len(holdout) == count


@pytest.mark.parametrize("there", [[], ["2013-01"], ["2013-02", "2013-01"]])
def test_something_must_be_left_to_train_on(there: list[str]) -> None:
    with pytest.raises(DataUnusable, match=f"{len(there)} partition.* leaves none to train on"):
        LatestPartitions(2).split(there)


def side(rule: ByKey, frame: pd.DataFrame) -> dict[object, bool]:
    """Which side each row is on, by its first key column."""
    return dict(zip(frame.iloc[:, 0].tolist(), rule.mask(frame).tolist(), strict=True))


@given(
    st.sets(st.integers(0, 10**9), min_size=1, max_size=30),
    st.sets(st.integers(0, 10**9), max_size=30),
    st.floats(0.05, 0.95),
)
def test_rows_added_around_a_row_never_change_its_side(
    first: set[int], added: set[int], share: float
) -> None:
    rule = ByKey(columns=("id",), share=share)
    before = pd.DataFrame({"id": sorted(first)})
    after = pd.DataFrame({"id": [*sorted(added - first), *sorted(first)]})
    assert side(rule, before).items() <= side(rule, after).items()


@pytest.mark.parametrize(
    ("values", "added"),
    [
        pytest.param([5, 7, 11], [5.5], id="a fraction among whole numbers"),
        pytest.param(
            pd.to_datetime(["2013-01-01", "2013-01-02", "2013-01-03"]).tolist(),
            [pd.Timestamp("2013-01-01 05:00")],
            id="an hour among midnights",
        ),
        pytest.param(["5", "7", "11"], [object], id="another type among texts"),
        pytest.param([date(2013, 1, 1), date(2013, 1, 2)], ["x"], id="a text among dates"),
    ],
)
@pytest.mark.parametrize("seed", range(8))
def test_a_column_that_changes_its_type_keeps_every_side(
    values: list[object], added: list[object], seed: int
) -> None:
    rule = ByKey(columns=("id",), share=0.5, seed=seed)
    before = pd.DataFrame({"id": values})
    after = pd.DataFrame({"id": [*values, *added]})
    assert rule.mask(before).tolist() == rule.mask(after)[: len(values)].tolist()


def test_the_share_is_held_out_and_another_seed_holds_out_others() -> None:
    frame = pd.DataFrame({"id": range(20_000), "site": "EWR"})
    held = ByKey(columns=("id", "site"), share=0.3).mask(frame)
    assert held.dtype == np.bool_
    # 0.3 of 20,000 rows with a standard error of 0.0032.
    assert held.mean() == pytest.approx(0.3, abs=0.013)
    assert (held != ByKey(columns=("id", "site"), share=0.3, seed=1).mask(frame)).any()


def test_a_bigger_share_holds_out_the_same_rows_and_more() -> None:
    frame = pd.DataFrame({"id": range(500)})
    small = ByKey(columns=("id",), share=0.2).mask(frame)
    assert (ByKey(columns=("id",), share=0.5).mask(frame) | ~small).all()


def test_the_side_of_a_row_is_the_same_in_every_release() -> None:
    frame = pd.DataFrame({"id": range(12), "site": ["EWR", "JFK", "LGA"] * 4})
    mask = ByKey(columns=("id", "site"), share=0.5, seed=3).mask(frame)
    assert "".join(map(str, mask.astype(int))) == "010110100111"


def test_equal_keys_are_on_one_side() -> None:
    frame = pd.DataFrame({"id": ["a"] * 50})
    assert len(set(ByKey(columns=("id",), share=0.5).mask(frame).tolist())) == 1


def test_no_rows_have_no_sides() -> None:
    assert ByKey(columns=("id",), share=0.5).mask(pd.DataFrame({"id": []})).shape == (0,)


def test_a_row_without_a_key_is_refused_by_column_and_count() -> None:
    frame = pd.DataFrame({"id": ["a", None, "b", None]})
    with pytest.raises(DataUnusable, match=r"'id' is missing in 2 of 4 rows"):
        ByKey(columns=("id",), share=0.5).mask(frame)


def test_an_absent_key_column_is_named() -> None:
    with pytest.raises(DataUnusable, match=r"no key column 'id'; kept are late"):
        ByKey(columns=("id",), share=0.5).mask(pd.DataFrame({"late": [True]}))


def test_the_rule_is_told_as_json() -> None:
    assert LatestPartitions(2).definition() == {"holdout": "latest_partitions", "count": 2}
    assert ByKey(columns=("id",), share=0.5, seed=3).definition() == {
        "holdout": "by_key",
        "columns": ["id"],
        "share": 0.5,
        "seed": 3,
    }
