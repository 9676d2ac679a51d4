"""An estimator as it is given to be packaged: its bytes, and what it says of the sample.

One that was fitted in this process is asked here. One that comes as a file is built and
asked in a disposable process (`disposable`): a crafted file of trusted types can crash or
hang whoever builds it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from registry_assets.canonical import canonical_json
from registry_assets.errors import LoadCheckFailed, PackagingRefused, RegistryError
from registry_assets.packaging import package as layout
from registry_assets.packaging.closure import CodeClosure
from registry_assets.packaging.disposable import DESCRIBE, EXPECTED, in_a_disposable_process
from registry_assets.packaging.estimator import check_trust, dump_estimator
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

    data: bytes
    classes: tuple[Label, ...]
    expected: pd.DataFrame
    framework: str


def given_object(
    estimator: Any, features: pd.DataFrame, *, task: Task, data: bytes | None = None
) -> GivenEstimator:
    """Take an estimator that was fitted in this process.

    Args:
        data: its bytes, where it was serialised already: another dump gives others.

    Raises:
        PackagingRefused: it cannot be written, or does not predict from these features.
    """
    classes, expected = ask(estimator, features, task=task)
    data = dump_estimator(estimator) if data is None else data
    return GivenEstimator(data, classes, expected, framework_of(estimator))


def given_file(
    data: bytes, features: pd.DataFrame, *, task: Task, closure: CodeClosure
) -> GivenEstimator:
    """Take the bytes of a skops file, which this process never builds.

    Args:
        closure: the packaged code, whose classes the file may hold.

    Raises:
        UntrustedTypes: it names types nobody vouched for.
        PackagingRefused: it is no skops file, or does not predict from these features.
    """
    check_trust(data, own_modules=closure.modules)
    files = {
        layout.ESTIMATOR: data,
        layout.SAMPLE_FEATURES: encode(features).data,
        layout.DESCRIPTION: canonical_json({"task": task}),
        **{layout.CODE + file.path: file.source for file in closure.files},
    }
    try:
        report = in_a_disposable_process(files, task=DESCRIBE)
    except LoadCheckFailed as error:
        raise PackagingRefused(
            f"The estimator file cannot be used: {error.message}", hint=error.hint
        ) from error
    classes = report.receipt["classes"]
    assert isinstance(classes, list)
    return GivenEstimator(
        data,
        tuple(each for each in classes if isinstance(each, bool | int | float | str)),
        decode_frame(report.files[EXPECTED]),
        str(report.receipt["framework"]),
    )


def ask(
    estimator: Any, features: pd.DataFrame, *, task: Task
) -> tuple[tuple[Label, ...], pd.DataFrame]:
    """Give an estimator's classes, and its predictions for the sample.

    Raises:
        PackagingRefused: it has none, or does not predict from these features.
    """
    classes = _classes(estimator, task=task)
    return classes, _expected(estimator, features, output=Output(task=task, classes=classes))


def framework_of(estimator: Any) -> str:
    """Give the distribution that an estimator's class comes from."""
    import importlib.metadata

    module = type(estimator).__module__.partition(".")[0]
    found = importlib.metadata.packages_distributions().get(module, [])
    return found[0] if found else "scikit-learn"


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
