"""Blobs in one folder of a local disk, each under `ab/cdef…` of its sha256.

The store has two of them, the objects and the trash: `folder.py` puts into the one, `trash.py`
moves between both. How a blob comes to be written: `drafts.py`.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Self

from registry_assets.canonical import sha256_digest
from registry_assets.errors import BlobCorrupt, BlobMissing
from registry_assets.store import files, flushing, layout
from registry_assets.store.protocol import StoredBlob


class Mark(NamedTuple):
    """Which file stands under a name: discarding and restoring it change its time."""

    inode: int
    modified_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """Give the mark of a file that the system described."""
        return cls(status.st_ino, status.st_mtime_ns)


class BlobFolder:
    """Blobs by digest below a folder; reads hash, and names are made durable here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # One publication asks for each path five times, and to put one together is not free.
        self.path = lru_cache(maxsize=4096)(self._path)
        self._made: set[Path] = set()

    def _path(self, digest: str) -> Path:
        """Give the path of a digest, whether or not something is there."""
        return self.folder / layout.blob_name(digest)

    def open(self, digest: str) -> AbstractContextManager[int]:
        """Open a blob for reading."""
        path = self.path(digest)
        missing = BlobMissing(
            f"{digest} is not in the store: there is no {path}.",
            digest=digest,
            hint="Restore that file from a backup; `registry verify` lists what else is gone.",
        )
        return files.open_regular(path, missing=missing)

    def has(self, digest: str) -> bool:
        """Say whether something stands under that digest."""
        return os.path.lexists(self.path(digest))

    def read(self, digest: str) -> bytes:
        """Give the bytes, hashed after reading."""
        with self.open(digest) as handle:
            data = files.read_whole(handle, self.path(digest))
        self.compare(digest, actual=sha256_digest(data))
        return data

    def verify(self, digest: str) -> None:
        """Hash what is there in constant memory."""
        with self.open(digest) as handle:
            self.compare(digest, actual=files.digest_of(handle, self.path(digest)))

    def renew(self, digest: str) -> tuple[Mark, Mark]:
        """Verify a blob and set its time to now; give its marks before and after.

        Whoever collects what is old leaves it alone from then on.
        """
        path = self.path(digest)
        with self.open(digest) as handle:
            before = Mark.of(os.fstat(handle))
            self.compare(digest, actual=files.digest_of(handle, path))
            with files.writing(path):
                os.utime(handle)
            return before, Mark.of(os.fstat(handle))

    def copy_to(self, digest: str, target: Path) -> None:
        """Write a new file, named once its bytes have that digest."""
        with self.open(digest) as origin, files.new_file(target) as handle:
            with files.writing(target):
                actual = flushing.copy_hashed(origin, self.path(digest), handle)
            self.compare(digest, actual=actual)

    def compare(self, digest: str, *, actual: str) -> None:
        """Raise where what was found is not what the name says."""
        if actual != digest:
            raise BlobCorrupt(
                f"{self.path(digest)} is corrupt: expected {digest}, found {actual}.",
                expected=digest,
                actual=actual,
                hint="Move that file away and restore it from a backup; "
                "`registry verify` lists what else is corrupt.",
            )

    def make_rooms(self, digests: Iterable[str]) -> None:
        """Make the folders that files of these digests go into, durable before any name."""
        rooms = {self.path(digest).parent for digest in digests} - self._made
        if not rooms:
            return
        for room in rooms:
            with files.writing(room):
                room.mkdir(exist_ok=True)
        # Also where it was there: whoever made it may not have come to this.
        files.sync_folder(self.folder, done=f"{self.folder} has new folders")
        self._made |= rooms

    def sync(self, digests: Iterable[str]) -> None:
        """Make the names of these digests durable, or that they are gone."""
        rooms = {self.path(digest).parent for digest in digests}
        flushing.sync_folders(rooms, done=f"the names in {self.folder} changed")

    def digests(self) -> Iterator[str]:
        """Give every digest that something stands under, sorted."""
        for fanout in names(self.folder, layout.FANOUT):
            for rest in names(self.folder / fanout, layout.REST):
                yield f"sha256:{fanout}{rest}"

    def entries(self) -> Iterator[StoredBlob]:
        """Give every digest with size and time of its file, sorted."""
        for digest in self.digests():
            path = self.path(digest)
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue  # moved to the trash, or out of it, since it was listed
            except OSError as error:
                raise files.unreadable(path, error) from error
            modified = datetime.fromtimestamp(status.st_mtime, UTC)
            yield StoredBlob(digest, status.st_size, modified)


def names(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    """Give the names in a folder that have a form, sorted."""
    try:
        with os.scandir(folder) as found:
            return sorted(entry.name for entry in found if pattern.fullmatch(entry.name))
    except OSError as error:
        raise files.unreadable(folder, error) from error
