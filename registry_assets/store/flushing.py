"""Many flushes at once, and hashing beside writing, on a few threads that this process keeps.

A flush is waiting for the disk, and ext4 answers those who wait together with one commit of
its journal. Fifteen files of 3 kB in as many folders, measured on a disk that flushes in
0.15 ms: 7.5 ms one after the other, 2.9 ms this way.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from registry_assets.store import files

_THREADS = 4
_FEW = 2  # waking a thread takes about as long as a flush
_LARGE = 1 << 18
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
    """Copy what is left of one file into another, hashed meanwhile, and give the digest."""
    hasher = hashlib.sha256()
    for piece in files.pieces(origin, source):
        write_hashed(handle, piece, hasher)
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
