"""Train, package, commit: from a reserved number to a version, or to a named failure.

The order is blobs, manifest, one transaction: a row never names an object that is not
there. The reverse order left dangling versions at 21 of 82 points of a kill; this at none.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from registry_assets.catalog.evaluations import Finding
from registry_assets.catalog.versions import VersionRecord, commit, fail, require_trainable
from registry_assets.clock import timestamp
from registry_assets.declaration import ByKey, RegisteredModel
from registry_assets.errors import (
    CatalogError,
    DataUnusable,
    PackagingRefused,
    RegistryError,
    StoreError,
    TrainingFailed,
)
from registry_assets.faults import reached
from registry_assets.governance.metadata import VersionMetadata, check_metadata
from registry_assets.governance.policy import COMMIT_CHECKS, commit_check_digest
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.data import (
    FeatureRows,
    held_out,
    read_feature_rows,
    recorded_holdout,
    require_columns,
    target_of,
)
from registry_assets.lifecycle.timeout import limited
from registry_assets.manifest import FileEntry, Json, Manifest, Parent
from registry_assets.packaging.closure import CodeClosure, code_closure
from registry_assets.packaging.commit import CodeCommit, code_commit
from registry_assets.packaging.load_check import LoadCheck, load_check
from registry_assets.packaging.package import Package
from registry_assets.recipe import Recipe
from registry_assets.store.manifests import put_manifest

if TYPE_CHECKING:
    import pandas as pd

SAMPLE_ROWS = 20
"""Rows, and as many more with gaps, stored with every version: each load must give their
features and predictions again."""


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
        NotReserved: nobody reserved this number.
        VersionFailed: it failed before, and its number stays with that.
        RegistryError: why it failed now.
    """
    with backends.catalog.read() as connection:
        version = require_trainable(connection, model.name, number)
    if version.state == "committed":
        return version
    try:
        return _train(backends, model, version, run)
    except Exception as error:
        no_answer = isinstance(error, StoreError | CatalogError)
        if not (no_answer or getattr(error, "transient", False)):
            fail(
                backends.catalog,
                model=model.name,
                number=number,
                failure=_first_line(error),
                run_id=run.run_id,
                actor=run.actor,
                clock=backends.clock,
            )
        raise


def _train(
    backends: Backends, model: RegisteredModel, version: VersionRecord, run: RunInfo
) -> VersionRecord:
    closure = _same_code(model, version)
    # Asked before hours of training, in which people go on editing that tree.
    code = code_commit(closure)
    metadata = _metadata(model, version, code, run)
    check_metadata(metadata, before_training=True)
    parts = [read_feature_rows(backends, ref) for ref in version.recipe.train]
    fitted = _fit(backends, model, version.recipe, parts)
    reached("train.fitted")
    metadata = replace(metadata, **_told_by_training(fitted))
    check_metadata(metadata)
    package = _package(model, version, closure, fitted.estimator, parts[-1])
    reached("train.packaged")
    checked = load_check(package)
    reached("train.checked")
    digest = _publish(backends, version, package, metadata, checked)
    reached("train.published")
    return commit(
        backends.catalog,
        model=model.name,
        number=version.number,
        digest=digest,
        metadata=metadata.to_json(),
        findings=_findings(checked),
        run_id=run.run_id,
        actor=run.actor,
        clock=backends.clock,
    )


