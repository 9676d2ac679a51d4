"""Profiles of tables: the same bytes for the same rows, in whatever form and order they come."""

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_assets.monitoring.profile import Profile, profile_of
from registry_assets_tests.evaluation.data.frames import odd, ordinary


def test_a_frame_has_the_profile_of_the_table_it_is_stored_as(tmp_path: Path) -> None:
    frame = ordinary(8_000, seed=0)
    frame.to_parquet(tmp_path / "rows.parquet")
    table = pq.read_table(tmp_path / "rows.parquet")
    assert profile_of(frame) == profile_of(table)
    assert profile_of(frame) == profile_of(table.to_batches(max_chunksize=700))


def test_neither_order_nor_portions_nor_threads_change_a_byte() -> None:
    frame = ordinary(20_000, seed=1)
    frame["key"] = [f"key {n}" for n in range(len(frame))]
    whole = profile_of(frame, threads=1)
    mixed = frame.sample(frac=1, random_state=3)
    assert profile_of(mixed, threads=3).to_bytes() == whole.to_bytes()
    cuts = (0, 1, 5_000, 5_003, 20_000)
    portions = [mixed.iloc[a:b] for a, b in pairwise(cuts)]
    assert profile_of(portions).to_bytes() == whole.to_bytes()
    first, second, third, fourth = map(profile_of, portions)
    assert (first + second) + (third + fourth) == whole
    assert fourth + (second + (third + first)) == whole


NUMBERS = st.floats(width=64) | st.integers(-5, 5).map(float) | st.none()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NUMBERS, st.sampled_from(["a", "b", None]))), st.randoms())
def test_any_rows_have_one_profile(
    rows: list[tuple[float | None, str | None]], random: object
) -> None:
    schema = pa.schema([("x", pa.float64()), ("y", pa.string())])

    def table(some: list[tuple[float | None, str | None]]) -> pa.Table:
        columns = [list(column) for column in zip(*some, strict=True)] or [[], []]
        return pa.table(columns, schema=schema)

    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    half = len(rows) // 2
    whole = profile_of(table(rows))
    assert profile_of([table(shuffled[:half]), table(shuffled[half:])]) == whole
    assert Profile.from_bytes(whole.to_bytes()) == whole
    assert whole.columns["x"].values + whole.columns["x"].missing + whole.columns[
        "x"
    ].infinite == len(rows)


def test_an_iterator_is_read_once_and_one_part_at_a_time() -> None:
    held = []

    def parts() -> Iterator[pa.RecordBatch]:
        for seed in range(3):
            held.append(seed)
            yield from pa.table({"x": np.random.default_rng(seed).normal(size=10)}).to_batches()

    assert profile_of(parts()).rows == 30
    assert held == [0, 1, 2]


@pytest.mark.parametrize("rows", [0, 1, 6, 400])
def test_every_odd_column_has_a_profile_that_adds_up(rows: int) -> None:
    frame = odd(rows)
    whole = profile_of(frame)
    assert list(whole.columns)[:3] == ["constant", "all null", "all None"]
    assert len(whole.columns) == frame.shape[1]
    for name, column in whole.columns.items():
        if column.kind != "other":
            assert column.values + column.infinite + column.missing == rows, name
    parts = [frame.head(rows // 3), frame.tail(rows - rows // 3)]
    assert profile_of(parts) == whole


def test_what_types_come_down_to() -> None:
    kinds = {name: column.kind for name, column in profile_of(odd(400)).columns.items()}
    for name in ("huge", "tiny", "int8", "uint64", "Int64", "Float64", "decimal", "giant", "arrow"):
        assert kinds[name] == "number", name
    for name in ("aware", "naive", "duration", "times"):
        assert kinds[name] == "time", name
    for name in ("boolean", "maybe"):
        assert kinds[name] == "truth", name
    for name in ("string", "key", "number category"):
        assert kinds[name] == "text", name
    for name in ("all null", "all None", "empty category"):
        assert kinds[name] == "empty", name
    for name in ("mixed", "lists", "complex", "period"):
        assert kinds[name] == "other", name


def test_numbers_of_every_arrow_type_are_the_same_numbers() -> None:
    numbers = [1, 2, 2, None, 5]
    types = (pa.int8(), pa.uint64(), pa.float32(), pa.float64())
    for kind in types:
        column = profile_of(pa.table({"x": pa.array(numbers, kind)})).columns["x"]
        assert (column.kind, column.missing, column.mean) == ("number", 1, 2.5)
        assert column.whole is pa.types.is_integer(kind)
    exact = [None if each is None else Decimal(each) for each in numbers]
    assert profile_of(pa.table({"x": pa.array(exact)})).columns["x"].mean == 2.5


def test_times_are_seconds_in_whatever_zone_and_unit() -> None:
    moment = pd.Timestamp("1969-12-31T23:00:00Z")
    columns = {
        "naive": pd.Series([moment.tz_localize(None)] * 2),
        "aware": pd.Series([moment] * 2).dt.tz_convert("Asia/Tokyo"),
        "coarse": pd.Series([moment.tz_localize(None)] * 2).astype("datetime64[s]"),
    }
    for column in profile_of(pd.DataFrame(columns)).columns.values():
        assert (column.kind, column.mean) == ("time", -3600.0)
    days = pa.table({"x": pa.array([0, 1], pa.int32()).cast(pa.date32())})
    assert profile_of(days).columns["x"].maximum == 86_400


def test_columns_of_one_name_are_told_apart_as_in_a_frame() -> None:
    table = pa.table([pa.array([1.0]), pa.array([2.0])], names=["x", "x"])
    assert list(profile_of(table).columns) == ["x", "x (2)"]
    assert profile_of(table).columns["x (2)"].mean == 2.0


def test_a_column_that_one_part_lacks_is_missing_there() -> None:
    first, second = pd.DataFrame({"x": [1.0]}), pd.DataFrame({"x": [2.0], "y": ["a"]})
    found = profile_of([first, second])
    assert found.columns["y"].missing == 1
    assert found.columns["y"].counts == {"a": 1}
    assert found.rows == 2


def test_a_type_that_changes_within_the_rows_is_other() -> None:
    parts = [pd.DataFrame({"x": [1.0]}), pd.DataFrame({"x": ["a"]}), pd.DataFrame({"x": [None]})]
    column = profile_of(parts).columns["x"]
    assert (column.kind, column.rows, column.missing) == ("other", 3, 1)


def test_the_bytes_of_some_rows_are_the_same_for_ever() -> None:
    spread = np.linspace(-3, 9, 20_000)
    frame = pd.DataFrame(
        {
            "number": spread * spread * spread,
            "whole": np.arange(20_000) % 7,
            "truth": np.arange(20_000) % 3 == 0,
            "text": [f"t{n % 11}" for n in range(20_000)],
            "key": [f"key {n}" for n in range(20_000)],
            "when": pd.to_datetime(np.arange(20_000) * 10**12),
        }
    )
    frame.loc[::10, "number"] = np.nan
    frame.loc[5::50, "number"] = np.inf
    found = profile_of(frame).to_bytes()
    assert hashlib.sha256(found).hexdigest() == GOLDEN


GOLDEN = "f79aebdb222c1cad1bf79ac5711caee3fca7c530c5730353d85ba10791083be2"
