"""XGBoost's boosters by its own UBJSON, and the class that scikit-learn knows them by."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from registry_assets.canonical import Json
from registry_assets.errors import PackagingRefused
from registry_assets.packaging.formats.parameters import plain_parameters, unfitted
from registry_assets.packaging.formats.protocol import (
    Stored,
    Surroundings,
    beyond,
    damaged,
    is_of,
)
from registry_assets.packaging.formats.trees import check_children
from registry_assets.packaging.formats.ubjson import read_ubjson

_BOOSTER = "xgboost.core.Booster"
_WRAPPERS = ("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor", "XGBRanker")
_CLASSES = (_BOOSTER, *(f"xgboost.sklearn.{name}" for name in _WRAPPERS))
# These are of the machine it was trained on, or tell nothing to who predicts.
_LEFT_OUT = frozenset(
    {"n_jobs", "device", "verbosity", "callbacks", "feature_types", "feature_weights"}
)
_WHAT = "a model of XGBoost in UBJSON"
_MOST_BYTES = 2**31
_MOST_TREES = 100_000
_MOST_FEATURES = 1_000_000
_MOST_OUTPUTS = 10_000
# A set of categories is kept as bits up to the largest of them.
_LARGEST_CATEGORY = 2**24
_PROBABLE = ("binary:logistic", "multi:softprob")


class XGBoost:
    """`XGBClassifier`, `XGBRegressor`, their forests and ranker, and a plain `Booster`.

    The file is what `save_raw("ubj")` gives: numbers, names of features and parameters. It names
    no code and no file, so a reader cannot be made to run or open anything. Its counts and the
    links of its trees are checked here before XGBoost reads it: each array is as long as its
    tree says, each link leads to a node of the same tree and none in a circle, each feature,
    class and category is one that the model has. Limits: 2 GiB, 100,000 trees, 1,000,000
    features, 10,000 outputs. Tried against it: truncated and edited files, counts of 2^62,
    links out of the tree and in circles, features and outputs that are not there, pickles,
    other frameworks' files.
    """

    name = "xgboost"
    file = "estimator.ubj"
    distributions = ("xgboost",)
    # In single precision, but the trees of a row are summed in one order everywhere.
    relative = 1e-9

    def takes(self, estimator: object) -> bool:
        return is_of(estimator, *_CLASSES)

    def predictor(self, estimator: Any) -> Any:
        return _wrapped(estimator) if is_of(estimator, _BOOSTER) else estimator

    def write(self, estimator: Any) -> Stored:
        kind = type(estimator).__name__
        if is_of(estimator, _BOOSTER):
            return Stored(self.name, bytes(estimator.save_raw("ubj")), {"class": kind})
        parameters = plain_parameters(estimator.get_params(), left_out=_LEFT_OUT)
        about: dict[str, Json] = {"class": kind, "parameters": parameters}
        if not estimator.__sklearn_is_fitted__():
            return Stored(self.name, b"", about)
        return Stored(self.name, bytes(estimator.get_booster().save_raw("ubj")), about)

    def recognises(self, data: bytes) -> bool:
        return data[:1] == b"{" and data[1:2] in (b"L", b"l", b"i", b"U") and b"le" in data[:20]

    def check(self, stored: Stored, *, around: Surroundings) -> None:
        kind = stored.about.get("class", "Booster")
        if kind not in ("Booster", *_WRAPPERS):
            raise damaged(_WHAT, f"it is to be of the class {kind!r}")
        if unfitted(stored):
            return
        if len(stored.data) > _MOST_BYTES:
            raise beyond("bytes", len(stored.data), _MOST_BYTES)
        try:
            _check_learner(read_ubjson(stored.data)["learner"])
        except PackagingRefused:
            raise
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as e:
            raise damaged(_WHAT, f"{type(e).__name__}: {e}") from e

    def load(self, stored: Stored, *, around: Surroundings) -> Any:
        import xgboost

        kind = stored.about.get("class", "Booster")
        parameters = stored.about.get("parameters") or {}
        assert isinstance(parameters, Mapping)
        made: Any = getattr(xgboost, str(kind))(**parameters)
        if not unfitted(stored):
            made.load_model(bytearray(stored.data))
        return made


FORMAT = XGBoost()


def _wrapped(booster: Any) -> Any:
    """Give a booster the methods that scikit-learn's have."""
    import xgboost

    objective = str(json.loads(booster.save_config())["learner"]["objective"]["name"])
    if objective.startswith(("binary:", "multi:")) and objective not in _PROBABLE:
        raise PackagingRefused(
            f"A Booster of the objective {objective} gives no probabilities.",
            hint=f"Train it with one of {', '.join(_PROBABLE)}, or return an XGBClassifier.",
        )
    kind = xgboost.XGBClassifier if objective in _PROBABLE else xgboost.XGBRegressor
    made = kind()
    made.load_model(booster.save_raw("ubj"))
    return made


