"""The few file operations that a durable store needs, each ending in one of our errors.

No layout and no digests' names: which file goes where is `folder.py`. Many files at once,
flushed together: `flushing.py`.
"""

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from registry_assets.errors import OutcomeUnknown, RegistryError, StoreError, StoreUnwritable

_CHUNK = 1 << 22
_NEVER_FOLLOW = os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a FIFO that nobody writes to must not wait for ever.
_READ = os.O_RDONLY | os.O_NONBLOCK | _NEVER_FOLLOW
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | _NEVER_FOLLOW

_HINTS = {
    errno.ENOSPC: "Free space on that disk, then repeat.",
    errno.EDQUOT: "Free space in that quota, then repeat.",
    errno.EFBIG: "Raise the file size limit (ulimit -f), then repeat.",
    errno.EMFILE: "Raise the limit of open files (ulimit -n), then repeat.",
    errno.EROFS: "The disk is mounted read-only; mount it writable, or move the project.",
    errno.EIO: "The disk reports a failure; check it before storing anything else there.",
    errno.ENOTDIR: "A part of that path is a file; move that file away.",
    errno.EEXIST: "There is a file of that name; move it away.",
    errno.ENOENT: "A folder on that path is gone; put it back.",
    errno.EPERM: "That file is another user's; let one user write to a store.",
}
_READING_HINTS = {
    errno.EIO: "The disk reports a failure; check it, and restore that file from a backup.",
    errno.EMFILE: _HINTS[errno.EMFILE],
    errno.ENFILE: "Too many files are open on this machine; close some, then repeat.",
    errno.ENOTDIR: _HINTS[errno.ENOTDIR],
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
        if error.errno == errno.ELOOP:
            raise _no_file(path, "it is a symbolic link") from error
        raise unreadable(path, error) from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise _no_file(path, "it is not a regular file")
        yield handle
    finally:
        os.close(handle)


def pieces(handle: int, path: Path) -> Iterator[memoryview]:
    """Give a file's bytes in pieces of at most 4 MiB, each valid until the next is asked for."""
    # What is left, and a byte to see that it is all; 4 MiB only where there is that much.
    room = min(_CHUNK, os.fstat(handle).st_size + 1)
    buffer = memoryview(bytearray(room))
    while True:
        try:
            count = os.readv(handle, [buffer])
        except OSError as error:
            raise unreadable(path, error) from error
        if not count:
            return
        yield buffer[:count]


def read_whole(handle: int, path: Path) -> bytes:
    """Give all bytes of a file; one that does not change meanwhile is copied once only."""
    try:
        first = os.read(handle, os.fstat(handle).st_size + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    rest = [bytes(piece) for piece in pieces(handle, path)]
    return b"".join((first, *rest)) if rest else first


def digest_of(handle: int, path: Path) -> str:
    """Hash a file in constant memory."""
    hasher = hashlib.sha256()
    for piece in pieces(handle, path):
        hasher.update(piece)
    return f"sha256:{hasher.hexdigest()}"


def create_private(path: Path) -> int:
    """Create a file that nobody else can have opened, and give its handle."""
    return os.open(path, _CREATE, 0o600)


def write_all(handle: int, data: bytes | memoryview) -> None:
    """Write all of it: write(2) may take less, as a disk fills up and beyond 2 GiB."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def name_unless_there(temporary: Path, path: Path) -> bool:
    """Give a file its name by link(2), which never replaces; False where the name is taken."""
    try:
        os.link(temporary, path, follow_symlinks=False)
    except FileExistsError:
        return False
    except OSError as error:
        raise unwritable(path, error) from error
    return True


@contextmanager
def new_file(target: Path, *, mode: int = 0o644) -> Iterator[int]:
    """Give the handle of a new file, which is flushed and named when the block succeeds.

    Raises:
        StoreUnwritable: the target is there already, or cannot be written.
    """
    if os.path.lexists(target):
        raise unwritable(target, FileExistsError(errno.EEXIST, ""))
    temporary = target.with_name(f".{secrets.token_hex(16)}")
    try:
        with writing(target):
            handle = create_private(temporary)
        try:
            yield handle
            with writing(target):
                os.fchmod(handle, mode)
                os.fsync(handle)
        finally:
            os.close(handle)
        if not name_unless_there(temporary, target):
            raise unwritable(target, FileExistsError(errno.EEXIST, ""))
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    sync_folder(target.parent, done=f"{target} was written")


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


def unreadable(path: Path, error: OSError) -> StoreError:
    """Say which path cannot be read, what the system said, and what to do about it."""
    return StoreError(
        f"{path} cannot be read: {reason(error)}.",
        hint=_READING_HINTS.get(error.errno or 0, "Make it readable for this user."),
    )


def _no_file(path: Path, what: str) -> StoreError:
    hint = "Put a regular file there; no link is ever followed."
    return StoreError(f"{path} cannot be read: {what}.", hint=hint)


def reason(error: OSError) -> str:
    """Give the system's own words, without the path that our message names already."""
    return os.strerror(error.errno) if error.errno else str(error)
