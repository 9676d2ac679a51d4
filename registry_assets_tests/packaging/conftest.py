"""A user's project, and one good package made of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_assets.packaging import Package, build_package, code_closure
from registry_assets.packaging.given import given_object
from registry_assets_tests.packaging.projects import (
    AIRLINE,
    Project,
    flights,
    planes,
    project_in,
)
from registry_assets_tests.packaging.repositories import Repository

SAMPLE_ROWS = 8


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with project_in(tmp_path / "src") as project:
        project.write(AIRLINE)
        yield project


@pytest.fixture
def repository(project: Project) -> Repository:
    """The project in a repository, whose first commit is Ada's."""
    repository = Repository(project)
    repository.commit(AIRLINE)
    return repository


def airline_package(project: Project) -> Package:
    """Train on all flights and package the first few as the sample."""
    make_features = project.function("airline.features:make_features")
    train = project.function("airline.training:train")
    rows = flights()
    features = make_features(rows, planes())
    fitted = train(features, rows["arr_delay"] > 0, {"max_iter": 5})
    return build_package(
        estimator=given_object(fitted, features.head(SAMPLE_ROWS), task="binary"),
        closure=code_closure(make_features, train),
        make_features=make_features,
        train=train,
        task="binary",
        inputs={"flights": rows.head(SAMPLE_ROWS), "planes": planes()},
        features=features.head(SAMPLE_ROWS),
    )


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """A good package; the project it was made of is no longer importable."""
    with project_in(tmp_path_factory.mktemp("airline") / "src") as project:
        project.write(AIRLINE)
        return airline_package(project)
