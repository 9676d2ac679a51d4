"""Where an export is read from: a folder or a tar that anybody may have made.

Nothing is unpacked. Regular files with names of our own layout are read, one at a time, and
whatever else stands there refuses the whole: links, devices, other names, a name twice, sizes
beyond the end of the file.
"""

import os
import stat
import tarfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from registry_assets.errors import ExportUnreadable, StoreError
from registry_assets.store import files
from registry_assets.transfer.layout import is_known
from registry_assets.transfer.targets import BLOCK, CHUNK

_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE)


class Source(ABC):
    """The files of an export, by name.

    Args:
        sizes: of every file.
    """

    def __init__(self, path: Path, sizes: Mapping[str, int]) -> None:
        self.path = path
        self.sizes = sizes

    @abstractmethod
    def chunks(self, name: str) -> Iterator[bytes]:
        """Give a file's bytes in pieces of some MiB at most.

        Raises:
            ExportUnreadable: there is no such file.
        """

    def read(self, name: str, *, limit: int) -> bytes:
        """Give a file's bytes at once.

        Raises:
            ExportUnreadable: there is no such file, or it is larger than the limit.
        """
        if self.sizes.get(name, 0) > limit:
            raise unreadable(self.path, f"{name} has {self.sizes[name]:,} bytes")
        return b"".join(self.chunks(name))

    def _require(self, name: str) -> None:
        if name not in self.sizes:
            raise unreadable(self.path, f"it has no {name}")


class FolderSource(Source):
    """A folder of files."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, dict(_listed(path, "")))

    def chunks(self, name: str) -> Iterator[bytes]:
        """Open the file anew, never through a link."""
        self._require(name)
        path = self.path / name
        gone = unreadable(self.path, f"it has no {name}")
        with _opened(self.path, path, missing=gone) as handle:
            yield from _pieces(self.path, path, handle)


class TarSource(Source):
    """One plain tar file, read where its headers say that the files are."""

    def __init__(self, path: Path, handle: int) -> None:
        self._handle = handle
        self._places = dict(_members(path, handle))
        super().__init__(path, {name: size for name, (_, size) in self._places.items()})

    def chunks(self, name: str) -> Iterator[bytes]:
        """Read at the file's place."""
        self._require(name)
        place, left = self._places[name]
        while left:
            chunk = _read_at(self.path, self._handle, min(left, CHUNK), place)
            if not chunk:
                raise unreadable(self.path, f"it ends within {name}")
            yield chunk
            place, left = place + len(chunk), left - len(chunk)


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open the folder or the tar at a path for reading.

    Raises:
        ExportUnreadable: it is neither, or something in it has no business there.
    """
    path = path.absolute()
    if path.is_dir():
        yield FolderSource(path)
        return
    missing = ExportUnreadable(
        f"there is no export at {path}", hint="name the folder or the .tar that was exported"
    )
    with _opened(path, path, missing=missing) as handle:
        yield TarSource(path, handle)


@contextmanager
def _opened(export: Path, file: Path, *, missing: ExportUnreadable) -> Iterator[int]:
    """Open a file of an export; what goes wrong in the block is not said to be its fault."""
    with ExitStack() as stack:
        try:
            handle = stack.enter_context(files.open_regular(file, missing=missing))
        except StoreError as error:
            raise unreadable(export, error.message) from error
        yield handle


def _pieces(export: Path, file: Path, handle: int) -> Iterator[bytes]:
    try:
        yield from map(bytes, files.pieces(handle, file))
    except StoreError as error:
        raise unreadable(export, error.message) from error


def _read_at(export: Path, handle: int, count: int, place: int) -> bytes:
    try:
        return os.pread(handle, count, place)
    except OSError as error:
        raise unreadable(export, files.reason(error)) from error


def unreadable(path: Path, why: str) -> ExportUnreadable:
    """Say what is wrong with an export, and what to do."""
    return ExportUnreadable(
        f"{path} is no intact export: {why}",
        hint="nothing was changed; export again, or take an intact copy",
    )


def _listed(root: Path, folder: str) -> Iterator[tuple[str, int]]:
    try:
        entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
        for entry in entries:
            name = f"{folder}{entry.name}"
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode) and name.count("/") < 3:
                yield from _listed(root, f"{name}/")
            elif stat.S_ISREG(mode) and is_known(name):
                yield name, entry.stat(follow_symlinks=False).st_size
            else:
                raise unreadable(root, f"{name!r} is no file of an export")
    except OSError as error:
        raise unreadable(root, files.reason(error)) from error


def _members(path: Path, handle: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """Give name, place and size of every file in a tar."""
    end, place = os.fstat(handle).st_size, 0
    seen: set[str] = set()
    while True:
        header = _read_at(path, handle, BLOCK, place)
        if len(header) < BLOCK:
            raise unreadable(path, "it is cut off")
        if not any(header):
            break
        try:
            info = tarfile.TarInfo.frombuf(header, "ascii", "strict")
        except (tarfile.HeaderError, UnicodeError) as error:
            raise unreadable(path, f"it is no plain tar: {error}") from error
        if info.type not in _FILES or not is_known(info.name):
            raise unreadable(path, f"{info.name[:200]!r} is no file of an export")
        if info.name in seen:
            raise unreadable(path, f"{info.name} is in it twice")
        place += BLOCK
        if info.size < 0 or place + info.size > end:
            raise unreadable(path, f"it ends within {info.name}")
        seen.add(info.name)
        yield info.name, (place, info.size)
        place += info.size + -info.size % BLOCK
    while rest := _read_at(path, handle, CHUNK, place):
        if any(rest):
            raise unreadable(path, "something follows its end")
        place += len(rest)
