"""Small fitted estimators of every framework, on one small table with gaps and categories."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from registry_assets.packaging.named_classes import NamedClasses
from registry_assets.packaging.signature import Label, Task

ROWS = 120
NUMBERS = ["length", "depth"]
BOOLEANS: tuple[Label, ...] = (False, True)


def table(rows: int = ROWS, *, seed: int = 0) -> pd.DataFrame:
    """Bills of birds: numbers with gaps, and a category."""
    rng = np.random.default_rng(seed)
    found = pd.DataFrame(
        {
            "length": rng.normal(size=rows),
            "depth": rng.normal(size=rows),
            "island": pd.Categorical(
                rng.choice(["Biscoe", "Dream", "Torgersen"], rows),
                categories=["Biscoe", "Dream", "Torgersen"],
            ),
        }
    )
    found.loc[found.index[::17], "length"] = np.nan
    return found


TABLE = table()
HEAVY = pd.Series(TABLE["depth"] > 0, name="heavy")
NUMBERED = pd.Series(
    np.digitize(TABLE["depth"] + 2.0 * (TABLE["island"].cat.codes % 2), [0.0, 1.5]), name="size"
)
NAMED = pd.Series(np.array(["huge", "large", "small"], dtype=object)[NUMBERED], name="size")
MASS = pd.Series(4 + TABLE["depth"] * 2, name="mass")


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted estimator, and what is to come of it.

    Args:
        classes: of the target, as the registry knows them beforehand.
        files: those that it takes in a package.
        predicts: the predictions that it is to give again; its own, unless it has no such method.
    """

    estimator: Any
    features: pd.DataFrame
    task: Task
    framework: str
    files: tuple[str, ...]
    classes: tuple[Label, ...] | None = None
    said: tuple[Label, ...] = ()


def _xgboost() -> dict[str, Fitted]:
    import xgboost

    def classifier(**more: Any) -> Any:
        return xgboost.XGBClassifier(n_estimators=3, enable_categorical=True, **more)

    numbers = TABLE[NUMBERS]
    booster = xgboost.train(
        {"objective": "binary:logistic"}, xgboost.DMatrix(numbers, HEAVY), num_boost_round=3
    )
    filled = numbers.fillna(0.0)
    early = xgboost.XGBRegressor(n_estimators=40, early_stopping_rounds=2, learning_rate=1.0)
    early.fit(numbers, MASS, eval_set=[(numbers.head(30), -MASS.head(30))], verbose=False)
    file = ("estimator.ubj",)

    def of(estimator: Any, task: Task, features: pd.DataFrame = TABLE, **more: Any) -> Fitted:
        return Fitted(estimator, features, task, "xgboost", file, **more)

    return {
        "binary": of(classifier().fit(TABLE, HEAVY), "binary", classes=BOOLEANS, said=BOOLEANS),
        "multiclass": of(classifier().fit(TABLE, NUMBERED), "multiclass", said=(0, 1, 2)),
        "texts": of(
            NamedClasses(classifier()).fit(TABLE, NAMED),
            "multiclass",
            said=("huge", "large", "small"),
        ),
        "vector leaves": of(
            classifier(multi_strategy="multi_output_tree").fit(numbers, NUMBERED),
            "multiclass",
            numbers,
            said=(0, 1, 2),
        ),
        "regression": of(
            xgboost.XGBRegressor(n_estimators=3, enable_categorical=True, missing=-9.0).fit(
                TABLE.assign(length=TABLE["length"].fillna(-9.0)), MASS
            ),
            "regression",
            TABLE.assign(length=TABLE["length"].fillna(-9.0)),
        ),
        "stopped early": of(early, "regression", numbers),
        "dart": of(
            xgboost.XGBRegressor(n_estimators=3, booster="dart", rate_drop=0.5).fit(numbers, MASS),
            "regression",
            numbers,
        ),
        "linear": of(
            xgboost.XGBRegressor(n_estimators=3, booster="gblinear").fit(filled, MASS),
            "regression",
            filled,
        ),
        "forest": of(
            xgboost.XGBRFClassifier(n_estimators=3).fit(numbers, NUMBERED),
            "multiclass",
            numbers,
            said=(0, 1, 2),
        ),
        "booster": of(booster, "binary", numbers, classes=BOOLEANS, said=BOOLEANS),
    }


