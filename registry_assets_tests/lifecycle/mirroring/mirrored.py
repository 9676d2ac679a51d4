"""A world whose model is published to a real MLflow server, under a name of its own. Not a test."""

import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from registry_assets.declaration import MLflow, RegisteredModel
from registry_assets.lifecycle.mirroring.observing import Observation
from registry_assets.lifecycle.mirroring.publishing import Published
from registry_assets.lifecycle.mirroring.repairing import Repaired
from registry_assets.mirroring.mlflow.names import DIGEST
from registry_assets.registry import Registry
from registry_assets_tests.servers.mlflow import MLflowServer
from registry_assets_tests.worlds import SENSOR, World

MODEL, MIRROR = "flight_delay", "mlflow"


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A world, a server, and what is between them.

    Args:
        declared: the world's model, with the server as its mirror.
    """

    world: World
    server: MLflowServer
    declared: RegisteredModel
    name: str

    @property
    def registry(self) -> Registry:
        """The world's registry."""
        return self.world.registry

    @property
    def there(self) -> Any:
        """MLflow's own client of the server."""
        return self.server.client()

    def publish(self) -> Published:
        """Publish what is not there yet."""
        return self.registry.publish_to_mirror(self.declared, MIRROR, run=SENSOR)

    def look(self, *, verify: bool = False) -> Observation:
        """Look at what stands there; nothing is recorded."""
        return self.registry.look_at_mirror(self.declared, MIRROR, verify=verify)

    def observe(self, *, verify: bool | None = None) -> Observation:
        """Look, and record it."""
        return self.registry.observe_mirror(self.declared, MIRROR, run=SENSOR, verify=verify)

    def repair(self) -> Repaired:
        """Put right what was changed there."""
        return self.registry.repair_mirror(self.declared, MIRROR, run=SENSOR)

    def digest(self, version: int) -> str:
        """The digest of a version here."""
        return str(self.registry.version(f"{MODEL}:{version}").version.digest)

    def aliases(self) -> dict[str, str]:
        """The aliases there."""
        found = self.there.get_registered_model(self.name).aliases
        return {alias: str(number) for alias, number in found.items()}

    def versions(self) -> dict[str, str | None]:
        """The digests that the versions there are tagged as, by number."""
        found = self.there.search_model_versions(f"name = '{self.name}'")
        return {str(v.version): v.tags.get(DIGEST) for v in found}

    def runs(self) -> list[Any]:
        """The runs there that are not deleted."""
        client = self.there
        experiment = client.get_experiment_by_name(f"registry_assets/{self.name}")
        return list(client.search_runs([experiment.experiment_id])) if experiment else []

    def artifact(self, number: str) -> Path:
        """The folder in which the server keeps the files of a version."""
        source = str(self.there.get_model_version(self.name, number).source)
        return self.server.artifacts / source.removeprefix("mlflow-artifacts:/")

    def loaded(self, reference: str) -> Any:
        """Load the model as anybody does who has MLflow and no registry of ours."""
        import mlflow

        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.server.environment.items():
                patch.setenv(name, value)
            patch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
            return mlflow.pyfunc.load_model(f"models:/{self.name}{reference}")


@dataclass(frozen=True, slots=True)
class Mirroring:
    """Makes mirrored worlds, each under a name of its own there."""

    server: MLflowServer
    options: dict[str, Any] = field(default_factory=dict)

    def of(self, world: World, *, name: str = "", **options: Any) -> Mirrored:
        """Let a world's model be published to the server.

        Args:
            options: of `MLflow(…)`.
        """
        called = name or f"delay-{secrets.token_hex(6)}"
        mirror = MLflow(tracking_uri=self.server.url, name=called, **options)
        return Mirrored(world, self.server, replace(world.model(), mirrors=(mirror,)), called)


def settled(mirrored: Mirrored, version: int) -> None:
    """Hold what stands there against the one right state: one version, one run, one alias."""
    digest = mirrored.digest(version)
    versions = mirrored.versions()
    assert list(versions.values()).count(digest) == 1, versions
    (number,) = [number for number, found in versions.items() if found == digest]
    assert mirrored.aliases() == {"production": number}
    about = [run for run in mirrored.runs() if run.data.tags.get(DIGEST) == digest]
    assert [run.info.status for run in about] == ["FINISHED"]
    found = mirrored.look(verify=True)
    assert found.in_step, found.sentence
    registry = mirrored.registry
    assert registry.mirror_due(mirrored.declared, MIRROR) is None
    assert registry.mirror_receipts(MODEL, MIRROR)[version].foreign_number == number
    assert registry.verify().problems == ()
