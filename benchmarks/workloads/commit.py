"""Commit a version whose package is built and load-checked, durably; its number is reserved.

Ours flushes every blob and the manifest to the disk, then binds the number in one flushed
transaction with its ledger event. MLflow flushes its database and no file.
"""

from itertools import count
from typing import Any

from benchmarks.cases import Case, Scale
from benchmarks.measuring import Operation, Setting, require
from benchmarks.shapes import MODEL, TRAINED
from benchmarks.targets import TimesFaster


def cases(scale: Scale) -> list[Case]:
    """One case; of the documented way, which takes seconds, there are few samples."""
    return [
        Case(
            workload="commit",
            title="commit a version with a package of 50 kB",
            fixture=TRAINED,
            size=1,
            peers={
                "mlflow_documented": ("log_model, as documented", TimesFaster(500)),
                "mlflow_fast": ("log_model, its slow parts off", TimesFaster(10)),
                "mlflow_saved": ("create_model_version, saved folder", TimesFaster(3)),
            },
            samples=40,
            slow={"mlflow_documented": scale.processes // 2},
            floor=(
                "A row names only what is on the disk, so a commit waits for its new files, then"
                " for the folders that got them, then for the database's log: a millisecond here"
                " of nothing but flushes. What is left is computing: the digests of ten files, a"
                " manifest, the ledger event with the digest of each row, the index, thirty"
                " statements. `create_model_version` writes one row, and looks at no file."
            ),
        )
    ]


def ours(setting: Setting) -> Operation:
    """Blobs, manifest, one transaction: the end of every training."""
    from benchmarks.subject.committing import Committer

    committer = Committer(setting.folder)

    def check(version: Any) -> None:
        require(committer.registry.resolve(version.reference), version)
        require(version.state, "committed")

    return Operation(committer.commit, prepare=committer.prepare, check=check)


def mlflow_documented(setting: Setting) -> Operation:
    """`log_model` with an example: MLflow infers the requirements in a process."""
    from benchmarks.peer.client import open_mlflow
    from benchmarks.peer.trained import fitted, log_documented

    client = open_mlflow(setting.folder)
    estimator, features = fitted()
    return Operation(
        lambda _: log_documented(estimator, features), check=lambda n: _there(client, n)
    )


def mlflow_fast(setting: Setting) -> Operation:
    """`log_model` without example, requirements and signature given."""
    from benchmarks.peer.client import library, open_mlflow
    from benchmarks.peer.trained import fitted, log_fast

    client = open_mlflow(setting.folder)
    estimator, features = fitted()
    signature = library("mlflow.models").infer_signature(features, estimator.predict(features))
    return Operation(
        lambda _: log_fast(estimator, features, signature), check=lambda n: _there(client, n)
    )


def mlflow_saved(setting: Setting) -> Operation:
    """`create_model_version` of a folder that lies there."""
    from benchmarks.peer.client import open_mlflow
    from benchmarks.peer.trained import fitted, save

    client = open_mlflow(setting.folder)
    estimator, _ = fitted()
    numbers = count(1)

    def prepare() -> str:
        return save(estimator, setting.folder / "saved" / str(next(numbers)))

    def create(source: str) -> int:
        return int(client.create_model_version(MODEL, source).version)

    (setting.folder / "saved").mkdir(exist_ok=True)
    return Operation(create, prepare=prepare, check=lambda n: _there(client, n))


def _there(client: Any, number: int) -> None:
    version = client.get_model_version(MODEL, str(number))
    require((int(version.version), version.status), (number, "READY"))
