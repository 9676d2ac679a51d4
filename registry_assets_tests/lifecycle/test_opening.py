"""Finding and opening a registry, or saying why there is none to open."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from registry_assets.errors import (
    CatalogBehind,
    CatalogError,
    CatalogTooNew,
    NoRegistry,
    RegistryError,
    StoreError,
    StoreUnwritable,
)
from registry_assets.home import find_home
from registry_assets.loading import load
from registry_assets.registry import Registry
from registry_assets_tests.lifecycle.changes import refused
from registry_assets_tests.worlds import World


def test_the_nearest_registry_upwards_is_found(
    arrived: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = arrived.folder / "notebooks" / "drafts"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert find_home().folder == arrived.folder
    monkeypatch.chdir("/")
    monkeypatch.setenv("REGISTRY_HOME", str(arrived.folder))
    assert Registry.open().home.folder == arrived.folder


def test_where_there_is_none_it_says_where_it_looked_and_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with refused(NoRegistry, str(tmp_path), "registry init"):
        load("flight_delay@production")
    monkeypatch.setenv("REGISTRY_HOME", str(tmp_path / "gone"))
    with refused(NoRegistry, "REGISTRY_HOME", "gone", "registry init"):
        Registry.open()
    assert list(tmp_path.iterdir()) == []


def test_a_registry_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with refused(StoreUnwritable, str(tmp_path / "file"), "a file of that name"):
        Registry.init(tmp_path / "file" / "project")


def test_making_it_again_opens_what_is_there(arrived: World) -> None:
    before = arrived.registry.snapshots("flight_features")
    assert Registry.init(arrived.folder).snapshots("flight_features") == before


def no_catalog(marker: Path) -> None:
    for file in marker.glob("catalog.sqlite*"):  # with its write-ahead log, which holds it all
        file.unlink()


def empty_catalog(marker: Path) -> None:
    no_catalog(marker)
    (marker / "catalog.sqlite").write_bytes(b"")


def no_store(marker: Path) -> None:
    shutil.rmtree(marker / "store")


HALVES = pytest.mark.parametrize("left", [no_catalog, empty_catalog, no_store])


@HALVES
def test_what_an_interrupted_init_left_is_said_and_finished_by_repeating(
    tmp_path: Path, left: Callable[[Path], None]
) -> None:
    Registry.init(tmp_path)
    left(tmp_path / ".registry")
    with pytest.raises(RegistryError, match="registry init"):
        Registry.open(tmp_path)
    Registry.init(tmp_path)
    assert Registry.open(tmp_path).models() == ()


@HALVES
def test_half_a_registry_is_not_made_up_for_by_an_empty_half(
    arrived: World, left: Callable[[Path], None]
) -> None:
    left(arrived.folder / ".registry")
    for _ in range(2):
        with refused(CatalogBehind, str(arrived.folder / ".registry"), "back"):
            Registry.init(arrived.folder)


def test_a_first_snapshot_that_was_interrupted_is_no_lost_catalog(tmp_path: Path) -> None:
    Registry.init(tmp_path).backends.store.put(b"bytes that nothing names yet")
    assert Registry.init(tmp_path).models() == ()


def test_a_catalog_of_a_newer_release_is_left_alone(arrived: World) -> None:
    path = arrived.folder / ".registry" / "catalog.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = path.read_bytes()
    for opening in (Registry.open, Registry.init):
        with refused(CatalogTooNew, "9999", "upgrade this installation"):
            opening(arrived.folder)
    assert path.read_bytes() == before


def test_a_catalog_that_is_none_is_said(arrived: World) -> None:
    (arrived.folder / ".registry" / "catalog.sqlite").write_bytes(b"no database" * 100)
    with refused(CatalogError, "cannot be read", "backup"):
        Registry.open(arrived.folder)


def test_a_store_that_is_a_file_is_said(arrived: World) -> None:
    store = arrived.folder / ".registry" / "store"
    shutil.rmtree(store)
    store.write_text("")
    with refused(StoreError, str(store)):
        Registry.open(arrived.folder)
