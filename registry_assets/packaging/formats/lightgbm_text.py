"""LightGBM's text, looked through before LightGBM reads it."""

import json
from typing import Any

import numpy as np

from registry_assets.errors import PackagingRefused
from registry_assets.packaging.formats.protocol import beyond, damaged
from registry_assets.packaging.formats.trees import check_children

WHAT = "a model of LightGBM as text"
_MOST_TREES = 100_000
_MOST_FEATURES = 1_000_000
_MOST_CLASSES = 10_000
_PARAMETERS, _PARAMETERS_END = b"\nparameters:", b"\nend of parameters"
_TREE, _TREES_END = b"\nTree=", b"end of trees"
_CATEGORIES = b"\npandas_categorical:"
_CATEGORICAL = 1


def check_text(data: bytes) -> None:
    """Refuse a text whose counts, links or features do not agree.

    Raises:
        PackagingRefused: naming what is wrong, and in which tree.
    """
    try:
        head, trees = _parts(data)
        _tail(data)
        features = _count(head, "max_feature_idx", _MOST_FEATURES) + 1
        _count(head, "num_class", _MOST_CLASSES)
        _count(head, "num_tree_per_iteration", _MOST_CLASSES)
        for name in ("feature_names", "feature_infos"):
            if len(head[name].split(" ")) != features:
                raise damaged(WHAT, f"{name} does not name {features:,} features")
        for number, tree in enumerate(trees):
            _check_tree(tree, f"tree {number}", features=features)
    except PackagingRefused:
        raise
    except (KeyError, ValueError, IndexError, OverflowError, RecursionError) as error:
        raise damaged(WHAT, f"{type(error).__name__}: {error}"[:300]) from error


def without_parameters(data: bytes) -> bytes:
    """Give a checked text without the block of training parameters.

    It can name files and machines, and LightGBM 4.7 ends the process where its end is missing.
    """
    end = _end_of_trees(data)
    return data[:end] + b"\n" + _CATEGORIES + json.dumps(_tail(data)).encode() + b"\n"


def objective_of(text: str) -> str:
    """Give the objective that a text names, as "multiclass num_class:3"; "" if none."""
    head = text.partition("\nTree=")[0]
    lines = [line for line in head.splitlines() if line.startswith("objective=")]
    return lines[0].removeprefix("objective=") if lines else ""


