"""Laws of canonical JSON."""

import json
from typing import Any

import numpy as np
import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from registry_assets.canonical import Json, canonical_json, plain_json
from registry_assets.errors import DeclarationError

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)


@given(values)
def test_canonical_json_says_the_value_it_was_given(value: Json) -> None:
    assert json.loads(canonical_json(value), parse_int=float) == value


@given(st.dictionaries(texts, scalars, min_size=2))
def test_the_order_of_keys_does_not_change_canonical_json(value: dict[str, Json]) -> None:
    reordered = dict(reversed(value.items()))
    assert canonical_json(reordered) == canonical_json(value)


def test_numpy_floats_and_tuples_are_written_as_the_json_they_mean() -> None:
    assert canonical_json({"auc": np.float64(0.5), "range": (1, 2)}) == (  # type: ignore[dict-item]
        b'{"auc":0.5,"range":[1,2]}'
    )


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"metrics": [1.0, float("nan")]}, "$.metrics[1]"),
        ({"metrics": {"auc": float("inf")}}, "$.metrics.auc"),
        ([2**53], "$[0]"),
        ([-(2**53)], "$[0]"),
        ({"a": {1: "b"}}, "$.a"),
        ({"a": "\ud800"}, "$.a"),
        ({"\ud800": 1}, "$"),
        ({"a": {"b": {1, 2}}}, "$.a.b"),
        ({"a": np.int64(1)}, "$.a"),
        ({"a": b"bytes"}, "$.a"),
    ],
)
def test_what_is_not_json_is_refused_by_its_place(value: Any, place: str) -> None:
    with pytest.raises(DeclarationError) as refusal:
        canonical_json(value)
    assert repr(place)[1:-1] in refusal.value.message
    assert refusal.value.message.encode()


def test_a_value_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(DeclarationError, match="nested more than 100 deep"):
        canonical_json(endless)


@given(values)
@example([0.1, 1.0, -0.0, 1e-4, 9.9e-5, 1e-7, 1e15, 1e16, 2.0**53, 1e20, 1e21, 5e-324])
@example({"\u20ac": 1, "\r": 2, "\U0001f600": 3, "\ufb33": 4, "1": 5, "\x80": 6, "\xf6": 7})
@example('\x00\x1f\x7f\u2028"\\/\b\f\n\r\t')
def test_the_bytes_are_those_of_rfc_8785_whichever_encoder_writes_them(value: Json) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


@given(values)
def test_a_plain_copy_is_what_a_reader_gets_back(value: Json) -> None:
    plain = plain_json(value, root="$")
    assert plain == value
    assert canonical_json(plain) == canonical_json(value)
