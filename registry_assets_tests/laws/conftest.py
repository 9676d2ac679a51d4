"""Registries to begin with, on each combination."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_assets.lifecycle import verifying
from registry_assets_tests.catalog.history import History, new_history, reopened
from registry_assets_tests.laws.combinations import (
    COMBINATIONS,
    LOCAL,
    REMOTE,
    Combination,
    Site,
    combination,
)
from registry_assets_tests.sometimes import some


@pytest.fixture(scope="session", params=some(COMBINATIONS, always=(LOCAL, REMOTE)))
def backends(request: pytest.FixtureRequest) -> Combination:
    """Both catalogs and both stores; each pair of them in `make thorough`."""
    return combination(request.param, request)


@pytest.fixture(scope="session")
def _ready(backends: Combination, tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = backends.site(tmp_path_factory.mktemp("ready") / "project")
    with site.settings():
        made = new_history(site.folder)
        made.declare()
        made.snapshot("2013-01")
        made.version(1)
        made.promote(1)
        made.version(2)
    return site


@pytest.fixture
def site(backends: Combination, _ready: Site, tmp_path: Path) -> Iterator[Site]:
    """A project with version 1 in production and 2 ready to follow; its settings hold."""
    copied = backends.copy(_ready, tmp_path / "project")
    with copied.settings():
        yield copied
    backends.drop(copied)


@pytest.fixture
def history(site: Site) -> History:
    """The registry of that project."""
    return reopened(site.folder)


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """No promotion is under way, whose pointer file `verify` would wait for."""
    monkeypatch.setattr(verifying, "_PROMOTION_SECONDS", 0.0)
