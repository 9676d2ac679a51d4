"""Snapshots: equal content gives equal bytes, comes back equal, or is refused by name."""

import datetime as dt
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from registry_assets.errors import DataUnusable, SnapshotRefused
from registry_assets.snapshots import Column, decode_frame, decode_table, encode

NEW_YORK = "America/New_York"
MONTHS = pd.period_range("2013-01", periods=3, freq="M")

columns: dict[str, st.SearchStrategy[Any]] = {
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint8": st.integers(0, 255),
    "float64": st.floats() | st.none(),
    "bool": st.booleans(),
    "str": st.text(st.characters(exclude_categories=["Cs"])) | st.none(),
    "Int64": st.integers(-(2**63), 2**63 - 1) | st.none(),
    "boolean": st.booleans() | st.none(),
    "datetime64[us]": st.datetimes() | st.none(),
    "datetime64[ns]": st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)),  # noqa: DTZ001
}


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """Frames of up to four columns of any type that is not refused."""
    types = draw(st.lists(st.sampled_from(sorted(columns)), min_size=1, max_size=4))
    rows = draw(st.integers(0, 6))
    return pd.DataFrame(
        {
            f"{dtype} {position}": pd.Series(
                draw(st.lists(columns[dtype], min_size=rows, max_size=rows)), dtype=dtype
            )
            for position, dtype in enumerate(types)
        }
    )


class Unnamed(dt.tzinfo):
    """A time zone that shows itself by where it lies in memory."""

    def utcoffset(self, _when: dt.datetime | None) -> dt.timedelta:
        return dt.timedelta(hours=1)

    def dst(self, _when: dt.datetime | None) -> None:
        return None

    def tzname(self, _when: dt.datetime | None) -> str:
        return "unnamed"


def column(values: Any, dtype: Any = None) -> pd.DataFrame:
    return pd.DataFrame({"x": pd.Series(values, dtype=dtype)})


@settings(deadline=None)
@given(frames())
def test_a_frame_comes_back_as_it_was(frame: pd.DataFrame) -> None:
    assert_frame_equal(decode_frame(encode(frame).data), frame)


@settings(deadline=None)
@given(frame=frames(), cut=st.integers(min_value=0))
def test_equal_content_gives_equal_bytes_however_it_was_put_together(
    frame: pd.DataFrame, cut: int
) -> None:
    data = encode(frame).data
    middle = cut % (len(frame) + 1)
    halves = pd.concat([frame.iloc[:middle], frame.iloc[middle:]])
    sliced = pd.concat([frame, frame]).iloc[len(frame) :]
    assert encode(halves.reset_index(drop=True)).data == data
    assert encode(sliced.reset_index(drop=True)).data == data
    assert encode(frame.set_axis(pd.Index(range(len(frame)), dtype="int64"))).data == data


@settings(deadline=None)
@given(frame=frames(), cut=st.integers(min_value=0))
def test_the_chunks_of_a_table_are_not_content(frame: pd.DataFrame, cut: int) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    middle = cut % (table.num_rows + 1)
    chunked = pa.concat_tables([table.slice(0, middle), table.slice(middle)])
    assert encode(chunked).data == encode(table).data
    assert decode_table(encode(chunked).data).equals(decode_table(encode(table).data))


def test_where_chunks_end_inside_a_page_is_not_content() -> None:
    # Distinct and long: such strings overflow the dictionary page and are written as they
    # come, in pages whose ends would follow the chunks'.
    table = pa.table({"x": [f"word {n} {n * n}" for n in range(200_000)]})
    pieces = [table.slice(start, 777) for start in range(0, table.num_rows, 777)]
    assert encode(pa.concat_tables(pieces)).data == encode(table).data


def test_dictionaries_of_single_chunks_are_not_content() -> None:
    words = [f"word {n % 7}" for n in range(100)]
    pieces = [pa.array(words[start : start + 3]) for start in range(0, 100, 3)]
    chunked = pa.chunked_array([piece.dictionary_encode() for piece in pieces])
    whole = pa.array(words).dictionary_encode()
    assert encode(pa.table({"x": chunked})).data == encode(pa.table({"x": whole})).data


def test_bytes_carry_no_version_of_pandas() -> None:
    frame = column([1, 2])
    for value in (frame, pa.Table.from_pandas(frame)):
        metadata = decode_table(encode(value).data).schema.metadata[b"pandas"]
        assert b"version" not in metadata


def test_a_different_value_type_name_or_order_gives_different_bytes() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    variants = [
        frame,
        frame.assign(a=[1, 3]),
        frame.astype({"a": "int32"}),
        frame.rename(columns={"a": "c"}),
        frame[["b", "a"]],
        frame.iloc[::-1].reset_index(drop=True),
    ]
    assert len({encode(variant).data for variant in variants}) == len(variants)


