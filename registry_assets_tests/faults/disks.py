"""Disks that fill up and disks that cannot be written: real ones where this account may mount.

Not a test.
"""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILLING = "filling"


def can_mount(folder: Path) -> bool:
    """Tell whether this account may mount a file system in memory."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with small_disk(folder, size=1 << 20):
            return True
    except (subprocess.CalledProcessError, FileNotFoundError):
        return False


@contextmanager
def small_disk(folder: Path, *, size: int) -> Iterator[Path]:
    """Mount a file system of so many bytes on a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        _unmount(folder)


@contextmanager
def filled(disk: Path, *, left: int) -> Iterator[None]:
    """Let nothing but so many bytes be left on a disk."""
    found = os.statvfs(disk)
    filling = disk / FILLING
    with filling.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, found.f_bavail * found.f_frsize - left or 1)
    try:
        yield
    finally:
        filling.unlink()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nothing below a folder be written: by a mount as root, else by its rights."""
    if os.geteuid() == 0:
        _mount("--bind", str(folder), str(folder))
        try:
            _mount("-o", "remount,ro,bind", str(folder))
            yield
        finally:
            _unmount(folder)
        return
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for each in folders:
        each.chmod(0o555)
    try:
        yield
    finally:
        for each in folders:
            each.chmod(0o755)


@contextmanager
def file_limit(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes; Python ignores the signal of it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def _unmount(folder: Path) -> None:
    # Lazily: a connection to a catalog on it may still wait to be used again.
    subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)
