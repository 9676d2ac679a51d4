"""A whole folder or nothing, and nothing that says something else than the version."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from huggingface_hub import ModelCard, ModelCardData

from registry_assets.converting import targets
from registry_assets.converting.comparing import PREDICTION, compare
from registry_assets.converting.folder import load_folder
from registry_assets.converting.targets import convert
from registry_assets.deployment.pulling import pull_version
from registry_assets.errors import BlobCorrupt, ConversionRefused, FolderTaken, RegistryError
from registry_assets.packaging import Package, build_package, code_closure
from registry_assets.packaging.given import given_object
from registry_assets_tests.converting.conftest import KINDS, Original, original
from registry_assets_tests.converting.projects import PARCELS, depots, parcels
from registry_assets_tests.lifecycle.changes import refused
from registry_assets_tests.packaging.projects import project_in

CARD = "---\nlicense: mit\nlibrary_name: sklearn\n---\n\n# parcels:7\n"
ESTIMATORS = {
    "logistic": "LogisticRegression(max_iter=500)",
    "scaled": "make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())",
    "forest": "RandomForestClassifier(5, random_state=0)",
    "boosting": "HistGradientBoostingClassifier(max_iter=5)",
    "categories": "HistGradientBoostingClassifier(max_iter=5, categorical_features=[1])",
    "fine": "HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=2)",
    "text": 'make_pipeline(ColumnTransformer([("o", OneHotEncoder(handle_unknown="ignore"),'
    ' ["kind"]), ("n", StandardScaler(), ["count"])]), LogisticRegression())',
    "own": "make_pipeline(Double(), LogisticRegression())",
    "xgboost": "XGBClassifier(n_estimators=3, max_depth=2)",
    "given": "AsOnnx(RandomForestClassifier(5, random_state=0))",
}
OWN_TRAINING = """
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import XGBClassifier


class Double(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return np.asarray(X) * 2.0


class AsOnnx:
    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y):
        from skl2onnx import to_onnx
        from skl2onnx.common.data_types import FloatTensorType

        fitted = self.estimator.fit(X, y)
        inputs = [("features", FloatTensorType([None, X.shape[1]]))]
        return to_onnx(fitted, initial_types=inputs, options={id(fitted): {"zipmap": False}})


def train(features, target, params):
    return ESTIMATOR.fit(features, target)
"""
NUMBERS = """
def make_features(parcels):
    return parcels[["count", "small"]].astype(float)
