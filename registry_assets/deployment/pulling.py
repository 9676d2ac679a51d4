"""A version's files, written into a folder: all of them or none, each verified.

A folder gets its name only when it is whole and on the disk. Which version a folder should
hold as time goes by is `folders`.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from registry_assets.deployment.versions import ResolvedVersion, read_version
from registry_assets.errors import FolderTaken, RegistryError, StoreError
from registry_assets.faults import reached
from registry_assets.manifest import FileEntry, Manifest
from registry_assets.store import Store

MANIFEST_FILE = "manifest.json"

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK = 1 << 20


def pull_version(store: Store, version: ResolvedVersion, target: Path) -> bool:
    """Write a version's files and its manifest into a new folder; say whether it had to be.

    Where the folder holds this very version already, intact, nothing is written.

    Raises:
        FolderTaken: the folder holds something else, or another process is pulling into it.
        BlobMissing, BlobCorrupt: what is stored is not what was approved.
        RegistryError: it cannot be written.
    """
    try:
        if _is_taken(target):
            return _same(store, version, target)
        manifest = read_version(store, version)
        target.parent.mkdir(parents=True, exist_ok=True)
        with _staging(target) as staged:
            write_files(store, manifest, version.digest, staged)
            reached("pull.staged")
            if _is_taken(target):  # by a pull that ended since
                return _same(store, version, target)
            staged.replace(target)
            sync_folder(target.parent)
    except OSError as error:
        raise unwritable(target, error) from error
    return True


def write_files(store: Store, manifest: Manifest, digest: str, folder: Path) -> None:
    """Write a manifest and its files, each verified, into an empty folder, durably.

    Raises:
        StoreError: the manifest names a file that would take its own place.
        StoreUnwritable: the folder cannot be written.
        BlobMissing, BlobCorrupt: what is stored is not what was approved.
    """
    entries = [*manifest.files, FileEntry(MANIFEST_FILE, digest, 0)]
    if any(file.path.partition("/")[0] == MANIFEST_FILE for file in manifest.files):
        raise StoreError(
            f"{digest} names a file {MANIFEST_FILE!r}, which is the manifest's own place",
            hint="It was not written by this package; find out by whom.",
        )
    folders = {folder}
    for entry in entries:
        file = folder / entry.path
        file.parent.mkdir(parents=True, exist_ok=True)
        folders.update(parent for parent in file.parents if parent.is_relative_to(folder))
        store.copy_to(entry.sha256, file)
    for made in folders:
        sync_folder(made)


def find_difference(manifest: Manifest, digest: str, folder: Path) -> str:
    """Say how a folder differs from what `write_files` makes of this manifest; "" if it does not.

    Every byte is hashed.
    """
    expected = {file.path: file.sha256 for file in manifest.files} | {MANIFEST_FILE: digest}
    there = {path.relative_to(folder).as_posix() for path in _files(folder)}
    for what, names in (
        ("it lacks", sorted(expected.keys() - there)),
        ("it also holds", sorted(there - expected.keys())),
        (
            "another content has",
            [n for n in sorted(expected) if _digest(folder / n) != expected[n]],
        ),
    ):
        if names:
            return f"{what} {', '.join(names[:5])}{' …' if len(names) > 5 else ''}"
    return ""


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unwritable(target: Path, error: OSError) -> RegistryError:
    """Say which folder cannot be written, and why."""
    where = f" ({error.filename})" if error.filename not in (None, str(target)) else ""
    return RegistryError(
        f"{target} cannot be written: {error.strerror or error}{where}",
        hint="name a folder you can write, on a disk with space left",
    )


def _is_taken(target: Path) -> bool:
    if target.is_symlink():
        return True
    return target.exists() and (not target.is_dir() or any(target.iterdir()))


def _same(store: Store, version: ResolvedVersion, target: Path) -> bool:
    """Give False, nothing was written, where the folder is this version; refuse it otherwise."""
    held = _digest(target / MANIFEST_FILE) if not target.is_symlink() else None
    if held == version.digest:
        difference = find_difference(read_version(store, version), version.digest, target)
        if not difference:
            return False
        raise FolderTaken(
            f"{target} holds {version.reference}, and not as it was pulled: {difference}",
            hint="move that folder away, and pull again",
        )
    if held is not None:
        raise FolderTaken(
            f"{target} exists and is not an empty folder: it holds a version of the digest {held},"
            f" and {version.reference} is {version.digest}",
            hint=f"name a new folder; `registry follow {version.model}@production DIR` keeps a"
            " folder on the version that a pointer holds",
        )
    raise FolderTaken(
        f"{target} exists and is not an empty folder", hint="name a folder that is new"
    )


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """A folder beside the target, ours alone; what a killed pull left in it is removed."""
    staged = target.with_name(f".{target.name}.pulling")
    handle = _lock_folder(staged, target)
    try:
        _empty(staged)
        yield staged
    finally:
        if staged.exists() and os.path.samestat(staged.lstat(), os.fstat(handle)):
            shutil.rmtree(staged, ignore_errors=True)
        os.close(handle)


def _lock_folder(staged: Path, target: Path) -> int:
    while True:
        staged.mkdir(exist_ok=True)
        handle = os.open(staged, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it may have given it its name meanwhile: then it is no longer here.
            if staged.exists() and os.path.samestat(staged.lstat(), os.fstat(handle)):
                return handle
        except BlockingIOError as error:
            os.close(handle)
            raise FolderTaken(
                f"another process is pulling into {target}", hint="wait until it has ended"
            ) from error
        os.close(handle)


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _files(folder: Path) -> Iterator[Path]:
    """Give everything below a folder that is no folder; links are not followed."""
    for path, folders, names in os.walk(folder):
        links = [name for name in folders if (Path(path) / name).is_symlink()]
        yield from (Path(path) / name for name in (*names, *links))


def _digest(file: Path) -> str | None:
    """Hash a regular file; None where there is none."""
    try:
        handle = os.open(file, _READ)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as opened:
        hasher = hashlib.sha256()
        try:
            while chunk := opened.read(_CHUNK):
                hasher.update(chunk)
        except OSError:
            return None
    return f"sha256:{hasher.hexdigest()}"
