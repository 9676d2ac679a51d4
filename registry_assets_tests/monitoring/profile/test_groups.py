"""Profiles by the values of a column, in the pass that reads them all."""

import pandas as pd
import pyarrow as pa
import pytest

from registry_assets.monitoring.profile import profile_of, profiles_by
from registry_assets_tests.evaluation.data.frames import ordinary


@pytest.mark.parametrize("arrow", [False, True])
def test_a_group_has_the_profile_of_its_rows(arrow: bool) -> None:
    frame = ordinary(3_000, seed=0)
    table = pa.Table.from_pandas(frame)
    rows = table.to_batches(max_chunksize=700) if arrow else frame
    whole, groups = profiles_by(rows, by=("category", "flag", "gappy"))
    assert whole == profile_of(frame)
    assert [each.column for each in groups] == ["category", "flag", "gappy"]
    for each in groups:
        assert list(each.profiles) == sorted(each.profiles)
        for value, profile in each.profiles.items():
            assert profile == profile_of(frame[frame[each.column].astype("str") == value])
    assert set(groups[1].profiles) == {"False", "True"}


def test_a_column_of_too_many_values_has_a_reason_whatever_order_they_come_in() -> None:
    frame = pd.DataFrame({"x": [str(n % 30) for n in range(900)], "y": range(900)})
    for rows in (frame, [frame.head(10), frame.tail(890)]):
        whole, [groups] = profiles_by(rows, by=["x"], most=29)
        assert groups.profiles == {}
        assert groups.reason == "more than 29 values"
        assert whole.rows == 900
    assert len(profiles_by(frame, by=["x"], most=30)[1][0].profiles) == 30


def test_a_column_of_very_many_values_is_not_told_apart_first() -> None:
    frame = pd.DataFrame({"x": [f"key {n}" for n in range(300_000)]})
    assert profiles_by(frame, by=["x"])[1][0].reason == "more than 50 values"


def test_a_column_that_is_not_there_or_holds_nothing_has_a_reason() -> None:
    frame = pd.DataFrame({"x": [None, None], "y": [1, 2]})
    _, groups = profiles_by(frame, by=["x", "z"])
    assert [each.reason for each in groups] == ["no value", "the table does not have it"]
