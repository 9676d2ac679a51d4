"""An MLflow model says what the version says, wherever MLflow loads it, or it does not load."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
import yaml
from mlflow.exceptions import MlflowException

import registry_assets
from registry_assets.converting.mlflow import write_mlflow_model
from registry_assets.converting.mlflow_signature import split_frame
from registry_assets.errors import BlobCorrupt, BlobMissing, DataUnusable
from registry_assets_tests.converting.conftest import KINDS, Original
from registry_assets_tests.converting.projects import depots
from registry_assets_tests.lifecycle.changes import refused
from registry_assets_tests.servers.mlflow_serving import serving

ROOT = Path(registry_assets.__file__).parents[1]
SITE = sysconfig.get_path("purelib")
ELSEWHERE = """
import json, sys
sys.path.append(sys.argv[1])
import mlflow, pandas
model = mlflow.pyfunc.load_model(sys.argv[2])
rows = pandas.read_parquet(sys.argv[3])
import registry_assets
print(json.dumps([registry_assets.__file__, model.predict(rows).tolist()]))
"""


@pytest.fixture(autouse=True)
def _import_path_kept() -> Iterator[None]:
    before = list(sys.path)
    yield
    sys.path[:] = before


@pytest.mark.parametrize("task", KINDS)
def test_it_predicts_as_the_version_does(
    originals: dict[str, Original], task: str, tmp_path: Path, rows: pd.DataFrame
) -> None:
    version = originals[task]
    write_mlflow_model(version.contents, tmp_path / "model")
    loaded = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    found, expected = loaded.predict(rows), version.predict(rows)
    assert len(set(expected.tolist())) > 1
    assert (found.tolist(), found.dtype) == (expected.tolist(), expected.dtype)
    if version.model.classes:
        probabilities = loaded.predict(rows, params={"predict_method": "predict_proba"})
        known = version.model.predict_proba(rows, depots=depots())
        assert probabilities.tolist() == known.tolist()
    else:
        assert [each.name for each in loaded.metadata.get_params_schema().params] == ["depots"]


def test_its_input_example_is_taken_from_json(mlflow_model: Path, binary: Original) -> None:
    loaded = mlflow.pyfunc.load_model(str(mlflow_model))
    sample = binary.contents.package.sample_inputs()["parcels"]
    example = loaded.input_example
    assert len(example) == 5
    assert loaded.predict(example).tolist() == binary.predict(sample.head(5)).tolist()


def test_a_reference_frame_may_be_given(
    mlflow_model: Path, binary: Original, rows: pd.DataFrame
) -> None:
    other = depots().assign(opened=pd.Timestamp("2012-12-30").as_unit("us"))
    expected = binary.model.predict_proba(rows, depots=other)
    assert expected.tolist() != binary.model.predict_proba(rows, depots=depots()).tolist()
    loaded = mlflow.pyfunc.load_model(str(mlflow_model))
    columns = {"depot": other["depot"].tolist(), "opened": ["2012-12-30"] * len(other)}
    for given in (other.to_dict("list"), columns):
        params = {"predict_method": "predict_proba", "depots": given}
        assert loaded.predict(rows, params=params).tolist() == expected.tolist()
    with pytest.raises(DataUnusable, match="depots does not have the columns"):
        loaded.predict(rows, params={"depots": {"depot": ["north"]}})


def test_a_caller_who_errs_is_told(mlflow_model: Path, rows: pd.DataFrame) -> None:
    loaded = mlflow.pyfunc.load_model(str(mlflow_model))
    with refused(DataUnusable, "predict_method is 'explain'", "predict, predict_proba"):
        loaded.predict(rows, params={"predict_method": "explain"})
    with pytest.raises(MlflowException, match="price"):
        loaded.predict(rows.drop(columns="price"))
    with pytest.raises(DataUnusable, match="kind: expected category"):
        loaded.predict(rows.assign(kind=1.5))
    with pytest.raises(DataUnusable, match="zoned: expected datetime64"):
        loaded.predict(rows.assign(zoned="yesterday"))
    with pytest.raises(DataUnusable, match="pieces: expected Int64"):
        loaded.predict(rows.assign(pieces=1.5))


def test_it_names_the_version_and_what_it_needs(mlflow_model: Path, binary: Original) -> None:
    described = yaml.safe_load((mlflow_model / "MLmodel").read_text())
    assert described["metadata"] == {
        "registry_assets.registry": "a-registry-of-parcels",
        "registry_assets.model": "parcels",
        "registry_assets.version": "7",
        "registry_assets.digest": binary.contents.version.digest,
        "registry_assets.task": "binary",
        "registry_assets.classes": [False, True],
    }
    inputs = {each["name"]: each["type"] for each in json.loads(described["signature"]["inputs"])}
    assert inputs == {
        "fragile": "boolean", "small": "integer", "count": "long", "serial": "any",
        "grams": "float", "price": "double", "depot": "string", "kind": "any",
        "sent": "datetime", "zoned": "any", "waited": "any", "pieces": "any",
    }  # fmt: skip
    lines = (mlflow_model / "requirements.txt").read_text().splitlines()
    environment = binary.contents.package.environment["distributions"]
    assert f"scikit-learn=={environment['scikit-learn']}" in lines
    assert [line for line in lines if line.startswith("mlflow-skinny==")]
    (wheel,) = (line for line in lines if line.endswith(".whl"))
    assert (mlflow_model / wheel).is_file()
    conda = yaml.safe_load((mlflow_model / "conda.yaml").read_text())
    assert conda["dependencies"][-1] == {"pip": lines}


def test_no_pickle_is_in_it_and_it_is_the_same_twice(
    mlflow_model: Path, binary: Original, tmp_path: Path
) -> None:
    write_mlflow_model(binary.contents, tmp_path / "again")

    def files(folder: Path) -> dict[str, bytes]:
        found = (path for path in folder.rglob("*") if path.is_file())
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in found
            if "__pycache__" not in path.parts
        }

    once = files(mlflow_model)
    assert once == files(tmp_path / "again")
    assert "python_model" not in once["MLmodel"].decode()
    # A pickle of protocol 2 and later begins so; MLflow's own models have python_model.pkl.
    assert [path for path, data in once.items() if data.startswith(b"\x80")] == []
    kept = {path.removeprefix("version/") for path in once if path.startswith("version/")}
    assert kept == {*binary.contents.files, "manifest.json"}


@pytest.mark.parametrize("path", ["estimator.skops", "code/post/features.py", "manifest.json"])
def test_what_was_changed_is_not_loaded(mlflow_model: Path, path: str, tmp_path: Path) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(mlflow_model, folder)
    file = folder / "version" / path
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(BlobCorrupt, match=path):
        mlflow.pyfunc.load_model(str(folder))
    file.unlink()
    with pytest.raises(BlobMissing, match=path):
        mlflow.pyfunc.load_model(str(folder))


def test_it_loads_where_registry_assets_is_not_installed(
    mlflow_model: Path, binary: Original, rows: pd.DataFrame, tmp_path: Path
) -> None:
    rows.to_parquet(tmp_path / "rows.parquet")
    # Without `site` no .pth file is read, and so no editable install is found.
    isolated = [sys.executable, "-I", "-S", "-c", ELSEWHERE]
    arguments = [SITE, str(mlflow_model), str(tmp_path / "rows.parquet")]
    told = {"MLFLOW_DISABLE_TELEMETRY": "true", "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    ran = subprocess.run(
        [*isolated, *arguments], cwd=tmp_path, env=told, check=True, capture_output=True, text=True
    )
    where, predicted = json.loads(ran.stdout.splitlines()[-1])
    assert f"{mlflow_model}/wheels/registry_assets-" in where
    assert predicted == binary.predict(rows).tolist()


def test_an_installation_without_mlflow_says_what_to_install(tmp_path: Path) -> None:
    # Without `site` nothing is installed, and so neither is MLflow.
    program = (
        f"import sys; sys.path.append({str(ROOT)!r})\n"
        "from registry_assets.converting.libraries import library\n"
        "library('mlflow.pyfunc', wanted='An MLflow model')"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False
    )
    assert "An MLflow model needs the library mlflow, which is not installed" in ran.stderr
    assert 'pip install "registry_assets[mlflow]"' in ran.stderr


def test_mlflow_serves_it(mlflow_model: Path, binary: Original, rows: pd.DataFrame) -> None:
    """By `mlflow models serve`, on loopback, with rows as JSON."""
    with serving(mlflow_model) as server:
        asked: dict[str, Any] = {"dataframe_split": split_frame(rows)}
        assert server.predict(asked) == binary.predict(rows).tolist()
        asked["params"] = {"predict_method": "predict_proba"}
        known = binary.model.predict_proba(rows, depots=depots())
        assert server.predict(asked) == known.tolist()
        example = json.loads((mlflow_model / "serving_input_example.json").read_text())
        assert len(server.predict(example)) == 5
