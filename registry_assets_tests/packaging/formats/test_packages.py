"""What a package says of its estimator, and packages that say something else."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from registry_assets.canonical import canonical_json
from registry_assets.errors import PackagingRefused
from registry_assets.packaging import Package, build_package, code_closure
from registry_assets.packaging.estimator import estimator_files, store_estimator
from registry_assets.packaging.formats import Stored
from registry_assets.packaging.given import given_object
from registry_assets.packaging.load_check import load_check
from registry_assets.packaging.loaded import load_package
from registry_assets_tests.packaging.formats.fitted import fitted
from registry_assets_tests.packaging.formats.lived import FEATURES, birds
from registry_assets_tests.packaging.projects import project_in

TRAINING = """
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from xgboost import XGBClassifier

def train(features, target, params):
    columns = make_column_transformer(("passthrough", ["depth"]), (OneHotEncoder(), ["island"]))
    return make_pipeline(columns, XGBClassifier(n_estimators=2)).fit(features, target)
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """A composite package, whose project is no longer importable."""
    with project_in(tmp_path_factory.mktemp("nest") / "src") as project:
        project.write(
            {
                "nest/__init__.py": "",
                "nest/features.py": FEATURES,
                "nest/training.py": TRAINING,
            }
        )
        make_features = project.function("nest.features:make_features")
        train = project.function("nest.training:train")
        rows = birds()
        features = make_features(rows)
        estimator = train(features, rows["heavy"], {})
        given = given_object(estimator, features.head(9), task="binary", classes=(False, True))
        return build_package(
            estimator=given,
            closure=code_closure(make_features, train),
            make_features=make_features,
            train=train,
            task="binary",
            inputs={"birds": rows.head(9).drop(columns=["heavy", "size", "mass"])},
            features=features.head(9),
        )


def saying(package: Package, **changes: Any) -> Package:
    """The same files, and something else said of the estimator."""
    described = {
        **package.description,
        "estimator": {**package.description["estimator"], **changes},
    }
    return Package({**package.files, "package.json": canonical_json(described)})


def test_a_package_says_what_its_estimator_is_made_of(package: Package) -> None:
    assert package.description["estimator"] == {
        "format": "skops",
        "file": "estimator.skops",
        "classes": [False, True],
        "parts": [
            {
                "format": "xgboost",
                "file": "parts/0.ubj",
                "about": {
                    "class": "XGBClassifier",
                    "parameters": {
                        "enable_categorical": False,
                        "n_estimators": 2,
                        "objective": "binary:logistic",
                    },
                },
            }
        ],
    }
    assert {"estimator.skops", "parts/0.ubj"} < package.files.keys()
    assert {"xgboost", "scikit-learn"} < package.environment["distributions"].keys()
    assert load_check(package).receipt["rows"] == 9


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "pickle"}, "the format 'pickle'; this process knows"),
        ({"format": ["skops"]}, "expected its format and file"),
        ({"file": "estimator.pkl"}, "has no file estimator.pkl"),
        ({"file": "../../../etc/passwd"}, "has no file ../../../etc/passwd"),
        ({"file": None}, "expected its format and file"),
        ({"about": []}, "expected its format and file"),
        ({"classes": [{}]}, "expected its format and file"),
        ({"classes": ["a", "b", "c"]}, "knows 2 classes, and 3 were named"),
        ({"parts": []}, "made of types nobody vouched for"),
        ({"parts": "parts/0.ubj"}, "expected its format and file"),
        ({"parts": [3]}, "expected its format and file"),
        ({"format": "xgboost", "parts": []}, "not UBJSON as XGBoost writes it"),
    ],
)
def test_a_package_that_says_something_else_is_refused(
    package: Package, changes: dict[str, Any], words: str
) -> None:
    from registry_assets.errors import RegistryError

    with pytest.raises(RegistryError) as caught:
        load_package(saying(package, **changes).files)
    assert words in str(caught.value)


