"""Rows drawn of many that pass by: the same again, each with the same chance."""

import numpy as np
import pandas as pd

from registry_assets.monitoring.drawing import Draw
from registry_assets_tests.evaluation.data.frames import ordinary


def drawn(frame: pd.DataFrame, *, most: int, batch: int) -> pd.DataFrame:
    draw = Draw(most)
    for start in range(0, len(frame), batch):
        draw.add(frame.iloc[start : start + batch])
    assert draw.seen == len(frame)
    rows = draw.rows()
    assert rows is not None
    return rows


def test_the_rows_do_not_depend_on_the_batches() -> None:
    frame = ordinary(300, seed=0)
    first = drawn(frame, most=50, batch=300)
    for batch in (1, 7, 100):
        pd.testing.assert_frame_equal(drawn(frame, most=50, batch=batch), first)


def test_of_few_rows_all_are_kept_in_their_order() -> None:
    frame = ordinary(50, seed=0)
    pd.testing.assert_frame_equal(drawn(frame, most=100, batch=9), frame.reset_index(drop=True))


def test_no_rows_give_none_and_none_are_kept_where_none_are_asked_for() -> None:
    assert Draw(10).rows() is None
    draw = Draw(0)
    draw.add(ordinary(50, seed=0))
    assert draw.rows() is None


def test_every_row_has_the_same_chance_whatever_it_holds() -> None:
    # Three rows of four are equal: by content alone they would come all, or not at all.
    frame = pd.DataFrame({"x": np.where(np.arange(20_000) % 4 == 0, np.arange(20_000), -1)})
    rows = drawn(frame, most=1_000, batch=500)
    assert abs((rows["x"] == -1).mean() - 0.75) < 0.06
    distinct = rows.loc[rows["x"] >= 0, "x"]
    assert abs(distinct.mean() - 10_000) < 1_500
