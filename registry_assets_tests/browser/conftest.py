"""The home that every test of this package looks at: the main job takes a minute and a half."""

from pathlib import Path

import pytest

from registry_assets_tests.browser.pages import lived_home


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder in which the main job has run; nobody changes it."""
    return lived_home(tmp_path_factory.mktemp("lived"))
