"""From a fitted estimator to a package.

What can be told without running the packaged code is refused here; whether the package
works anywhere else is `load_check`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from registry_assets.canonical import canonical_json
from registry_assets.errors import PackagingRefused
from registry_assets.packaging import package as layout
from registry_assets.packaging.closure import CodeClosure
from registry_assets.packaging.environment import environment
from registry_assets.packaging.estimator import (
    check_estimator,
    describe_estimator,
    estimator_files,
    frameworks_of,
)
from registry_assets.packaging.features import (
    MakeFeatures,
    check_parameters,
    check_row_wise,
    unneeded_columns,
)
from registry_assets.packaging.given import GivenEstimator
from registry_assets.packaging.modules import home
from registry_assets.packaging.package import Package
from registry_assets.packaging.signature import Output, Signature, Task, columns_of
from registry_assets.snapshots import encode


def build_package(
    *,
    estimator: GivenEstimator,
    closure: CodeClosure,
    make_features: MakeFeatures,
    train: Callable[..., Any],
    task: Task,
    inputs: Mapping[str, pd.DataFrame],
    features: pd.DataFrame,
) -> Package:
    """Put an estimator, its code, its signature and a sample into one package.

    The sample keeps only the input columns that the features need.

    Args:
        estimator: with its predictions for exactly these sample rows.
        closure: the code closure of `make_features` and `train`.
        inputs: frames by parameter of `make_features`: first some sample rows, then the
            reference frames in full.
        features: the features of exactly these sample rows, as the snapshot has them.

    Raises:
        PackagingRefused: the features are not row-wise, the estimator cannot be written or
            does not predict from these features, or the closure is of other functions.
        UntrustedTypes: the estimator holds types that are not packaged with it.
    """
    inputs = {name: frame.reset_index(drop=True) for name, frame in inputs.items()}
    features = features.reset_index(drop=True)
    functions = {
        "make_features": _reference(make_features, closure=closure),
        "train": _reference(train, closure=closure),
    }
    check_parameters(make_features, inputs)
    _check_sample(inputs, features)
    check_row_wise(make_features, inputs, features=features)
    columns = columns_of(features)
    optional = unneeded_columns(make_features, inputs, columns=columns)
    output = Output(task=task, classes=estimator.classes)
    signature = Signature(
        inputs={name: columns_of(frame) for name, frame in inputs.items()},
        optional=optional,
        features=columns,
        output=output,
    )
    stored = estimator.stored
    check_estimator(stored, own_modules=closure.modules)
    # Left out where it goes without saying, as every package before formats left it out.
    described = describe_estimator(stored)
    formats = {} if described is None else {"estimator": described}
    files = {
        **estimator_files(stored),
        layout.ENVIRONMENT: canonical_json(environment(closure, frameworks_of(stored))),
        layout.SIGNATURE: canonical_json(signature.to_json()),
        layout.DESCRIPTION: canonical_json(
            {
                "format": layout.FORMAT,
                **formats,
                "task": task,
                **functions,
                "rows_input": signature.rows_input,
                "inputs": list(signature.inputs),
                "features": [column.name for column in columns],
                "classes": list(output.classes),
            }
        ),
        layout.SAMPLE_FEATURES: encode(features).data,
        layout.SAMPLE_EXPECTED: encode(estimator.expected).data,
    }
    for name, frame in inputs.items():
        needed = frame.drop(columns=list(optional[name]))
        files[layout.sample_input(name)] = encode(needed).data
    for file in closure.files:
        files[layout.CODE + file.path] = file.source
    return Package(files)


def _reference(function: Callable[..., object], *, closure: CodeClosure) -> str:
    module, name = home(function)
    reference = f"{module}:{name}"
    if reference not in closure.functions:
        raise PackagingRefused(
            f"The code closure was built for {', '.join(closure.functions)}, not for {reference}."
        )
    return reference


def _check_sample(inputs: Mapping[str, pd.DataFrame], features: pd.DataFrame) -> None:
    rows_name, rows = next(iter(inputs.items()))
    if not len(rows) or len(rows) != len(features):
        raise PackagingRefused(
            f"The sample needs at least one row, and its features: {rows_name} has {len(rows)} "
            f"rows, the features have {len(features)}."
        )
