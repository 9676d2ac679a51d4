"""The whole of making a version, with the proof that it loads and predicts elsewhere.

Ours packages, loads the package in a fresh limited process, where it must reproduce its
sample, and commits. MLflow's peer is `log_model` as documented and then what it does not
do by itself: a fresh process that loads the version and predicts.
"""

from typing import Any

from benchmarks.cases import Case, Scale
from benchmarks.measuring import Operation, Setting, require
from benchmarks.shapes import MODEL, TRAINED
from benchmarks.targets import TimesFaster


def cases(scale: Scale) -> list[Case]:
    """One case; each sample takes seconds."""
    return [
        Case(
            workload="register",
            title="register, load check included",
            fixture=TRAINED,
            size=1,
            peers={"mlflow": ("log_model, load and predict elsewhere", TimesFaster(2))},
            samples=scale.processes // 2,
            warm_up=0,
        )
    ]


def ours(setting: Setting) -> Operation:
    """`Registry.register` of a fitted estimator."""
    from datetime import UTC, datetime

    from benchmarks.subject.declaration import PARAMS, declared
    from benchmarks.subject.features import make_features
    from benchmarks.subject.rows import flights, planes
    from benchmarks.subject.trained import RUN
    from benchmarks.subject.training import train
    from registry_assets import Registry

    registry = Registry.open(setting.folder)
    rows = flights()
    estimator = train(make_features(rows, planes()), rows["late"], PARAMS)
    now, model = datetime.now(UTC), declared(MODEL)

    def register(_: None) -> Any:
        return registry.register(model, estimator, started_at=now, finished_at=now, run=RUN)

    def check(done: Any) -> None:
        require(done.committed, True)
        require(registry.resolve(done.version.reference), done.version)

    return Operation(register, check=check)


def mlflow(setting: Setting) -> Operation:
    """`log_model` as documented, then a process that loads and predicts."""
    import subprocess
    import sys

    from benchmarks.peer.client import database, open_mlflow
    from benchmarks.peer.trained import fitted, log_documented

    open_mlflow(setting.folder)
    estimator, features = fitted()
    program = (
        "import sys, mlflow.sklearn, pandas as pd\n"
        "mlflow.set_tracking_uri(sys.argv[1]); mlflow.set_registry_uri(sys.argv[1])\n"
        "model = mlflow.sklearn.load_model(sys.argv[2])\n"
        f"print(len(model.predict(pd.DataFrame({features.head(20).to_dict('list')!r}))))"
    )

    def register(_: None) -> str:
        number = log_documented(estimator, features)
        command = [sys.executable, "-c", program, database(setting.folder)]
        done = subprocess.run(
            [*command, f"models:/{MODEL}/{number}"], check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout.strip()

    return Operation(register, check=lambda said: require(said, "20"))
