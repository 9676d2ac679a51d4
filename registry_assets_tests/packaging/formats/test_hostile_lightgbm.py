"""Files of LightGBM with an edit in one place: refused before LightGBM reads them."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from registry_assets.packaging.estimator import check_estimator, load_estimator, store_estimator
from registry_assets.packaging.formats import Stored
from registry_assets.packaging.formats.lightgbm_text import without_parameters
from registry_assets_tests.packaging.formats.files import GOOD, good, refused
from registry_assets_tests.packaging.formats.fitted import fitted


def edited(old: str, new: str) -> Stored:
    """A text of LightGBM with an edit in its first tree, whose size is told anew."""
    stored = good("lightgbm")
    before = stored.data.decode()
    assert old in before
    after = before.replace(old, new, 1)
    sizes = before.partition("tree_sizes=")[2].partition("\n")[0]
    first, _, rest = sizes.partition(" ")
    grown = (
        int(first) + len(after) - len(before) if "\nTree=" in before.partition(old)[0] else first
    )
    after = after.replace(f"tree_sizes={sizes}", f"tree_sizes={grown} {rest}")
    return replace(stored, data=after.encode())


def line(name: str) -> str:
    """A whole line of the first tree, which asks for sets of categories."""
    found = good("lightgbm").data.decode().partition("\nTree=0\n")[2].partition(f"{name}=")[2]
    return f"{name}={found.partition(chr(10))[0]}\n"


def first(name: str, value: object) -> tuple[str, str]:
    """Give a line of the first tree, and the same with another first value."""
    old = line(name)
    values = old.rstrip("\n").partition("=")[2].split(" ")
    return old, f"{name}={' '.join([str(value), *values[1:]])}\n"


def test_an_edit_that_says_the_same_passes() -> None:
    check_estimator(edited(*first("leaf_value", 0.5)))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("left_child", 0, "to its root"),
        ("left_child", 9999, "a node that is not there"),
        ("left_child", -9999, "a node that is not there"),
        ("split_feature", 3, "a feature that the model does not have"),
        ("split_feature", -1, "a feature that the model does not have"),
        ("left_child", 2**63, "OverflowError"),
        ("left_child", "/etc/passwd", "ValueError"),
        ("leaf_value", "../../estimator.ubj", "ValueError"),
        ("num_leaves", 2**31, "a value for each of its 2,147,483,648 leaves"),
        ("num_leaves", 2**62, "num_leaves is"),
        ("num_leaves", -3, "num_leaves is"),
        ("num_cat", 0, "a set of categories that it does not have"),
        ("num_cat", 99, "does not have 99 sets of categories"),
        ("cat_boundaries", 7, "sets of categories"),
        ("cat_threshold", "", "a set of categories that is not there"),
    ],
)
def test_trees_of_lightgbm_that_are_none(name: str, value: object, words: str) -> None:
    if name == "cat_threshold":
        old = line(name)
        refused(edited(old, f"{name}=\n"), words)
    else:
        refused(edited(*first(name, value)), words)


def test_two_links_to_one_leaf_of_lightgbm() -> None:
    left, right = line("left_child"), line("right_child")
    leaf = next(each for each in right.rstrip().partition("=")[2].split() if each.startswith("-"))
    assert left.count(" ") >= 1
    values = left.rstrip().partition("=")[2].split()
    refused(edited(left, f"left_child={' '.join([*values[:-1], leaf])}\n"), "two links to one")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("max_feature_idx=2", "max_feature_idx=0", "does not name 1 features"),
        ("max_feature_idx=2", "max_feature_idx=99999999", "99,999,999 for max_feature_idx"),
        ("num_class=3", "num_class=999999", "999,999 for num_class"),
        ("num_class=3", "num_class=3\nnum_class=3", "something twice"),
        ("feature_names=", "feature_names=more ", "does not name 3 features"),
        ("end of trees", "Tree=9\nnum_leaves=1\n\nend of trees", "follows the last"),
        ("tree\n", "tree\n\r\n", "carriage returns"),
        ("version=v4", "a path/to/something", "says nothing"),
    ],
)
def test_heads_of_lightgbm_that_are_none(old: str, new: str, words: str) -> None:
    stored = good("lightgbm")
    data = stored.data.replace(old.encode(), new.encode(), 1)
    refused(replace(stored, data=data), words)


def test_sizes_of_lightgbm_that_overlap_or_lie_outside() -> None:
    stored = good("lightgbm")
    text = stored.data.decode()
    sizes = text.partition("tree_sizes=")[2].partition("\n")[0].split(" ")
    for other in (["10", *sizes[1:]], ["0", *sizes], [str(2**62)], sizes[:1], ["-5", *sizes[1:]]):
        data = text.replace(" ".join(sizes), " ".join(other), 1).encode()
        refused(replace(stored, data=data))


def test_files_and_machines_that_a_text_of_lightgbm_names_never_reach_it() -> None:
    made, stored = fitted(*GOOD["lightgbm"]), good("lightgbm")
    for name in ("machines", "forcedsplits_filename", "data", "input_model"):
        line = f"[{name}: 10.1.2.3:12400,/etc/passwd]".encode()
        data = stored.data.replace(b"\nparameters:", b"\nparameters:\n" + line, 1)
        assert line in data
        assert b"/etc/passwd" not in without_parameters(data)
        loaded = load_estimator(replace(stored, data=data))
        assert "/etc/passwd" not in json.dumps(loaded.booster_.params)
        found = loaded.predict_proba(made.features)
        np.testing.assert_array_equal(found, made.estimator.predict_proba(made.features))


@pytest.mark.parametrize(
    "parameters",
    [
        {"machines": "10.1.2.3:12400"},
        {"forcedsplits_filename": "/etc/passwd"},
        {"input_model": ["/etc/passwd"]},
        ["num_leaves"],
    ],
)
def test_parameters_of_lightgbm_that_name_files_or_machines(parameters: Any) -> None:
    stored = good("lightgbm")
    crafted = replace(stored, about={**stored.about, "parameters": parameters})
    refused(crafted, "the package gives it the parameters")


def test_files_and_machines_are_left_out_of_what_is_kept_of_lightgbm() -> None:
    import lightgbm

    made = fitted(*GOOD["lightgbm"])
    model = lightgbm.LGBMRegressor(
        n_estimators=2, verbose=-1, forcedsplits_filename="", machines=""
    )
    model.fit(made.features, made.features["depth"])
    model.set_params(machines="10.1.2.3:12400", forcedsplits_filename="splits.json")
    stored = store_estimator(model)
    assert "10.1.2.3" not in json.dumps(dict(stored.about))
    assert "splits.json" not in json.dumps(dict(stored.about))
    check_estimator(stored)
