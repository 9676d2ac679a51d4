"""Models as MLflow's own flavours log them, by its own client: they come whole, and are not run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from registry_assets.registry import Registry
from registry_assets_tests.lifecycle.migrating.there import There, pickle_that_runs

# What a team's own script does; in a process of its own, as theirs is.
LOGGING = """
import sys
import mlflow
import numpy as np
from sklearn.linear_model import LogisticRegression

fitted = LogisticRegression().fit(np.array([[0.0], [1.0], [2.0], [3.0]]), [0, 0, 1, 1])
mlflow.set_experiment(sys.argv[1])
with mlflow.start_run():
    mlflow.log_metric("auc", 0.9)
    mlflow.sklearn.log_model(
        fitted,
        name="model",
        registered_model_name=sys.argv[1],
        serialization_format=sys.argv[2],
        pip_requirements=["scikit-learn"],
    )
"""


@pytest.mark.parametrize("serialization", ["cloudpickle", "skops"])
def test_a_model_that_mlflow_logged_comes_with_all_its_files(
    there: There, registry: Registry, serialization: str
) -> None:
    subprocess.run(
        [sys.executable, "-c", LOGGING, there.name, serialization],
        env={**os.environ, **there.server.environment},
        check=True,
        capture_output=True,
    )
    (came,) = there.migrate(registry).versions
    assert came.lost == ()
    place = there.artifact("1")
    wanted = {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file()
    }
    assert "MLmodel" in wanted
    digest = came.record.digest
    paths = [entry.path for entry in registry.manifest(digest).files]
    assert {path: registry.read_file(digest, path) for path in paths} == wanted
    assert came.record.unsafe == (("model.pkl",) if serialization == "cloudpickle" else ())
    assert came.record.said["run"]["metrics"] == {"auc": 0.9}


def test_a_pickle_that_runs_a_command_is_kept_and_never_runs_it(
    there: There, registry: Registry, tmp_path: Path
) -> None:
    mark = tmp_path / "opened"
    data = pickle_that_runs(f"touch '{mark}'")
    there.version(1, files={"MLmodel": b"", "model.pkl": data, "code/a.py": b"open('b', 'w')"})
    (came,) = there.migrate(registry).versions
    registry.verify()
    registry.collect(act=False)
    assert not mark.exists()
    assert came.record.unsafe == ("model.pkl",)
    # It is one: whoever opens it is had.
    kept = registry.read_file(came.record.digest, "model.pkl")
    (tmp_path / "kept").write_bytes(kept)
    program = f"import pickle; pickle.load(open({str(tmp_path / 'kept')!r}, 'rb'))"
    subprocess.run([sys.executable, "-c", program], check=True)
    assert mark.exists()
