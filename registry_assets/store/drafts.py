"""Files written under `tmp/`, flushed to the disk, and only then given their names.

The naming is the caller's: `folder.py` links blobs, `trash.py` moves them, and pointer files
are replaced. A crash leaves nothing but files in this one folder.
"""

import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from registry_assets.faults import reached
from registry_assets.store import files, flushing

# Each is open until it is flushed, and a process may open 1024 files by default.
_AT_ONCE = 64


class Drafts:
    """The folder of unfinished files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def written(self, contents: Sequence[bytes], point: str, *, mode: int) -> Iterator[list[Path]]:
        """Durable files of these contents, for the block to give their names; gone afterwards.

        A file whose flush failed is thrown away and never flushed again: the kernel reports a
        lost page once, and the second flush would succeed without it.

        Args:
            point: what the fault points on the way are named after.
        """
        drafts: list[Path] = []
        try:
            for start in range(0, len(contents), _AT_ONCE):
                self._write(contents[start : start + _AT_ONCE], drafts, point, mode)
            reached(f"{point}.fsynced")
            yield drafts
        finally:
            _remove(drafts)

    @contextmanager
    def copied(
        self, origin: int, source: Path, point: str, *, mode: int
    ) -> Iterator[tuple[Path, str]]:
        """A durable copy of an open file, and the digest of its bytes; gone after the block."""
        draft = self._path()
        try:
            with files.writing(draft):
                handle = files.create_private(draft)
                try:
                    digest = flushing.copy_hashed(origin, source, handle)
                    reached(f"{point}.tmp_written")
                    os.fchmod(handle, mode)
                    os.fsync(handle)
                finally:
                    os.close(handle)
            reached(f"{point}.fsynced")
            yield draft, digest
        finally:
            _remove([draft])

    def clean(self, older_than_seconds: float) -> int:
        """Remove files that nobody has written to for so long, and say how many."""
        removed = 0
        latest = time.time() - older_than_seconds
        with files.writing(self.folder):
            for path in self.folder.iterdir():
                # Its writer may have finished in between.
                with suppress(FileNotFoundError):
                    if path.lstat().st_mtime < latest:
                        path.unlink()
                        removed += 1
        return removed

    def _write(self, contents: Sequence[bytes], drafts: list[Path], point: str, mode: int) -> None:
        handles: list[int] = []
        draft = self.folder
        try:
            for data in contents:
                draft = self._path()
                drafts.append(draft)
                handles.append(files.create_private(draft))
                files.write_all(handles[-1], data)
                reached(f"{point}.tmp_written")
                os.fchmod(handles[-1], mode)
            flushing.flush_files(handles)
        except OSError as error:
            raise files.unwritable(draft, error) from error
        finally:
            for handle in handles:
                os.close(handle)

    def _path(self) -> Path:
        return self.folder / secrets.token_hex(16)


def _remove(drafts: Sequence[Path]) -> None:
    for draft in drafts:
        # What cannot be removed stays under tmp/, which nothing reads.
        with suppress(OSError):
            draft.unlink(missing_ok=True)
