"""A registry with a past, its exports, and an empty registry to bring them into."""

from pathlib import Path

import pytest

from registry_assets_tests.catalog.history import History, new_history, reopened
from registry_assets_tests.copies import copied
from registry_assets_tests.transfer.moves import full_past


@pytest.fixture(scope="session")
def _past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("past") / "project"
    full_past(folder)
    return folder


@pytest.fixture(scope="session")
def exported(_past: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything of that registry, in a folder, not to be changed."""
    target = tmp_path_factory.mktemp("exported") / "everything"
    reopened(_past).registry.export(target)
    return target


@pytest.fixture(scope="session")
def packed(_past: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in a tar, not to be changed."""
    target = tmp_path_factory.mktemp("packed") / "everything.tar"
    reopened(_past).registry.export(target)
    return target


@pytest.fixture
def origin(_past: Path, tmp_path: Path) -> History:
    """A copy of that registry, under the same identity, to go on in."""
    return reopened(copied(_past, tmp_path / "origin"))


@pytest.fixture
def target(tmp_path: Path) -> History:
    """An empty registry."""
    return new_history(tmp_path / "target")
