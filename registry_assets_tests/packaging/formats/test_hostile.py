"""Files that are damaged, or of something else: refused before their framework reads them."""

import struct
from dataclasses import replace

import numpy as np
import pytest

from registry_assets.errors import PackagingRefused, RegistryError
from registry_assets.packaging.estimator import check_estimator, load_estimator, store_estimator
from registry_assets.packaging.formats import Stored
from registry_assets_tests.packaging.formats.files import NATIVE, good, refused
from registry_assets_tests.packaging.formats.fitted import fitted
from registry_assets_tests.packaging.formats.test_hostile_xgboost import changed, place


@pytest.mark.parametrize("name", NATIVE)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_a_file_that_ends_too_early(name: str, share: float) -> None:
    stored = good(name)
    cut = replace(stored, data=stored.data[: int(len(stored.data) * share)])
    # Of a file without the model's class nobody takes an empty one for one not fitted.
    with pytest.raises(PackagingRefused):
        load_estimator(replace(cut, about={}))


@pytest.mark.parametrize("name", NATIVE)
@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x04\x95\x0e\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94\x8c\x06system\x94\x93\x94.",
        b"PK\x03\x04data.pkl",
        b"/etc/passwd",
        b"../../estimator.ubj",
        b"https://models.example/estimator.ubj",
        b"{}",
        b"\x00" * 64,
    ],
)
def test_something_else_altogether(name: str, data: bytes) -> None:
    refused(Stored(name, data))


@pytest.mark.parametrize("name", [*NATIVE, "skops"])
@pytest.mark.parametrize("other", [*NATIVE, "skops"])
def test_the_file_of_another_framework(name: str, other: str) -> None:
    if name != other:
        refused(Stored(name, good(other).data))


@pytest.mark.parametrize("name", NATIVE)
def test_edited_files_are_refused_or_answer(name: str) -> None:
    # Whatever passes the look is built; what a framework then says is one of our errors.
    stored, rng = good(name), np.random.default_rng(0)
    seen = 0
    for _ in range(60):
        data = bytearray(stored.data)
        for at in rng.integers(0, len(data), 3):
            data[at] = int(rng.integers(0, 256))
        try:
            check_estimator(replace(stored, data=bytes(data)))
        except RegistryError:
            seen += 1
    assert seen > 0 or name == "catboost"  # of whose file the beginning and length alone are seen


@pytest.mark.parametrize("name", ["xgboost", "lightgbm", "catboost"])
def test_a_class_that_is_none_of_the_frameworks(name: str) -> None:
    refused(replace(good(name), about={"class": "Booster.__init__"}), "to be of the class")
    refused(replace(good(name), about={"class": ["XGBClassifier"]}), "to be of the class")


def test_a_table_of_catboost_longer_than_its_file() -> None:
    stored = good("catboost")
    data = stored.data[:4] + struct.pack("<I", 2**32 - 1) + stored.data[8:]
    refused(replace(stored, data=data), "announces 4,294,967,295 bytes")


def test_tables_of_catboost_that_do_not_fill_its_file() -> None:
    stored = good("catboost")
    (size,) = struct.unpack_from("<I", stored.data, 4)
    head, tail = stored.data[: 8 + size], stored.data[8 + size :]
    (tables,) = struct.unpack_from("<I", tail)
    assert tables >= 1  # of the islands
    for other in (
        tail[:2],
        tail[:-1],
        tail + b"more",
        struct.pack("<I", tables + 1) + tail[4:],
        struct.pack("<I", tables - 1) + tail[4:],
        tail[:4] + b"\xff\xff\xff\xff" + tail[8:],
    ):
        refused(replace(stored, data=head + other), "not filled by its trees and categories")


def test_texts_are_no_features_of_a_catboost_model() -> None:
    import catboost
    import pandas as pd

    words = pd.DataFrame({"text": ["red green", "blue sky", "green sky", "red blue"] * 20})
    model = catboost.CatBoostClassifier(iterations=2, verbose=0, allow_writing_files=False)
    model.fit(words, [0, 1, 1, 0] * 20, text_features=["text"])
    with pytest.raises(PackagingRefused) as caught:
        check_estimator(store_estimator(model))
    assert "text or embedding features" in caught.value.hint


def test_a_table_of_catboost_that_is_noise_is_refused_by_its_own_verifier() -> None:
    data = b"CBM1" + struct.pack("<I", 4096) + np.random.default_rng(0).bytes(4096)
    with pytest.raises(PackagingRefused, match="not a model of CatBoost"):
        load_estimator(Stored("catboost", data))


def test_a_file_with_placeholders_and_no_parts_is_refused() -> None:
    stored = good("skops")
    with pytest.raises(RegistryError, match=r"parts\.Part") as caught:
        load_estimator(replace(stored, parts=()))
    assert "one part of an estimator" in caught.value.hint


def test_a_placeholder_of_a_part_that_is_not_there_is_refused() -> None:
    stacked = store_estimator(fitted("composite", "stacked").estimator)
    with pytest.raises(PackagingRefused, match="the package has 1 of them"):
        load_estimator(replace(stacked, parts=stacked.parts[:1]))


def test_each_part_is_looked_through_like_a_file_of_its_own() -> None:
    stored = good("skops")
    (part,) = stored.parts
    crafted = replace(part, data=changed(place("left_children", 0)).data)
    refused(replace(stored, parts=(crafted,)), "to its root")
    refused(replace(stored, parts=(part,) * 1_001), "1,001 parts")
