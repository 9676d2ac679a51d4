"""Model package groups and model packages: found, made, and said things of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from registry_assets.clock import timestamp
from registry_assets.errors import MirrorRefused
from registry_assets.mirroring.protocol import Outgoing
from registry_assets.mirroring.sagemaker import telling
from registry_assets.mirroring.sagemaker.calling import Calls, is_absent, is_present
from registry_assets.mirroring.sagemaker.names import DIGEST, MODEL, REGISTRY

APPROVED, REJECTED, PENDING = "Approved", "Rejected", "PendingManualApproval"
_GROUP, _PACKAGE = ":model-package-group/", ":model-package/"


@dataclass(frozen=True, slots=True)
class Group:
    """A model package group.

    Args:
        tags: where the same stands twice, the last.
    """

    name: str
    arn: str
    description: str
    tags: Mapping[str, str]

    def package_arn(self, number: str) -> str:
        """Give the ARN that one of its packages should have: they are written small."""
        start, _, name = self.arn.partition(_GROUP)
        return f"{start}{_PACKAGE}{name.lower()}/{number}"


@dataclass(frozen=True, slots=True)
class Package:
    """A model package: a version there.

    Args:
        approval: its approval status.
        stage: of its life cycle; None where there is none, or SageMaker did not say.
        said: all that SageMaker said of it.
    """

    number: str
    arn: str
    status: str
    approval: str
    approval_text: str
    properties: Mapping[str, str]
    stage: str | None
    stage_status: str | None
    said: Mapping[str, Any] = field(repr=False)

    @property
    def digest(self) -> str | None:
        """The digest of the version of ours that it says it is."""
        return self.properties.get(DIGEST)

    @property
    def specification(self) -> Mapping[str, Any]:
        """What is served, and how."""
        found = self.said.get("InferenceSpecification")
        return found if isinstance(found, Mapping) else {}

    @property
    def archive(self) -> str:
        """Where its archive is; "" where nobody says."""
        containers = self.specification.get("Containers") or [{}]
        first = containers[0]
        source = (first.get("ModelDataSource") or {}).get("S3DataSource") or {}
        return str(first.get("ModelDataUrl") or source.get("S3Uri") or "")

    @property
    def sources(self) -> frozenset[tuple[str, str]]:
        """The addresses of its metrics and baselines, each with the digest that it names."""
        kinds = (self.said.get("ModelMetrics") or {}, self.said.get("DriftCheckBaselines") or {})
        found = [
            source for groups in kinds for group in groups.values() for source in group.values()
        ]
        return frozenset((str(e.get("S3Uri")), str(e.get("ContentDigest"))) for e in found)

    @property
    def changed(self) -> tuple[str | None, str | None]:
        """Who changed it last, and when."""
        by = self.said.get("LastModifiedBy") or {}
        who = by.get("UserProfileName") or (by.get("IamIdentity") or {}).get("Arn")
        return (str(who) if who else None, instant(self.said.get("LastModifiedTime")))


@dataclass(frozen=True, slots=True)
class Listed:
    """A package as a list of them says it."""

    number: str
    arn: str
    approval: str
    stage: str | None


class Packages:
    """The packages of one group.

    Args:
        name: of the group.
    """

    def __init__(self, calls: Calls, name: str) -> None:
        self._calls = calls
        self.name = name
        self._arns: dict[str, str] = {}

    def group(self) -> Group | None:
        """Give the group; None where there is none."""
        with self._calls.to(f"the model package group {self.name} cannot be read") as client:
            try:
                found = client.describe_model_package_group(ModelPackageGroupName=self.name)
            except Exception as error:
                if is_absent(error):
                    return None
                raise
            arn = str(found["ModelPackageGroupArn"])
            pages = client.get_paginator("list_tags").paginate(ResourceArn=arn)
            tags = {str(tag["Key"]): str(tag["Value"]) for page in pages for tag in page["Tags"]}
        about = str(found.get("ModelPackageGroupDescription") or "")
        return Group(self.name, arn, about, tags)

    def claim(self, outgoing: Outgoing) -> Group:
        """Make the group, or take one that belongs to no other model of ours.

        Raises:
            MirrorRefused: another model, or another registry, publishes to it.
        """
        ours = {REGISTRY: outgoing.registry, MODEL: outgoing.model}
        found = self.group()
        if found is None:
            self._create(ours, outgoing)
            found = self.group()
        if found is None:
            raise MirrorRefused(
                f"the model package group {self.name} was made, and is not there",
                hint="repeat it; where that does not help, find out who deletes it",
            )
        claimed = found.tags.get(REGISTRY), found.tags.get(MODEL)
        if claimed not in ((None, None), (outgoing.registry, outgoing.model)):
            raise MirrorRefused(
                f"{self.name} at {self._calls.address} is published to from the model {claimed[1]}"
                f" of the registry {claimed[0]}; expected {outgoing.model} of {outgoing.registry}",
                hint="give this model another group, SageMaker(name=…); or, where that registry is"
                f" given up, delete the tags {REGISTRY} and {MODEL} of {self.name} there",
            )
        if claimed == (None, None):
            self.tag(found, ours)
        return found

    def tag(self, group: Group, tags: Mapping[str, str], *, remove: tuple[str, ...] = ()) -> None:
        """Set tags of the group, and remove others."""
        with self._calls.to(f"the tags of {self.name} cannot be set") as client:
            if tags:
                client.add_tags(ResourceArn=group.arn, Tags=_tags(tags))
            if remove:
                client.delete_tags(ResourceArn=group.arn, TagKeys=list(remove))

    def listed(self, *, approval: str = "") -> Iterator[Listed]:
        """List the packages by their numbers.

        Args:
            approval: those of this approval status only.
        """
        asked: dict[str, Any] = {"ModelPackageGroupName": self.name}
        if approval:
            asked["ModelApprovalStatus"] = approval
        with self._calls.to(f"the versions of {self.name} cannot be listed") as client:
            pages = client.get_paginator("list_model_packages").paginate(**asked)
            found = [each for page in pages for each in page["ModelPackageSummaryList"]]
        for each in sorted(found, key=lambda each: int(each["ModelPackageVersion"])):
            number, arn = str(each["ModelPackageVersion"]), str(each["ModelPackageArn"])
            self._arns[number] = arn
            yield Listed(
                number,
                arn,
                str(each.get("ModelApprovalStatus") or ""),
                (each.get("ModelLifeCycle") or {}).get("Stage"),
            )

    def find(self, group: Group, number: str) -> Package | None:
        """Give one package; None where there is none of that number."""
        if not number.isascii() or not number.isdigit():
            return None
        known = self._arns.get(number)
        found = self._described(number, known or group.package_arn(number))
        if found is None and known is None and self.name != self.name.lower():
            # It may be written otherwise after all.
            asked = next((each for each in self.listed() if each.number == number), None)
            found = self._described(number, asked.arn) if asked is not None else None
        return None if found is None else _package(found)

    def tagged(self, group: Group, outgoing: Outgoing) -> list[Package]:
        """Give the packages that say that they are a version of ours, by their numbers."""
        found = [self.find(group, each.number) for each in self.listed()]
        return [
            package
            for package in found
            if package is not None
            and package.digest == outgoing.digest
            and package.properties.get(REGISTRY) == outgoing.registry
        ]

    def create(self, request: Mapping[str, Any]) -> str:
        """Make a package; give its number."""
        with self._calls.to(f"a version of {self.name} cannot be made") as client:
            made = client.create_model_package(ModelPackageGroupName=self.name, **request)
        return str(made["ModelPackageArn"]).rpartition("/")[2]

    def update(
        self,
        package: Package,
        *,
        properties: Mapping[str, str],
        approval: tuple[str, str] | None = None,
        **more: Any,
    ) -> None:
        """Say things of a package anew; whatever may be left out is said again.

        What an update leaves out some implementations forget.

        Args:
            properties: all that it is to have.
            approval: its status, and why; by default as they are.
            more: `InferenceSpecification`, `ModelCard`, `ModelLifeCycle`.
        """
        status, why = approval or (package.approval or PENDING, package.approval_text)
        gone = sorted(set(package.properties) - set(properties))
        lifecycle = package.said.get("ModelLifeCycle")
        request: dict[str, Any] = {
            "ModelPackageArn": package.arn,
            "ModelApprovalStatus": status,
            "ApprovalDescription": why,
            "CustomerMetadataProperties": dict(properties),
            **({"CustomerMetadataPropertiesToRemove": gone} if gone else {}),
            **({"ModelLifeCycle": lifecycle} if lifecycle else {}),
            **more,
        }
        with self._calls.to(f"version {package.number} of {self.name} cannot be told") as client:
            client.update_model_package(**request)

    def _described(self, number: str, arn: str) -> Mapping[str, Any] | None:
        with self._calls.to(f"version {number} of {self.name} cannot be read") as client:
            try:
                found: Mapping[str, Any] = client.describe_model_package(ModelPackageName=arn)
            except Exception as error:
                if is_absent(error):
                    return None
                raise
        return found

    def _create(self, tags: Mapping[str, str], outgoing: Outgoing) -> None:
        about = telling.group_description(outgoing.model, outgoing.description)
        with self._calls.to(f"the model package group {self.name} cannot be made") as client:
            try:
                client.create_model_package_group(
                    ModelPackageGroupName=self.name,
                    ModelPackageGroupDescription=about,
                    Tags=_tags(tags),
                )
            except Exception as error:
                if not is_present(error):  # somebody was faster
                    raise


def instant(found: Any) -> str | None:
    """Give a time there as an instant; None where it is none."""
    return timestamp(found.astimezone(UTC)) if isinstance(found, datetime) else None


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _package(found: Mapping[str, Any]) -> Package:
    lifecycle = found.get("ModelLifeCycle") or {}
    return Package(
        number=str(found.get("ModelPackageVersion") or ""),
        arn=str(found["ModelPackageArn"]),
        status=str(found.get("ModelPackageStatus") or ""),
        approval=str(found.get("ModelApprovalStatus") or ""),
        approval_text=str(found.get("ApprovalDescription") or ""),
        properties=dict(found.get("CustomerMetadataProperties") or {}),
        stage=lifecycle.get("Stage"),
        stage_status=lifecycle.get("StageStatus"),
        said=found,
    )
