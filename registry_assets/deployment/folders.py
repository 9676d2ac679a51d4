"""A folder that is kept on the version a pointer holds, for programs that read files.

    DIR/
      .followed            whose folder this is; locked while it is followed
      12-0123456789ab-7/   a version's files: number, first digits of its digest, and the
                           generation of the promotion whose attestation is with them
      current              a symbolic link to the newest that verified

The link is replaced in one step, so that `DIR/current` is at every moment a whole, verified
version. A reader that wants several files of one version resolves the link once. A version
that the pointer comes back to gets a folder of its own, in which its files are the very same.
The same for a model in a Python process: `following`.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from registry_assets.deployment.contents import find_difference, read_contents
from registry_assets.deployment.pulling import unwritable, write_files
from registry_assets.deployment.staging import sync_folder
from registry_assets.deployment.versions import ResolvedVersion, Source, resolve
from registry_assets.errors import FolderTaken
from registry_assets.faults import reached
from registry_assets.references import Reference

CURRENT = "current"

_OWNER = ".followed"
_STAGED = ".pulling"
_REMOVED = ".removed"
_LINK = ".current"
_VERSION = re.compile(r"([0-9]+-[0-9a-f]{12})(-[0-9]+)?")
_SHORT = len("sha256:") + 12


@dataclass(frozen=True, slots=True)
class FollowedFolder:
    """A folder that this process alone keeps on a pointer; `followed_folder` gives one.

    Args:
        keep: how many versions stay there, the current one among them.
    """

    source: Source
    reference: Reference
    folder: Path
    keep: int
    _verified: set[str] = field(default_factory=set)

    def refresh(self) -> ResolvedVersion | None:
        """Read the pointer once, and give the version that is current from now on; else None.

        Raises:
            RegistryError: the pointer's version cannot be had; what was current still is.
        """
        version = resolve(self.source, self.reference)
        try:
            return self._bring(version)
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def current(self) -> str | None:
        """Name the version's folder that is current, if any is."""
        try:
            return os.readlink(self.folder / CURRENT)  # noqa: PTH115  # its text, not a path
        except OSError:  # nothing yet, or something that is no link, which a swap will refuse
            return None

    def _bring(self, version: ResolvedVersion) -> ResolvedVersion | None:
        name = _name(version)
        held = self.current() == name and (self.folder / name).is_dir()
        if held and name in self._verified:
            return None
        fetched = self._fetch(version, self.folder / name)
        self._verified.add(name)
        if not held:
            self._swap(name)
        # Also where it was current before: who made it so may have been killed before this.
        self._prune(name)
        return None if held and not fetched else version

    def _swap(self, name: str) -> None:
        """Make a version current in one step."""
        # Newest is what was current last: after a rollback, an older number.
        os.utime(self.folder / name)
        link = self.folder / _LINK
        link.unlink(missing_ok=True)
        link.symlink_to(name)
        reached("follow.linked")
        link.replace(self.folder / CURRENT)
        sync_folder(self.folder)
        reached("follow.swapped")

    def _fetch(self, version: ResolvedVersion, target: Path) -> bool:
        """Have a version's folder, whole and verified; say whether it had to be written.

        One that is there, of an earlier process or from before a rollback, is hashed again.
        """
        contents = read_contents(self.source.store, version)
        if target.exists() and not find_difference(contents, target).sentence:
            return False
        staged = self.folder / _STAGED
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir()
        try:
            write_files(self.source.store, contents, staged, beside=self._beside(target.name))
            reached("follow.staged")
            if target.exists():
                self._remove(target)
            staged.replace(target)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        sync_folder(self.folder)
        return True

    def _beside(self, name: str) -> Path | None:
        """Give a folder of the same version that another promotion brought, if there is one."""
        for path in self.folder.iterdir():
            found, wanted = _VERSION.fullmatch(path.name), _VERSION.fullmatch(name)
            if found and wanted and path.name != name and found[1] == wanted[1]:
                return path
        return None

    def _prune(self, current: str) -> None:
        """Remove the versions that were current longest ago."""
        there = [path for path in self.folder.iterdir() if _VERSION.fullmatch(path.name)]
        older = sorted(
            (path for path in there if path.name != current),
            key=lambda path: path.stat().st_mtime_ns,
            reverse=True,
        )
        for path in older[self.keep - 1 :]:
            self._remove(path)

    def _remove(self, path: Path) -> None:
        """Take a version's name away first: no folder of that name is ever half a version."""
        removed = self.folder / _REMOVED
        shutil.rmtree(removed, ignore_errors=True)
        path.replace(removed)
        shutil.rmtree(removed)


def _name(version: ResolvedVersion) -> str:
    name = f"{version.version}-{version.digest[7:_SHORT]}"
    return name if version.attestation is None else f"{name}-{version.generation}"


@contextmanager
def followed_folder(
    source: Source, reference: Reference, folder: Path, *, keep: int
) -> Iterator[FollowedFolder]:
    """Take a folder for as long as the block lasts, so that one process alone changes it.

    Raises:
        FolderTaken: it holds something else, follows another pointer, or is followed already.
        RegistryError: it cannot be written.
    """
    try:
        handle = _take(folder, reference)
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        yield FollowedFolder(source, reference, folder, keep)
    finally:
        os.close(handle)


def _take(folder: Path, reference: Reference) -> int:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FolderTaken(
            f"{folder} is {'a symbolic link' if folder.is_symlink() else 'a file'}, no folder",
            hint="name the folder itself",
        )
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()) and not (folder / _OWNER).exists():
        raise FolderTaken(
            f"{folder} holds files that no `registry follow` made",
            hint="name a folder that is new; nothing was touched there",
        )
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    handle = os.open(folder / _OWNER, flags, 0o644)
    try:
        _own(handle, folder, reference)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _own(handle: int, folder: Path, reference: Reference) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FolderTaken(
            f"another process follows {reference.model} into {folder} already",
            hint="one is enough; give each its own folder",
        ) from error
    followed = os.read(handle, 200).decode(errors="replace").strip()
    if followed and followed != str(reference):
        raise FolderTaken(
            f"{folder} follows {followed}, and not {reference}",
            hint="give each pointer its own folder",
        )
    if not followed:  # new, or its maker was killed before it came to that
        os.write(handle, f"{reference}\n".encode())
        os.fsync(handle)
