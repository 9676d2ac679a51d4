"""Load the production estimator, warm: ours verified, MLflow's as it is, and the file alone."""

from typing import Any

from benchmarks.cases import Case, Scale
from benchmarks.measuring import Operation, Setting, require
from benchmarks.shapes import MODEL, TRAINED
from benchmarks.targets import TimesFaster, Within


def cases(scale: Scale) -> list[Case]:
    """One case: the size of the registry has no part in it."""
    return [
        Case(
            workload="load",
            title="load production, warm, verified",
            fixture=TRAINED,
            size=1,
            peers={
                "by_hand": ("skops.io.load", Within(1.0)),
                "mlflow": ("MLflow, unverified", TimesFaster(1.5)),
            },
        )
    ]


def ours(setting: Setting) -> Operation:
    """`registry_assets.load`: resolve, verify what is loaded, build estimator and features."""
    import registry_assets

    return Operation(
        lambda _: registry_assets.load(f"{MODEL}@production", home=setting.folder),
        check=lambda model: _check(model.estimator),
    )


def by_hand(setting: Setting) -> Operation:
    """`skops.io.load` of the same file, its types trusted."""
    import skops.io

    from benchmarks.subject.trained import BY_HAND
    from registry_assets.packaging.package import ESTIMATOR

    file = setting.folder / BY_HAND / ESTIMATOR
    types = skops.io.get_untrusted_types(file=file)
    return Operation(lambda _: skops.io.load(file, trusted=types), check=_check)


def mlflow(setting: Setting) -> Operation:
    """`mlflow.sklearn.load_model` by alias."""
    from benchmarks.peer.client import library, open_mlflow

    open_mlflow(setting.folder)
    sklearn = library("mlflow.sklearn")
    return Operation(lambda _: sklearn.load_model(f"models:/{MODEL}@production"), check=_check)


def _check(estimator: Any) -> None:
    require([name for name, _ in estimator.steps][-1], "logisticregression")
    require(estimator.classes_.tolist(), [False, True])
