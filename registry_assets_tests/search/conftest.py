"""Catalogs to search in: a SQLite file and a PostgreSQL schema, empty or with many versions."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry_assets.catalog.engine import Catalog
from registry_assets_tests.search.rows import Row, bulk, fill
from registry_assets_tests.servers.postgresql import PostgresServer

BOTH = ("sqlite", "postgresql")


@pytest.fixture(scope="session", params=BOTH)
def new_catalog(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Catalog]:
    """Makes empty catalogs in one of the databases."""

    def on_sqlite() -> Catalog:
        return Catalog.create(tmp_path_factory.mktemp("search") / "catalog.sqlite")

    def on_postgresql() -> Catalog:
        server: PostgresServer = request.getfixturevalue("postgresql")
        return Catalog.create(server.database())

    return on_sqlite if request.param == "sqlite" else on_postgresql


@pytest.fixture(scope="session")
def scratch(new_catalog: Callable[[], Catalog]) -> Catalog:
    """A catalog whose index each example fills and empties."""
    return new_catalog()


@pytest.fixture(scope="session")
def many() -> list[Row]:
    """As many versions as make the choice of an index matter."""
    return bulk(12_000)


@pytest.fixture(scope="session")
def filled(new_catalog: Callable[[], Catalog], many: list[Row]) -> Catalog:
    """A catalog with many versions in its index, which nobody changes or analyzed."""
    catalog = new_catalog()
    with catalog.write() as connection:
        fill(connection, many)
    return catalog


@pytest.fixture(scope="session")
def analyzed(new_catalog: Callable[[], Catalog], many: list[Row]) -> Catalog:
    """The same, and the database knows its statistics."""
    catalog = new_catalog()
    with catalog.write() as connection:
        fill(connection, many)
        connection.execute(sa.text("ANALYZE"))
    return catalog


@pytest.fixture(params=BOTH)
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Catalog:
    """An empty catalog of the test's own."""
    if request.param == "postgresql":
        return Catalog.open(request.getfixturevalue("postgresql_catalog"))
    return Catalog.create(tmp_path / "catalog.sqlite")
