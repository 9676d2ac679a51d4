"""Many flushes at once, and hashing beside writing, on a few threads that this process keeps.

A flush is waiting for the disk, and ext4 answers those who wait together with one commit of
its journal. Fifteen files of 3 kB in as many folders, measured on a disk that flushes in
0.15 ms: 7.5 ms one after the other, 2.9 ms this way.
"""

import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from registry_assets.store import files

_THREADS = 4
_FEW = 2  # waking a thread takes about as long as a flush
_LARGE = 1 << 18
_STEP, _PIECE = 1 << 23, 1 << 20
_T = TypeVar("_T")

_pools: dict[int, ThreadPoolExecutor] = {}


def at_once(act: Callable[[_T], object], subjects: Sequence[_T]) -> None:
    """Do the same to all of them, four at a time; raises what one raised, after all have ended."""
    if len(subjects) <= _FEW:
        for subject in subjects:
            act(subject)
        return
    shares = [subjects[number::_THREADS] for number in range(min(_THREADS, len(subjects)))]
    pool = _pool()
    others = [pool.submit(_each, act, share) for share in shares[1:]]
    try:
        _each(act, shares[0])
    finally:
        wait(others)
    for other in others:
        other.result()


def flush_files(handles: Sequence[int]) -> None:
    """Flush files just written, all of them on their way to the disk before any is waited for."""
    if len(handles) > 1:
        for handle in handles:
            _start_writing_back(handle)
    at_once(os.fsync, handles)


def sync_folders(folders: Iterable[Path], *, done: str) -> None:
    """Make the names in several folders durable.

    Raises:
        OutcomeUnknown: the names are there, but the disk did not confirm them.
    """
    at_once(lambda folder: files.sync_folder(folder, done=done), sorted(set(folders)))


def copy_hashed(origin: int, source: Path, handle: int) -> str:
    """Copy a file into a new one, hashed meanwhile, and give the digest.

    A large one is copied by the system itself, and hashed behind that in the new file, which
    nobody else has open: what is hashed is what was written. 200 MB, hashed and durable, take
    0.23 s so; through this process 0.36 s, and 0.34 s for a copy, a flush and then a hash.

    Args:
        handle: of the new and empty file, to be read as well.
    """
    if hasattr(os, "copy_file_range") and os.fstat(origin).st_size >= _LARGE:
        if (digest := _copied_by_the_system(origin, handle)) is not None:
            return digest
        # It cannot do that here, or failed: then what reads the one and writes the other tells
        # which of the two files it was about.
        os.lseek(origin, 0, os.SEEK_SET)
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
    hasher = hashlib.sha256()
    for piece in files.pieces(origin, source):
        write_hashed(handle, piece, hasher)
    return f"sha256:{hasher.hexdigest()}"


def _copied_by_the_system(origin: int, handle: int) -> str | None:
    copied: SimpleQueue[int] = SimpleQueue()
    hashing = _pool().submit(_hash_behind, handle, copied)
    try:
        try:
            while count := os.copy_file_range(origin, handle, _STEP):
                copied.put(count)
        except OSError:
            return None
        # The disk works while the rest is hashed; the caller's own flush finds little left.
        os.fsync(handle)
    finally:
        copied.put(0)
        wait([hashing])
    return hashing.result()


def _hash_behind(handle: int, copied: "SimpleQueue[int]") -> str:
    """Hash a file as far as it is copied, until nothing more comes."""
    hasher, position = hashlib.sha256(), 0
    while count := copied.get():
        end = position + count
        while position < end:
            piece = os.pread(handle, min(_PIECE, end - position), position)
            hasher.update(piece)
            position += len(piece)
            if not piece:
                raise OSError(errno.EIO, "a file became shorter while it was copied")
    return f"sha256:{hasher.hexdigest()}"


def write_hashed(handle: int, piece: bytes | memoryview, hasher: "hashlib._Hash") -> None:
    """Write a piece where the file stands, and hash it; at the same time where it is large.

    To set the disk to work after each piece costs more than it gives, as whoever asks for that
    waits where the disk is busy: 200 MB, hashed and durable, took 0.62 s with it and 0.36 s
    without.
    """
    if len(piece) < _LARGE:
        hasher.update(piece)
        files.write_all(handle, piece)
        return
    hashing = _pool().submit(hasher.update, piece)
    try:
        files.write_all(handle, piece)
    finally:
        hashing.result()


def _start_writing_back(handle: int) -> None:
    # Despite its name this sends dirty pages on their way, and does not wait.
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)


def _each(act: Callable[[_T], object], subjects: Sequence[_T]) -> None:
    for subject in subjects:
        act(subject)


def _pool() -> ThreadPoolExecutor:
    """The threads of this process: a forked child has none of its parent's."""
    process = os.getpid()
    return _pools.get(process) or _pools.setdefault(process, ThreadPoolExecutor(_THREADS))
