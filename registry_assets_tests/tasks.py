"""Models of every task on scikit-learn's own data sets, in a registry of their own.

Each is one table with a key, rows held out by that key, and the whole of what an evaluation
can measure of it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from registry_assets.declaration import (
    AtLeast,
    AtMost,
    BetterThanProduction,
    Bins,
    ByKey,
    CalibrationAtMost,
    Evaluation,
    Evidently,
    Fairness,
    FairnessAtMost,
    Gate,
    Latency,
    LatencyAtMost,
    NoLeakage,
    NotWorseThanProduction,
    Params,
    RegisteredModel,
    SizeAtMost,
    SliceFloor,
    SliceGap,
    Where,
)
from registry_assets.lifecycle.reserving import Request
from registry_assets.manifest import Parent
from registry_assets_tests.worlds import PERSON, SENSOR, TAGS, Features, World, small_world

CODE = '''
"""Models of three tasks."""

from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def {table}(rows):
    return rows.drop(columns=["key", "group", "answer"], errors="ignore").astype("float64")


def tumour(features, target, params):
    return make_pipeline(StandardScaler(), LogisticRegression(C=params["C"])).fit(features, target)


def cultivar(features, target, params):
    return RandomForestClassifier(50, min_samples_leaf=params["C"], random_state=0).fit(
        features, target
    )


def progression(features, target, params):
    return RandomForestRegressor(50, min_samples_leaf=params["C"], random_state=0).fit(
        features, target
    )
'''
LATENCY = Latency(calls=10, rounds=5, seconds=1)


@dataclass(frozen=True, slots=True)
class Case:
    """A data set as a table, and what is declared of its model."""

    rows: Callable[[], pd.DataFrame]
    task: str
    evaluation: Evaluation
    gates: tuple[Gate, ...]
    positive: bool | str = True


def tumours() -> pd.DataFrame:
    """569 tumours, malignant or benign as text; the group is a third by fractal dimension."""
    data = load_breast_cancer(as_frame=True)
    return _table(data.data, pd.Series(data.target_names[data.target]), by="mean fractal dimension")


def wines() -> pd.DataFrame:
    """178 wines of three cultivars, by their names as text."""
    data = load_wine(as_frame=True)
    return _table(data.data, pd.Series(data.target_names[data.target]), by="alcohol")


def patients() -> pd.DataFrame:
    """442 patients with diabetes: how far it had progressed a year later, 25 to 346."""
    data = load_diabetes(as_frame=True)
    return _table(data.data, data.target, by="age")


def _table(features: pd.DataFrame, answer: "pd.Series[Any]", *, by: str) -> pd.DataFrame:
    group = pd.qcut(features[by], 3, labels=["low", "middle", "high"]).astype("str")
    return features.assign(
        key=[f"row {at}" for at in range(len(features))], group=group, answer=answer
    )


CASES = {
    "tumour": Case(
        tumours,
        "binary",
        Evaluation(
            metrics=("roc_auc", "f1", "log_loss", "calibration_error"),
            slices=("group", Where("smooth", "`mean smoothness` < 0.09")),
            fairness=Fairness(("group",), min_group_rows=10),
            latency=LATENCY,
            resamples=200,
            min_slice_rows=15,
            weak_slices=3,
        ),
        (
            AtLeast("roc_auc", 0.9, bound="low"),
            AtMost("log_loss", 0.5),
            NotWorseThanProduction("roc_auc", margin=0.02),
            SliceGap("f1", by="group", limit=0.9),
            CalibrationAtMost(0.2),
            FairnessAtMost("equalized_odds_difference", by="group", limit=0.99),
            LatencyAtMost("p50", milliseconds=60_000),
            SizeAtMost(5),
            NoLeakage(),
        ),
        positive="malignant",
    ),
    "cultivar": Case(
        wines,
        "multiclass",
        Evaluation(
            metrics=("f1_macro", "roc_auc_ovr", "log_loss", "accuracy"),
            slices=("group", Bins("proline", edges=2)),
            evidently=Evidently(rows=100),
            resamples=200,
            min_slice_rows=15,
            weak_slices=3,
        ),
        (
            AtLeast("f1_macro", 0.8),
            BetterThanProduction("log_loss"),
            SliceFloor("accuracy", by="proline", floor=0.7),
        ),
    ),
    "progression": Case(
        patients,
        "regression",
        Evaluation(
            metrics=("mean_absolute_error", "r2", "median_absolute_error"),
            slices=("group", Bins("bmi", edges=(0.0,))),
            resamples=200,
            min_slice_rows=15,
            weak_slices=3,
        ),
        (
            AtMost("mean_absolute_error", 60, bound="high"),
            AtLeast("r2", 0.2),
            NotWorseThanProduction("mean_absolute_error", margin=5),
        ),
    ),
}


@contextmanager
def task_world(folder: Path) -> Iterator[World]:
    """Make a registry into which the tables of all three have arrived."""
    with small_world(folder) as world:
        code = CODE.replace("{table}", "make_features")
        world.code.write({"ontime/tasks.py": code})
        for name, case in CASES.items():
            _arrive(world, name, case)
        yield world


def model_of(world: World, name: str, **changes: Any) -> RegisteredModel:
    """The declaration of one of the models."""
    case = CASES[name]
    declared = RegisteredModel(
        name=name,
        description=f"A model of scikit-learn's data: {name}.",
        features=_features(world, name),
        target="answer",
        task=case.task,  # type: ignore[arg-type]
        positive=case.positive,
        train=world.code.function(f"ontime.tasks:{name}"),
        params=Params(C=1),
        holdout=ByKey(columns=("key",), share=0.4),
        evaluation=case.evaluation,
        gates=case.gates,
        owners=("team:research",),
        tags=TAGS,
    )
    return replace(declared, **changes)


def version_of(world: World, model: RegisteredModel, **params: Any) -> int:
    """Reserve, train and evaluate the next version; give its number."""
    asked = Request(f"{model.name} {params}", params=params)
    number = world.registry.reserve(model, asked, run=PERSON).version.number
    world.registry.train(model, number, run=SENSOR)
    world.registry.evaluate(model, number, run=SENSOR)
    return number


def _features(world: World, name: str) -> Features:
    make = world.code.function("ontime.tasks:make_features")
    return Features(f"{name}_features", make, ("key", "group", "answer"), partitioned=False)


def _arrive(world: World, name: str, case: Case) -> None:
    rows, features = case.rows(), _features(world, name)
    raw = world.registry.store_snapshot(rows, asset=f"{name}_rows", run=SENSOR)
    frame = features.make_features(rows)
    world.registry.store_snapshot(
        pd.concat([frame, rows[list(features.keep)]], axis=1),
        asset=features.key,
        kind="features",
        parents=(Parent("input:rows", raw.digest),),
        facts={"kept": list(features.keep), "inputs": ["rows"]},
        run=SENSOR,
    )
