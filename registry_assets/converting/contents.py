"""A version, whole and in memory: what every other form of it is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from registry_assets.deployment.versions import ResolvedVersion, read_version
from registry_assets.manifest import Manifest
from registry_assets.packaging.package import Package
from registry_assets.store import Store


@dataclass(frozen=True, slots=True)
class VersionContents:
    """A version's manifest and files, each verified; none of its code has run.

    Args:
        registry: the identity of the registry whose store it comes from, where it has one.
        stored: the manifest's bytes, whose sha256 is the version's digest.
        files: bytes by path.
    """

    version: ResolvedVersion
    manifest: Manifest
    stored: bytes = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)
    registry: str | None = None

    @property
    def package(self) -> Package:
        """Give the files as the package that they are."""
        return Package(self.files)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Give what was recorded of the version when it was committed."""
        found = self.manifest.facts["metadata"]
        return found if isinstance(found, Mapping) else {}

    @property
    def identity(self) -> dict[str, str]:
        """Name the version in words that other registries keep: texts by key."""
        return {
            "registry_assets.registry": self.registry or "",
            "registry_assets.model": self.version.model,
            "registry_assets.version": str(self.version.version),
            "registry_assets.digest": self.version.digest,
        }


def read_version_contents(store: Store, version: ResolvedVersion) -> VersionContents:
    """Read everything that a version consists of.

    Raises:
        BlobMissing, BlobCorrupt: what is stored is not what was approved.
        StoreError: its manifest is of something else.
    """
    manifest = read_version(store, version)
    return VersionContents(
        version=version,
        manifest=manifest,
        stored=store.read(version.digest),
        files={file.path: store.read(file.sha256) for file in manifest.files},
        registry=store.identity(),
    )
