"""The trash of a store in a folder: blobs that nothing names, until they are purged.

A blob moves by rename(2), with its bytes untouched; its time says since when it is here. What
belongs here is decided by whoever collects: nothing in this package discards by itself.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from registry_assets.errors import BlobMissing
from registry_assets.faults import reached
from registry_assets.store import files
from registry_assets.store.blobs import BlobFolder
from registry_assets.store.protocol import TrashedBlob


class Trash:
    """What was discarded from a folder of blobs."""

    def __init__(self, folder: Path, objects: BlobFolder) -> None:
        self._blobs = BlobFolder(folder)
        self._objects = objects

    def discard(self, digest: str) -> None:
        """Move a blob here; see `Store.discard`."""
        try:
            with self._objects.open(digest) as handle, files.writing(self._objects.path(digest)):
                # The time first, and flushed: with an old time it would be purged at once.
                os.utime(handle)
                os.fsync(handle)
        except BlobMissing:
            if self._blobs.has(digest):
                return
            raise
        self._make_room(digest)
        source, target = self._objects.path(digest), self._blobs.path(digest)
        with files.writing(target):
            # A restore that was killed leaves both names to one file; renaming one of them
            # to the other would do nothing, and say that it is done.
            target.unlink(missing_ok=True)
            source.rename(target)
        reached("trash.discarded")
        self._blobs.sync([digest])
        self._objects.sync([digest])

    def entries(self) -> Iterator[TrashedBlob]:
        """Give what is here, sorted by digest."""
        if self._blobs.folder.is_dir():
            for blob in self._blobs.entries():
                yield TrashedBlob(*blob)

    def restore(self, digest: str) -> bool:
        """Move a blob back; see `Store.restore`."""
        if not self._blobs.has(digest):
            return False
        source, target = self._blobs.path(digest), self._objects.path(digest)
        self._blobs.verify(digest)
        self._objects.make_rooms([digest])
        if not files.name_unless_there(source, target):
            self._objects.verify(digest)
        with files.writing(target):
            os.utime(target, follow_symlinks=False)
        self._objects.sync([digest])
        reached("trash.restored")
        self.purge(digest)
        return True

    def purge(self, digest: str) -> None:
        """Delete a blob from here; see `Store.purge`."""
        if self._blobs.has(digest):
            with files.writing(self._blobs.path(digest)):
                self._blobs.path(digest).unlink(missing_ok=True)
            self._blobs.sync([digest])

    def _make_room(self, digest: str) -> None:
        # Not made with the store: those of the first release have none.
        files.make_folder(self._blobs.folder.parent)
        files.make_folder(self._blobs.folder)
        self._blobs.make_rooms([digest])