def _lightgbm() -> dict[str, Fitted]:
    import lightgbm

    few: Mapping[str, Any] = {"n_estimators": 3, "verbose": -1, "min_child_samples": 5}
    sets: Mapping[str, Any] = {
        "max_cat_to_onehot": 1,
        "min_data_per_group": 2,
        "cat_smooth": 0.1,
        "cat_l2": 0.0,
    }
    booster = lightgbm.train(
        {"objective": "multiclass", "num_class": 3, "verbose": -1},
        lightgbm.Dataset(TABLE, NUMBERED),
        num_boost_round=3,
    )
    file = ("estimator.lightgbm.txt",)

    def of(estimator: Any, task: Task, features: pd.DataFrame = TABLE, **more: Any) -> Fitted:
        return Fitted(estimator, features, task, "lightgbm", file, **more)

    return {
        "binary": of(
            lightgbm.LGBMClassifier(**few).fit(TABLE, HEAVY),
            "binary",
            classes=BOOLEANS,
            said=BOOLEANS,
        ),
        "texts": of(
            lightgbm.LGBMClassifier(**few, **sets).fit(TABLE, NAMED),
            "multiclass",
            said=("huge", "large", "small"),
        ),
        "regression": of(
            lightgbm.LGBMRegressor(**few, objective="quantile", alpha=0.9).fit(TABLE, MASS),
            "regression",
        ),
        "linear leaves": of(
            lightgbm.LGBMRegressor(**few, linear_tree=True).fit(TABLE[NUMBERS], MASS),
            "regression",
            TABLE[NUMBERS],
        ),
        "forest": of(
            lightgbm.LGBMRegressor(
                **few, boosting_type="rf", bagging_freq=1, bagging_fraction=0.7
            ).fit(TABLE, MASS),
            "regression",
        ),
        "booster": of(booster, "multiclass", said=(0, 1, 2)),
    }


def _catboost() -> dict[str, Fitted]:
    import catboost

    few: Mapping[str, Any] = {
        "iterations": 3,
        "depth": 3,
        "verbose": 0,
        "allow_writing_files": False,
        "thread_count": 1,
        "random_seed": 0,
    }
    file = ("estimator.cbm",)

    def of(estimator: Any, task: Task, **more: Any) -> Fitted:
        return Fitted(estimator, TABLE, task, "catboost", file, **more)

    with_categories = {**few, "cat_features": ["island"]}
    return {
        "binary": of(
            catboost.CatBoostClassifier(**with_categories).fit(TABLE, HEAVY),
            "binary",
            classes=BOOLEANS,
            said=BOOLEANS,
        ),
        "texts": of(
            catboost.CatBoostClassifier(**with_categories).fit(TABLE, NAMED),
            "multiclass",
            said=("huge", "large", "small"),
        ),
        "regression": of(
            catboost.CatBoostRegressor(**with_categories, grow_policy="Lossguide").fit(TABLE, MASS),
            "regression",
        ),
    }


def _onnx() -> dict[str, Fitted]:
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    matrix = TABLE[["depth"]].assign(length=TABLE["length"].fillna(0.0))
    plain = LogisticRegression()
    as_matrix = to_onnx(
        plain.fit(matrix.to_numpy(), NUMBERED),
        matrix.to_numpy(dtype=np.float32)[:1],
        options={id(plain): {"zipmap": False}},
    )
    columns = make_column_transformer((StandardScaler(), ["depth"]), (OneHotEncoder(), ["island"]))
    by_column = to_onnx(
        make_pipeline(columns, LogisticRegression()).fit(TABLE, NAMED),
        initial_types=[
            ("depth", FloatTensorType([None, 1])),
            ("island", StringTensorType([None, 1])),
        ],
    )
    file = ("estimator.onnx",)

    def of(estimator: Any, task: Task, features: pd.DataFrame, **more: Any) -> Fitted:
        return Fitted(estimator, features, task, "onnxruntime", file, **more)

    return {
        "matrix": of(as_matrix, "multiclass", matrix, said=(0, 1, 2)),
        "columns": of(by_column, "multiclass", TABLE, said=("huge", "large", "small")),
        "binary": of(_scores_only(), "binary", matrix, classes=BOOLEANS, said=BOOLEANS),
        "regression": of(_sums(), "regression", matrix),
    }


