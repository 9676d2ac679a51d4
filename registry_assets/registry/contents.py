"""What things were made from and what was made of them; snapshots, manifests and their files."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from registry_assets.catalog import snapshots as snapshot_rows
from registry_assets.catalog.snapshots import SnapshotRecord
from registry_assets.lifecycle import data, tracing
from registry_assets.manifest import Manifest
from registry_assets.references import Subject, parse_subject
from registry_assets.registry.part import Part
from registry_assets.store.manifests import read_manifest

if TYPE_CHECKING:
    import pandas as pd


class Contents(Part):
    """Lineage both ways, and the bytes themselves, verified."""

    def settle(self, subject: "str | Subject") -> Subject:
        """Tell whether a bare name is a model's or an asset's: see `lifecycle.tracing`."""
        with self.backends.catalog.read() as connection:
            return tracing.settle(connection, _subject(subject))

    def ancestors(self, subject: "str | Subject") -> tracing.Ancestors:
        """Read what a version, or a snapshot, was made from, back to the data; verified.

        Examples:
            >>> registry.ancestors("flight_delay@production")  # doctest: +SKIP
            >>> registry.ancestors("flight_features[2013-03]")  # doctest: +SKIP
        """
        return tracing.ancestors(self.backends, _subject(subject))

    def descendants(
        self, subject: "str | Subject", *, limit: int = tracing.LIMIT
    ) -> tracing.Descendants:
        """Find what was built on a snapshot, a partition, a commit or a version.

        Args:
            limit: of each kind, how many to list; all are counted.

        Examples:
            >>> registry.descendants("flights[2013-03]")  # doctest: +SKIP
            >>> registry.descendants(CommitName("1f2e3d4"))  # doctest: +SKIP
        """
        with self.backends.catalog.read() as connection:
            return tracing.descendants(connection, _subject(subject), limit=limit)

    def snapshots(self, asset: str) -> tuple[SnapshotRecord, ...]:
        """Give the current snapshot of each partition of an asset."""
        with self.backends.catalog.read() as connection:
            return snapshot_rows.current_snapshots(connection, asset)

    def find_snapshots(self, digests: Sequence[str]) -> dict[str, SnapshotRecord]:
        """Give what is known about these snapshots, by digest."""
        with self.backends.catalog.read() as connection:
            return snapshot_rows.find_snapshots(connection, digests)

    def read_frame(self, digest: str) -> "pd.DataFrame":
        """Read a snapshot's rows, verified."""
        return data.read_frame(self.backends, digest)

    def manifest(self, digest: str) -> Manifest:
        """Read a manifest, verified."""
        return read_manifest(self.backends.store, digest)

    def read_file(self, digest: str, path: str) -> bytes:
        """Read one file of a manifest, verified."""
        store = self.backends.store
        return store.read(read_manifest(store, digest).file(path).sha256)


def _subject(subject: "str | Subject") -> Subject:
    return parse_subject(subject) if isinstance(subject, str) else subject
