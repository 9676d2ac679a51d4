"""Train: from a reserved number to a fitted estimator, or to a named failure.

What becomes of the estimator is `committing`, for this way to a version and for the other.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from registry_assets.catalog.versions import VersionRecord, fail, require_trainable
from registry_assets.clock import timestamp
from registry_assets.declaration import ByKey, RegisteredModel
from registry_assets.errors import (
    CatalogError,
    NotReserved,
    RegistryError,
    StoreError,
    TrainingFailed,
)
from registry_assets.faults import reached
from registry_assets.governance.metadata import check_metadata
from registry_assets.lifecycle.authorship import read_code_authors
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.committing import (
    check_package,
    commit_checked,
    declared_metadata,
)
from registry_assets.lifecycle.data import (
    FeatureRows,
    held_out,
    read_feature_rows,
    recorded_holdout,
    require_columns,
)
from registry_assets.lifecycle.profiling import require_watched
from registry_assets.lifecycle.targets import (
    FIT_AS_GIVEN,
    Target,
    check_trained_on,
    target_of,
    why_other_classes,
)
from registry_assets.lifecycle.timeout import limited
from registry_assets.packaging.closure import CodeClosure, code_closure
from registry_assets.packaging.commit import code_commit
from registry_assets.packaging.estimator import predictor_of
from registry_assets.reasons import reason_of, sayable
from registry_assets.recipe import Recipe

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted estimator, and when and how long it took."""

    estimator: Any
    started_at: str
    finished_at: str
    duration_seconds: float


def train_version(
    backends: Backends, model: RegisteredModel, number: int, *, run: RunInfo
) -> VersionRecord:
    """Train a reserved version and commit it; a committed one is given back as it is.

    Whatever is wrong with code, data or estimator marks the number failed, with the reason.
    A store or catalog that does not answer leaves it reserved: the same call may succeed.

    Raises:
        NotReserved: nobody reserved this number, or it was for an estimator trained elsewhere.
        VersionFailed: it failed before, and its number stays with that.
        RegistryError: why it failed now.
    """
    with backends.catalog.read() as connection:
        version = require_trainable(connection, model.name, number)
    if version.state == "committed":
        return version
    if version.recipe.estimator is not None:
        raise NotReserved(
            f"{version.reference} was reserved for an estimator that a person registers by hand:"
            " there is nothing to train",
            hint="register that estimator again: it takes up the same number",
        )
    try:
        return _train(backends, model, version, run)
    except Exception as error:
        no_answer = isinstance(error, StoreError | CatalogError)
        if not (no_answer or getattr(error, "transient", False)):
            fail(
                backends.catalog,
                model=model.name,
                number=number,
                failure=reason_of(error),
                run_id=run.run_id,
                actor=run.actor,
                clock=backends.clock,
            )
        raise


def _train(
    backends: Backends, model: RegisteredModel, version: VersionRecord, run: RunInfo
) -> VersionRecord:
    closure = same_code(model, version)
    # Asked before hours of training, in which people go on editing that tree.
    code = code_commit(closure)
    authors = read_code_authors(backends, model, closure)
    metadata = declared_metadata(model, version.recipe, code, run, authors=authors)
    check_metadata(metadata, before_training=True)
    parts = [read_feature_rows(backends, ref) for ref in version.recipe.train]
    require_watched(model, parts)
    fitted = _fit(backends, model, version.recipe, parts)
    reached("train.fitted")
    metadata = replace(
        metadata,
        started_at=fitted.started_at,
        finished_at=fitted.finished_at,
        duration_seconds=fitted.duration_seconds,
    )
    checked = check_package(model, version.recipe, closure, parts, estimator=fitted.estimator)
    return commit_checked(backends, version, checked, metadata, run=run)