def _scores_only() -> Any:
    """A graph of a neural network's kind: one output, the probability of the second class."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["features", "weights"], ["score"]),
            helper.make_node("Sigmoid", ["score"], ["chance"]),
        ],
        "chance",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("chance", TensorProto.FLOAT, [None, 1])],
        [numpy_helper.from_array(np.array([[2.0], [0.5]], dtype=np.float32), "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    entry = model.metadata_props.add()
    entry.key, entry.value = "classes", "[false, true]"
    onnx.checker.check_model(model)
    return model


def _sums() -> Any:
    from onnx import TensorProto, helper

    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    graph = helper.make_graph(
        [helper.make_node("ReduceSum", ["features", "axes"], ["sum"])],
        "sums",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("sum", TensorProto.FLOAT, [None, 1])],
        [axes],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


def _composites() -> dict[str, Fitted]:
    import catboost
    import lightgbm
    import xgboost

    def prepared(last: Any) -> Any:
        columns = make_column_transformer(
            (StandardScaler(), NUMBERS), (OneHotEncoder(), ["island"])
        )
        return make_pipeline(columns, last)

    def of(estimator: Any, task: Task, framework: str, *parts: str, **more: Any) -> Fitted:
        files = ("estimator.skops", *(f"parts/{n}.{end}" for n, end in enumerate(parts)))
        return Fitted(estimator, TABLE, task, framework, files, **more)

    def boosting() -> Any:
        return prepared(xgboost.XGBClassifier(n_estimators=3))

    def leaves() -> Any:
        return prepared(lightgbm.LGBMClassifier(n_estimators=3, verbose=-1))

    few: Mapping[str, Any] = {"iterations": 3, "verbose": 0, "allow_writing_files": False}
    cats = prepared(catboost.CatBoostClassifier(**few, thread_count=1))
    both = [("x", boosting()), ("l", leaves())]
    text = "lightgbm.txt"
    return {
        "pipeline": of(
            boosting().fit(TABLE, HEAVY),
            *("binary", "xgboost", "ubj"),
            classes=BOOLEANS,
            said=BOOLEANS,
        ),
        "pipeline of texts": of(
            leaves().fit(TABLE, NAMED),
            *("multiclass", "lightgbm", text),
            said=("huge", "large", "small"),
        ),
        "pipeline that answers in columns": of(
            cats.fit(TABLE, NUMBERED), *("multiclass", "catboost", "cbm"), said=(0, 1, 2)
        ),
        # The first of these parts is the classifier that the others were made from, not fitted.
        "calibrated": of(
            CalibratedClassifierCV(boosting(), cv=2).fit(TABLE, HEAVY),
            *("binary", "xgboost", "ubj", "ubj", "ubj"),
            classes=BOOLEANS,
            said=BOOLEANS,
        ),
        "stacked": of(
            StackingClassifier(both, LogisticRegression(), cv=2).fit(TABLE, HEAVY),
            *("binary", "xgboost", "ubj", text, "ubj", text),
            classes=BOOLEANS,
            said=BOOLEANS,
        ),
        "voting on texts": of(
            VotingClassifier(both, voting="soft").fit(TABLE, NAMED),
            *("multiclass", "xgboost", "ubj", text, "ubj", text),
            said=("huge", "large", "small"),
        ),
    }


_MAKERS: Mapping[str, Callable[[], dict[str, Fitted]]] = {
    "xgboost": _xgboost,
    "lightgbm": _lightgbm,
    "catboost": _catboost,
    "onnx": _onnx,
    "composite": _composites,
}
_made: dict[str, dict[str, Fitted]] = {}

NAMES: Mapping[str, tuple[str, ...]] = {
    "xgboost": (
        *("binary", "multiclass", "texts", "vector leaves", "regression"),
        *("stopped early", "dart", "linear", "forest", "booster"),
    ),
    "lightgbm": ("binary", "texts", "regression", "linear leaves", "forest", "booster"),
    "catboost": ("binary", "texts", "regression"),
    "onnx": ("matrix", "columns", "binary", "regression"),
    "composite": (
        *("pipeline", "pipeline of texts", "pipeline that answers in columns"),
        *("calibrated", "stacked", "voting on texts"),
    ),
}
EVERY = [(framework, name) for framework, names in NAMES.items() for name in names]


def fitted(framework: str, name: str) -> Fitted:
    """Give one of them; those of a framework are fitted once."""
    if framework not in _made:
        _made[framework] = _MAKERS[framework]()
        assert tuple(_made[framework]) == NAMES[framework]
    return _made[framework][name]
