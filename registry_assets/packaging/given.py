"""An estimator as it is given to be packaged: its files, and what it says of the sample.

One that was fitted in this process is asked here. One that comes as a file is built and
asked in a disposable process (`disposable`): a crafted file of trusted types can crash or
hang whoever builds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from registry_assets.canonical import Json, canonical_json
from registry_assets.errors import LoadCheckFailed, PackagingRefused, RegistryError
from registry_assets.packaging import package as layout
from registry_assets.packaging.closure import CodeClosure
from registry_assets.packaging.disposable import DESCRIBE, EXPECTED, in_a_disposable_process
from registry_assets.packaging.estimator import (
    check_estimator,
    classes_kept,
    describe_estimator,
    estimator_files,
    frameworks_of,
    predictor_of,
    store_estimator,
)
from registry_assets.packaging.formats import SKOPS, Stored
from registry_assets.packaging.modules import distributions_of, is_library, locate
from registry_assets.packaging.predictions import predictions
from registry_assets.packaging.signature import Label, Output, Task
from registry_assets.snapshots import decode_frame, encode


@dataclass(frozen=True, slots=True, eq=False)
class GivenEstimator:
    """A serialised estimator.

    Args:
        classes: none for a regression.
        expected: its predictions for the sample, a row each.
        framework: the distribution that its class comes from.
    """

    stored: Stored
    classes: tuple[Label, ...]
    expected: pd.DataFrame
    framework: str


def given_object(
    estimator: Any,
    features: pd.DataFrame,
    *,
    task: Task,
    stored: Stored | None = None,
    classes: Sequence[Label] | None = None,
) -> GivenEstimator:
    """Take an estimator that was fitted in this process.

    Args:
        stored: what it was written as already: another dump gives other bytes.
        classes: the target's, where they are known: see `predictor_of`.

    Raises:
        PackagingRefused: it cannot be written, or does not predict from these features.
    """
    stored = store_estimator(estimator) if stored is None else stored
    predictor = predictor_of(estimator, classes=None if task == "regression" else classes)
    known, expected = ask(predictor, features, task=task)
    stored = replace(stored, classes=classes_kept(predictor))
    return GivenEstimator(stored, known, expected, framework_of(estimator, stored))


def given_file(
    stored: Stored,
    features: pd.DataFrame,
    *,
    task: Task,
    closure: CodeClosure,
    classes: Sequence[Label] | None = None,
) -> GivenEstimator:
    """Take the files of an estimator, which this process never builds.

    Args:
        closure: the packaged code, whose classes the files may hold.
        classes: the target's, where they are known: see `predictor_of`.

    Raises:
        UntrustedTypes: one names types nobody vouched for.
        PackagingRefused: one is not what its format says, or does not predict from these features.
    """
    check_estimator(stored, own_modules=closure.modules)
    wanted: Json = None if classes is None or task == "regression" else list(classes)
    described: dict[str, Json] = {
        "task": task,
        "wanted": wanted,
        "estimator": describe_estimator(stored),
    }
    files = {
        **estimator_files(stored),
        layout.SAMPLE_FEATURES: encode(features).data,
        layout.DESCRIPTION: canonical_json(described),
        **{layout.CODE + file.path: file.source for file in closure.files},
    }
    try:
        report = in_a_disposable_process(files, task=DESCRIBE)
    except LoadCheckFailed as error:
        raise PackagingRefused(
            f"The estimator file cannot be used: {error.message}", hint=error.hint
        ) from error
    said = report.receipt["classes"]
    assert isinstance(said, list)
    known = tuple(each for each in said if isinstance(each, bool | int | float | str))
    if report.receipt["kept"]:
        stored = replace(stored, classes=known)
    expected = decode_frame(report.files[EXPECTED])
    return GivenEstimator(stored, known, expected, str(report.receipt["framework"]))


def ask(
    estimator: Any,
    features: pd.DataFrame,
    *,
    task: Task,
    classes: Sequence[Label] | None = None,
) -> tuple[tuple[Label, ...], pd.DataFrame]:
    """Give an estimator's classes, and its predictions for the sample.

    Args:
        classes: the target's, where they are known: see `predictor_of`.

    Raises:
        PackagingRefused: it has none, or does not predict from these features.
    """
    predictor = predictor_of(estimator, classes=None if task == "regression" else classes)
    known = _classes(predictor, task=task)
    return known, _expected(predictor, features, output=Output(task=task, classes=known))


def framework_of(estimator: Any, stored: Stored) -> str:
    """Give the distribution that an estimator comes from.

    One whose class is the project's own comes from the library that it builds on.
    """
    if stored.parts or stored.format != SKOPS:
        return frameworks_of(stored)[0]
    for kind in type(estimator).__mro__:
        spec = locate(kind.__module__)
        if spec is not None and is_library(spec):
            return next(iter(distributions_of(kind.__module__)), "scikit-learn")
    return "scikit-learn"


def _classes(estimator: Any, *, task: Task) -> tuple[Label, ...]:
    if task == "regression":
        return ()
    found = getattr(estimator, "classes_", None)
    if found is None or not hasattr(estimator, "predict_proba"):
        raise PackagingRefused(
            f"{type(estimator).__qualname__} has no classes_ or no predict_proba: it cannot "
            f"serve a {task} model.",
            hint="Return a fitted classifier that gives probabilities; "
            "CalibratedClassifierCV adds them to one that does not.",
        )
    classes = tuple(np.asarray(found).tolist())
    if not all(isinstance(each, bool | int | float | str) for each in classes):
        raise PackagingRefused(f"The classes {classes!r} are neither numbers nor text.")
    if len(classes) < 2 or (task == "binary" and len(classes) != 2):
        raise PackagingRefused(
            f"A {task} model must have learned {'two' if task == 'binary' else 'several'} "
            f"classes; this one knows {classes!r}."
        )
    return classes


def _expected(estimator: Any, features: pd.DataFrame, *, output: Output) -> pd.DataFrame:
    try:
        return predictions(estimator, features, output=output)
    except RegistryError as error:
        raise PackagingRefused(error.message) from error
    except Exception as error:
        raise PackagingRefused(
            f"The estimator does not predict from the features of the sample: "
            f"{type(error).__name__}: {error}",
            hint="Train on the features as they come: same columns, same order, a DataFrame.",
        ) from error
