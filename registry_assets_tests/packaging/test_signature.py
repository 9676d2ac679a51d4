"""Which frames a model takes, and how a wrong one is told."""

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry_assets.canonical import canonical_json
from registry_assets.errors import DataUnusable
from registry_assets.packaging.signature import ColumnSpec, Output, Signature, conform

SIGNATURE = Signature(
    inputs={
        "flights": (
            ColumnSpec("dep_delay", "int64"),
            ColumnSpec("carrier", "str"),
            ColumnSpec("distance", "float64"),
            ColumnSpec("arr_delay", "float64"),
        ),
        "planes": (ColumnSpec("tailnum", "str"),),
    },
    optional={"flights": ("arr_delay",), "planes": ()},
    features=(ColumnSpec("hour", "int64"),),
    output=Output(task="binary", classes=(False, True)),
)


def flights(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"distance": [1.5], "dep_delay": [3], "carrier": ["UA"], **columns})


def test_a_signature_comes_back_from_canonical_json() -> None:
    read = Signature.from_json(json.loads(canonical_json(SIGNATURE.to_json())))
    assert read == SIGNATURE
    assert (read.rows_input, read.references) == ("flights", ("planes",))


def test_whole_numbers_that_came_as_objects_may_be_missing() -> None:
    given = pd.DataFrame({"seats": pd.Series([3, pd.NA, 5], dtype="object")})
    found = conform(given, [ColumnSpec("seats", "Int64")])
    assert found["seats"].tolist() == [3, pd.NA, 5]
    with pytest.raises(DataUnusable, match="seats: expected Int8"):
        conform(given.replace({5: 500}), [ColumnSpec("seats", "Int8")])


def test_order_and_extra_columns_do_not_matter() -> None:
    found = SIGNATURE.check_input("flights", flights(gate=["A1"]))
    assert list(found.columns) == ["dep_delay", "carrier", "distance"]


def test_all_problems_are_told_at_once() -> None:
    wrong = pd.DataFrame({"dep_delay": ["late"], "distance": [True]})
    with pytest.raises(DataUnusable) as caught:
        SIGNATURE.check_input("flights", wrong)
    assert "dep_delay: expected int64, found str" in caught.value.message
    assert "carrier: missing, expected str" in caught.value.message
    assert "distance: expected float64, found bool" in caught.value.message
    assert "arr_delay" not in caught.value.message


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        ("float64", [1, 2]),
        ("float64", [None, None]),
        ("int8", [1, 100]),
        ("float32", [0.5, 1.5]),
        ("str", [None, None]),
        ("str", pd.Series(["a", None], dtype=object)),
        ("category", ["a", "b"]),
        ("datetime64[us]", pd.Series(np.array(["2013-01-01"], dtype="datetime64[ns]"))),
        ("datetime64[us]", [None]),
        ("Int64", [1, 2]),
    ],
)
def test_what_changes_no_value_is_taken(expected: str, given: Any) -> None:
    frame = pd.DataFrame({"x": given})
    assert str(conform(frame, [ColumnSpec("x", expected)])["x"].dtype) == expected


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        ("int64", [1.0, 2.0]),
        ("int64", [1.0, None]),
        ("int64", [None, None]),
        ("int8", [1, 300]),
        ("str", [1, 2]),
        ("str", pd.Series(["a", 1], dtype=object)),
        ("bool", [0, 1]),
        ("float64", ["1.5"]),
        ("datetime64[us]", ["2013-01-01"]),
        ("datetime64[us]", pd.to_datetime(["2013-01-01"], utc=True)),
        ("datetime64[us, UTC]", pd.to_datetime(["2013-01-01"])),
    ],
)
def test_what_would_change_a_value_is_refused(expected: str, given: Any) -> None:
    with pytest.raises(DataUnusable, match=re.escape(f"x: expected {expected}, found")):
        conform(pd.DataFrame({"x": given}), [ColumnSpec("x", expected)])
