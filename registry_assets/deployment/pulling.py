"""A version's files, written into a folder: all of them or none, each verified.

A folder gets its name only when it is whole and on the disk. Which version a folder should
hold as time goes by is `folders`.
"""

import os
from contextlib import suppress
from pathlib import Path

from registry_assets.deployment.contents import (
    ATTESTATION,
    MANIFEST_FILE,
    Contents,
    digest_of,
    find_difference,
    read_contents,
)
from registry_assets.deployment.staging import is_taken, refuse_inside, staging, sync_folder
from registry_assets.deployment.versions import ResolvedVersion
from registry_assets.errors import FolderTaken, RegistryError
from registry_assets.faults import reached
from registry_assets.store import Store


def pull_version(store: Store, version: ResolvedVersion, target: Path) -> bool:
    """Write a version's files and its manifest into a new folder; say whether it had to be.

    Of a version that a pointer holds, the attestation of that promotion goes with it. Where the
    folder holds all of it already, intact, nothing is written.

    Raises:
        FolderTaken: the folder holds something else, this version as another promotion attested
            it, or another process is pulling into it.
        BlobMissing, BlobCorrupt: what is stored is not what was approved.
        RegistryError: it cannot be written.
    """
    refuse_inside(target)
    try:
        if is_taken(target):
            return _same(store, version, target)
        contents = read_contents(store, version)
        target.parent.mkdir(parents=True, exist_ok=True)
        with staging(target, doing="pulling") as staged:
            write_files(store, contents, staged)
            reached("pull.staged")
            if is_taken(target):  # by a pull that ended since
                return _same(store, version, target)
            staged.replace(target)
            sync_folder(target.parent)
    except OSError as error:
        raise unwritable(target, error) from error
    return True


def write_files(
    store: Store, contents: Contents, folder: Path, *, beside: Path | None = None
) -> None:
    """Write files, each verified, into an empty folder, durably.

    Args:
        beside: a folder on the same disk that may have some of them; they are hashed like any
            other, and not copied.

    Raises:
        StoreUnwritable: the folder cannot be written.
        BlobMissing, BlobCorrupt: what is stored is not what was approved.
    """
    folders = {folder}
    for path, digest in contents.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        folders.update(parent for parent in file.parents if parent.is_relative_to(folder))
        if beside is None or not _linked(beside / path, file, digest):
            store.copy_to(digest, file)
    for made in folders:
        sync_folder(made)


def _linked(there: Path, file: Path, digest: str) -> bool:
    """Give a file that is there a second name, if it has these bytes."""
    with suppress(OSError):
        os.link(there, file, follow_symlinks=False)
        if digest_of(file) == digest:
            return True
        file.unlink()
    return False


def unwritable(target: Path, error: OSError) -> RegistryError:
    """Say which folder cannot be written, and why."""
    where = f" ({error.filename})" if error.filename not in (None, str(target)) else ""
    return RegistryError(
        f"{target} cannot be written: {error.strerror or error}{where}",
        hint="name a folder you can write, on a disk with space left",
    )


def _same(store: Store, version: ResolvedVersion, target: Path) -> bool:
    """Give False, nothing was written, where the folder is this version; refuse it otherwise."""
    held = digest_of(target / MANIFEST_FILE) if not target.is_symlink() else None
    if held == version.digest:
        return _same_version(store, version, target)
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


def _same_version(store: Store, version: ResolvedVersion, target: Path) -> bool:
    """Give False where the folder is this version, as this very promotion attested it."""
    difference = find_difference(read_contents(store, version), target).sentence
    if not difference:
        return False
    there = digest_of(target / ATTESTATION / MANIFEST_FILE)
    if there != version.attestation:
        # Never over what is there: somebody may have kept it as the proof of what ran.
        raise FolderTaken(
            f"{target} holds {version.reference} with {_attested(there)}; pulled now, it would"
            f" come with {_attested(version.attestation)}",
            hint="move that folder away, and pull again: the version's own files are the same",
        )
    raise FolderTaken(
        f"{target} holds {version.reference}, and not as it was pulled: {difference}",
        hint="move that folder away, and pull again",
    )


def _attested(digest: str | None) -> str:
    return f"the attestation {digest}" if digest else "no attestation"
