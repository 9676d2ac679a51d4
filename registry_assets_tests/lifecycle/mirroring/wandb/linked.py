"""A world whose model is published to a collection of a double of Weights & Biases. Not a test."""

import json
import secrets
from dataclasses import dataclass, replace
from typing import Any

from registry_assets.declaration import RegisteredModel, WeightsAndBiases
from registry_assets.lifecycle.mirroring.observing import Observation
from registry_assets.lifecycle.mirroring.publishing import Published
from registry_assets.lifecycle.mirroring.repairing import Repaired
from registry_assets.mirroring.wandb.names import DIGEST
from registry_assets.registry import Registry
from registry_assets_tests.servers.wandb import TEAM, WandbDouble
from registry_assets_tests.worlds import SENSOR, World

MODEL, MIRROR = "flight_delay", "wandb"


@dataclass(frozen=True, slots=True)
class Linked:
    """A world, a double, and what is between them.

    Args:
        declared: the world's model, with the double as its mirror.
        collection: what it is called there.
    """

    world: World
    double: WandbDouble
    declared: RegisteredModel
    collection: str

    @classmethod
    def of(cls, world: World, double: WandbDouble, **options: Any) -> "Linked":
        """Let a world's model be published to a collection of its own there.

        Args:
            options: of `WeightsAndBiases(…)`.
        """
        called = f"delay-{secrets.token_hex(6)}"
        given = {"collection": called, "project": f"runs-{called}", "entity": TEAM, **options}
        mirror = WeightsAndBiases(base_url=double.url, **given)
        return cls(world, double, replace(world.model(), mirrors=(mirror,)), mirror.collection)

    @property
    def registry(self) -> Registry:
        """The world's registry."""
        return self.world.registry

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
        return self.double.aliases(self.collection)

    def said(self, number: str) -> dict[str, Any]:
        """The metadata of a version there."""
        found: dict[str, Any] = json.loads(
            self.double.version(self.collection, number)["metadata"] or "{}"
        )
        return found

    def versions(self) -> dict[str, str | None]:
        """The digests that the versions there name, by number."""
        found = self.double.versions(self.collection)
        said = {each["number"]: json.loads(each["metadata"] or "{}") for each in found}
        return {number: each.get(DIGEST) for number, each in said.items()}

    def runs(self) -> list[dict[str, Any]]:
        """The runs there that are not deleted."""
        return self.double.runs(f"runs-{self.collection}")


def settled(linked: Linked, version: int) -> None:
    """Hold what stands there against the one right state: one version, one run, one alias."""
    digest, versions = linked.digest(version), linked.versions()
    assert list(versions.values()).count(digest) == 1, versions
    (number,) = [number for number, found in versions.items() if found == digest]
    assert linked.aliases() == {"production": number}
    named = f"{MODEL}:{version}"
    about = [run for run in linked.runs() if run["display_name"] == named]
    assert [run["state"] for run in about] == ["finished"]
    found = linked.look(verify=True)
    assert found.in_step, found.sentence
    registry = linked.registry
    assert registry.mirror_due(linked.declared, MIRROR) is None
    assert registry.mirror_receipts(MODEL, MIRROR)[version].foreign_number == number
    assert registry.verify().problems == ()
