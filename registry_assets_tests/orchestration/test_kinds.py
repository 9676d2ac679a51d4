"""The asset of a model shows the frameworks that its training names."""

from pathlib import Path

import pytest

from registry_assets.orchestration.version_assets import kinds_of
from registry_assets_tests.packaging.formats.lived import nest

SOURCES = {
    "import xgboost as xgb\ndef train(features, target, params): ...": {"xgboost"},
    "from lightgbm import LGBMClassifier\ndef train(features, target, params): ...": {"lightgbm"},
    "def train(features, target, params):\n    from catboost import CatBoost": {"catboost"},
    "def train(features, target, params):\n    import onnx.helper": {"onnx"},
    "from sklearn.svm import SVC\ndef train(features, target, params): ...": {
        "scikitlearn",
        "skops",
    },
}


@pytest.mark.parametrize(("source", "kinds"), SOURCES.items())
def test_they_are_those_that_train_or_its_module_names(
    source: str, kinds: set[str], tmp_path: Path
) -> None:
    with nest(tmp_path / "project", source) as lived:
        assert kinds_of(lived.model("binary", "heavy")) == kinds
