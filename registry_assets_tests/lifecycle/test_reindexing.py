"""An index of real versions, made anew from rows and manifests."""

from pathlib import Path

import sqlalchemy as sa

from registry_assets.catalog.index_tables import edges
from registry_assets.catalog.tables import settings
from registry_assets.lifecycle.reindexing import reindex
from registry_assets.registry import Registry
from registry_assets_tests.catalog.test_indexing import content
from registry_assets_tests.worlds import World


def test_real_versions_keep_the_index_that_would_be_made_of_them(succeeded: World) -> None:
    backends = succeeded.registry.backends
    kept = content(backends.catalog)
    assert kept["edges"]
    for _ in range(2):
        assert reindex(backends).unreadable == ()
        assert content(backends.catalog) == kept


def test_opening_a_registry_without_an_index_by_init_makes_one(succeeded: World) -> None:
    backends = succeeded.registry.backends
    kept = content(backends.catalog)
    with backends.catalog.write() as connection:
        connection.execute(sa.delete(edges))
        connection.execute(sa.delete(settings).where(settings.c.name == "indexed"))
    again = Registry.init(succeeded.folder)
    assert content(again.backends.catalog) == kept


def test_a_manifest_that_cannot_be_read_is_named_and_holds_nothing_up(succeeded: World) -> None:
    backends = succeeded.registry.backends
    digest = str(succeeded.registry.resolve("flight_delay:1").digest).removeprefix("sha256:")
    (file,) = Path(succeeded.registry.home.store).rglob(digest[2:])
    file.unlink()
    assert reindex(backends).unreadable == (f"sha256:{digest}",)
    assert succeeded.registry.version("flight_delay:1").stage == "production"
