"""Files of XGBoost with an edit in one place: refused before XGBoost reads them."""

import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from registry_assets.packaging.estimator import check_estimator, load_estimator
from registry_assets.packaging.formats import Stored
from registry_assets.packaging.formats.ubjson import read_ubjson
from registry_assets_tests.packaging.formats.files import GOOD, good, refused
from registry_assets_tests.packaging.formats.fitted import fitted


def encoded(value: Any) -> bytes:
    """UBJSON, as XGBoost writes it."""
    if isinstance(value, dict):
        items = (text(key) + encoded(each) for key, each in value.items())
        return b"{" + b"".join(items) + b"}"
    if isinstance(value, list):
        return b"[" + b"".join(map(encoded, value)) + b"]"
    if isinstance(value, np.ndarray):
        marker = {"i1": b"i", "u1": b"U", "i4": b"l", "i8": b"L", "f4": b"d", "f8": b"D"}
        kind = f"{value.dtype.kind}{value.dtype.itemsize}"
        length = b"#L" + struct.pack(">q", len(value))
        return b"[$" + marker[kind] + length + value.astype(f">{kind}").tobytes()
    if isinstance(value, str):
        return b"S" + text(value)
    if isinstance(value, bool):
        return b"T" if value else b"F"
    if isinstance(value, int):
        return b"L" + struct.pack(">q", value)
    assert isinstance(value, float)
    return b"D" + struct.pack(">d", value)


def text(value: str) -> bytes:
    raw = value.encode()
    return b"L" + struct.pack(">q", len(raw)) + raw


def changed(change: Callable[[dict[str, Any], dict[str, Any]], object]) -> Stored:
    """A model of XGBoost with a change to its learner, and to its first tree."""
    stored = good("xgboost")
    model = read_ubjson(stored.data)
    learner = model["learner"]
    trees = learner["gradient_booster"]["model"]["trees"]
    trees[0] = {
        key: each.copy() if isinstance(each, np.ndarray) else each for key, each in trees[0].items()
    }
    change(learner, trees[0])
    return replace(stored, data=encoded(model))


def test_what_was_not_changed_passes_and_predicts() -> None:
    made, stored = fitted(*GOOD["xgboost"]), changed(lambda learner, tree: None)
    check_estimator(stored)
    found = load_estimator(stored).predict_proba(made.features)
    np.testing.assert_array_equal(found, made.estimator.predict_proba(made.features))


def place(column: str, value: int) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(_learner: dict[str, Any], tree: dict[str, Any]) -> None:
        tree[column] = tree[column].astype(np.int64)
        tree[column][0] = value

    return change


def say(section: str, name: str, value: str) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(learner: dict[str, Any], tree: dict[str, Any]) -> None:
        (tree if section == "tree_param" else learner)[section][name] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (place("left_children", 0), "to its root"),
        (place("left_children", 9999), "a node that is not there"),
        (place("right_children", 1), "two links to one node"),
        (place("left_children", -1), "a node with one child"),
        (place("left_children", -(2**40)), "a node that is not there"),
        (place("split_indices", 3), "a feature that the model does not have"),
        (place("split_indices", -1), "a feature that the model does not have"),
        (say("tree_param", "num_nodes", str(2**31)), "does not have 2,147,483,648 nodes"),
        (say("tree_param", "num_nodes", "-1"), "num_nodes is '-1'"),
        (say("tree_param", "size_leaf_vector", "7"), "leaves of 7 numbers"),
        (say("learner_model_param", "num_feature", "1"), "a feature that the model"),
        (say("learner_model_param", "num_feature", "4611686018427387904"), "num_feature is"),
        (say("learner_model_param", "num_class", "1000000"), "1,000,000 for num_class"),
        (say("learner_model_param", "num_feature", "../../etc/passwd"), "num_feature is"),
        (say("gradient_booster", "name", "gbforest"), "a booster of the kind 'gbforest'"),
        (lambda learner, tree: tree.pop("split_indices"), "KeyError"),
        (lambda learner, tree: learner.pop("gradient_booster"), "KeyError"),
    ],
)
def test_trees_of_xgboost_that_are_none(change: Any, words: str) -> None:
    refused(changed(change), words)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("tree_info", np.array([0, 0, 7]), "an output that the model does not have"),
        ("tree_info", np.array([0, 0, -1]), "an output that the model does not have"),
        ("tree_info", np.array([0]), "an output that the model does not have"),
        ("iteration_indptr", np.array([0, 9]), "not all of its trees"),
        ("gbtree_model_param", {"num_trees": "99", "num_parallel_tree": "1"}, "another number"),
    ],
)
def test_forests_of_xgboost_that_are_none(name: str, value: Any, words: str) -> None:
    def change(learner: dict[str, Any], _tree: dict[str, Any]) -> None:
        learner["gradient_booster"]["model"][name] = value

    refused(changed(change), words)


@pytest.mark.parametrize(
    ("categories", "words"),
    [
        ({"_nodes": [99], "_segments": [0], "_sizes": [1], "": [0]}, "nodes that are not there"),
        ({"_nodes": [0], "_segments": [0], "_sizes": [2], "": [0]}, "categories that are not"),
        ({"_nodes": [0], "_segments": [2**62], "_sizes": [2**62], "": [0]}, "categories that are"),
        ({"_nodes": [0], "_segments": [0], "_sizes": [1], "": [2**30]}, "a category beyond"),
        ({"_nodes": [0, 1], "_segments": [0], "_sizes": [1], "": [0]}, "nodes that are not there"),
    ],
)
def test_categories_of_xgboost_that_are_none(categories: dict[str, Any], words: str) -> None:
    def change(_learner: dict[str, Any], tree: dict[str, Any]) -> None:
        for end, values in categories.items():
            tree[f"categories{end}"] = np.array(values, dtype=np.int64)

    refused(changed(change), words)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{L" + struct.pack(">q", 2**62) + b"learner", "announces 4,611,686,018,427,387,904"),
        (b"{L" + struct.pack(">q", -5) + b"learner", "a length is negative"),
        (b"{" + text("learner") + b"[$d#L" + struct.pack(">q", 2**61), "announces"),
        (b"{" + text("learner") + b"[#L" + struct.pack(">q", 2**61), "announces"),
        (b"{" + text("learner") + b"[$S#L" + struct.pack(">q", 1), "no type of numbers"),
        (b"{" + text("learner") + b"[" * 100, "nests deeper"),
        (b"{" + text("learner") + b"{" + (text("a") + b"{") * 100, "nests deeper"),
        (b"{" + text("learner") + b"{$i#L" + struct.pack(">q", 2**40), "announces its size"),
        (b"{" + text("a") + b"T" + text("a") + b"F}", "twice in one object"),
        (b"{" + text("a") + b"?}", "unknown marker"),
        (b"{" + text("a") + b"T}more", "4 bytes follow its end"),
        (b"[" + b"]", "does not begin with an object"),
    ],
)
def test_ubjson_whose_lengths_are_not_true(data: bytes, words: str) -> None:
    refused(Stored("xgboost", data), words)
