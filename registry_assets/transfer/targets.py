"""Where an export is written: a new folder, or a new tar where the path ends in `.tar`.

It is written beside the path under another name, flushed to the disk, and named when it is
whole, so that whatever has the name is complete; a crash leaves a hidden `….unfinished`. A tar
is plain, in a fixed order and without times or owners: the same files give the same bytes.
"""

import hashlib
import os
import secrets
import shutil
import tarfile
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from registry_assets.errors import StoreError, StoreUnwritable
from registry_assets.faults import reached
from registry_assets.store import files, flushing

SUFFIX = ".tar"
BLOCK = 512
CHUNK = 1 << 20
_END = b"\0" * (2 * BLOCK)
_SPOOLED = 1 << 24
_LARGEST_IN_USTAR = 8 << 30


class Target(ABC):
    """An export in the making."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def add(self, name: str, chunks: Iterable[bytes], *, size: int | None = None) -> str:
        """Write one file, and give the digest of its bytes.

        Args:
            size: how many bytes they are, where that is known before.
        """

    @abstractmethod
    def finish(self) -> None:
        """Flush what has no name yet."""

    @abstractmethod
    def give_name(self, final: Path) -> None:
        """Give it its name, unless there is something of that name."""

    @abstractmethod
    def discard(self) -> None:
        """Remove what was written."""


class FolderTarget(Target):
    """A folder of files."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with files.writing(path):
            path.mkdir()
        self._folders = {path}
        self._files: list[Path] = []

    def add(self, name: str, chunks: Iterable[bytes], *, size: int | None = None) -> str:
        """Write one file; all are flushed together in the end."""
        path = self.path / name
        self._make_folder(path.parent)
        hasher = hashlib.sha256()
        with files.writing(path):
            handle = files.create_private(path)
            try:
                for chunk in chunks:
                    hasher.update(chunk)
                    files.write_all(handle, chunk)
                os.fchmod(handle, 0o644)
            finally:
                os.close(handle)
        self._files.append(path)
        return f"sha256:{hasher.hexdigest()}"

    def _make_folder(self, folder: Path) -> None:
        if folder not in self._folders:
            self._make_folder(folder.parent)
            with files.writing(folder):
                folder.mkdir()
            self._folders.add(folder)

    def finish(self) -> None:
        """Make all files durable, and their names."""
        flushing.at_once(_flush, self._files)
        flushing.sync_folders(self._folders, done=f"{self.path} was written")

    def give_name(self, final: Path) -> None:
        """Rename the folder, over an empty one at most."""
        with files.writing(final):
            self.path.rename(final)

    def discard(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)


class TarTarget(Target):
    """One file in the tar format of POSIX, without any of its extensions."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with files.writing(path):
            self._handle = files.create_private(path)

    def add(self, name: str, chunks: Iterable[bytes], *, size: int | None = None) -> str:
        """Append one file; where its size is not known, write it aside first."""
        if size is not None:
            return self._append(name, chunks, size)
        with tempfile.SpooledTemporaryFile(_SPOOLED, dir=str(self.path.parent)) as aside:
            for chunk in chunks:
                aside.write(chunk)
            size = aside.tell()
            aside.seek(0)
            return self._append(name, iter(lambda: aside.read(CHUNK), b""), size)

    def _append(self, name: str, chunks: Iterable[bytes], size: int) -> str:
        hasher, written = hashlib.sha256(), 0
        with files.writing(self.path):
            files.write_all(self._handle, _header(name, size))
            for chunk in chunks:
                hasher.update(chunk)
                written += len(chunk)
                files.write_all(self._handle, chunk)
            files.write_all(self._handle, b"\0" * (-size % BLOCK))
        if written != size:
            raise StoreError(f"{name} has {written} bytes, and {size} were announced")
        return f"sha256:{hasher.hexdigest()}"

    def finish(self) -> None:
        """End the archive and make it durable."""
        with files.writing(self.path):
            files.write_all(self._handle, _END)
            os.fchmod(self._handle, 0o644)
            os.fsync(self._handle)
            os.close(self._handle)

    def give_name(self, final: Path) -> None:
        """Link the file to its name, which never replaces."""
        with files.writing(final):
            os.link(self.path, final, follow_symlinks=False)
        self.path.unlink()

    def discard(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)


@contextmanager
def new_target(path: Path) -> Iterator[Target]:
    """Give an export to write at a path; it gets its name when the block ends well.

    Raises:
        StoreUnwritable: there is something at the path, or it cannot be written.
    """
    final = path.absolute()
    refuse_taken(final)
    aside = final.with_name(f".{final.name}.{secrets.token_hex(8)}.unfinished")
    target: Target = TarTarget(aside) if final.suffix == SUFFIX else FolderTarget(aside)
    try:
        yield target
        target.finish()
        reached("export.finished")
        refuse_taken(final)
        target.give_name(final)
    except BaseException:
        target.discard()
        raise
    files.sync_folder(final.parent, done=f"{final} was written")


def refuse_taken(path: Path) -> None:
    """Refuse a path at which there is more than an empty folder.

    Raises:
        StoreUnwritable: it is taken, or its folder is not there.
    """
    if not path.parent.is_dir():
        raise StoreUnwritable(
            f"{path} cannot be written: there is no folder {path.parent}", hint="make that folder"
        )
    is_folder = path.is_dir() and not path.is_symlink() and path.suffix != SUFFIX
    if os.path.lexists(path) and not (is_folder and not any(path.iterdir())):
        raise StoreUnwritable(
            f"{path} exists already; an export never replaces anything",
            hint="name a path that does not exist",
        )


def _flush(path: Path) -> None:
    with files.writing(path):
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    if size < _LARGEST_IN_USTAR:
        return info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")
    return info.tobuf(tarfile.GNU_FORMAT, "ascii", "strict")
