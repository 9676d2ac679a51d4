"""The few file operations that a durable store needs, each ending in one of our errors.

No layout and no digests: which file goes where is `folder.py`.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from registry_assets.errors import OutcomeUnknown, RegistryError, StoreError, StoreUnwritable

_CHUNK = 1 << 20
_NEVER_FOLLOW = os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a FIFO that nobody writes to must not wait for ever.
_READ = os.O_RDONLY | os.O_NONBLOCK | _NEVER_FOLLOW
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NEVER_FOLLOW

_HINTS = {
    errno.ENOSPC: "Free space on that disk, then repeat.",
    errno.EDQUOT: "Free space in that quota, then repeat.",
    errno.EFBIG: "Raise the file size limit (ulimit -f), then repeat.",
    errno.EMFILE: "Raise the limit of open files (ulimit -n), then repeat.",
    errno.EROFS: "The disk is mounted read-only; mount it writable, or move the project.",
    errno.EIO: "The disk reports a failure; check it before storing anything else there.",
    errno.ENOTDIR: "A part of that path is a file; move that file away.",
    errno.EEXIST: "There is a file of that name; move it away.",
}
_ANY_HINT = "Make that folder writable for this user."


@contextmanager
def open_regular(path: Path, *, missing: RegistryError) -> Iterator[int]:
    """Open a regular file for reading, never through a symbolic link; raise `missing` if gone."""
    try:
        handle = os.open(path, _READ)
    except FileNotFoundError:
        raise missing from None
    except OSError as error:
        what = "it is a symbolic link" if error.errno == errno.ELOOP else reason(error)
        raise StoreError(f"{path} cannot be read: {what}.") from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise StoreError(f"{path} cannot be read: it is not a regular file.")
        yield handle
    finally:
        os.close(handle)


def chunks(handle: int, path: Path) -> Iterator[bytes]:
    """Give a file's bytes in pieces of at most 1 MiB."""
    while True:
        try:
            chunk = os.read(handle, _CHUNK)
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {reason(error)}.") from error
        if not chunk:
            return
        yield chunk


def create_private(path: Path) -> int:
    """Create a file that nobody else can have opened, and give its handle."""
    return os.open(path, _CREATE, 0o600)


def write_all(handle: int, data: bytes) -> None:
    """Write all of it: write(2) may take less, as a disk fills up and beyond 2 GiB."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def sync_folder(folder: Path, *, done: str) -> None:
    """Make the names in a folder durable.

    Raises:
        OutcomeUnknown: the names are there, but the disk did not confirm them.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise OutcomeUnknown(
            f"{done}, but the disk did not confirm it: {reason(error)}.",
            hint="Check the disk, then repeat; a repeated call tells.",
        ) from error


def make_folders(folder: Path) -> None:
    """Make a folder with its parents, each durable."""
    missing = [path for path in (folder, *folder.parents) if not path.is_dir()]
    for path in reversed(missing):
        make_folder(path)


def make_folder(folder: Path) -> None:
    """Make a folder unless it is there; durable in either case.

    The parent is flushed also where the folder was there: whoever made it may not have
    come to that.
    """
    with writing(folder):
        folder.mkdir(exist_ok=True)
    sync_folder(folder.parent, done=f"{folder} was made")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says about a path into `StoreUnwritable`."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> StoreUnwritable:
    """Say which path, what the system said, and what to do about it."""
    return StoreUnwritable(
        f"{path} cannot be written: {reason(error)}.",
        hint=_HINTS.get(error.errno or 0, _ANY_HINT),
    )


def reason(error: OSError) -> str:
    """Give the system's own words, without the path that our message names already."""
    return os.strerror(error.errno) if error.errno else str(error)