def test_a_frame_longer_than_a_row_group_keeps_the_order_of_its_categories() -> None:
    values = pd.Categorical(["a", "b", "c"] * 100_000, categories=["c", "b", "a", "unused"])
    long = column(values)
    content = encode(long)
    back = decode_frame(content.data)
    assert_frame_equal(back, long)
    assert list(back["x"].cat.categories) == ["c", "b", "a", "unused"]
    assert content.rows == 300_000


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(["a", None], dtype="string"),
        pd.Series([1.5, None], dtype="Float64"),
        pd.Series(pd.Categorical(["b", "a", None], categories=["b", "a"], ordered=True)),
        pd.Series(pd.to_datetime(["2013-01-01 05:15"])).dt.tz_localize(NEW_YORK),
        pd.Series(pd.to_datetime(["2013-01-01T05:15+02:00"])),
        pd.Series(pd.to_timedelta(["1s", None])),
        pd.Series(MONTHS),
        pd.Series(pd.interval_range(0, 3)),
        pd.Series([1.5, None], dtype=pd.ArrowDtype(pa.float64())),
        pd.Series([dt.date(2013, 1, 1), None], dtype=object),
        pd.Series([dt.time(5, 15)], dtype=object),
        pd.Series([Decimal("1.25"), Decimal("1.5")], dtype=object),
        pd.Series([b"\0", None], dtype=object),
        pd.Series([True, None], dtype=object),
        pd.Series([None, None], dtype=object),
    ],
    ids=lambda values: str(values.dtype),
)
def test_less_common_types_come_back_as_they_were(values: "pd.Series[Any]") -> None:
    frame = column(values)
    assert_frame_equal(decode_frame(encode(frame).data), frame)


def test_what_was_accepted_here_comes_back_in_a_process_that_only_reads(tmp_path: Path) -> None:
    # pandas registers its own Arrow types when it first writes one: here, but not there.
    frame = pd.DataFrame({"month": MONTHS, "bin": pd.interval_range(0, 3), "n": [1, 2, 3]})
    (tmp_path / "data.parquet").write_bytes(encode(frame).data)
    program = (
        "import sys; from pathlib import Path; from registry_assets.snapshots import decode_frame\n"
        "frame = decode_frame(Path(sys.argv[1]).read_bytes())\n"
        "print([str(dtype) for dtype in frame.dtypes], frame['month'].tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "data.parquet"],
        capture_output=True,
        text=True,
        check=True,
    )
    expected = [str(dtype) for dtype in frame.dtypes], frame["month"].tolist()
    assert done.stdout.strip() == f"{expected[0]} {expected[1]}"


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (column(["a", None], object), 'object comes back as str; declare it with .astype("str")'),
        (column([True, False], object), "object comes back as bool"),
        (column([1, 2], object), "object comes back as int64"),
        (
            column([1, "a", None], object),
            'mixes types: int and str; make them one, for example with .astype("str")',
        ),
        (column([True, b"", 1.5], object), "mixes types: bool, bytes and float;"),
        (column(pd.Categorical(["a", 1])), "the list of categories mixes types: int and str;"),
        (column([None, object()], object), "this object column holds values of type object;"),
        (column([dt.time(5, tzinfo=Unnamed())], object), "Unnamed object>, which comes back"),
        (column([2**70], object), "too large"),
        (column([[1], [2]], object), "row 0 of this object column holds a list"),
        (column([{"a": 1}], object), "holds a dict"),
        (column([None, dt.date(2013, 1, 1), np.nan], object), "row 2 of this object column"),
        (column([dt.time(5, tzinfo=dt.UTC)], object), "row 0 holds datetime.time"),
        (column([1, None], pd.SparseDtype("float64")), "Sparse"),
        (column([1j]), "complex128"),
        (column(pd.to_datetime(["2013-01-01"]), "datetime64[s]"), "comes back as datetime64[ms]"),
        (column(pd.Categorical([3, 1])), "category comes back as int64"),
        (column(pd.Categorical([], categories=["a"])), "its categories ['a'] come back as []"),
        (column(["a"], pd.StringDtype("python")), "storage='python'"),
        (column([[1]], pd.ArrowDtype(pa.list_(pa.int64()))), "list<item: int64>"),
        (
            column(pd.arrays.ArrowExtensionArray(pa.array([float("nan"), None]))),
            "its values come back changed",
        ),
    ],
)
def test_a_column_that_would_come_back_otherwise_is_refused_with_the_reason(
    frame: pd.DataFrame, words: str
) -> None:
    with pytest.raises(SnapshotRefused) as refusal:
        encode(frame.assign(fine=range(len(frame))))
    assert refusal.value.columns == ("x",)
    assert words in refusal.value.message
    assert not re.search("0x[0-9a-f]{6}", refusal.value.message)


def test_all_offenders_are_named_at_once() -> None:
    frame = pd.DataFrame(
        [[1, 2, 3, "a", 1j, 5]], columns=["twice", "twice", 7, "text", "complex", "fine"], index=[9]
    ).astype({"text": object})
    frame.columns.name = "variable"
    frame.attrs["source"] = "somewhere"
    with pytest.raises(SnapshotRefused) as refusal:
        encode(frame)
    assert set(refusal.value.columns) == {"twice", "7", "index", "text", "complex"}
    for words in ("2 columns have this name", "rename it to '7'", "'variable'", "attrs"):
        assert words in refusal.value.message
    assert "fine" not in refusal.value.message


