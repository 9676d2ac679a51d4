"""Publish: files and a manifest into the store, before a row names them.

Between the two nothing names the bytes, and a collection of what nothing names may come. A
publisher that was stopped meanwhile, for days perhaps, must not end in a row that names what
is gone. So it notes how often was collected when it began, and looks again, inside the
transaction that makes the row, where that has changed (`collecting` is the other side).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import sqlalchemy as sa

from registry_assets.catalog import statements
from registry_assets.catalog.tables import settings
from registry_assets.errors import BlobMissing
from registry_assets.lifecycle.backends import Backends
from registry_assets.manifest import Manifest
from registry_assets.store import Store
from registry_assets.store.manifests import put_manifest, read_manifest

COLLECTIONS = "collections"
"""The setting that counts collections: odd while one is under way, or died on the way."""


def collections(connection: sa.Connection) -> int:
    """Give the count of collections."""
    found = statements.find(connection, settings, "value", name=COLLECTIONS)
    return int(found.scalar() or 0)


@dataclass(frozen=True, slots=True)
class Publication:
    """What one publisher puts into the store, from `begin` to the row that names it."""

    store: Store
    collected: int

    @classmethod
    def begin(cls, backends: Backends) -> Self:
        """Begin to publish; before the first byte is put."""
        with backends.catalog.read() as connection:
            return cls(backends.store, collections(connection))

    def put(self, manifest: Manifest, contents: Mapping[str, bytes]) -> str:
        """Store a manifest with its files, and give its digest.

        Args:
            contents: the bytes of its files, by path.
        """
        return put_manifest(self.store, manifest, contents)

    def confirm(self, connection: sa.Connection, digest: str) -> None:
        """Make sure that everything a manifest names is there, now that a row will name it.

        Args:
            connection: of the transaction that makes the row: no collection runs beside it.

        Raises:
            BlobMissing: something was collected and its trash emptied; repeating stores it again.
        """
        if self._was_collected(connection):
            self._bring_back(digest)
            for file in read_manifest(self.store, digest).files:
                self._bring_back(file.sha256)

    def confirm_all(self, connection: sa.Connection, digests: Iterable[str]) -> None:
        """Make sure that these blobs are there, as `confirm` does for a manifest and its files."""
        if self._was_collected(connection):
            for digest in digests:
                self._bring_back(digest)

    def _was_collected(self, connection: sa.Connection) -> bool:
        now = collections(connection)
        return now != self.collected or now % 2 == 1

    def _bring_back(self, digest: str) -> None:
        if self.store.has(digest) or self.store.restore(digest):
            return
        raise BlobMissing(
            f"{digest} was collected while it was being published",
            digest=digest,
            hint="repeat: it is stored again",
        )
