"""Estimators to bytes and back, and the files that are refused."""

import io
import json
import shutil
import zipfile
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from registry_assets.errors import PackagingRefused, UntrustedTypes
from registry_assets.packaging.formats import skops as estimator
from registry_assets.packaging.formats.skops import dump_estimator, load_estimator

X = np.random.default_rng(0).normal(size=(60, 3))
Y = X[:, 0] > 0


def archive(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return target.getvalue()


def function_named(module: str, name: str) -> bytes:
    """A file that wants a function by name, as a pipeline step would hold it."""
    node = {"__class__": name, "__module__": module, "__loader__": "FunctionNode", "__id__": 1}
    return archive({"schema.json": json.dumps({**node, "protocol": 2}).encode()})


def test_trees_and_pipelines_come_back_with_the_same_predictions() -> None:
    model = make_pipeline(
        FunctionTransformer(np.arcsinh), SelectKBest(k=2), RandomForestClassifier(5, random_state=0)
    ).fit(X, Y)
    loaded = load_estimator(dump_estimator(model))
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_an_estimator_that_cannot_be_written_is_named() -> None:
    model = LogisticRegression().fit(X, Y)
    model.connection_ = (value for value in "abc")
    with pytest.raises(PackagingRefused, match=r"_logistic\.LogisticRegression cannot be packaged"):
        dump_estimator(model)


def test_types_of_unpackaged_modules_are_refused_and_all_listed() -> None:
    steps: list[Any] = [FunctionTransformer(archive), FunctionTransformer(shutil.rmtree)]
    with pytest.raises(UntrustedTypes) as caught:
        load_estimator(dump_estimator(make_pipeline(*steps)))
    assert caught.value.types == (f"{__name__}.archive", "shutil.rmtree")


def test_own_functions_are_trusted_and_own_lambdas_are_not() -> None:
    own = [__name__]
    named = load_estimator(dump_estimator(FunctionTransformer(archive)), own_modules=own)
    assert named.func is archive
    with pytest.raises(UntrustedTypes, match="<lambda>") as caught:
        load_estimator(dump_estimator(FunctionTransformer(lambda x: x)), own_modules=own)
    assert "give it a name with def at the top of a module" in caught.value.hint
    assert "packaged with the model" not in caught.value.hint


def test_a_lambda_and_an_unpackaged_function_each_get_their_advice() -> None:
    steps: list[Any] = [FunctionTransformer(archive), FunctionTransformer(lambda x: x)]
    with pytest.raises(UntrustedTypes) as caught:
        load_estimator(dump_estimator(make_pipeline(*steps)))
    assert "then they are packaged with the model. A lambda," in caught.value.hint


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("builtins", "eval"),
        ("sklearn.datasets._base", "load_files"),
        ("sklearn.datasets._base", "urlretrieve"),
        ("numpy", "save"),
        ("numpy.testing._private.utils", "runstring"),
        ("sklearn.conftest", "pytest"),
        ("sklearn.nowhere", "Thing"),
        ("sklearn_like", "Thing"),
    ],
)
def test_reaching_a_name_through_a_trusted_library_is_not_enough(module: str, name: str) -> None:
    with pytest.raises(UntrustedTypes, match=f"{module}.{name}"):
        load_estimator(function_named(module, name))


def test_a_partial_is_judged_by_the_function_inside_it() -> None:
    loaded = load_estimator(dump_estimator(FunctionTransformer(partial(np.add, 1))))
    assert loaded.func(2) == 3
    with pytest.raises(UntrustedTypes) as caught:
        load_estimator(dump_estimator(FunctionTransformer(partial(shutil.rmtree, "/nowhere"))))
    assert caught.value.types == ("shutil.rmtree",)


def test_gradient_boosting_with_categories_comes_back() -> None:
    frame = pd.DataFrame({"a": X[:, 0], "b": pd.Series(["x", "y", "z"] * 20, dtype="category")})
    model = HistGradientBoostingClassifier(max_iter=3, random_state=0).fit(frame, Y)
    loaded = load_estimator(dump_estimator(model))
    np.testing.assert_array_equal(loaded.predict_proba(frame), model.predict_proba(frame))


def test_a_bomb_is_refused_before_it_inflates() -> None:
    bomb = archive({f"{i}.npy": b"" for i in range(3)})
    # The directory of the archive claims gigabytes, as an honest bomb's would.
    claimed = bytearray(bomb)
    at = claimed.find(b"PK\x01\x02")
    while at >= 0:
        claimed[at + 24 : at + 28] = (2**31).to_bytes(4, "little")
        at = claimed.find(b"PK\x01\x02", at + 1)
    with pytest.raises(
        PackagingRefused, match=r"would inflate to 6,442,450,944 bytes in 3 members"
    ):
        load_estimator(bytes(claimed))


def test_a_bomb_inside_a_member_is_refused() -> None:
    inner = archive({f"{i}.npy": b"" for i in range(60_000)})
    with pytest.raises(PackagingRefused, match="120,003 members"):
        load_estimator(archive({"schema.json": b"{}", "1.npz": inner, "2.npz": inner}))


@pytest.mark.parametrize("name", estimator._USUAL_NAMES)
def test_what_is_taken_as_usual_is_trusted_by_the_rule(name: str) -> None:
    assert estimator._is_trusted(name)


def test_the_plain_directory_is_read_as_zipfile_reads_it() -> None:
    data = dump_estimator(RandomForestClassifier(20, random_state=0).fit(X, Y))
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert estimator.plain_sizes(data) == [member.file_size for member in file.infolist()]
    assert estimator.plain_sizes(archive({"schema.json": b"{}"})) is None  # compressed
    assert estimator.plain_sizes(data + b" ") is None
    assert estimator.plain_sizes(b" " + data) is None
    assert estimator.plain_sizes(stored({"1.npz": stored({"a": b""})})) is None


def stored(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return target.getvalue()


@given(
    members=st.dictionaries(st.text("abc", min_size=1), st.binary(max_size=30), max_size=4),
    edits=st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=6)), max_size=3),
)
def test_no_directory_is_taken_for_plain_that_zipfile_reads_otherwise(
    members: dict[str, bytes], edits: list[tuple[int, bytes]]
) -> None:
    data = bytearray(stored(members))
    for place, edit in edits:
        at = place % len(data)
        data[at : at + len(edit)] = edit
    sizes = estimator.plain_sizes(bytes(data))
    if sizes is None:
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            found = [member.file_size for member in file.infolist()]
    except (zipfile.BadZipFile, NotImplementedError):
        return  # skops reads it by the same module, and so not at all
    assert sizes == found


def test_what_looks_like_a_64_bit_directory_is_left_to_zipfile() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        info = zipfile.ZipInfo("a.npy")
        info.comment = b"PK\x06\x07" + b"\x00" * 16
        file.writestr(info, b"a")
    assert estimator.plain_sizes(target.getvalue()) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a zip",
        archive({}),
        archive({"schema.json": b"{"}),
        archive({"schema.json": b"{}"}),
    ],
)
def test_other_bytes_are_refused_as_no_skops_file(data: bytes) -> None:
    with pytest.raises(PackagingRefused):
        load_estimator(data)
