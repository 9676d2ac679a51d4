"""A home with a version in production, under a code location that watches it."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from registry_assets.declaration import Dashboard, Decay, Drift, Monitoring
from registry_assets_tests.orchestration.monitoring.watched import watching
from registry_assets_tests.orchestration.stage import Stage, copy_home

PLAN = Monitoring(
    drift=Drift(watch=("hour",), min_rows=50),
    decay=(Decay("roc_auc", margin=0.05),),
    dashboards=(Dashboard("Grafana", "https://grafana.example/d?v={version}&p={partition}"),),
)


@pytest.fixture
def deployed(project: ModuleType, promoted_home: Path, tmp_path: Path) -> Iterator[Stage]:
    """A home of one's own: version 1 in production, and watched."""
    with watching(copy_home(promoted_home, tmp_path / "home"), project, PLAN) as stage:
        yield stage
