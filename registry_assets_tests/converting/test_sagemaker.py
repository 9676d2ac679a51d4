"""A version as SageMaker's archive: the same bytes each time, and the same answers as here."""

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry_assets.converting.mlflow_signature import split_frame
from registry_assets.converting.sagemaker import environment, sagemaker_archive
from registry_assets.converting.sagemaker_rows import csv_rows, read_request, write_answer
from registry_assets.errors import DataUnusable
from registry_assets.mirroring.sagemaker.archives import unpack
from registry_assets.packaging.signature import ColumnSpec
from registry_assets_tests.converting.conftest import Original

# What the container of SageMaker does with a script, where nothing of ours is installed.
CONTAINER = """
import json, sys
from pathlib import Path
sys.path[:] = [path for path in sys.path if not (Path(path) / "registry_assets").is_dir()]
sys.path.insert(0, sys.argv[1] + "/code")
import inference
model = inference.model_fn(sys.argv[1])
asked = json.load(sys.stdin)
request = inference.input_fn(asked["body"], asked["type"])
print(inference.output_fn(inference.predict_fn(request, model), asked["accept"]))
"""


@pytest.fixture(scope="module")
def unpacked(binary: Original, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("container")
    packed = tmp_path_factory.mktemp("packed") / "model.tar.gz"
    packed.write_bytes(sagemaker_archive(binary.contents))
    unpack(packed, folder, called="model.tar.gz")
    return folder


def ask(
    folder: Path, digest: str, body: str, *, kind: str = "application/json", accept: str = ""
) -> "subprocess.CompletedProcess[str]":
    asked = {"body": body, "type": kind, "accept": accept or kind}
    return subprocess.run(
        [sys.executable, "-c", CONTAINER, str(folder)],
        env={"PATH": os.environ["PATH"], **environment(digest)},
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )


def test_the_same_version_is_the_same_bytes_of_no_time_and_nobody(binary: Original) -> None:
    first, second = (sagemaker_archive(binary.contents) for _ in range(2))
    assert first == second
    with tarfile.open(fileobj=io.BytesIO(first)) as archive:
        entries = archive.getmembers()
    assert {(e.mtime, e.uid, e.gid, e.uname, e.gname, e.mode) for e in entries} == {
        (0, 0, 0, "", "", 0o644)
    }
    names = [entry.name for entry in entries]
    assert names == sorted(names)
    assert {"code/inference.py", "code/requirements.txt", "version/manifest.json"} < set(names)
    assert not [name for name in names if name.endswith((".pkl", ".joblib"))]


def test_a_container_without_us_answers_as_we_do(
    binary: Original, unpacked: Path, rows: pd.DataFrame
) -> None:
    digest = binary.contents.version.digest
    document: dict[str, Any] = {"dataframe_split": split_frame(rows)}
    done = ask(unpacked, digest, json.dumps(document))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["predictions"] == binary.predict(rows).tolist()
    document["params"] = {"predict_method": "predict_proba"}
    done = ask(unpacked, digest, json.dumps(document))
    assert done.returncode == 0, done.stderr


def test_files_that_were_changed_are_not_loaded(binary: Original, unpacked: Path) -> None:
    other = f"sha256:{'0' * 64}"
    done = ask(unpacked, other, "{}")
    assert done.returncode != 0
    assert "is not what the version consists of" in done.stderr
    done = ask(unpacked, "", "{}")
    assert "REGISTRY_ASSETS_DIGEST is not set" in done.stderr


def test_callers_may_send_csv_with_names_and_get_lines() -> None:
    request = read_request(b"a,b\n1,x\n2,y\n", "text/csv; charset=utf-8")
    assert isinstance(request.rows, str)
    rows = csv_rows(request.rows, (ColumnSpec("a", "int64"), ColumnSpec("b", "str")))
    assert (rows["a"].tolist(), rows["b"].tolist(), request.params) == ([1, 2], ["x", "y"], {})
    request = read_request('{"instances": [{"a": 1}, {"a": 2}]}', "application/json")
    assert isinstance(request.rows, pd.DataFrame)
    assert request.rows["a"].tolist() == [1, 2]
    assert write_answer(np.array([0.5, 1.0]), "text/csv") == "0.5\n1.0\n"
    assert json.loads(write_answer(np.array(["x"]), "*/*")) == {"predictions": ["x"]}


def test_texts_in_csv_are_what_stands_there() -> None:
    specs = (ColumnSpec("country", "str"), ColumnSpec("zip", "str"), ColumnSpec("age", "float64"))
    rows = csv_rows("zip,country,age,more\n007,NA,NA,x\n12,,3,\n", specs)
    assert rows["zip"].tolist() == ["007", "12"]
    assert rows["country"].tolist()[0] == "NA"
    assert rows["country"].isna().tolist() == [False, True]
    assert rows["age"].isna().tolist() == [True, False]
    with pytest.raises(DataUnusable, match="no CSV"):
        csv_rows("", specs)


def test_csv_with_odd_texts_is_answered_as_here(
    binary: Original, unpacked: Path, rows: pd.DataFrame
) -> None:
    texts = [name for name in rows.columns if pd.api.types.is_string_dtype(rows[name].dtype)]
    assert texts, "the model takes a column of texts"
    odd = rows.head(4).assign(**{texts[0]: ["NA", "null", "007", "nan"]})
    done = ask(
        unpacked,
        binary.contents.version.digest,
        odd.to_csv(index=False),
        kind="text/csv",
        accept="application/json",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["predictions"] == binary.predict(odd).tolist()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("{}", "application/json"),
        ("[1, 2]", "application/json"),
        ('{"dataframe_split": {"columns": ["a"]}}', "application/json"),
        ("no document", "application/json"),
        ("x", "application/x-npy"),
    ],
)
def test_what_is_no_request_is_refused_with_what_would_be_one(body: str, kind: str) -> None:
    with pytest.raises(DataUnusable) as refused:
        read_request(body, kind)
    assert "dataframe_split" in refused.value.hint
