"""Walking forward: the recipe judged on earlier partitions, by a model trained before them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from registry_assets.declaration import Backtest, ByKey, RegisteredModel
from registry_assets.evaluation.results.backtest import BacktestFold, BacktestResult
from registry_assets.lifecycle.data import read_feature_rows
from registry_assets_tests.lifecycle.changes import blob, remove
from registry_assets_tests.lifecycle.test_registering import fitted, register
from registry_assets_tests.worlds import FEATURES, KEPT, SENSOR, TRAINING, World, flights


def walking(world: World, folds: int) -> RegisteredModel:
    """The declaration, with a backtest."""
    model = world.model()
    return replace(model, evaluation=replace(model.evaluation, backtest=Backtest(folds)))


def weighed(world: World, months: Mapping[str, pd.DataFrame]) -> RegisteredModel:
    """A declaration whose rows are weighed, over these months, each with or without weights."""
    model = walking(world, 10)
    features = replace(world._features(model), key="weighed_features", keep=(*KEPT, "weight"))
    for month, rows in months.items():
        keep = tuple(name for name in features.keep if name in rows)
        world._materialize(rows, "flights", replace(features, keep=keep), month)
    metrics = ("roc_auc", "log_loss", "brier_score")
    plan = replace(model.evaluation, metrics=metrics, weight="weight")
    return replace(model, features=features, evaluation=plan)


def month(seed: int) -> pd.DataFrame:
    """Flights, each with how much it counts."""
    rows = flights(seed=seed)
    return rows.assign(weight=np.random.default_rng(seed).integers(0, 9, len(rows)) / 2.0)


def walked(world: World, model: RegisteredModel, number: int | None = None) -> BacktestResult:
    """The backtest of a version, by default of one that is trained now."""
    if number is None:
        number = world.reserve(model, request="walk")
        world.registry.train(model, number, run=SENSOR)
    result = world.registry.evaluate(model, number, run=SENSOR).result.backtest
    assert result is not None
    return result


def by_holdout(result: BacktestResult) -> dict[str, BacktestFold]:
    """Its folds by what they were judged on."""
    return {fold.holdout: fold for fold in result.folds}


def test_each_of_the_last_partitions_is_judged_by_a_model_of_those_before_it(
    succeeded: World,
) -> None:
    model = walking(succeeded, 5)
    result = succeeded.registry.evaluate(model, 2, run=SENSOR).result
    assert result.backtest is not None
    folds = {fold.holdout: fold.trained_on for fold in result.backtest.folds}
    assert folds == {"2013-02": ("2013-01",), "2013-03": ("2013-01", "2013-02")}
    first = result.backtest.folds[0]
    refs = succeeded.registry.version("flight_delay:2").version.recipe.train
    january, february = (read_feature_rows(succeeded.registry.backends, ref) for ref in refs[:2])
    fitted = model.train(january.features, january.kept["late"], dict(model.params))
    expected = roc_auc_score(february.kept["late"], fitted.predict_proba(february.features)[:, 1])
    assert abs(first.metrics["roc_auc"].value - expected) < 1e-12
    assert first.rows == len(february.features)


def test_code_that_changed_since_is_not_walked_with(succeeded: World) -> None:
    succeeded.code.write({"ontime/features.py": FEATURES + "# changed\n"})
    model = walking(succeeded, 1)
    result = succeeded.registry.evaluate(model, 2, run=SENSOR).result
    assert result.backtest is not None
    assert result.backtest.folds == ()
    assert "changed" in result.backtest.reason


@pytest.mark.parametrize("by_key", [False, True])
def test_rows_count_as_those_of_the_holdout_do(arrived: World, by_key: bool) -> None:
    rule = ByKey(columns=("key",), share=0.5)
    months = {f"2013-0{at}": month(at) for at in (1, 2, 3)}
    model = weighed(arrived, months)
    model = replace(model, holdout=rule) if by_key else model
    fold = by_holdout(walked(arrived, model))["2013-02"]
    before, judged = (
        frame[~rule.mask(frame)] if by_key else frame
        for frame in (months["2013-01"], months["2013-02"])
    )
    make_features, planes = model.features.make_features, arrived_planes(arrived)
    fitted = model.train(make_features(before, planes), before["late"], dict(model.params))
    said = fitted.predict_proba(make_features(judged, planes))[:, 1]
    for name, function in (
        ("roc_auc", roc_auc_score),
        ("log_loss", log_loss),
        ("brier_score", brier_score_loss),
    ):
        expected = function(judged["late"], said, sample_weight=judged["weight"])
        assert fold.metrics[name].value == pytest.approx(expected, abs=1e-12)
        assert abs(function(judged["late"], said) - expected) > 1e-4
    assert fold.rows == len(judged)


def arrived_planes(world: World) -> pd.DataFrame:
    """The reference table as the registry has it."""
    (held,) = world.registry.snapshots("planes")
    return world.registry.read_frame(held.digest)


def test_partitions_that_judge_or_train_nothing_say_why(arrived: World) -> None:
    model = weighed(
        arrived,
        {
            "2013-01": month(1).assign(late=False),
            "2013-02": month(2),
            "2013-03": month(3).drop(columns="weight"),
            "2013-04": month(4).assign(weight=[np.nan, *[1.0] * 399]),
            "2013-05": month(5).assign(weight=0.0),
            "2013-06": month(6).iloc[:1].assign(weight=1.0),
            "2013-07": month(7).assign(late=False),
            "2013-08": month(8),
        },
    )
    folds = by_holdout(walked(arrived, model))
    assert list(folds) == [f"2013-0{at}" for at in range(2, 8)]
    assert folds["2013-02"].reason == (
        "'late' has one class only, [False], in the 400 rows to train on"
        " (weighed_features[2013-01])"
    )
    assert "weighed_features[2013-03] has no column weight" in folds["2013-03"].reason
    for name, why in (
        ("2013-04", "1 of 400 weights are negative or not finite"),
        ("2013-05", "all 400 weights are 0"),
        ("2013-06", "a single row carries no interval"),
        ("2013-07", "all 400 targets are False, roc_auc needs both classes"),
    ):
        assert (folds[name].reason, folds[name].metrics["roc_auc"].reason) == ("", why)
    assert folds["2013-07"].metrics["log_loss"].defined


@pytest.mark.thorough
def test_a_partition_of_which_every_row_is_held_out_judges_no_fold(arrived: World) -> None:
    rule = ByKey(columns=("key",), share=0.5)
    third = month(3)
    held = third[rule.mask(third)].reset_index(drop=True)
    model = weighed(arrived, {"2013-01": month(1), "2013-02": month(2), "2013-03": held})
    folds = by_holdout(walked(arrived, replace(model, holdout=rule)))
    assert folds["2013-02"].metrics["roc_auc"].defined
    assert folds["2013-03"].reason == "weighed_features[2013-03] has no rows to judge on"


def test_whatever_a_training_raises_costs_its_fold_only(arrived: World) -> None:
    body = """
    if len(features) == 400:
        raise SystemExit(3)
    if len(features) == 800:
        raise ValueError("\\udcff, and\\nmore")
    if params.get("fail")"""
    arrived.code.write(
        {"ontime/training.py": TRAINING.replace('    if params.get("fail")', body[1:])}
    )
    for partition in ("2013-04", "2013-05"):
        arrived.month(partition)
    folds = by_holdout(walked(arrived, walking(arrived, 5)))
    assert folds["2013-02"].reason == "SystemExit: 3"
    assert folds["2013-03"].reason == "ValueError: \\udcff, and"
    assert folds["2013-04"].metrics["roc_auc"].defined


def test_a_partition_that_is_gone_is_named(succeeded: World) -> None:
    registry = succeeded.registry
    ref = registry.version("flight_delay:2").version.recipe.train[1]
    remove(blob(succeeded, registry.manifest(ref.digest).file("data.parquet").sha256))
    result = walked(succeeded, walking(succeeded, 5), 2)
    assert result.folds == ()
    assert "flight_features[2013-02] cannot be read: sha256:" in result.reason


def test_an_estimator_that_a_person_made_is_not_made_again_by_the_declared_training(
    arrived: World,
) -> None:
    number = register(arrived, fitted(arrived)).version.number
    assert walked(arrived, walking(arrived, 5), number) == BacktestResult(
        reason="it was registered by hand: how its estimator was made is not declared"
    )


@pytest.mark.thorough
def test_a_version_of_one_partition_has_nothing_before_it(arrived: World) -> None:
    model = weighed(arrived, {"2013-01": month(1), "2013-02": month(2)})
    assert "one partition" in walked(arrived, model).reason
