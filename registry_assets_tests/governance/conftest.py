"""A registry whose versions were never trained."""

from pathlib import Path

import pytest

from registry_assets_tests.catalog.history import History, new_history


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A registry with one declared model and nothing else."""
    made = new_history(tmp_path / "project")
    made.declare()
    return made