@pytest.mark.parametrize(
    ("index", "names"),
    [
        (pd.Index([1, 2]), ("index",)),
        (pd.Index(["a", "b"], name="tail"), ("tail",)),
        (pd.RangeIndex(2, name="row"), ("row",)),
        (pd.Index([0.0, 1.0]), ("index",)),
        (pd.MultiIndex.from_tuples([(1, 2), (3, 4)], names=["a", None]), ("a", "index")),
    ],
)
def test_an_index_that_carries_data_is_refused_and_nothing_else(
    index: pd.Index, names: tuple[str, ...]
) -> None:
    with pytest.raises(SnapshotRefused, match="reset_index") as refusal:
        encode(pd.DataFrame({"x": [1, 2]}, index=index))
    assert refusal.value.columns == names


@pytest.mark.parametrize("name", [1, ("a", "b"), None, "a\0", "\ud800", "\u202ename", "x" * 1001])
def test_a_column_name_that_is_no_clean_text_is_refused(name: Any) -> None:
    frame = pd.DataFrame([[1]], columns=pd.Index([name], dtype=object, tupleize_cols=False))
    with pytest.raises(SnapshotRefused) as refusal:
        encode(frame)
    assert len(refusal.value.columns) == 1
    assert str(refusal.value).encode()


@pytest.mark.parametrize("value", [None, [1], {"a": [1]}, np.zeros(3), pd.Series([1], name="a")])
def test_what_is_no_frame_and_no_table_is_refused_by_its_type(value: Any) -> None:
    with pytest.raises(SnapshotRefused, match="Expected a pandas DataFrame or a pyarrow Table"):
        encode(value)


@pytest.mark.parametrize("value", [pd.DataFrame(), pd.DataFrame(index=[0, 1]), pa.table({})])
def test_a_value_without_columns_is_refused(value: Any) -> None:
    with pytest.raises(SnapshotRefused, match="it has no columns"):
        encode(value)


def test_an_empty_frame_keeps_its_columns_and_types() -> None:
    frame = pd.DataFrame({"a": pd.Series(dtype="int64"), "b": pd.Series(dtype="str")})
    content = encode(frame)
    assert content.rows == 0
    assert_frame_equal(decode_frame(content.data), frame)


def test_schema_and_counts_are_told() -> None:
    content = encode(pd.DataFrame({"n": [1, 2], "carrier": ["UA", None], "delay": [1.5, np.nan]}))
    assert content.rows == 2
    assert content.schema == (
        Column("n", "int64", missing=0),
        Column("carrier", "str", missing=1),
        Column("delay", "float64", missing=1),
    )
    assert encode(pa.table({"n": [1, None]})).schema == (Column("n", "int64", missing=1),)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1.0, float("nan"), None]),
        pa.array([[1.0, float("nan")], None]),
        pa.array([{"a": 1, "b": None}]),
        pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
        pa.array(["b", "a"]).dictionary_encode(),
        pa.chunked_array([pa.array([v]).dictionary_encode() for v in "ba"]),
        pa.array([[1, 2]], pa.list_(pa.int64(), 2)),
        pa.array([1], pa.timestamp("ns", NEW_YORK)),
        pa.array(["a"], pa.large_string()),
    ],
    ids=lambda values: str(values.type),
)
def test_a_table_comes_back_with_its_types_values_and_metadata(values: Any) -> None:
    table = pa.table({"x": values}).replace_schema_metadata({"unit": "minutes"})
    back = decode_table(encode(table).data)
    assert back.schema.equals(table.schema)
    assert back.schema.metadata == table.schema.metadata
    assert repr(back.to_pylist()) == repr(table.to_pylist())


def test_columns_that_a_table_would_get_back_otherwise_are_all_named() -> None:
    table = pa.table(
        {
            "seconds": pa.array([1], pa.timestamp("s")),
            "fine": [1],
            "runs": pa.RunEndEncodedArray.from_arrays([1], [1]),
            "day": pa.array([86_400_000], pa.date64()),
        }
    )
    with pytest.raises(SnapshotRefused, match="timestamp") as refusal:
        encode(table)
    assert refusal.value.columns == ("seconds", "runs", "day")


def test_a_table_with_one_name_twice_is_refused() -> None:
    with pytest.raises(SnapshotRefused, match="2 columns have this name") as refusal:
        encode(pa.table([[1], [2]], names=["a", "a"]))
    assert refusal.value.columns == ("a",)


@pytest.mark.parametrize("decode", [decode_frame, decode_table])
@pytest.mark.parametrize("cut", [0, 4, 100, -1])
def test_truncated_parquet_is_unusable_data(decode: Any, cut: int) -> None:
    data = encode(column([1, 2])).data
    with pytest.raises(DataUnusable, match="no Parquet file"):
        decode(data[:cut])
