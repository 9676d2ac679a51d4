"""Rows drawn by content: the same whatever their order, and fair to rows that are alike."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.evaluation.data.sampling import drawn, frame_hashes, sampled
from registry_assets_tests.evaluation.data.frames import odd, ordinary


def _sample(frame: pd.DataFrame, rows: int, *, seed: int = 0) -> pd.DataFrame:
    return sampled(frame, rows=rows, seed=seed).reset_index(drop=True)


def test_the_order_of_the_rows_changes_nothing() -> None:
    frame = ordinary(1000, seed=0)
    pd.testing.assert_frame_equal(_sample(frame, 100), _sample(frame.sample(frac=1), 100))


def test_another_seed_draws_other_rows() -> None:
    hashes = frame_hashes(ordinary(1000, seed=0))
    first, second = (set(drawn(hashes, rows=500, seed=seed)) for seed in (0, 1))
    # Two independent halves have a quarter of the rows in common: 250, give or take 11.
    assert 200 < len(first & second) < 300


@pytest.mark.parametrize("seed", range(5))
def test_rows_that_are_alike_are_drawn_in_proportion(seed: int) -> None:
    frame = pd.DataFrame({"flag": np.arange(10_000) % 10 == 0})
    share = _sample(frame, 2000, seed=seed)["flag"].mean()
    assert 0.07 < share < 0.13  # 0.1, standard error 0.006


def test_a_sample_is_distributed_as_all_rows_are() -> None:
    frame = ordinary(20_000, seed=0)
    sample = _sample(frame, 5000)
    assert abs(sample["normal"].mean() - frame["normal"].mean()) < 0.06
    assert abs(sample["flag"].mean() - frame["flag"].mean()) < 0.03


def test_no_more_rows_than_there_are() -> None:
    frame = ordinary(30, seed=0)
    assert sorted(drawn(frame_hashes(frame), rows=100, seed=0)) == list(range(30))
    assert len(drawn(frame_hashes(frame.head(0)), rows=100, seed=0)) == 0


def test_columns_beside_the_frame_tell_rows_apart() -> None:
    frame = pd.DataFrame({"x": [1, 1]})
    alike = frame_hashes(frame)
    apart = frame_hashes(frame, pd.Series(["yes", "no"]))
    assert alike[0] == alike[1]
    assert apart[0] != apart[1]


def test_rows_of_odd_columns_can_be_drawn() -> None:
    frame = odd(60)
    once, again = frame_hashes(frame), frame_hashes(frame.iloc[::-1])
    assert (once == again[::-1]).all()
    assert len(set(once)) == 60


@given(st.lists(st.integers(0, 2), max_size=30), st.integers(0, 35), st.integers())
def test_a_draw_is_of_different_positions(values: list[int], rows: int, seed: int) -> None:
    positions = drawn(frame_hashes(pd.DataFrame({"x": values})), rows=rows, seed=seed)
    assert len(set(positions)) == len(positions) == min(rows, len(values))


@given(st.integers(0, 2**32 - 1), st.randoms(use_true_random=False))
def test_rows_are_told_apart_by_the_named_columns_alone(seed: int, random: Any) -> None:
    rows = pd.DataFrame(
        {
            "number": range(30),
            "mixed": [1, "a", None, 2.5, True] * 6,
            "lists": [[row % 4] for row in range(30)],
            "time": pd.date_range("2024-01-01", periods=30, tz="UTC"),
            "ignored": range(30, 0, -1),
        }
    )
    columns = {"number", "mixed", "lists", "time"}
    order = list(range(30))
    random.shuffle(order)
    once = sampled(rows, rows=10, seed=seed, columns=columns)
    again = sampled(rows.iloc[order].assign(ignored=0), rows=10, seed=seed, columns=columns)
    assert list(once["number"]) == list(again["number"])
    assert len(set(once["number"])) == 10


def test_a_sample_has_all_columns_of_its_rows() -> None:
    frame = pd.DataFrame([[0, "a", 1.5], [1, "b", 2.5]], columns=["x", "x", 0])
    found = sampled(frame, rows=2, seed=0, columns={"x"})
    pd.testing.assert_frame_equal(found.sort_index(), frame)
    pd.testing.assert_frame_equal(sampled(frame, rows=2, seed=0, columns=()).sort_index(), frame)
