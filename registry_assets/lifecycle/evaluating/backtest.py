"""Walk forward: train a version's recipe on earlier partitions, and judge it on the next.

The models that are fitted here are judged and thrown away. No failure of one is a failure
of the version: it is a fold without numbers that says why.
"""

from typing import TYPE_CHECKING

from registry_assets.catalog.versions import VersionRecord
from registry_assets.declaration import Backtest, RegisteredModel
from registry_assets.errors import RegistryError
from registry_assets.evaluation.results.backtest import BacktestFold, BacktestResult
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.data import FeatureRows, read_feature_rows
from registry_assets.lifecycle.evaluating.scoring import as_predictions
from registry_assets.lifecycle.targets import Target
from registry_assets.lifecycle.timeout import limited
from registry_assets.lifecycle.training import same_code, training_rows

if TYPE_CHECKING:
    from registry_assets.evaluation.scored import Outcomes, Predictions


def backtest(
    backends: Backends, model: RegisteredModel, version: VersionRecord, *, plan: Backtest
) -> BacktestResult:
    """Judge the recipe of a version on each of the last partitions that it trained on."""
    refs = sorted(version.recipe.train, key=lambda ref: ref.partition)
    try:
        same_code(model, version)
        parts = [read_feature_rows(backends, ref) for ref in refs]
    except RegistryError as error:
        return BacktestResult(reason=error.message)
    first = max(1, len(parts) - plan.folds)
    if first >= len(parts):
        return BacktestResult(reason="it was trained on one partition: there is none before it")
    return BacktestResult(
        tuple(_fold(model, version, parts[: at + 1]) for at in range(first, len(parts)))
    )


def _fold(model: RegisteredModel, version: VersionRecord, parts: list[FeatureRows]) -> BacktestFold:
    *before, judged = parts
    keys = tuple(part.ref.partition for part in before)
    rows = len(judged.features)
    try:
        outcomes, predictions = _scored(model, version, before, judged)
    except RegistryError as error:
        return BacktestFold(judged.ref.partition, keys, rows, reason=error.message)
    except Exception as error:  # noqa: BLE001 - the user's training: anything; it is reported
        reason = f"{type(error).__name__}: {error}"
        return BacktestFold(judged.ref.partition, keys, rows, reason=reason)
    from registry_assets.evaluation.estimating import estimate

    found = estimate(
        outcomes,
        predictions,
        metrics=model.evaluation.measures,
        resamples=model.evaluation.resamples,
        seed=model.evaluation.seed,
    )
    return BacktestFold(judged.ref.partition, keys, outcomes.rows, found.metrics)


def _scored(
    model: RegisteredModel,
    version: VersionRecord,
    before: list[FeatureRows],
    judged: FeatureRows,
) -> "tuple[Outcomes, Predictions]":
    from registry_assets.evaluation.scored import Outcomes
    from registry_assets.packaging.given import ask

    target = Target.of(model, version.recipe)
    features, y = training_rows(version.recipe, target, before)
    rows, happened = training_rows(version.recipe, target, [judged], one_class=True)
    with limited(model.train_timeout):
        estimator = model.train(features, y, dict(version.recipe.params))
    known, said = ask(estimator, rows, task=model.task)
    if target.task == "regression":
        return Outcomes.of_numbers(happened.to_numpy()), as_predictions(said, known=(), classes=())
    labels = happened.tolist()
    classes = list(target.classes(known))
    if target.task == "multiclass":
        classes += sorted(set(labels) - set(classes), key=str)
    return (
        Outcomes.of_labels(target.task, labels, classes=classes),
        as_predictions(said, known=known, classes=classes),
    )
