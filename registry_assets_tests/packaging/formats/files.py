"""A good file of each format, and the refusal of another."""

import pytest

from registry_assets.errors import RegistryError
from registry_assets.packaging.estimator import check_estimator, store_estimator
from registry_assets.packaging.formats import Stored
from registry_assets_tests.packaging.formats.fitted import fitted

NATIVE = ("xgboost", "lightgbm", "catboost", "onnx")
GOOD = {
    "xgboost": ("xgboost", "binary"),
    "lightgbm": ("lightgbm", "texts"),
    "catboost": ("catboost", "texts"),
    "onnx": ("onnx", "matrix"),
    "skops": ("composite", "pipeline"),
}


def good(name: str) -> Stored:
    """A good file of each format."""
    return store_estimator(fitted(*GOOD[name]).estimator)


def refused(stored: Stored, words: str | None = None) -> None:
    """It is refused by the look through it, and so before anything is built of it."""
    with pytest.raises(RegistryError, match=words):
        check_estimator(stored)
