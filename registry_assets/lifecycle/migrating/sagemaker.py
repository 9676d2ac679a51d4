"""What comes from SageMaker: the versions of a model package group, and what is said of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from registry_assets.canonical import Json
from registry_assets.lifecycle.migrating.telling import LONGEST_NAME, Told
from registry_assets.mirroring.sagemaker.names import page_of
from registry_assets.mirroring.sagemaker.packages import Package, instant
from registry_assets.mirroring.sagemaker.reading import Reader, ReadGroup, ReadPackage

ALWAYS_LOST = (
    "who approved it, and when, SageMaker keeps of the last change alone",
    "the container image, endpoints, pipelines, training jobs and experiments stay there",
)


@dataclass(frozen=True, slots=True)
class SageMakerSource:
    """SageMaker, as `migrating.source` asks for a registry."""

    reader: Reader

    @property
    def kind(self) -> str:
        """What it is."""
        return "sagemaker"

    @property
    def address(self) -> str:
        """Where it is."""
        return self.reader.address

    @property
    def always_lost(self) -> tuple[str, ...]:
        """What comes of no version."""
        return ALWAYS_LOST

    def secrets(self) -> tuple[str, ...]:
        """Give what must not be kept."""
        return self.reader.secrets()

    def model(self, name: str) -> ReadGroup:
        """Read a model package group: see `Reader.model`."""
        return self.reader.model(name)

    def look(self, versions: Sequence[ReadPackage]) -> list[ReadPackage]:
        """Read metrics, and list files."""
        return self.reader.look(versions)

    def fetch(self, version: ReadPackage, folder: Path) -> str:
        """Write the files of a version into an empty folder."""
        return self.reader.fetch(version, folder)

    def fetch_all(self, wanted: Sequence[tuple[ReadPackage, Path]]) -> list[str]:
        """Write those of several."""
        return self.reader.fetch_all(wanted)

    def said(self, version: ReadPackage, told: Told) -> dict[str, Json]:
        """Give everything that is said of a version there, for its manifest and its row."""
        package, said = version.package, version.package.said
        if package.status != "Completed":
            told.lost.append(f"its status is {told.text(package.status, 'its status', 100)}")
        by, at = package.changed
        user = (said.get("CreatedBy") or {}).get("UserProfileName") or ""
        served: Sequence[dict[str, Json]] = package.specification.get("Containers") or ()
        for number, each in enumerate(served[1:], start=2):
            data = told.text(str(each.get("ModelDataUrl") or "no archive"), "an archive", 2000)
            told.lost.append(f"its container {number} did not come, nor {data}")
        card = said.get("ModelCard") or {}
        return {
            "source": "sagemaker",
            "name": told.text(version.name, "its name", LONGEST_NAME),
            "number": str(version.number),
            "created_at": instant(said.get("CreationTime")),
            "updated_at": at,
            "user": told.text(user, "its user", LONGEST_NAME),
            "description": told.text(said.get("ModelPackageDescription") or "", "its description"),
            "stage": told.text(_stage(package), "its stage", 200),
            "status": told.text(package.status, "its status", 100),
            "tags": told.texts(package.properties, "property"),
            "artifacts": told.text(package.archive, "the address of its archive", 2000),
            "approval": told.text(package.approval, "its approval", 100),
            "approval_description": told.text(package.approval_text, "why it was approved"),
            "changed_by": told.text(by or "", "who changed it", LONGEST_NAME),
            "images": [told.text(each.get("Image", ""), "its image", 500) for each in served],
            "card": told.text(card.get("ModelCardContent", ""), "its model card"),
            "run": _run(version, told),
        }

    def links(self, version: ReadPackage) -> dict[str, Json]:
        """Give the page of a version in AWS's console."""
        return {"address": self.address, "url": page_of(version.package.arn), "run_url": None}


def _stage(package: Package) -> str:
    """Give its approval, and its life cycle where it has one."""
    if package.stage is None:
        return package.approval
    return f"{package.approval}, {package.stage}/{package.stage_status}"


def _run(version: ReadPackage, told: Told) -> dict[str, Json] | None:
    """Give what it was made by, in the words in which a run of any registry is kept."""
    made = version.package.said.get("MetadataProperties") or {}
    if not made and not version.metrics and not version.params:
        told.lost.append("it says nothing of its training: no metrics, no params")
        return None
    by = told.text(made.get("GeneratedBy", ""), "what it was made by", 1024)
    commit = {"commit": made.get("CommitId", ""), "repository": made.get("Repository", "")}
    return {
        "run_id": by or "unknown",
        "name": "",
        "experiment": told.text(made.get("ProjectId", ""), "its project", LONGEST_NAME),
        "status": told.text(version.package.status, "its status", 100),
        "deleted": False,
        "user": "",
        "started_at": None,
        "finished_at": None,
        "metrics": told.numbers(version.metrics),
        "params": told.texts(version.params, "parameter"),
        "tags": told.texts({k: v for k, v in commit.items() if v}, "tag of its run"),
        "inputs": [],
    }
