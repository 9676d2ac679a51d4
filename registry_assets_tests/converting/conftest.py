"""Versions of several kinds, each in a store, and what they are converted from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from registry_assets.converting.contents import VersionContents, read_version_contents
from registry_assets.converting.mlflow import write_mlflow_model
from registry_assets.deployment.versions import ResolvedVersion, load_version
from registry_assets.packaging import Package
from registry_assets.packaging.loaded import LoadedModel
from registry_assets.store import FolderStore
from registry_assets_tests.converting.projects import PARCELS, depots, parcels, parcels_package
from registry_assets_tests.deployment.conftest import Shelf
from registry_assets_tests.packaging.projects import project_in

KINDS = {"binary": 2, "multiclass": 3, "regression": 0}


@dataclass(frozen=True, slots=True)
class Original:
    """A version, and the model that it is here."""

    contents: VersionContents
    model: LoadedModel
    shelf: Shelf

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        return self.model.predict(rows, depots=depots())


def original(package: Package, folder: Path, *, name: str = "parcels") -> Original:
    """Put a package into a store, as version 7 of a model."""
    FolderStore.create(folder)
    shelf = Shelf(folder, package)
    digest = shelf.publish(7, model=name)
    shelf.store.claim("a-registry-of-parcels")
    version = ResolvedVersion(name, 7, digest)
    return Original(
        read_version_contents(shelf.store, version), load_version(shelf.store, version), shelf
    )


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Original]:
    """A version of each task, from rows with columns of every kind."""
    found: dict[str, Original] = {}
    for task, classes in KINDS.items():
        with project_in(tmp_path_factory.mktemp(task) / "src") as project:
            project.write(PARCELS)
            package = parcels_package(project, classes=classes)
        found[task] = original(package, tmp_path_factory.mktemp(task) / "shelf")
    return found


@pytest.fixture(scope="session")
def binary(originals: dict[str, Original]) -> Original:
    return originals["binary"]


@pytest.fixture(scope="session")
def mlflow_model(binary: Original, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The binary version as an MLflow model."""
    folder = tmp_path_factory.mktemp("mlflow") / "model"
    write_mlflow_model(binary.contents, folder)
    return folder


@pytest.fixture
def rows() -> pd.DataFrame:
    """Raw rows that no sample has."""
    return parcels(300, seed=3)
