"""Three worlds, made once; a test gets copies of them, to change as it likes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_assets_tests.worlds import SENSOR, World, opened_world, small_world


@pytest.fixture(scope="session")
def arrived_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("arrived") / "project"
    with small_world(folder, months=("2013-01", "2013-02", "2013-03")):
        pass
    return folder


@pytest.fixture(scope="session")
def trained_folder(arrived_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "project"
    with opened_world(arrived_folder) as world:
        world.copy(folder)
    with opened_world(folder) as world:
        world.version(request="april")
    return folder


@pytest.fixture(scope="session")
def succeeded_folder(trained_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("succeeded") / "project"
    with opened_world(trained_folder) as world:
        world.copy(folder)
    with opened_world(folder) as world:
        world.registry.promote("flight_delay", 1, run=SENSOR)
        world.month("2013-04")
        world.version(request="may")
    return folder


@pytest.fixture
def arrived(arrived_folder: Path, tmp_path: Path) -> Iterator[World]:
    """Three months are there; nothing was asked for."""
    yield from _copy(arrived_folder, tmp_path / "arrived")


@pytest.fixture
def trained(trained_folder: Path, tmp_path: Path) -> Iterator[World]:
    """Version 1 is trained on two months, evaluated on the third, and may be promoted."""
    yield from _copy(trained_folder, tmp_path / "trained")


@pytest.fixture
def succeeded(succeeded_folder: Path, tmp_path: Path) -> Iterator[World]:
    """Version 1 is in production; 2, trained on a month more, may follow it."""
    yield from _copy(succeeded_folder, tmp_path / "succeeded")


def _copy(original: Path, folder: Path) -> Iterator[World]:
    with opened_world(original) as world:
        world.copy(folder)
    with opened_world(folder) as copied:
        yield copied
