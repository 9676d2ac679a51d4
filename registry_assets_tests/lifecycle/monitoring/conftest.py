"""A world in which version 1 is deployed, and what is watched of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry_assets.declaration import Decay, Drift, Monitoring, Quality, RegisteredModel
from registry_assets_tests.catalog.history import new_history, reopened
from registry_assets_tests.catalog.projects import (
    Databases,
    PostgresDatabases,
    Project,
    SqliteFiles,
)
from registry_assets_tests.lifecycle.monitoring.post import Post
from registry_assets_tests.worlds import SENSOR, World, opened_world

MAY = datetime(2013, 5, 1, 6, tzinfo=UTC)


@pytest.fixture(scope="session")
def deployed_folder(trained_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deployed") / "project"
    with opened_world(trained_folder) as world:
        world.copy(folder)
    with opened_world(folder) as world:
        world.registry.promote("flight_delay", 1, run=SENSOR)
    return folder


@pytest.fixture
def deployed(deployed_folder: Path, tmp_path: Path) -> Iterator[World]:
    """Version 1 is in production since 1 April; it is 1 May, and nothing has arrived since."""
    with opened_world(deployed_folder) as world:
        world.copy(tmp_path / "deployed")
    with opened_world(tmp_path / "deployed", now=MAY) as copied:
        yield copied


def watched(world: World, **changes: object) -> RegisteredModel:
    """The world's model, with how it is watched."""
    plan = Monitoring(
        keys=("key",),
        drift=Drift(watch=("hour",)),
        quality=Quality(duplicates=0.0),
        decay=(Decay("roc_auc", 0.1),),
    )
    return replace(world.model(), monitoring=replace(plan, **changes))  # type: ignore[arg-type]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Databases:
    """Both kinds of database, one after the other."""
    if request.param == "sqlite":
        return SqliteFiles()
    return PostgresDatabases(request.getfixturevalue("postgresql"))


@pytest.fixture(scope="session")
def _promoted(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = databases.project(tmp_path_factory.mktemp("promoted") / "project")
    with project.settings():
        history = new_history(project.folder)
        history.declare()
        history.promote(history.version(1))
    return project


@pytest.fixture
def post(databases: Databases, _promoted: Project, tmp_path: Path) -> Iterator[Post]:
    """A model with a version in production; nobody is told of anything yet."""
    project = databases.copy(_promoted, tmp_path / "post")
    with project.settings():
        yield Post(reopened(project.folder))
    databases.drop(project)