def _check_learner(learner: dict[str, Any]) -> None:
    parameters = learner["learner_model_param"]
    features = _count(parameters, "num_feature", _MOST_FEATURES)
    classes = _count(parameters, "num_class", _MOST_OUTPUTS)
    targets = _count(parameters, "num_target", _MOST_OUTPUTS) if "num_target" in parameters else 1
    outputs = max(classes, targets, 1)
    booster = learner["gradient_booster"]
    if booster["name"] == "gblinear":
        weights = np.asarray(booster["model"]["weights"])
        if weights.ndim != 1 or len(weights) != (features + 1) * outputs:
            raise damaged(_WHAT, f"{len(weights):,} weights for {features:,} features")
        return
    if booster["name"] == "dart":
        if len(booster["weight_drop"]) != len(booster["gbtree"]["model"]["trees"]):
            raise damaged(_WHAT, "not every tree has a weight")
        booster = booster["gbtree"]
    if booster["name"] != "gbtree":
        raise damaged(_WHAT, f"it is a booster of the kind {booster['name']!r:.40}")
    _check_trees(booster["model"], features=features, outputs=outputs)


def _check_trees(model: dict[str, Any], *, features: int, outputs: int) -> None:
    trees = model["trees"]
    if len(trees) > _MOST_TREES:
        raise beyond("trees", len(trees), _MOST_TREES)
    groups = np.asarray(model["tree_info"])
    if _count(model["gbtree_model_param"], "num_trees", _MOST_TREES) != len(trees):
        raise damaged(_WHAT, f"it says another number of trees than the {len(trees):,} it has")
    if groups.shape != (len(trees),) or ((groups < 0) | (groups >= outputs)).any():
        raise damaged(_WHAT, "a tree is of an output that the model does not have")
    ends = np.asarray(model.get("iteration_indptr", [0, len(trees)]))
    if ends[0] != 0 or ends[-1] != len(trees) or (np.diff(ends) < 0).any():
        raise damaged(_WHAT, "its iterations are not all of its trees, in their order")
    for number, tree in enumerate(trees):
        _check_tree(tree, number, features=features, outputs=outputs)


def _check_tree(tree: dict[str, Any], number: int, *, features: int, outputs: int) -> None:
    where = f"tree {number}"
    parameters = tree["tree_param"]
    nodes = _count(parameters, "num_nodes", 2**31)
    width = _count(parameters, "size_leaf_vector", _MOST_OUTPUTS)
    left, right = np.asarray(tree["left_children"]), np.asarray(tree["right_children"])
    columns = ("right_children", "split_indices", "split_conditions", "default_left", "parents")
    if nodes < 1 or {len(tree[name]) for name in ("left_children", *columns)} != {nodes}:
        raise damaged(_WHAT, f"{where} does not have {nodes:,} nodes in each of its columns")
    if width > 1 and width != outputs:
        raise damaged(_WHAT, f"{where} has leaves of {width:,} numbers for {outputs:,} outputs")
    inner = left != -1
    if width > 1:
        # The right child of a leaf is the number of its vector.
        vectors = len(tree["leaf_weights"]) // width
        if ((right[~inner] < 0) | (right[~inner] >= vectors)).any():
            raise damaged(_WHAT, f"{where} has a leaf without numbers")
    elif ((right != -1) != inner).any():
        raise damaged(_WHAT, f"{where} has a node with one child")
    check_children(left[inner], right[inner], np.flatnonzero(inner), nodes, what=_WHAT, where=where)
    splits = np.asarray(tree["split_indices"])[inner]
    if ((splits < 0) | (splits >= features)).any():
        raise damaged(_WHAT, f"{where} asks for a feature that the model does not have")
    _check_categories(tree, where, nodes=nodes)


def _check_categories(tree: dict[str, Any], where: str, *, nodes: int) -> None:
    if "categories" not in tree:
        return
    of, begin, size, found = (
        np.asarray(tree[f"categories{name}"], dtype=np.int64)
        for name in ("_nodes", "_segments", "_sizes", "")
    )
    one_each = len(of) == len(begin) == len(size)
    if not one_each or ((of < 0) | (of >= nodes)).any() or ((begin < 0) | (size < 0)).any():
        raise damaged(_WHAT, f"{where} has categories at nodes that are not there")
    # Apart, so that no sum goes over the largest number.
    if (begin > len(found)).any() or (size > len(found) - begin).any():
        raise damaged(_WHAT, f"{where} has a node with categories that are not there")
    if ((found < 0) | (found >= _LARGEST_CATEGORY)).any():
        raise damaged(_WHAT, f"{where} has a category beyond {_LARGEST_CATEGORY:,}")


def _count(parameters: Mapping[str, Any], name: str, limit: int) -> int:
    said = str(parameters[name])
    if not said.isascii() or not said.isdigit() or len(said) > 12:
        raise damaged(_WHAT, f"{name} is {said!r:.40}")
    if int(said) > limit:
        raise beyond(f"for {name}", int(said), limit)
    return int(said)
