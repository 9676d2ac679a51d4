"""Which version of ours a version there is: told by the digests of its files, and by nothing else.

What a tag or a name says there anybody can have written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from registry_assets.canonical import sha256_digest
from registry_assets.catalog.counts import has_model
from registry_assets.catalog.mirrors import list_mirrors, read_receipts
from registry_assets.catalog.tables import versions
from registry_assets.deployment.contents import MANIFEST_FILE
from registry_assets.errors import RegistryError
from registry_assets.lifecycle.backends import Backends
from registry_assets.manifest import Manifest
from registry_assets.mirroring.files import hashed
from registry_assets.store.manifests import read_manifest

_ESTIMATOR = "estimator."
_ARCHIVE = "model.tar.gz"
_LARGEST_MANIFEST = 1 << 24


@dataclass(frozen=True, slots=True)
class OurVersion:
    """A committed version of this registry."""

    model: str
    number: int
    digest: str

    @property
    def reference(self) -> str:
        """`flight_delay:12`."""
        return f"{self.model}:{self.number}"


@dataclass(slots=True)
class Ours:
    """Finds versions of ours among what came.

    Args:
        model: whose estimators are known again.
    """

    backends: Backends
    model: str
    _committed: dict[str, OurVersion] | None = None
    _estimators: dict[str, OurVersion] = field(default_factory=dict)

    def find(self, folder: Path, files: Sequence[Path]) -> OurVersion | None:
        """Give the version whose package, estimator or published archive is among some files.

        Args:
            folder: that they are in.
        """
        known = self._known()
        if not known:
            return None
        for file in files:
            if file.name == MANIFEST_FILE and file.stat().st_size <= _LARGEST_MANIFEST:
                data = file.read_bytes()
                found = known.get(sha256_digest(data))
                if found is not None and _is_whole(Manifest.from_bytes(data), file.parent):
                    return found
        for file in files if self._estimators else ():
            found = self._estimators.get(str(hashed(file).sha256))
            if found is not None:
                return found
        return None

    def _known(self) -> dict[str, OurVersion]:
        if self._committed is None:
            with self.backends.catalog.read() as connection:
                rows = connection.execute(
                    sa.select(versions.c.model, versions.c.number, versions.c.digest)
                    .where(versions.c.state == "committed")
                    .order_by(versions.c.model, versions.c.number)
                )
                self._committed = {row.digest: OurVersion(*row) for row in rows}
            for each in self._committed.values():
                if each.model == self.model:
                    self._note_estimators(each)
            self._note_archives(self._committed)
        return self._committed

    def _note_archives(self, committed: Mapping[str, OurVersion]) -> None:
        """Know again the archives that were published, which nobody unpacks to look."""
        with self.backends.catalog.read() as connection:
            if not has_model(connection, self.model):
                return
            for mirror in list_mirrors(connection, self.model):
                for each in read_receipts(connection, self.model, mirror.mirror).values():
                    sent = each.receipt["files"].get(_ARCHIVE, {}).get("sha256")
                    version = committed.get(each.version_digest)
                    if sent and version is not None:
                        self._estimators.setdefault(sent, version)

    def _note_estimators(self, version: OurVersion) -> None:
        try:
            manifest = read_manifest(self.backends.store, version.digest)
        except RegistryError:
            return  # damaged, which `verify` names; nothing is taken to be it
        for entry in manifest.files:
            if entry.path.startswith(_ESTIMATOR):
                self._estimators.setdefault(entry.sha256, version)


def _is_whole(manifest: Manifest, folder: Path) -> bool:
    """Tell whether every file of a manifest is beside it, with its digest."""
    for entry in manifest.files:
        file = folder / entry.path
        if not file.is_file() or file.stat().st_size != entry.size:
            return False
        if hashed(file).sha256 != entry.sha256:
            return False
    return True