def same_code(model: RegisteredModel, version: VersionRecord) -> CodeClosure:
    """Give the code closure, which must be the one that the number was reserved for.

    Raises:
        TrainingFailed: code or libraries have changed since.
    """
    closure = code_closure(model.features.make_features, model.train)
    recipe = version.recipe
    if closure.digest != recipe.code:
        raise TrainingFailed(
            f"the code has changed since {version.reference} was reserved:"
            f" reserved for {recipe.code[:19]}, found {closure.digest[:19]}",
            hint="retrain: the new code gets the next number",
        )
    if dict(closure.distributions) != dict(recipe.distributions):
        raise TrainingFailed(
            f"the installed libraries have changed since {version.reference} was reserved:"
            f" reserved for {dict(recipe.distributions)}, found {dict(closure.distributions)}",
            hint="retrain: the new environment gets the next number",
        )
    return closure


def _fit(
    backends: Backends, model: RegisteredModel, recipe: Recipe, parts: list[FeatureRows]
) -> Fitted:
    wanted = Target.of(model, recipe)
    features, target = training_rows(recipe, wanted, parts)
    started_on, started = backends.clock(), time.monotonic()
    with limited(model.train_timeout):
        try:
            estimator = model.train(features, target, dict(recipe.params))
        except (RegistryError, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            raise TrainingFailed(
                f"train raised {type(error).__name__}: {sayable(str(error))}",
                hint="the traceback is in the run's log",
            ) from error
    # Of many a framework what it fits has neither `predict` nor classes of its own.
    predictor = predictor_of(estimator, classes=wanted.fixed)
    _check_estimator(predictor, wanted, trained_on=target.unique().tolist())
    duration = round(time.monotonic() - started, 3)
    # Not the clock again: in a replay it stands still, and it can be set back at any time.
    finished = started_on + timedelta(seconds=duration)
    return Fitted(estimator, timestamp(started_on), timestamp(finished), duration)


def _check_estimator(estimator: Any, target: Target, *, trained_on: list[Any]) -> None:
    """Refuse what cannot answer, or tells other classes, whatever `train` made of it."""
    import numpy as np

    method, kind = "predict_proba", "classifier"
    if target.task == "regression":
        method, kind = "predict", "regressor"
    if not callable(getattr(estimator, method, None)):
        hint = f"return a fitted {kind} of scikit-learn, or of another framework that is known"
        if hasattr(estimator, "classes_"):  # it is one, which tells classes alone
            hint = "let it tell probabilities: CalibratedClassifierCV(…) adds them to a classifier"
        raise TrainingFailed(
            f"train returned a {type(estimator).__name__}, which has no {method}", hint=hint
        )
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        return  # not fitted, or of no scikit-learn kind: packaging says so
    found = np.asarray(classes).tolist()
    if wrong := why_other_classes(found, target, trained_on=trained_on):
        raise TrainingFailed(wrong, hint=FIT_AS_GIVEN)


def training_rows(
    recipe: Recipe, target: Target, parts: Sequence[FeatureRows], *, one_class: bool = False
) -> tuple["pd.DataFrame", "pd.Series[Any]"]:
    """Give the features and the target of all rows that a recipe trains on, in their order.

    Args:
        one_class: whether a target of one class will do: to judge on, it does.

    Raises:
        DataUnusable: partitions have other columns, or the target is not usable.
    """
    import pandas as pd

    holdout = recorded_holdout(recipe)
    names = dict.fromkeys(str(name) for part in parts for name in part.features.columns)
    features, targets = [], []
    for part in parts:
        require_columns(
            part.features.columns,
            list(names),
            where=str(part.ref),
            what="that another partition has",
        )
        values = target_of(part.kept, target, where=str(part.ref))
        if isinstance(holdout, ByKey):
            trained = ~held_out(holdout, part)
            features.append(part.features[trained])
            targets.append(values[trained])
        else:
            features.append(part.features)
            targets.append(values)
    frame = pd.concat(features, ignore_index=True)
    joined: pd.Series[Any] = pd.concat(targets, ignore_index=True)
    if not one_class:
        check_trained_on(joined, target, where=", ".join(map(str, recipe.train)))
    return frame, joined
