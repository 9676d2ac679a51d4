"""A folder that gets its name only when it is whole: written beside, under a lock, then renamed."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from registry_assets.errors import FolderTaken
from registry_assets.home import MARKER

_STORE = ("objects", "pointers", "registry.json")


def is_taken(target: Path) -> bool:
    """Say whether a folder cannot be given this name: something is there, and it is not empty."""
    if target.is_symlink():
        return True
    return target.exists() and (not target.is_dir() or any(target.iterdir()))


@contextmanager
def staging(target: Path, *, doing: str) -> Iterator[Path]:
    """Give a folder beside the target, ours alone; what a killed process left in it is removed.

    Args:
        doing: in one word what is done, for its name and for whoever is told to wait.

    Raises:
        FolderTaken: another process does the same.
    """
    staged = target.with_name(f".{target.name}.{doing}")
    handle = _lock(staged, target, doing=doing)
    try:
        _empty(staged)
        yield staged
    finally:
        if staged.exists() and os.path.samestat(staged.lstat(), os.fstat(handle)):
            shutil.rmtree(staged, ignore_errors=True)
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def refuse_inside(target: Path) -> None:
    """Refuse a folder in which a registry keeps what it is: clean-up and backup take it for that.

    Raises:
        FolderTaken: it lies in one.
    """
    for folder in target.resolve().parents:
        # The second is a store in a folder of its own, as REGISTRY_STORE names it.
        if folder.name == MARKER or all((folder / name).exists() for name in _STORE):
            raise FolderTaken(
                f"{target} lies in {folder}, where a registry keeps its own files",
                hint="name a new folder outside of it",
            )


def _lock(staged: Path, target: Path, *, doing: str) -> int:
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
                f"another process is {doing} into {target}", hint="wait until it has ended"
            ) from error
        os.close(handle)


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
