"""Counts of texts: exact while there are few, by their hashes above it."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from registry_assets.monitoring.profile.hashing import hashes_of
from registry_assets.monitoring.profile.labels import LONGEST_LABEL, MOST_LABELS, Labels
from registry_assets.monitoring.profile.reading import profile_of_array


def labels_of(texts: Sequence[str | None]) -> Labels:
    return profile_of_array(pa.array(texts, pa.string())).labels


def test_texts_are_counted_in_their_order() -> None:
    assert labels_of(["b", "a", None, "b", ""]).counts == {"": 1, "a": 1, "b": 2}


def test_above_the_limit_only_hashes_are_counted_and_the_number_is_estimated() -> None:
    names = [f"key {n}" for n in range(MOST_LABELS)]
    assert labels_of(names).distinct == MOST_LABELS
    assert labels_of([*names, names[0]]).counts is not None
    for many in (MOST_LABELS + 1, 80_000):
        found = labels_of([f"key {n}" for n in range(many)])
        assert found.counts is None
        assert found.total == many
        assert found.distinct == pytest.approx(many, rel=0.15)


def test_it_does_not_matter_when_there_came_to_be_too_many() -> None:
    names = [f"key {n % 25_000}" for n in range(60_000)]
    whole = profile_of_array(pa.array(names))
    few = profile_of_array(pa.array(names[:100])) + profile_of_array(pa.array(names[100:]))
    many = profile_of_array(pa.array(names[30_000:])) + profile_of_array(pa.array(names[:30_000]))
    for found in (few, many):
        assert found.labels.counts is None
        assert found.labels.cells.shift == whole.labels.cells.shift
        assert found.labels.cells.keys.tolist() == whole.labels.cells.keys.tolist()
        assert found.labels.cells.counts.tolist() == whole.labels.cells.counts.tolist()
        assert found.labels.least.tolist() == whole.labels.least.tolist()


def test_a_long_text_is_cut_and_stays_different_from_others() -> None:
    long = "x" * 5_000
    found = labels_of([long, long, f"{long}y", "x" * LONGEST_LABEL]).counts
    assert found is not None
    assert sorted(found.values()) == [1, 1, 2]
    assert max(map(len, found)) <= LONGEST_LABEL


def test_hashes_are_the_same_for_ever() -> None:
    texts = pa.array(["", "a", "b", "ab", "ba", "é", "a" * 3_000_000], pa.large_string())
    assert hashes_of(texts).tolist() == HASHES
    assert hashes_of(texts.slice(2, 3)).tolist() == HASHES[2:5]


def test_hashes_of_many_texts_are_all_different_and_even() -> None:
    found = hashes_of(pa.array([f"{n}" for n in range(200_000)], pa.large_string()))
    assert len(np.unique(found)) == 200_000
    counts = np.bincount((found >> np.uint64(57)).astype(int), minlength=64)
    assert counts.min() > 0.9 * 200_000 / 64


HASHES = [
    8_147_104_208_329_303_767,
    5_648_863_190_995_644_588,
    1_754_815_625_962_136_205,
    5_779_824_502_393_129_517,
    6_827_907_739_812_638_543,
    918_230_041_174_314_769,
    7_160_736_201_357_317_680,
]
