"""Walk forward: train a version's recipe on earlier partitions, and judge it on the next.

The models that are fitted here are judged and thrown away. No failure of one is a failure
of the version: it is a fold without numbers that says why.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from registry_assets.catalog.versions import VersionRecord
from registry_assets.declaration import Backtest, ByKey, RegisteredModel
from registry_assets.errors import DataUnusable, RegistryError
from registry_assets.evaluation.results.backtest import BacktestFold, BacktestResult
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.data import (
    FeatureRows,
    held_out,
    read_feature_rows,
    recorded_holdout,
    require_evaluated,
)
from registry_assets.lifecycle.evaluating.holdout import HoldoutRows
from registry_assets.lifecycle.evaluating.scoring import as_predictions
from registry_assets.lifecycle.targets import Target
from registry_assets.lifecycle.timeout import limited
from registry_assets.lifecycle.training import same_code, training_rows
from registry_assets.reasons import reason_of

if TYPE_CHECKING:
    from registry_assets.evaluation.scored import Outcomes, Predictions


_BY_HAND = "it was registered by hand: how its estimator was made is not declared"


def backtest(
    backends: Backends, model: RegisteredModel, version: VersionRecord, *, plan: Backtest
) -> BacktestResult:
    """Judge the recipe of a version on each of the last partitions that it trained on."""
    if version.recipe.estimator is not None:
        return BacktestResult(reason=_BY_HAND)
    refs = sorted(version.recipe.train, key=lambda ref: ref.partition)
    try:
        same_code(model, version)
    except RegistryError as error:
        return BacktestResult(reason=reason_of(error))
    parts = []
    for ref in refs:
        try:
            parts.append(read_feature_rows(backends, ref))
        except RegistryError as error:
            return BacktestResult(reason=f"{ref} cannot be read: {reason_of(error)}")
    first = max(1, len(parts) - plan.folds)
    if first >= len(parts):
        return BacktestResult(reason="it was trained on one partition: there is none before it")
    return BacktestResult(
        tuple(_fold(model, version, parts[: at + 1]) for at in range(first, len(parts)))
    )


def _fold(model: RegisteredModel, version: VersionRecord, parts: list[FeatureRows]) -> BacktestFold:
    *before, judged = parts
    keys = tuple(part.ref.partition for part in before)
    count = len(judged.features)
    try:
        rows = _rows_of(model, version, judged)
        count = len(rows.target)
        outcomes, predictions = _scored(model, version, before, rows)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's training: anything
        return BacktestFold(judged.ref.partition, keys, count, reason=reason_of(error))
    from registry_assets.evaluation.estimating import estimate

    found = estimate(
        outcomes,
        predictions,
        metrics=model.evaluation.measures,
        resamples=model.evaluation.resamples,
        seed=model.evaluation.seed,
    )
    return BacktestFold(judged.ref.partition, keys, count, found.metrics)


def _rows_of(model: RegisteredModel, version: VersionRecord, part: FeatureRows) -> HoldoutRows:
    """Give the rows of a partition that the version trained on, as those that judge a fold."""
    import pandas as pd

    target, weight = Target.of(model, version.recipe), model.evaluation.weight
    features, happened = training_rows(version.recipe, target, [part], one_class=True)
    if not len(happened):
        raise DataUnusable(f"{part.ref} has no rows to judge on", hint="hold out less")
    rule = recorded_holdout(version.recipe)
    mask = ~held_out(rule, part) if isinstance(rule, ByKey) else held_out(rule, part)
    frame = pd.concat([features, part.kept[mask].reset_index(drop=True)], axis=1)
    require_evaluated(frame.columns, [weight] if weight else [], where=str(part.ref))
    return HoldoutRows((part,), (mask,), happened, frame)


def _scored(
    model: RegisteredModel, version: VersionRecord, before: list[FeatureRows], rows: HoldoutRows
) -> "tuple[Outcomes, Predictions]":
    from registry_assets.packaging.given import ask

    # Whatever is wrong with these rows is said of the partitions that they are of.
    recipe = replace(version.recipe, train=tuple(part.ref for part in before))
    target = Target.of(model, recipe)
    features, y = training_rows(recipe, target, before)
    with limited(model.train_timeout):
        estimator = model.train(features, y, dict(recipe.params))
    known, said = ask(estimator, rows.features, task=model.task, classes=target.fixed)
    outcomes = rows.outcomes(target, list(target.classes(known)), model.evaluation)
    return outcomes, as_predictions(said, known=known, classes=outcomes.classes)
