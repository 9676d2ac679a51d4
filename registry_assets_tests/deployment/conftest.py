"""A store with versions in it, and no catalog; whoever stands here finds it by REGISTRY_STORE."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from registry_assets.canonical import Json
from registry_assets.deployment import seen
from registry_assets.deployment.pointer_file import PointerFile
from registry_assets.deployment.seen import SeenPointers
from registry_assets.deployment.versions import Source
from registry_assets.manifest import FileEntry, Manifest
from registry_assets.packaging import Package
from registry_assets.store import FolderStore
from registry_assets.store.manifests import put_manifest
from registry_assets_tests.packaging.conftest import airline_package
from registry_assets_tests.packaging.projects import AIRLINE, TRAINING, project_in

MODEL = "flight_delay"
PRODUCTION = f"{MODEL}@production"
OTHER_DIGEST = "sha256:" + "e" * 64


@dataclass(frozen=True, slots=True)
class Shelf:
    """A store, and what a promoter would put there."""

    folder: Path
    package: Package

    @property
    def store(self) -> FolderStore:
        return FolderStore(self.folder)

    @property
    def source(self) -> Source:
        return Source(self.store, SeenPointers(self.folder))

    def publish(
        self,
        version: int,
        *,
        model: str = MODEL,
        kind: str = "model",
        package: Package | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> str:
        """Put a version there; give its digest."""
        content = {**(package or self.package).files, **(files or {})}
        entries = [
            FileEntry(path, self.store.put(data), len(data)) for path, data in content.items()
        ]
        facts: dict[str, Json] = {
            "model": model,
            "version": version,
            "metadata": {"owner": "alice"},
        }
        return put_manifest(self.store, Manifest(kind, tuple(entries), facts=facts))

    def point(self, digest: str, *, version: int, generation: int) -> None:
        """Move production."""
        data = pointer_file(digest=digest, version=version, generation=generation).to_bytes()
        self.store.write_pointer(MODEL, "production", data)

    def promote(self, version: int, *, generation: int | None = None, **content: Any) -> str:
        """Publish a version and move production to it."""
        digest = self.publish(version, **content)
        self.point(digest, version=version, generation=generation or version)
        return digest

    def blob(self, digest: str) -> Path:
        name = digest.removeprefix("sha256:")
        return self.folder / "objects" / "sha256" / name[:2] / name[2:]

    def blob_of(self, version_digest: str, path: str) -> Path:
        manifest = Manifest.from_bytes(self.store.read(version_digest))
        return self.blob(manifest.file(path).sha256)


def pointer_file(**changes: Any) -> PointerFile:
    """A pointer file as a promotion writes it."""
    content: dict[str, Any] = {
        "model": MODEL,
        "pointer": "production",
        "version": 1,
        "digest": "sha256:" + "a" * 64,
        "generation": 1,
        "moved_at": "2013-05-01T06:00:00.000000Z",
        "policy": "sha256:" + "b" * 64,
        "evidence": {"verdicts": [{"gate": "roc_auc", "value": 0.75}]},
    }
    return PointerFile(**(content | changes))


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    with project_in(tmp_path_factory.mktemp("airline") / "src") as project:
        project.write(AIRLINE)
        return airline_package(project)


@pytest.fixture(scope="session")
def reversed_package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """A package that predicts the opposite."""
    with project_in(tmp_path_factory.mktemp("reversed") / "src") as project:
        training = TRAINING.replace("(features, target)", "(features, ~target)")
        project.write({**AIRLINE, "airline/training.py": training})
        return airline_package(project)


@pytest.fixture
def shelf(package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A store without any version; one stands in an empty folder beside it."""
    folder = tmp_path / "shelf"
    FolderStore.create(folder)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("REGISTRY_STORE", str(folder))
    return Shelf(folder, package)


@pytest.fixture
def another_process(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Forget what this process remembers, as one that starts now would not know it."""

    def started() -> None:
        monkeypatch.setattr(seen, "_remembered", {})
        monkeypatch.setattr(seen, "_told", set())

    started()
    return started