def test_a_library_that_is_not_there_is_named_with_what_to_install(
    package: Package, tmp_path: Path
) -> None:
    # A process in which no xgboost is found, as a deployment without the extra.
    folder = tmp_path / "package"
    for path, data in package.files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    script = """
import sys
from pathlib import Path

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "xgboost":
            raise ModuleNotFoundError("No module named 'xgboost'", name="xgboost")

sys.meta_path.insert(0, Hidden())
from registry_assets.errors import PackagingRefused
from registry_assets.packaging.loaded import load_package

root = Path(sys.argv[1])
files = {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
try:
    load_package(files)
except PackagingRefused as error:
    print(error)
"""
    run = [sys.executable, "-c", script, str(folder)]
    said = subprocess.run(run, capture_output=True, text=True, check=True, timeout=120).stdout
    assert "An estimator of the format xgboost needs xgboost, which is not installed." in said
    assert 'pip install "registry_assets[xgboost]"' in said


def test_reading_a_package_of_scikit_learn_imports_no_other_framework(tmp_path: Path) -> None:
    from sklearn.linear_model import LogisticRegression

    data = store_estimator(LogisticRegression().fit([[0.0], [1.0]], [0, 1])).data
    (tmp_path / "estimator.skops").write_bytes(data)
    script = """
import json, sys
from registry_assets.packaging.estimator import load_estimator, read_estimator

load_estimator(read_estimator(None, lambda path: open(path, "rb").read()))
names = ("xgboost", "lightgbm", "catboost", "onnx", "onnxruntime", "torch", "safetensors")
print(json.dumps([name for name in names if name in sys.modules]))
"""
    run = [sys.executable, "-c", script]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, check=True, timeout=120)
    assert json.loads(done.stdout) == []


def test_bytes_alone_are_named_by_their_own_digest() -> None:
    import hashlib

    # So a file that was registered before there were formats is found again.
    assert Stored("skops", b"an estimator").digest == (
        f"sha256:{hashlib.sha256(b'an estimator').hexdigest()}"
    )
    with_about = Stored("torch", b"tensors", {"class": "nest.net:Net"})
    assert with_about.digest != Stored("torch", b"tensors", {"class": "nest.net:Other"}).digest
    named = Stored("xgboost", b"trees", classes=("no", "yes"))
    assert named.digest != Stored("xgboost", b"trees", classes=("yes", "no")).digest


def test_an_estimator_beyond_single_precision_is_held_to_more() -> None:
    from registry_assets.packaging.estimator import tolerance_of
    from registry_assets.packaging.frames import first_difference

    assert tolerance_of(store_estimator(fitted("xgboost", "binary").estimator)) == 1e-9
    assert tolerance_of(store_estimator(fitted("onnx", "matrix").estimator)) == 1e-5
    import pandas as pd

    said, heard = pd.DataFrame({"p": [0.5, 0.25]}), pd.DataFrame({"p": [0.5, 0.25 * (1 + 1e-6)]})
    assert first_difference(said, heard) is not None
    assert first_difference(said, heard, relative=1e-5) is None
    assert first_difference(said, heard + 1e-3, relative=1e-5) is not None


def test_a_file_for_each_part_is_in_the_package() -> None:
    stored = store_estimator(fitted("composite", "calibrated").estimator)
    files = estimator_files(stored)
    # The first is the classifier that the others were made of: it is not fitted, and has no bytes.
    assert [len(data) > 0 for data in files.values()] == [True, False, True, True]
    assert np.all([path.startswith(("estimator.", "parts/")) for path in files])


def test_no_part_is_lent_a_type_of_the_outer_file(package: Package) -> None:
    (part,) = package.description["estimator"]["parts"]
    for other in ("skops", "lightgbm", "catboost", "onnx", "torch"):
        with pytest.raises(PackagingRefused):
            load_package(saying(package, parts=[{**part, "format": other}]).files)
