"""Disks that fill up, cannot be written or lose power: real ones where this account may mount.

Not a test.
"""

import os
import resource
import shutil
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


def can_mount_images(folder: Path) -> bool:
    """Tell whether this account may mount a file system that is in a file."""
    folder.mkdir(parents=True, exist_ok=True)
    image = folder / "image"
    try:
        make_image(image, size=4 << 20)
        with mounted_image(image, folder / "mounted"):
            return True
    except (subprocess.CalledProcessError, FileNotFoundError):
        return False


def make_image(image: Path, *, size: int) -> None:
    """Make a file that holds an empty ext4 of so many bytes."""
    with image.open("wb") as file:
        file.truncate(size)
    # Not everybody's PATH has the folders of what is the administrator's.
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
    program = shutil.which("mkfs.ext4", path=path) or "mkfs.ext4"
    subprocess.run([program, "-q", str(image)], check=True, capture_output=True)


@contextmanager
def mounted_image(image: Path, folder: Path) -> Iterator[Path]:
    """Mount the file system in a file; until the end it is given what is flushed, no more.

    A copy of the file made meanwhile is the disk of a machine that lost its power then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # By itself ext4 would commit every five seconds.
    _mount("-o", "loop,commit=3600", str(image), str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True, capture_output=True)


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