"""
CATEGORIES = """
def make_features(parcels):
    return parcels[["small"]].astype(float).assign(count=parcels["count"] // 10**15 * 1.0)
"""
FINE = """
def make_features(parcels):
    return parcels[["price"]].assign(count=1.7e9 + parcels["small"].astype(float))
"""
TEXT = """
def make_features(parcels):
    return parcels[["count"]].astype(float).assign(kind=parcels["kind"].astype(str))
"""
Made = Callable[[str], Original]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make a version of one of the estimators."""

    def make(kind: str) -> Original:
        with project_in(tmp_path_factory.mktemp(kind) / "src") as project:
            source = OWN_TRAINING.replace("ESTIMATOR", ESTIMATORS[kind])
            features = {"text": TEXT, "categories": CATEGORIES, "fine": FINE}.get(kind, NUMBERS)
            project.write({**PARCELS, "post/training.py": source, "post/features.py": features})
            return original(_package(project), tmp_path_factory.mktemp(kind) / "shelf")

    def _package(project: object) -> Package:
        make_features = project.function("post.features:make_features")  # type: ignore[attr-defined]
        train = project.function("post.training:train")  # type: ignore[attr-defined]
        rows = parcels(120)
        features = make_features(rows)
        target = features["count"] + rng.normal(0, 1e15, len(rows)) > features["count"].median()
        fitted = train(features, target, {})
        return build_package(
            estimator=given_object(fitted, features.head(9), task="binary"),
            closure=code_closure(make_features, train),
            make_features=make_features,
            train=train,
            task="binary",
            inputs={"parcels": rows.head(9)},
            features=features.head(9),
        )

    rng = np.random.default_rng(0)
    return make


@pytest.mark.parametrize("kind", ["logistic", "scaled", "forest", "boosting", "text"])
def test_onnx_predicts_as_the_estimator_does(made: Made, kind: str, tmp_path: Path) -> None:
    version = made(kind)
    done = convert(version.contents, to="onnx", folder=tmp_path / "graph")
    assert {file.path for file in done.files} == {"README.md", "interface.json", "model.onnx"}
    interface = json.loads((tmp_path / "graph" / "interface.json").read_text())
    assert interface["registry_assets.digest"] == version.contents.version.digest
    assert interface["compared"]["rows"] == 1009
    assert interface["compared"]["largest"] <= interface["compared"]["tolerance"] == 1e-5
    session = onnxruntime.InferenceSession(tmp_path / "graph" / "model.onnx")
    named = session.get_modelmeta().custom_metadata_map
    assert named["registry_assets.version"] == "7"
    assert json.loads(named["classes"]) == [False, True]
    rows = parcels(40, seed=9)
    features = version.model.features(rows)
    dtype = {"double": "float64", "float": "float32"}[interface["numbers"]]
    if kind == "text":
        fed = {
            "count": features[["count"]].to_numpy(dtype),
            "kind": features[["kind"]].to_numpy(dtype=object),
        }
    else:
        fed = {"features": features.to_numpy(dtype)}
    _, probabilities = session.run(None, fed)
    known = version.model.estimator.predict_proba(features)
    np.testing.assert_allclose(probabilities, known, atol=1e-5)
    assert "`make_features`" in (tmp_path / "graph" / "README.md").read_text()


@pytest.mark.parametrize(("kind", "named"), [("own", "Double"), ("xgboost", "XGBClassifier")])
def test_what_does_not_convert_is_refused_and_nothing_is_written(
    made: Made, kind: str, named: str, tmp_path: Path
) -> None:
    version = made(kind).contents
    with refused(ConversionRefused, "parcels:7 cannot be written as ONNX", named, "--to mlflow"):
        convert(version, to="onnx", folder=tmp_path / "graph")
    assert list(tmp_path.iterdir()) == []
    convert(version, to="mlflow", folder=tmp_path / "model")


@pytest.mark.parametrize(
    ("kind", "cause", "remedy"),
    [
        ("categories", "splits 1 of its features by category", "a column for each category"),
        ("fine", "values of count that differ are one number", "the time since a date"),
    ],
)
def test_it_is_said_why_a_graph_answers_otherwise(
    made: Made, kind: str, cause: str, remedy: str, tmp_path: Path
) -> None:
    with refused(ConversionRefused, cause, remedy, "rows", "--to mlflow"):
        convert(made(kind).contents, to="onnx", folder=tmp_path / "graph")
    assert list(tmp_path.iterdir()) == []


def test_an_estimator_that_was_given_as_onnx_stays_as_it_is(made: Made, tmp_path: Path) -> None:
    version = made("given")
    given = version.contents.package.estimator
    assert given.format == "onnx"
    done = convert(version.contents, to="onnx", folder=tmp_path / "graph")
    assert done.compared is None
    written = onnx.load_model(tmp_path / "graph" / "model.onnx")
    assert written.graph == onnx.load_model_from_string(given.data).graph
    assert "this very graph" in (tmp_path / "graph" / "README.md").read_text()
    convert(version.contents, to="mlflow", folder=tmp_path / "model")


def test_a_graph_that_says_something_else_is_refused() -> None:
    expected = pd.DataFrame({"proba_0": [0.2, 0.5], "proba_1": [0.8, 0.5], PREDICTION: [1, 0]})
    near = expected.assign(proba_1=[0.8 + 1e-7, 0.5], prediction=[1, 1])
    assert compare(expected, near, tolerance=1e-5).largest == pytest.approx(1e-7)
    for wrong in (
        expected.assign(prediction=[0, 0]),
        expected.assign(proba_1=[0.8001, 0.5]),
        expected.assign(proba_1=[np.nan, 0.5]),
    ):
        with refused(ConversionRefused, "1 of 2 rows", "row 0", "nothing was written"):
            compare(expected, wrong, tolerance=1e-5)
    numbers = pd.DataFrame({PREDICTION: [1e6, 1.0]})
    assert compare(numbers, numbers.add([1.0, 0.0], axis="index"), tolerance=1e-5).largest < 1e-5
    with refused(ConversionRefused, "row 1"):
        compare(numbers, numbers.add([0.0, 1e-4], axis="index"), tolerance=1e-5)


@pytest.mark.parametrize("task", KINDS)
def test_an_mlflow_model_is_tried_before_it_is_there(
    originals: dict[str, Original], task: str, tmp_path: Path
) -> None:
    done = convert(originals[task].contents, to="mlflow", folder=tmp_path / "model")
    assert done.compared is not None
    assert (done.compared.rows, done.compared.largest) == (6, 0.0)
    assert (tmp_path / "model" / "MLmodel").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_repository_is_read_as_hugging_face_reads_it(binary: Original, tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    done = convert(binary.contents, to="hf", folder=folder, card=CARD)
    card = ModelCard.load(folder / "README.md")
    assert isinstance(card.data, ModelCardData)
    assert (card.data.license, card.data.library_name) == ("mit", "sklearn")
    digest = binary.contents.version.digest
    assert f'load_folder(folder, digest="{digest}")' in card.text
    config = json.loads((folder / "config.json").read_text())
    assert (config["registry_assets.digest"], config["task"]) == (digest, "binary")
    assert {f.path for f in done.files} == {
        *binary.contents.files, "manifest.json", "README.md", "config.json", ".gitattributes",
    }  # fmt: skip
    rows = parcels(50, seed=4)
    model = load_folder(folder, digest=digest)
    assert (model.name, model.version, model.digest) == ("parcels", 7, digest)
    assert model.predict(rows, depots=depots()).tolist() == binary.predict(rows).tolist()
    pull_version(binary.shelf.store, binary.contents.version, tmp_path / "pulled")
    pulled = load_folder(tmp_path / "pulled", digest=digest)
    assert pulled.predict(rows, depots=depots()).tolist() == binary.predict(rows).tolist()
    (folder / "estimator.skops").write_bytes(b"another")
    with pytest.raises(BlobCorrupt):
        load_folder(folder, digest=digest)


def test_what_is_there_is_never_written_over(binary: Original, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("mine", "file", "link"):
        with refused(FolderTaken, f"{tmp_path / name} exists and is not an empty folder"):
            convert(binary.contents, to="hf", folder=tmp_path / name, card=CARD)
    (tmp_path / "empty").mkdir()
    convert(binary.contents, to="hf", folder=tmp_path / "empty", card=CARD)
    assert (tmp_path / "empty" / "README.md").is_file()
    assert (tmp_path / "mine" / "notes.txt").read_text() == "mine"
    with refused(RegistryError, "cannot be written", "file"):
        convert(binary.contents, to="hf", folder=tmp_path / "file" / "below", card=CARD)


def test_a_failure_leaves_nothing(
    binary: Original, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(folder: Path) -> None:
        assert (folder / "README.md").is_file()
        raise OSError(28, "No space left on device", str(folder))

    monkeypatch.setattr(targets, "_sync", failing)
    with refused(RegistryError, "No space left on device"):
        convert(binary.contents, to="hf", folder=tmp_path / "repository", card=CARD)
    assert list(tmp_path.iterdir()) == []
