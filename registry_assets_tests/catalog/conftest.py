"""Registries to begin with, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry_assets.catalog.engine import Catalog
from registry_assets_tests.catalog.history import History, lived_in, new_history, reopened
from registry_assets_tests.catalog.projects import (
    Databases,
    PostgresDatabases,
    Project,
    SqliteFiles,
)
from registry_assets_tests.servers.postgresql import changed
from registry_assets_tests.servers.proxy import Proxy, proxy_to


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Databases:
    """Both kinds of database, one after the other."""
    if request.param == "sqlite":
        return SqliteFiles()
    return PostgresDatabases(request.getfixturevalue("postgresql"))


@pytest.fixture(scope="session")
def _new(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = databases.project(tmp_path_factory.mktemp("migrated") / "project")
    Catalog.create(project.catalog)
    return project


@pytest.fixture(scope="session")
def _declared(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = databases.project(tmp_path_factory.mktemp("declared") / "project")
    with project.settings():
        new_history(project.folder).declare()
    return project


@pytest.fixture(scope="session")
def _begun(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory, _declared: Project
) -> Project:
    project = databases.copy(_declared, tmp_path_factory.mktemp("begun") / "project")
    with project.settings():
        made = reopened(project.folder)
        made.snapshot("2013-01")
        made.version(1)
        made.reserve("two", seed=2)
    return project


@pytest.fixture(scope="session")
def past(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose registry has rows in every table; not to be changed, but copied."""
    project = databases.project(tmp_path_factory.mktemp("past") / "project")
    with project.settings():
        lived_in(project.folder)
    return project


@pytest.fixture
def empty(databases: Databases, _new: Project, tmp_path: Path) -> Iterator[Project]:
    """A project with a new catalog, and nothing else."""
    project = databases.copy(_new, tmp_path / "empty")
    with project.settings():
        yield project
    databases.drop(project)


@pytest.fixture
def nothing(databases: Databases, tmp_path: Path) -> Iterator[Project]:
    """A project in which `registry init` was not run yet."""
    project = databases.project(tmp_path / "nothing")
    with project.settings():
        yield project
    databases.drop(project)


@pytest.fixture
def history(databases: Databases, _declared: Project, tmp_path: Path) -> Iterator[History]:
    """A registry with one declared model and nothing else."""
    project = databases.copy(_declared, tmp_path / "project")
    with project.settings():
        yield reopened(project.folder)
    databases.drop(project)


@pytest.fixture
def begun(databases: Databases, _begun: Project, tmp_path: Path) -> Iterator[History]:
    """A registry with one evaluated version, and another reserved."""
    project = databases.copy(_begun, tmp_path / "begun")
    with project.settings():
        yield reopened(project.folder)
    databases.drop(project)


@pytest.fixture
def copied(databases: Databases, past: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy of a past, to be tampered with."""
    project = databases.copy(past, tmp_path / "copy")
    with project.settings():
        yield project
    databases.drop(project)


@pytest.fixture
def proxied(postgresql_catalog: str) -> Iterator[tuple[Catalog, Proxy]]:
    """A catalog that is reached through a proxy."""
    url = sa.make_url(postgresql_catalog)
    with proxy_to(str(url.host), int(url.port or 5432)) as proxy:
        yield Catalog.open(changed(postgresql_catalog, host="127.0.0.1", port=proxy.port)), proxy
