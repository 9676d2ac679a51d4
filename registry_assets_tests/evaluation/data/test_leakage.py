"""Shared rows: counted exactly, whatever type the two frames hold the same values in."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from registry_assets.evaluation.data.leakage import _equal, _shared, shared_rows
from registry_assets.evaluation.data.pairs import paired
from registry_assets_tests.evaluation.data.frames import odd, ordinary

_ROWS = st.lists(st.tuples(st.sampled_from([0.0, -0.0, 1.5, np.nan]), st.sampled_from("ab")))


def test_rows_that_training_has_are_found_among_others() -> None:
    training, fresh = ordinary(2000, seed=0), ordinary(200, seed=1)
    known = training.iloc[[5, 700, 1999]]
    holdout = pd.concat([fresh, known], ignore_index=True)
    found = shared_rows(training, holdout)
    assert (found.shared, found.holdout_rows, found.training_rows) == (3, 203, 2000)
    assert found.share == pytest.approx(3 / 203)
    assert sorted(found.examples) == [200, 201, 202]
    assert found.columns == 10


def test_fresh_rows_are_not_shared() -> None:
    found = shared_rows(ordinary(2000, seed=0), ordinary(200, seed=1))
    assert (found.shared, found.share, found.examples, found.reason) == (0, 0.0, (), "")


def test_every_repetition_of_a_known_row_counts() -> None:
    frame = pd.DataFrame({"x": [1, 2, 3]})
    found = shared_rows(frame, pd.DataFrame({"x": [2, 2, 9, 2]}))
    assert (found.shared, found.examples) == (3, (0, 1, 3))


def test_a_key_is_left_out_of_the_comparison() -> None:
    training = ordinary(100, seed=0).assign(id=range(100))
    holdout = training.head(10).assign(id=range(500, 510))
    assert shared_rows(training, holdout).shared == 0
    found = shared_rows(training, holdout, ignore=["id"])
    assert (found.shared, found.columns) == (10, 10)


def test_at_most_five_examples_the_same_in_every_order() -> None:
    frame = ordinary(100, seed=0)
    turned = frame.iloc[::-1].reset_index(drop=True)
    first, second = shared_rows(frame, frame), shared_rows(turned, turned)
    assert first.shared == second.shared == 100
    pd.testing.assert_frame_equal(
        frame.take(list(first.examples)).reset_index(drop=True),
        turned.take(list(second.examples)).reset_index(drop=True),
    )
    assert len(first.examples) == 5


def test_the_images_of_digits_are_all_different_but_copies_are_found() -> None:
    images = load_digits(as_frame=True).data
    training, holdout = images.iloc[:1200], images.iloc[1200:]
    assert shared_rows(training, holdout).shared == len(
        holdout.merge(training.drop_duplicates(), how="inner")
    )
    assert shared_rows(training, training.tail(50)).shared == 50


@pytest.mark.parametrize(
    ("training", "holdout"),
    [
        (pd.Series([1, 2]), pd.Series([1.0, 2.0])),
        (pd.Series([1, None], dtype="Int64"), pd.Series([1.0, np.nan])),
        (pd.Series([2**60, 2**60 + 1]), pd.Series([2**60, 2**60 + 1])),
        (pd.Series([True, False]), pd.Series([1, 0])),
        (pd.Series([0.0, 1.0]), pd.Series([-0.0, 1.0])),
        (pd.Series(["a", None], dtype="str"), pd.Series(["a", None], dtype="object")),
        (pd.Series(["a", "b"], dtype="category"), pd.Series(["a", "b"], dtype="str")),
        (
            pd.Series(["2024-01-01", None], dtype="datetime64[ns]"),
            pd.Series(["2024-01-01", None], dtype="datetime64[s]"),
        ),
    ],
)
def test_equal_values_of_other_types_are_equal(
    training: "pd.Series[Any]", holdout: "pd.Series[Any]"
) -> None:
    found = shared_rows(training.to_frame("x"), holdout.to_frame("x"))
    assert found.shared == 2


def test_ids_beyond_what_a_double_holds_stay_different() -> None:
    for dtype in ("int64", "uint64", "Int64"):
        training = pd.DataFrame({"id": pd.Series([2**60], dtype=dtype)})
        holdout = pd.DataFrame({"id": pd.Series([2**60 + 1], dtype=dtype)})
        assert shared_rows(training, holdout).shared == 0


def test_rows_of_equal_hash_are_told_apart() -> None:
    training = pd.DataFrame({"x": [1, 2, 3], "y": ["a", "b", "c"]})
    holdout = pd.DataFrame({"x": [3, 2, 9], "y": ["c", "a", "a"]})
    pairs = paired(training, holdout)
    everything = np.zeros(3, dtype=np.uint64)
    assert _shared(pairs, everything, everything).tolist() == [0]
    assert _equal(pairs, np.array([2, 1]), np.array([0, 1])).tolist() == [True, False]


@given(_ROWS, _ROWS)
def test_the_count_is_that_of_a_comparison_of_all_with_all(
    known: list[tuple[float, str]], asked: list[tuple[float, str]]
) -> None:
    frames = [
        pd.DataFrame(
            {
                "x": np.array([x for x, _ in rows], dtype=float),
                "y": pd.Series([y for _, y in rows], dtype="str"),
            }
        )
        for rows in (known, asked)
    ]
    seen = {(repr(x + 0.0), y) for x, y in known}
    expected = sum((repr(x + 0.0), y) in seen for x, y in asked)
    assert shared_rows(*frames).shared == expected


def test_rows_of_odd_columns_are_known_again() -> None:
    frame = odd(60)
    found = shared_rows(frame.iloc[:40], frame.iloc[20:])
    assert (found.shared, found.columns) == (20, frame.shape[1])


def test_what_cannot_be_compared_has_a_reason() -> None:
    frame = ordinary(10, seed=0)
    assert shared_rows(frame, frame.head(0)).reason == "the holdout has no rows"
    assert shared_rows(frame.head(0), frame).reason == "training has no rows"
    assert "no column in common" in shared_rows(frame, pd.DataFrame({"z": [1]})).reason
    assert shared_rows(frame.head(0), frame).share is None