def _same_code(model: RegisteredModel, version: VersionRecord) -> CodeClosure:
    """Give the code closure, which must be the one that the number was reserved for."""
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
    features, target = _training_rows(recipe, parts)
    started_on, started = backends.clock(), time.monotonic()
    with limited(model.train_timeout):
        try:
            estimator = model.train(features, target, dict(recipe.params))
        except (RegistryError, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            raise TrainingFailed(
                f"train raised {type(error).__name__}: {_sayable(str(error))}",
                hint="the traceback is in the run's log",
            ) from error
    if not callable(getattr(estimator, "predict_proba", None)):
        raise TrainingFailed(
            f"train returned a {type(estimator).__name__}, which has no predict_proba",
            hint="return a fitted scikit-learn classifier",
        )
    _check_classes(estimator, recipe.target)
    duration = round(time.monotonic() - started, 3)
    # Not the clock again: in a replay it stands still, and it can be set back at any time.
    finished = started_on + timedelta(seconds=duration)
    return Fitted(estimator, timestamp(started_on), timestamp(finished), duration)


def _check_classes(estimator: Any, target: str) -> None:
    """Refuse classes that are not the target's, whatever `train` made of it."""
    import numpy as np

    classes = getattr(estimator, "classes_", None)
    if classes is None:
        return  # not fitted, or of no scikit-learn kind: packaging says so
    found = np.asarray(classes).tolist()
    if found != [False, True]:
        raise TrainingFailed(
            f"the classes of the estimator are {found}, those of {target!r} are False and True",
            hint="fit it on the target as train receives it",
        )


def _training_rows(
    recipe: Recipe, parts: list[FeatureRows]
) -> tuple["pd.DataFrame", "pd.Series[bool]"]:
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
        target = target_of(part.kept, recipe.target, where=str(part.ref))
        if isinstance(holdout, ByKey):
            trained = ~held_out(holdout, part)
            features.append(part.features[trained])
            targets.append(target[trained])
        else:
            features.append(part.features)
            targets.append(target)
    frame = pd.concat(features, ignore_index=True)
    target = pd.concat(targets, ignore_index=True)
    if target.nunique() < 2:
        raise DataUnusable(
            f"{recipe.target!r} has one class only, {target.unique().tolist()}, in the"
            f" {len(target):,} rows to train on ({', '.join(map(str, recipe.train))})",
            hint="train on partitions in which both outcomes occur",
        )
    return frame, target


def _metadata(
    model: RegisteredModel, version: VersionRecord, code: CodeCommit, run: RunInfo
) -> VersionMetadata:
    return VersionMetadata(
        dataset={str(ref): ref.digest for ref in version.recipe.train},
        params=version.recipe.params,
        evaluation_plan=model.evaluation.definition(),
        owners=model.owners,
        description=model.description,
        tags=dict(model.tags),
        code_commit=code.sha,
        code_dirty=code.dirty,
        code_repository=code.repository,
        run_id=run.run_id,
        run_url=run.run_url,
        properties=dict(model.properties),
    )


def _told_by_training(fitted: Fitted) -> dict[str, Any]:
    import importlib.metadata

    framework = _framework(fitted.estimator)
    return {
        "started_at": fitted.started_at,
        "finished_at": fitted.finished_at,
        "duration_seconds": fitted.duration_seconds,
        "framework": framework,
        "framework_version": importlib.metadata.version(framework),
    }


def _framework(estimator: Any) -> str:
    """The distribution that the estimator's class comes from."""
    import importlib.metadata

    module = type(estimator).__module__.partition(".")[0]
    found = importlib.metadata.packages_distributions().get(module, [])
    return found[0] if found else "scikit-learn"


def _package(
    model: RegisteredModel,
    version: VersionRecord,
    closure: CodeClosure,
    estimator: Any,
    part: FeatureRows,
) -> Package:
    from registry_assets.packaging.build import build_package

    rows_name = next(iter(part.inputs))
    chosen = _sample(part, rows_name)
    inputs: dict[str, pd.DataFrame] = dict(part.inputs)
    # The outcome is not there when a row is scored, so a sample must do without it.
    rows = part.inputs[rows_name].iloc[chosen].reset_index(drop=True)
    inputs[rows_name] = rows.drop(columns=[version.recipe.target], errors="ignore")
    try:
        return build_package(
            estimator=estimator,
            closure=closure,
            make_features=model.features.make_features,
            train=model.train,
            task=model.task,
            inputs=inputs,
            features=part.features.iloc[chosen].reset_index(drop=True),
        )
    except RegistryError:
        raise
    except Exception as error:
        raise PackagingRefused(
            f"packaging {model.name} failed: {type(error).__name__}: {error}",
            hint="make_features and predict_proba must work on a few raw rows alone",
        ) from error


def _sample(part: FeatureRows, rows_name: str) -> "list[int]":
    """Choose rows over the whole partition and, of each raw column with gaps, one with a gap.

    Code that fills gaps from the other rows agrees with itself wherever there are none.
    """
    import numpy as np

    raw = part.inputs[rows_name]
    count = len(part.features)
    spread = np.linspace(0, count - 1, min(SAMPLE_ROWS, count)).astype(int).tolist()
    gaps = raw.isna().to_numpy()
    with_gap = [int(column.argmax()) for column in gaps.T if column.any()][:SAMPLE_ROWS]
    return sorted({*spread, *with_gap})


def _publish(
    backends: Backends,
    version: VersionRecord,
    package: Package,
    metadata: VersionMetadata,
    checked: LoadCheck,
) -> str:
    files = tuple(
        FileEntry(path, backends.store.put(data), len(data))
        for path, data in sorted(package.files.items())
    )
    manifest = Manifest(
        kind="model",
        files=files,
        parents=tuple(Parent("train", ref.digest) for ref in version.recipe.train),
        facts={
            "model": version.model,
            "version": version.number,
            "recipe": version.recipe.to_json(),
            "recipe_digest": version.recipe_digest,
            "metadata": metadata.to_json(),
            "load_check": dict(checked.receipt),
        },
    )
    return put_manifest(backends.store, manifest)


def _findings(checked: LoadCheck) -> tuple[Finding, ...]:
    receipt: Mapping[str, Json] = checked.receipt
    whys = {
        "metadata_complete": "every required fact is there",
        "loads_and_reproduces": (
            f"{receipt['rows']} sample rows gave the same predictions in a fresh process"
        ),
    }
    return tuple(
        Finding(name, commit_check_digest(name), "passed", whys[name]) for name in COMMIT_CHECKS
    )


def _first_line(error: Exception) -> str:
    message = getattr(error, "message", None) or f"{type(error).__name__}: {error}"
    return next(iter(_sayable(str(message)).strip().splitlines()), type(error).__name__)


def _sayable(text: str) -> str:
    """The user's own words, as far as UTF-8, which ledger and terminal speak, can say them."""
    return text.encode(errors="backslashreplace").decode()
