"""The store in a folder: `objects/sha256/ab/…`, `pointers/<model>/<pointer>.json`, `tmp/`.

Every file is written under `tmp/`, flushed to the disk, and only then given its name, so
that whatever stands under a name is whole and durable, and a crash leaves nothing but a
file under `tmp/`. A blob gets its name by link(2), which never replaces: in a race one
writer wins, and the others check the winner's bytes. The promises: `protocol.py`.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Self

from registry_assets.errors import BlobCorrupt, BlobMissing, NotFound, StoreError
from registry_assets.faults import reached
from registry_assets.manifest import sha256_digest
from registry_assets.references import check_digest, check_name
from registry_assets.store import files
from registry_assets.store.protocol import StoredFile

_BLOB_MODE = 0o444
_POINTER_MODE = 0o644
_FANOUT = re.compile(r"[0-9a-f]{2}")
_REST = re.compile(r"[0-9a-f]{62}")
_MODEL = re.compile(r"[a-z][a-z0-9_]{0,62}")
_POINTER_FILE = re.compile(rf"{_MODEL.pattern}\.json")


class FolderStore:
    """A store in a folder of one local file system that has hard links."""

    def __init__(self, root: Path) -> None:
        """Open a store that `create` made; never creates anything.

        Raises:
            StoreError: there is no store.
        """
        self.root = root.absolute()
        self._objects, self._pointers, self._tmp = _layout(self.root)
        self._durable_folders: set[Path] = set()
        for folder in _layout(self.root):
            if not folder.is_dir():
                raise StoreError(
                    f"There is no store at {self.root}: expected the folder {folder}.",
                    hint="Run `registry init` there, or set REGISTRY_HOME to the project's folder.",
                )

    @classmethod
    def create(cls, root: Path) -> Self:
        """Create a store, or open the one that is there.

        Raises:
            StoreUnwritable: the folder cannot be made.
        """
        root = root.absolute()
        files.make_folders(root)
        for folder in (root / "objects", *_layout(root)):
            files.make_folder(folder)
        return cls(root)

    def put(self, data: bytes) -> str:
        """Store bytes unless they are there, durably, and give their digest."""
        digest = sha256_digest(data)
        if self.has(digest):
            self._confirm(digest)
            return digest
        with self._written(lambda handle: files.write_all(handle, data), "store") as temporary:
            self._publish(temporary, digest)
        return digest

    def put_file(self, source: Path) -> StoredFile:
        """Store a regular file's bytes, hashed while they are copied."""
        missing = StoreError(f"{source} cannot be read: there is no such file.")
        hasher = hashlib.sha256()
        with files.open_regular(source, missing=missing) as origin:

            def copy(handle: int) -> None:
                for chunk in files.chunks(origin, source):
                    hasher.update(chunk)
                    files.write_all(handle, chunk)

            before = os.fstat(origin)
            with self._written(copy, "store") as temporary:
                size = temporary.stat().st_size
                if (before.st_size, before.st_mtime_ns) != (size, os.fstat(origin).st_mtime_ns):
                    raise StoreError(
                        f"{source} changed while it was read; nothing was stored.",
                        hint="Repeat when nothing writes to it any more.",
                    )
                digest = f"sha256:{hasher.hexdigest()}"
                self._publish(temporary, digest)
        return StoredFile(digest, size)

    def read(self, digest: str) -> bytes:
        """Give the bytes of a digest, hashed again after reading."""
        with self._open(digest) as handle:
            data = b"".join(files.chunks(handle, self._path(digest)))
        self._compare(digest, actual=sha256_digest(data))
        return data

    def has(self, digest: str) -> bool:
        """Say whether something stands under that digest, without reading it."""
        return os.path.lexists(self._path(digest))

    def verify(self, digest: str) -> None:
        """Hash what is stored in constant memory."""
        hasher = hashlib.sha256()
        with self._open(digest) as handle:
            for chunk in files.chunks(handle, self._path(digest)):
                hasher.update(chunk)
        self._compare(digest, actual=f"sha256:{hasher.hexdigest()}")

    def digests(self) -> Iterator[str]:
        """Give every digest that something is stored under, in sorted order."""
        for fanout in _names(self._objects, _FANOUT):
            for rest in _names(self._objects / fanout, _REST):
                yield f"sha256:{fanout}{rest}"

    def write_pointer(self, model: str, pointer: str, data: bytes) -> None:
        """Replace a pointer file as a whole."""
        path = self._pointer_path(model, pointer)
        self._ensure_folder(path.parent)
        with self._written(
            lambda handle: files.write_all(handle, data), "pointer_file", mode=_POINTER_MODE
        ) as temporary:
            with files.writing(path):
                temporary.replace(path)
            reached("pointer_file.renamed")
            files.sync_folder(path.parent, done=f"{path} was replaced")

    def pointers(self) -> Iterator[tuple[str, str]]:
        """Give model and pointer of every pointer file, in sorted order."""
        for model in _names(self._pointers, _MODEL):
            for file in _names(self._pointers / model, _POINTER_FILE):
                yield model, file.removesuffix(".json")

    def read_pointer(self, model: str, pointer: str) -> bytes | None:
        """Give a pointer file's bytes; None where it was never written."""
        path = self._pointer_path(model, pointer)
        try:
            with files.open_regular(path, missing=NotFound(f"There is no {path}.")) as handle:
                return b"".join(files.chunks(handle, path))
        except NotFound:
            return None

    def _path(self, digest: str) -> Path:
        name = check_digest(digest).removeprefix("sha256:")
        return self._objects / name[:2] / name[2:]

    def _pointer_path(self, model: str, pointer: str) -> Path:
        check_name(model, what="model name")
        check_name(pointer, what="pointer name")
        return self._pointers / model / f"{pointer}.json"

    def _open(self, digest: str) -> AbstractContextManager[int]:
        path = self._path(digest)
        missing = BlobMissing(
            f"{digest} is not in the store: there is no {path}.",
            digest=digest,
            hint="Restore that file from a backup; `registry verify` lists what else is gone.",
        )
        return files.open_regular(path, missing=missing)

    def _compare(self, digest: str, *, actual: str) -> None:
        if actual != digest:
            raise BlobCorrupt(
                f"{self._path(digest)} is corrupt: expected {digest}, found {actual}.",
                expected=digest,
                actual=actual,
                hint="Move that file away and restore it from a backup; "
                "`registry verify` lists what else is corrupt.",
            )

    @contextmanager
    def _written(
        self, write: Callable[[int], None], point: str, *, mode: int = _BLOB_MODE
    ) -> Iterator[Path]:
        """A durable file under `tmp/`, for the block to give its name; gone afterwards.

        A file whose fsync failed is thrown away and never flushed again: the kernel
        reports a lost page once, and the second fsync would succeed without it.
        """
        temporary = self._tmp / secrets.token_hex(16)
        try:
            with files.writing(temporary):
                handle = files.create_private(temporary)
                try:
                    write(handle)
                    reached(f"{point}.tmp_written")
                    os.fchmod(handle, mode)
                    os.fsync(handle)
                finally:
                    os.close(handle)
            reached(f"{point}.fsynced")
            yield temporary
        finally:
            # What cannot be removed stays under tmp/, which nothing reads.
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _publish(self, temporary: Path, digest: str) -> None:
        path = self._path(digest)
        self._ensure_folder(path.parent)
        try:
            os.link(temporary, path, follow_symlinks=False)
        except FileExistsError:
            self._confirm(digest)
        except OSError as error:
            raise files.unwritable(path, error) from error
        else:
            reached("store.linked")
            files.sync_folder(path.parent, done=f"{path} was stored")

    def _confirm(self, digest: str) -> None:
        """Vouch for a blob that another writer stored.

        It is hashed again, and its folder flushed: the writer may have died, or not yet
        come, between giving it its name and making that name durable.
        """
        self.verify(digest)
        path = self._path(digest)
        self._ensure_folder(path.parent)
        files.sync_folder(path.parent, done=f"{path} was there already")

    def _ensure_folder(self, folder: Path) -> None:
        if folder not in self._durable_folders:
            files.make_folder(folder)
            self._durable_folders.add(folder)


def _layout(root: Path) -> tuple[Path, Path, Path]:
    return root / "objects" / "sha256", root / "pointers", root / "tmp"


def _names(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir() if pattern.fullmatch(entry.name))
    except OSError as error:
        raise StoreError(f"{folder} cannot be listed: {files.reason(error)}.") from error