def _parts(data: bytes) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Take the text apart as LightGBM does: by the sizes that it gives of its trees."""
    if b"\r" in data or b"\0" in data:
        raise damaged(WHAT, "it holds carriage returns or zero bytes")
    begin = data.find(_TREE) + 1
    if not data.startswith(b"tree\n") or not begin:
        raise damaged(WHAT, "it has no trees")
    head = _lines(data[:begin], flags=("tree", "average_output"))
    sizes = [int(size) for size in head["tree_sizes"].split()]
    if len(sizes) > _MOST_TREES:
        raise beyond("trees", len(sizes), _MOST_TREES)
    trees = []
    at = begin
    for number, size in enumerate(sizes):
        tree = data[at : at + size]
        if size <= 0 or len(tree) != size or not tree.startswith(b"Tree=%d\n" % number):
            raise damaged(WHAT, f"tree {number} is not where tree_sizes says")
        trees.append(_lines(tree))
        at += size
    if not data[at:].startswith(_TREES_END):
        raise damaged(WHAT, "something follows the last of the trees that it says it has")
    return head, trees


def _end_of_trees(data: bytes) -> int:
    return data.index(b"\n" + _TREES_END) + 1 + len(_TREES_END)


def _tail(data: bytes) -> Any:
    """Give what follows the trees and says something: the values of the categories, or None."""
    tail = data[_end_of_trees(data) :]
    if (_PARAMETERS in tail) != (_PARAMETERS_END in tail):
        raise damaged(WHAT, "its training parameters have no end")
    _, told, rest = tail.rpartition(_CATEGORIES)
    if not told:
        return None
    found = json.loads(rest)
    if found is not None and not (
        isinstance(found, list) and all(isinstance(values, list) for values in found)
    ):
        raise damaged(WHAT, "its categories are not lists of values")
    return found


def _lines(block: bytes, *, flags: tuple[str, ...] = ()) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in block.decode().split("\n"):
        name, equals, value = line.partition("=")
        if not line or (not equals and line in flags):
            continue
        if not equals or name in found:
            raise damaged(WHAT, f"the line {line!r:.60} says nothing, or something twice")
        found[name] = value
    return found


def _check_tree(tree: dict[str, str], where: str, *, features: int) -> None:
    leaves = _count(tree, "num_leaves", 2**31)
    categories = _count(tree, "num_cat", 2**31)
    if leaves < 1 or len(_numbers(tree, "leaf_value", float)) != leaves:
        raise damaged(WHAT, f"{where} does not have a value for each of its {leaves:,} leaves")
    if tree.get("is_linear", "0") != "0":
        _check_linear(tree, where, leaves=leaves, features=features)
    if leaves == 1:
        return
    nodes = leaves - 1
    rows = {
        name: _numbers(tree, name, kind)
        for name, kind in (
            *((each, int) for each in ("split_feature", "left_child", "right_child")),
            *(("decision_type", int), ("threshold", float)),
        )
    }
    if {len(row) for row in rows.values()} != {nodes}:
        raise damaged(WHAT, f"{where} does not have {nodes:,} nodes in each of its rows")
    left, right = rows["left_child"], rows["right_child"]
    # Inner nodes count up from 0, leaves down from -1: as one row of numbers, the leaves last.
    check_children(
        np.where(left < 0, nodes - 1 - left, left),
        np.where(right < 0, nodes - 1 - right, right),
        np.arange(nodes),
        nodes + leaves,
        what=WHAT,
        where=where,
    )
    if ((rows["split_feature"] < 0) | (rows["split_feature"] >= features)).any():
        raise damaged(WHAT, f"{where} asks for a feature that the model does not have")
    _check_categories(tree, rows, where, categories=categories)


def _check_categories(
    tree: dict[str, str], rows: dict[str, Any], where: str, *, categories: int
) -> None:
    sets = rows["threshold"][(rows["decision_type"] & _CATEGORICAL) != 0]
    if not ((sets >= 0) & (sets < categories) & (sets == np.floor(sets))).all():
        raise damaged(WHAT, f"{where} asks for a set of categories that it does not have")
    if categories:
        ends, bits = _numbers(tree, "cat_boundaries", int), _numbers(tree, "cat_threshold", int)
        if len(ends) != categories + 1 or ends[0] != 0 or (np.diff(ends) < 0).any():
            raise damaged(WHAT, f"{where} does not have {categories:,} sets of categories")
        if ends[-1] > len(bits):
            raise damaged(WHAT, f"{where} has a set of categories that is not there")


def _check_linear(tree: dict[str, str], where: str, *, leaves: int, features: int) -> None:
    counts, used = _numbers(tree, "num_features", int), _numbers(tree, "leaf_features", int)
    if len(counts) != leaves or len(_numbers(tree, "leaf_const", float)) != leaves:
        raise damaged(WHAT, f"{where} does not have a formula for each leaf")
    if (counts < 0).any() or (counts > features).any() or counts.sum() != len(used):
        raise damaged(WHAT, f"{where} has a formula of another length")
    if len(_numbers(tree, "leaf_coeff", float)) != len(used):
        raise damaged(WHAT, f"{where} does not have a coefficient for each feature of a formula")
    if ((used < 0) | (used >= features)).any():
        raise damaged(WHAT, f"{where} asks for a feature that the model does not have")


def _numbers(tree: dict[str, str], name: str, kind: type) -> np.ndarray:
    return np.array(tree[name].split(), dtype=np.int64 if kind is int else np.float64)


def _count(block: dict[str, str], name: str, limit: int) -> int:
    said = block[name]
    if not said.isascii() or not said.isdigit() or len(said) > 12:
        raise damaged(WHAT, f"{name} is {said!r:.40}")
    if int(said) > limit:
        raise beyond(f"for {name}", int(said), limit)
    return int(said)
