"""Homes with a registered model in them, made once and copied by the tests that change them."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from registry_assets_tests.orchestration.stage import (
    Stage,
    arrive,
    copy_home,
    imported_project,
    make_home,
    open_stage,
)


@pytest.fixture(scope="package")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The code location of a user's project."""
    with imported_project(tmp_path_factory.mktemp("project") / "src") as module:
        yield module


@pytest.fixture(scope="package")
def arrived_home(project: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three months of features, and no version yet."""
    home = make_home(tmp_path_factory.mktemp("homes") / "arrived")
    with open_stage(home, project.defs) as stage:
        arrive(stage)
    return home


@pytest.fixture(scope="package")
def trained_home(
    project: ModuleType, arrived_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Version 1 passed its gates, and nothing is in production."""
    home = copy_home(arrived_home, tmp_path_factory.mktemp("homes") / "trained")
    with open_stage(home, project.defs) as stage:
        assert stage.retrain(reason="first").success
        (trained,) = stage.train().runs
        assert trained.success, trained.failures
    return home


@pytest.fixture(scope="package")
def promoted_home(
    project: ModuleType, trained_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Version 1 in production, by the sensors."""
    home = copy_home(trained_home, tmp_path_factory.mktemp("homes") / "promoted")
    with open_stage(home, project.defs) as stage:
        (promoted,) = stage.promote().runs
        assert promoted.success, promoted.failures
    return home


@pytest.fixture(scope="package")
def rejected_home(
    project: ModuleType, promoted_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Version 1 in production; version 2 was trained upside down, and evaluated."""
    home = copy_home(promoted_home, tmp_path_factory.mktemp("homes") / "rejected")
    with open_stage(home, project.defs) as stage:
        assert stage.retrain(reason="upside down", params={"sense": False}).success
        (trained,) = stage.train().runs
        assert trained.success, trained.failures
    return home


@pytest.fixture
def arrived(project: ModuleType, arrived_home: Path, tmp_path: Path) -> Iterator[Stage]:
    """A home of one's own: data, no version."""
    with open_stage(copy_home(arrived_home, tmp_path / "home"), project.defs) as stage:
        yield stage


@pytest.fixture
def trained(project: ModuleType, trained_home: Path, tmp_path: Path) -> Iterator[Stage]:
    """A home of one's own: version 1 passed its gates, and nothing is in production."""
    with open_stage(copy_home(trained_home, tmp_path / "home"), project.defs) as stage:
        yield stage


@pytest.fixture
def promoted(project: ModuleType, promoted_home: Path, tmp_path: Path) -> Iterator[Stage]:
    """A home of one's own: version 1 in production."""
    with open_stage(copy_home(promoted_home, tmp_path / "home"), project.defs) as stage:
        yield stage


@pytest.fixture
def rejected(project: ModuleType, rejected_home: Path, tmp_path: Path) -> Iterator[Stage]:
    """A home of one's own: version 1 in production, version 2 rejected."""
    with open_stage(copy_home(rejected_home, tmp_path / "home"), project.defs) as stage:
        yield stage
