"""The whole life of a version that was really trained, on every pair of a catalog and a store."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import registry_assets
from registry_assets.errors import BlobCorrupt
from registry_assets.packaging.loaded import LoadedModel, is_loaded
from registry_assets.registry import Registry
from registry_assets_tests.laws.combinations import Combination, Site
from registry_assets_tests.lifecycle.packs import unpack
from registry_assets_tests.store.places import CLOCKS, object_name
from registry_assets_tests.worlds import PERSON, SENSOR, flights, planes, small_world

MODEL = "flight_delay"


@pytest.fixture(scope="module")
def _lived(backends: Combination, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = backends.site(tmp_path_factory.mktemp("lived") / "project")
    with site.settings(), small_world(site.folder, months=("2013-01", "2013-02")) as world:
        number = world.version(request="march")
        assert world.registry.promote(MODEL, number, run=SENSOR).moved
        assert not world.registry.promote(MODEL, number, run=SENSOR).moved
    yield site
    backends.drop(site)


@pytest.fixture
def lived(_lived: Site) -> Iterator[Site]:
    """A project in which version 1 was trained, evaluated and promoted; its settings hold."""
    with _lived.settings():
        yield _lived


def from_the_store_alone(site: Site) -> LoadedModel:
    """What a deployment loads: the pointer file says which, and no catalog is asked."""
    return registry_assets.load(f"{MODEL}@production", home=site.folder)


def test_p8_what_the_store_alone_gives_predicts_as_what_the_catalog_gives(lived: Site) -> None:
    registry = Registry.open(lived.folder)
    rows = flights(30, seed=7).drop(columns=["late"])
    loaded, deployed = registry.load(f"{MODEL}@production"), from_the_store_alone(lived)
    assert loaded.digest == deployed.digest == registry.resolve(f"{MODEL}:1").digest
    expected = loaded.predict_proba(rows, planes=planes())
    assert np.array_equal(deployed.predict_proba(rows, planes=planes()), expected)
    assert registry.verify().clean


def test_p8_each_file_of_a_version_is_hashed_before_it_is_used(
    backends: Combination, lived: Site, tmp_path: Path
) -> None:
    registry, place = Registry.open(lived.folder), backends.place(lived)
    manifest = registry.manifest(str(registry.resolve(f"{MODEL}:1").digest))
    uses: list[Callable[[], object]] = [
        lambda: registry.load(f"{MODEL}@production"),
        lambda: from_the_store_alone(lived),
        lambda: registry.pull(f"{MODEL}:1", tmp_path / "pulled"),
    ]
    for file in manifest.files:
        name = object_name(file.sha256)
        data = place.read(name)
        place.write(name, data[:-1] + bytes([data[-1] ^ 1]))
        # A sample is not loaded; whoever pulls gets it as well.
        for use in uses if is_loaded(file.path) else uses[2:]:
            with pytest.raises(BlobCorrupt, match=file.sha256):
                use()
        place.write(name, data)
    assert not (tmp_path / "pulled").exists()
    assert registry.verify().clean


def test_p7_everything_about_it_leaves_in_one_file_that_anybody_can_check(
    lived: Site, tmp_path: Path
) -> None:
    registry = Registry.open(lived.folder)
    assert registry.evidence(f"{MODEL}@production", tmp_path / "pack.zip").signatures == 1
    pack = unpack(tmp_path / "pack.zip", tmp_path / "unpacked")
    assert pack.check() == []
    assert pack.document("index.json")["version"] == 1
    assert registry.verify().clean


def test_p10_a_collection_after_a_life_takes_nothing_that_is_named(lived: Site) -> None:
    registry = Registry.open(lived.folder)
    for _ in range(2):
        registry.collect(act=True, older_than=-CLOCKS, purge_after=-CLOCKS, run=PERSON)
    assert registry.verify().clean
    assert registry.load(f"{MODEL}@production").version == 1
