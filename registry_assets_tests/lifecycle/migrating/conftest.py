"""Models of a real MLflow server, each under a name of its own, and a registry of nothing yet."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_assets.registry import Registry
from registry_assets_tests.lifecycle.migrating.there import There
from registry_assets_tests.lifecycle.mirroring.mirrored import Mirroring
from registry_assets_tests.servers.mlflow import MLflowServer


@pytest.fixture
def there(mlflow: MLflowServer, tmp_path: Path) -> There:
    """A registered model without a version."""
    found = There(mlflow, f"Churn {secrets.token_hex(6)}", tmp_path / "aside")
    found.register()
    return found


@pytest.fixture
def churned(there: There) -> There:
    """Three versions, of which the second is in production there."""
    for seed in (1, 2, 3):
        there.version(seed)
    there.client.set_registered_model_alias(there.name, "champion", "2")
    with pytest.warns(FutureWarning, match="deprecated"):  # and servers still have them
        there.client.transition_model_version_stage(there.name, "2", "Production")
    return there


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """A registry in which nothing was ever declared."""
    folder = tmp_path / "project"
    folder.mkdir()
    registry = Registry.init(folder)
    yield registry
    registry.backends.catalog.driver.pool.close()


@pytest.fixture
def mirroring(mlflow: MLflowServer) -> Mirroring:
    """Makes worlds whose model is published to that server."""
    return Mirroring(mlflow)
