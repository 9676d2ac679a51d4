"""Files of ours that go to another registry, and how they differ from what is there."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from registry_assets.mirroring.protocol import ForeignFile

_CHUNK = 1 << 20


def files_in(folder: Path) -> dict[str, ForeignFile]:
    """Give the regular files below a folder of ours, each with its digest."""
    return {
        path.relative_to(folder).as_posix(): hashed(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def hashed(file: Path) -> ForeignFile:
    """Hash a file."""
    hasher, size = hashlib.sha256(), 0
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            hasher.update(chunk)
            size += len(chunk)
    return ForeignFile(size, f"sha256:{hasher.hexdigest()}")


def unlike(
    wanted: Mapping[str, ForeignFile], there: Mapping[str, ForeignFile]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the paths that lack, or have other bytes, and those that are not to be there."""
    wrong = [
        path
        for path, file in wanted.items()
        if path not in there or there[path].sha256 != file.sha256
    ]
    return tuple(sorted(wrong)), tuple(sorted(there.keys() - wanted.keys()))
