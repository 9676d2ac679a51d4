"""Registries to begin with: made once, as every commit waits for the disk, and then copied."""

import shutil
from pathlib import Path

import pytest

from registry_assets_tests.catalog.history import History, new_history, reopened


@pytest.fixture(scope="session")
def _declared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = new_history(tmp_path_factory.mktemp("declared") / "project")
    made.declare()
    return made.registry.home.folder


@pytest.fixture(scope="session")
def _begun(tmp_path_factory: pytest.TempPathFactory, _declared: Path) -> Path:
    folder = tmp_path_factory.mktemp("begun") / "project"
    made = reopened(Path(shutil.copytree(_declared, folder)))
    made.snapshot("2013-01")
    made.version(1)
    made.reserve("two", seed=2)
    return folder


@pytest.fixture
def history(_declared: Path, tmp_path: Path) -> History:
    """A registry with one declared model and nothing else."""
    return reopened(Path(shutil.copytree(_declared, tmp_path / "project")))


@pytest.fixture
def begun(_begun: Path, tmp_path: Path) -> History:
    """A registry with one evaluated version, and another reserved."""
    return reopened(Path(shutil.copytree(_begun, tmp_path / "begun")))
