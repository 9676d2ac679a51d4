"""Bytes that rot: in every blob and manifest, in pointer files, and in SQLite's own file."""

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry_assets.catalog.tables import VOUCHED, events, heads
from registry_assets.errors import BlobMissing, CatalogError, StoreError
from registry_assets.home import Home
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import lived_in
from registry_assets_tests.copies import copied
from registry_assets_tests.faults.conftest import Choice
from registry_assets_tests.faults.lives import Life, refusal
from registry_assets_tests.faults.steps import STEPS
from registry_assets_tests.laws.combinations import Combination, Place, Site
from registry_assets_tests.store.places import object_name
from registry_assets_tests.worlds import opened_world

SEED = 20130401
FLIPS, MANY_FLIPS = 40, 600
POINTER = "pointers/flight_delay/production.json"

Damage = Callable[[Place, str], None]


def flip(place: Place, name: str) -> None:
    """Turn one bit over, in the middle."""
    data = bytearray(place.read(name))
    data[len(data) // 2] ^= 1
    place.write(name, bytes(data))


def truncate(place: Place, name: str) -> None:
    """Cut the last byte off."""
    place.write(name, place.read(name)[:-1])


def lose(place: Place, name: str) -> None:
    """Remove it."""
    place.remove(name)


def swap(place: Place, name: str) -> None:
    """Put another blob's bytes in its place."""
    other = next(each for each in place.names() if each.startswith("objects/") and each != name)
    place.write(name, place.read(other))


DAMAGES = (flip, truncate, lose, swap)


@pytest.fixture
def promoted(backends: Combination, life: Life, tmp_path: Path) -> Iterator[Site]:
    """A project with a version in production."""
    site = backends.copy(life["promote"].after, tmp_path / "promoted")
    with site.settings():
        yield site
    backends.drop(site)


def test_each_blob_that_rots_is_named_by_verify_with_what_it_touches(
    backends: Combination, choice: Choice, promoted: Site
) -> None:
    place, registry = backends.place(promoted), backends.registry(promoted)
    digests = list(registry.backends.store.digests())
    tried = [(digest, damage) for digest in digests for damage in DAMAGES]
    if choice.share > 1:
        tried = list(zip(digests, cycle(DAMAGES), strict=False))[:: choice.share]
    for digest, damage in tried:
        name = object_name(digest)
        whole = place.read(name)
        damage(place, name)
        found = registry.verify().problems
        assert digest in {problem.subject for problem in found}, (digest, damage)
        assert all(problem.touches for problem in found)
        place.write(name, whole)
    assert registry.verify().clean


def test_nothing_moves_to_a_version_of_which_a_byte_is_wrong(
    backends: Combination, life: Life, tmp_path: Path
) -> None:
    site = backends.copy(life["promote"].before, tmp_path / "project")
    place, registry = backends.place(site), backends.registry(site)
    manifest = registry.manifest(str(registry.resolve("flight_delay:1").digest))
    for file, damage in zip(manifest.files, cycle(DAMAGES), strict=False):
        name = object_name(file.sha256)
        whole = place.read(name)
        damage(place, name)
        with site.settings(), opened_world(site.folder) as world, pytest.raises(StoreError) as held:
            STEPS["promote"](world)
        assert (file.sha256 in str(held.value), bool(held.value.hint)) == (True, True)
        place.write(name, whole)
    assert registry.pointer("flight_delay").version is None
    assert registry.verify().clean
    backends.drop(site)


@pytest.mark.parametrize("damage", [flip, truncate, lose, swap])
def test_a_pointer_file_that_rots_is_named_and_promoting_again_writes_it(
    backends: Combination, promoted: Site, damage: Damage
) -> None:
    place, registry = backends.place(promoted), backends.registry(promoted)
    whole = place.read(POINTER)
    damage(place, POINTER)
    assert {problem.code for problem in registry.verify().problems} == {"pointer_file_behind"}
    with opened_world(promoted.folder) as world:
        STEPS["promote"](world)
    assert place.read(POINTER) == whole
    assert registry.verify().clean


def test_a_store_older_than_its_catalog_is_named_and_nothing_rests_on_what_is_gone(
    backends: Combination, life: Life, tmp_path: Path
) -> None:
    older = backends.copy(life["train"].before, tmp_path / "older")
    site = backends.copy(life["promote"].before, tmp_path / "project")
    kept, place = set(backends.place(older).names()), backends.place(site)
    for name in place.names():
        if name not in kept and name.startswith("objects/"):
            place.remove(name)
    registry = backends.registry(site)
    found = registry.verify().problems
    assert {problem.code for problem in found} == {"blob_missing"}
    assert {"flight_delay:1"} <= {each for problem in found for each in problem.touches}
    with site.settings(), opened_world(site.folder) as world, pytest.raises(BlobMissing):
        STEPS["promote"](world)
    assert registry.pointer("flight_delay").version is None
    backends.drop(older)
    backends.drop(site)


@pytest.mark.parametrize("count", [FLIPS, pytest.param(MANY_FLIPS, marks=pytest.mark.thorough)])
def test_a_bit_that_flips_in_the_catalogs_file_is_found_or_has_changed_nothing_that_counts(
    tmp_path: Path, count: int
) -> None:
    whole = tmp_path / "whole"
    lived_in(whole)
    catalog = Path(Home(whole).catalog)
    with sqlite3.connect(catalog) as settled:
        settled.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    settled.close()
    expected, data, chance = content(whole), catalog.read_bytes(), random.Random(SEED)
    written = [position for position, byte in enumerate(data) if byte]  # most pages are near empty
    harmful, missed = 0, []
    for _ in range(count):
        position, bit = chance.choice(written), chance.randrange(8)
        folder = copied(whole, tmp_path / "flipped")
        flipped = bytearray(data)
        flipped[position] ^= 1 << bit
        Path(Home(folder).catalog).write_bytes(flipped)
        if not is_found(folder) and content(folder) != expected:
            missed.append((position, bit))
        elif content(folder) != expected:
            harmful += 1
        shutil.rmtree(folder)
    assert missed == []
    assert harmful > count // 10


def test_a_text_that_is_no_text_any_more_is_said_in_our_words(tmp_path: Path) -> None:
    lived_in(tmp_path)
    with sqlite3.connect(Home(tmp_path).catalog) as connection:
        connection.execute("UPDATE imports SET origin = CAST(x'd4' AS TEXT)")
    connection.close()
    with pytest.raises(CatalogError, match="is not UTF-8") as caught:
        Registry.open(tmp_path).verify()
    assert "backup" in caught.value.hint


def test_an_index_that_says_something_else_than_its_table_is_found(tmp_path: Path) -> None:
    # Of two places that hold one name, a query reads the one and another query the other.
    lived_in(tmp_path)
    catalog = Path(Home(tmp_path).catalog)
    with sqlite3.connect(catalog) as settled:
        settled.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    settled.close()
    data = catalog.read_bytes()
    in_the_tables = b"-registrysha256:"  # the indexes hold a number in between
    assert in_the_tables in data
    catalog.write_bytes(data.replace(in_the_tables, b"-reeistrysha256:"))
    found = Registry.open(tmp_path).verify().problems
    assert "catalog_damaged" in {problem.code for problem in found}


def is_found(folder: Path) -> bool:
    """Whether verify names a problem, or says in our words that the catalog cannot be read."""
    found: list[bool] = []
    refused = refusal(lambda: found.append(not Registry.open(folder).verify().clean))
    return refused is not None or found == [True]


def content(folder: Path) -> object:
    """Every row that counts, read past the registry; None where they cannot be read."""
    engine = sa.create_engine(f"sqlite:///{Home(folder).catalog}")
    try:
        with engine.connect() as connection:
            return [
                sorted(map(repr, connection.execute(sa.select(table)).all()))
                for table in (*VOUCHED, events, heads)
            ]
    except (sa.exc.DBAPIError, ValueError):
        return None
    finally:
        engine.dispose()
