"""Walking forward: the recipe judged on earlier partitions, by a model trained before them."""

from dataclasses import replace

from sklearn.metrics import roc_auc_score

from registry_assets.declaration import Backtest, RegisteredModel
from registry_assets.lifecycle.data import read_feature_rows
from registry_assets_tests.worlds import FEATURES, SENSOR, World


def walking(world: World, folds: int) -> RegisteredModel:
    """The declaration, with a backtest."""
    model = world.model()
    return replace(model, evaluation=replace(model.evaluation, backtest=Backtest(folds)))


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
