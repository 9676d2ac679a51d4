"""A world whose model is published to a double of SageMaker, as a group of its own. Not a test."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from registry_assets.declaration import RegisteredModel, SageMaker
from registry_assets.lifecycle.mirroring.observing import Observation
from registry_assets.lifecycle.mirroring.publishing import Published
from registry_assets.lifecycle.mirroring.repairing import Repaired
from registry_assets.mirroring.sagemaker.names import DIGEST
from registry_assets.registry import Registry
from registry_assets_tests.servers.sagemaker import BUCKET, SageMakerDouble
from registry_assets_tests.worlds import SENSOR, World

MODEL, MIRROR = "flight_delay", "sagemaker"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/scikit-learn:3.12"


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A world, a double, and what is between them.

    Args:
        declared: the world's model, with the group as its mirror.
    """

    world: World
    server: SageMakerDouble
    declared: RegisteredModel
    name: str

    @property
    def registry(self) -> Registry:
        """The world's registry."""
        return self.world.registry

    @property
    def there(self) -> Any:
        """boto3's own client of the double."""
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

    def arn(self, number: str) -> str:
        """The ARN of a version there."""
        return f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{self.name}/{number}"

    def package(self, number: str) -> dict[str, Any]:
        """All that is said there of a version."""
        found: dict[str, Any] = self.there.describe_model_package(ModelPackageName=self.arn(number))
        return found

    def standings(self) -> dict[str, str]:
        """The approval status of each version there, by number."""
        return {str(e["ModelPackageVersion"]): e["ModelApprovalStatus"] for e in self._listed()}

    def approved(self) -> list[str]:
        """The numbers of those that are Approved."""
        return [number for number, status in self.standings().items() if status == "Approved"]

    def digests(self) -> dict[str, str | None]:
        """The digests that the versions there say they have, by number."""
        return {
            number: self.package(number)["CustomerMetadataProperties"].get(DIGEST)
            for number in self.standings()
        }

    def tags(self) -> dict[str, str]:
        """The tags of the group; where one stands twice, the last."""
        group = self.there.describe_model_package_group(ModelPackageGroupName=self.name)
        found = self.there.list_tags(ResourceArn=group["ModelPackageGroupArn"])["Tags"]
        return {each["Key"]: each["Value"] for each in found}

    def pointers(self) -> dict[str, str]:
        """The numbers that pointers are at, by the tags of the group."""
        start = "registry_assets.pointer."
        return {k.removeprefix(start): v for k, v in self.tags().items() if k.startswith(start)}

    def key(self, version: int, name: str = "model.tar.gz") -> str:
        """The key of an object of a version."""
        folder = self.digest(version).removeprefix("sha256:")
        return f"registry/{self.name}/{folder}/{name}"

    def object(self, key: str) -> bytes:
        """The bytes of an object."""
        data: bytes = self.server.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return data

    def put(self, key: str, data: bytes) -> None:
        """Write an object, as anybody does who may write there."""
        self.server.client("s3").put_object(Bucket=BUCKET, Key=key, Body=data)

    def change(self, number: str, **said: Any) -> None:
        """Change a version there by hand; what is not named stays."""
        found = self.package(number)
        kept = {
            "ModelApprovalStatus": found["ModelApprovalStatus"],
            "ApprovalDescription": found.get("ApprovalDescription", ""),
            "CustomerMetadataProperties": found.get("CustomerMetadataProperties", {}),
        }
        self.there.update_model_package(ModelPackageArn=self.arn(number), **{**kept, **said})

    def theirs(
        self, *, approval: str = "PendingManualApproval", data: str = "s3://models/theirs.tar.gz"
    ) -> str:
        """Let somebody register a version there; give its number."""
        made = self.there.create_model_package(
            ModelPackageGroupName=self.name,
            ModelApprovalStatus=approval,
            InferenceSpecification={
                "Containers": [{"Image": IMAGE, "ModelDataUrl": data}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            CustomerMetadataProperties={"owner": "another team"},
        )
        return str(made["ModelPackageArn"]).rpartition("/")[2]

    def _listed(self) -> list[Mapping[str, Any]]:
        found = self.there.list_model_packages(ModelPackageGroupName=self.name, MaxResults=100)
        return sorted(
            found["ModelPackageSummaryList"], key=lambda each: int(each["ModelPackageVersion"])
        )


@dataclass(frozen=True, slots=True)
class Mirroring:
    """Makes mirrored worlds, each under a group of its own there."""

    server: SageMakerDouble
    options: dict[str, Any] = field(default_factory=dict)

    def of(self, world: World, *, name: str = "", **options: Any) -> Mirrored:
        """Let a world's model be published to the double.

        Args:
            options: of `SageMaker(…)`.
        """
        called = name or f"delay-{secrets.token_hex(6)}"
        asked = {"artifacts": f"s3://{BUCKET}/registry", "image": IMAGE, **options}
        mirror = SageMaker(name=called, **asked)
        return Mirrored(world, self.server, replace(world.model(), mirrors=(mirror,)), called)


def settled(mirrored: Mirrored, version: int) -> None:
    """Hold what stands there against the one right state: one version, and it alone Approved."""
    digest = mirrored.digest(version)
    digests = mirrored.digests()
    assert list(digests.values()).count(digest) == 1, digests
    (number,) = [number for number, found in digests.items() if found == digest]
    assert mirrored.approved() == [number]
    assert mirrored.pointers() == {"production": number}
    found = mirrored.look(verify=True)
    assert found.in_step, found.sentence
    registry = mirrored.registry
    assert registry.mirror_due(mirrored.declared, MIRROR) is None
    assert registry.mirror_receipts(MODEL, MIRROR)[version].foreign_number == number
    assert registry.verify().problems == ()
