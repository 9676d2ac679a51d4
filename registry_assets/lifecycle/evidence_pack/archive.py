"""The file that a pack is: a zip that gets its name when it is whole, and replaces nothing.

The same files give the same bytes: their order, times and rights are fixed.
"""

import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from registry_assets.canonical import Json
from registry_assets.store.files import new_file, writing

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_RIGHTS = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Packed:
    """One file of a pack, as it was written, and what it is."""

    path: str
    sha256: str
    size: int
    what: str

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {"path": self.path, "sha256": self.sha256, "size": self.size, "what": self.what}


@dataclass(slots=True)
class Archive:
    """A pack in the making."""

    _zip: zipfile.ZipFile
    files: list[Packed] = field(default_factory=list)

    def add(self, path: str, chunks: Iterable[bytes], *, what: str) -> None:
        """Write one file, and note its digest."""
        info = zipfile.ZipInfo(path, _EPOCH)
        info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, _UNIX
        info.external_attr = _RIGHTS
        hasher, size = hashlib.sha256(), 0
        # How long a ledger is is known at its end only, and it may be past 2 GiB.
        with self._zip.open(info, "w", force_zip64=True) as file:
            for chunk in chunks:
                hasher.update(chunk)
                size += len(chunk)
                file.write(chunk)
        self.files.append(Packed(path, f"sha256:{hasher.hexdigest()}", size, what))


@contextmanager
def new_archive(target: Path) -> Iterator[Archive]:
    """Give a pack to write at a path; it gets its name when the block ends well.

    Raises:
        StoreUnwritable: there is something at the path, or it cannot be written.
    """
    path = target.absolute()
    with (
        writing(path),
        new_file(path) as handle,
        os.fdopen(os.dup(handle), "wb") as file,
        zipfile.ZipFile(file, "w") as made,
    ):
        yield Archive(made)
