"""Profiles as bytes: back as they were, and nothing else is read."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_assets.errors import ProfileInvalid
from registry_assets.monitoring.profile import Profile, profile_of
from registry_assets.monitoring.profile.varints import packed, unpacked
from registry_assets_tests.evaluation.data.frames import odd, ordinary

SMALL = profile_of(ordinary(40, seed=0)).to_bytes()


def changed(**changes: Any) -> bytes:
    """The smallest profile there is of one number, with some of its column's fields changed."""
    line, body = profile_of(pd.DataFrame({"x": [1.0, 2.0]})).to_bytes().split(b"\n", 1)
    head = json.loads(line)
    for name, value in changes.items():
        (head if name in head else head["columns"][0])[name] = value
    return json.dumps(head, separators=(",", ":"), sort_keys=True).encode() + b"\n" + body


@given(st.lists(st.integers(0, 2**64 - 1)))
def test_whole_numbers_come_back(numbers: list[int]) -> None:
    assert unpacked(packed(np.array(numbers, dtype=np.uint64))).tolist() == numbers


def test_bytes_that_are_no_whole_numbers_are_refused() -> None:
    for data in (b"\x80", b"\x01\xff", b"\xff" * 9 + b"\x02", b"\x80" * 10 + b"\x01"):
        with pytest.raises(ValueError, match="a number"):
            unpacked(data)


@pytest.mark.parametrize("rows", [0, 1, 300])
def test_a_profile_comes_back_as_it_was(rows: int) -> None:
    frame = odd(rows)
    frame["many"] = np.random.default_rng(0).normal(size=rows)
    found = profile_of(frame)
    again = Profile.from_bytes(found.to_bytes())
    assert again == found
    assert hash(again) == hash(found)
    assert list(again.columns) == list(found.columns)
    for name, column in found.columns.items():
        assert again.columns[name].kind == column.kind
        assert again.columns[name].mean == column.mean
        assert again.columns[name].counts == column.counts


def test_a_profile_of_many_rows_is_small_and_comes_back() -> None:
    frame = ordinary(100_000, seed=0)
    frame["key"] = [f"key {n}" for n in range(len(frame))]
    found = profile_of(frame)
    data = found.to_bytes()
    assert len(data) < 12_000 * frame.shape[1]
    assert Profile.from_bytes(data) == found


def test_what_came_back_is_merged_as_before() -> None:
    first, second = ordinary(9_000, seed=0), ordinary(5_000, seed=1)
    stored = Profile.from_bytes(profile_of(first).to_bytes())
    assert stored + profile_of(second) == profile_of([first, second])


@pytest.mark.parametrize("end", range(0, len(SMALL), 37))
def test_bytes_that_are_cut_off_are_no_profile(end: int) -> None:
    with pytest.raises(ProfileInvalid):
        Profile.from_bytes(SMALL[:end])


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(SMALL) * 8 - 1))
def test_a_flipped_bit_is_refused_or_is_another_profile_in_the_one_form(bit: int) -> None:
    damaged = bytearray(SMALL)
    damaged[bit // 8] ^= 1 << bit % 8
    try:
        found = Profile.from_bytes(bytes(damaged))
    except ProfileInvalid:
        return
    assert found.to_bytes() == bytes(damaged)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_by_name(data: bytes) -> None:
    with pytest.raises(ProfileInvalid):
        Profile.from_bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b"null\n",
        b'{"format":"registry_assets/profile/2"}\n',
        SMALL + b"\x00",
        b" " + SMALL,
        SMALL.replace(b'"rows":40', b'"rows":40,"rows":40', 1),
        changed(rows=3),
        changed(rows=-2),
        changed(rows=2.5),
        changed(rows=True),
        changed(rows=10**30),
        changed(columns={}),
        changed(columns=[1]),
        changed(missing=1),
        changed(infinite="0"),
        changed(kind="picture"),
        changed(kind=["number"]),
        changed(kind="text"),
        changed(kind="other"),
        changed(whole=1),
        changed(minimum=None),
        changed(minimum=1.5),
        changed(minimum=float("nan")),
        changed(maximum=10**400),
        changed(maximum="2"),
        changed(shift=1),
        changed(shift=64),
        changed(cells=3),
        changed(cells=10**9),
        changed(name=7),
        changed(more=1),
    ],
)
def test_what_is_written_otherwise_is_refused(data: bytes) -> None:
    assert Profile.from_bytes(changed()).rows == 2
    with pytest.raises(ProfileInvalid, match="These bytes are not a profile"):
        Profile.from_bytes(data)
