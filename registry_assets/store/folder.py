"""The store in a folder: `objects/`, `pointers/`, `trash/`, `tmp/` and `registry.json`.

Every file is written under `tmp/`, flushed to the disk, and only then given its name, so
that whatever stands under a name is whole and durable, and a crash leaves nothing but a
file under `tmp/` (`drafts.py`). A blob gets its name by link(2), which never replaces: in a
race one writer wins, and the others check the winner's bytes. The promises: `protocol.py`.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from registry_assets.canonical import sha256_digest
from registry_assets.errors import BlobMissing, NotFound, StoreError
from registry_assets.faults import reached
from registry_assets.store import claims, files, layout
from registry_assets.store.blobs import BlobFolder, Mark, names
from registry_assets.store.drafts import Drafts
from registry_assets.store.probes import folder_probes
from registry_assets.store.protocol import Probe, StoredBlob, StoredFile, TrashedBlob
from registry_assets.store.trash import Trash

_BLOB_MODE = 0o444
_POINTER_MODE = 0o644
_REMEMBERED = 100_000


class FolderStore:
    """A store in a folder of one local file system that has hard links."""

    def __init__(self, root: Path) -> None:
        """Open a store that `create` made; never creates anything.

        Raises:
            StoreError: there is no store.
        """
        self.root = root.absolute()
        objects, self._pointers, drafts = needed = _folders(self.root)
        for folder in needed:
            if not folder.is_dir():
                raise StoreError(
                    f"There is no store at {self.root}: expected the folder {folder}.",
                    hint="Run `registry init` there, or set REGISTRY_HOME to the project's folder.",
                )
        self._objects = BlobFolder(objects)
        self._trash = Trash(self.root / layout.TRASH, self._objects)
        self._drafts = Drafts(drafts)
        self._durable: dict[str, Mark] = {}
        self._made: set[Path] = set()

    @classmethod
    def create(cls, root: Path) -> Self:
        """Create a store, or open the one that is there.

        Raises:
            StoreUnwritable: the folder cannot be made.
        """
        root = root.absolute()
        files.make_folders(root)
        for folder in (root / "objects", *_folders(root)):
            files.make_folder(folder)
        return cls(root)

    @property
    def location(self) -> str:
        """The folder's path."""
        return str(self.root)

    def put(self, data: bytes) -> str:
        """Store bytes unless they are there, durably, and give their digest."""
        return self.put_all([data])[0]

    def put_all(self, blobs: Sequence[bytes]) -> tuple[str, ...]:
        """Store many blobs, which are flushed together, and give their digests in order."""
        digests = tuple(map(sha256_digest, blobs))
        contents = dict(zip(digests, blobs, strict=True))
        there = self._vouch([digest for digest in contents if self._objects.has(digest)])
        absent = {digest: contents[digest] for digest in contents if digest not in there}
        if absent:
            with self._drafts.written(list(absent.values()), "store", mode=_BLOB_MODE) as drafts:
                self._publish(dict(zip(absent, drafts, strict=True)))
        return digests

    def put_file(self, source: Path) -> StoredFile:
        """Store a regular file's bytes, hashed while they are copied."""
        missing = StoreError(f"{source} cannot be read: there is no such file.")
        with files.open_regular(source, missing=missing) as origin:
            before = os.fstat(origin)
            with self._drafts.copied(origin, source, "store", mode=_BLOB_MODE) as (draft, digest):
                size = draft.stat().st_size
                if (before.st_size, before.st_mtime_ns) != (size, os.fstat(origin).st_mtime_ns):
                    raise StoreError(
                        f"{source} changed while it was read; nothing was stored.",
                        hint="Repeat when nothing writes to it any more.",
                    )
                self._publish({digest: draft})
        return StoredFile(digest, size)

    def read(self, digest: str) -> bytes:
        """Give the bytes of a digest, hashed again after reading."""
        return self._objects.read(digest)

    def copy_to(self, digest: str, target: Path) -> None:
        """Write a blob to a new file, which gets its name when its bytes have that digest."""
        self._objects.copy_to(digest, target)

    def has(self, digest: str) -> bool:
        """Say whether something stands under that digest, without reading it."""
        return self._objects.has(digest)

    def verify(self, digest: str) -> None:
        """Hash what is stored in constant memory."""
        self._objects.verify(digest)

    def digests(self) -> Iterator[str]:
        """Give every digest that something is stored under, in sorted order."""
        return self._objects.digests()

    def entries(self) -> Iterator[StoredBlob]:
        """Give every blob with its size and when it was last put, sorted by digest."""
        return self._objects.entries()

    def write_pointer(self, model: str, pointer: str, data: bytes) -> None:
        """Replace a pointer file as a whole."""
        path = self._pointers / layout.pointer_name(model, pointer)
        if path.parent not in self._made:
            files.make_folder(path.parent)
            self._made.add(path.parent)
        with self._drafts.written([data], "pointer_file", mode=_POINTER_MODE) as (draft,):
            with files.writing(path):
                draft.replace(path)
            reached("pointer_file.renamed")
            files.sync_folder(path.parent, done=f"{path} was replaced")

    def pointers(self) -> Iterator[tuple[str, str]]:
        """Give model and pointer of every pointer file, in sorted order."""
        for model in names(self._pointers, layout.MODEL):
            for file in names(self._pointers / model, layout.POINTER_FILE):
                yield model, file.removesuffix(".json")

    def read_pointer(self, model: str, pointer: str) -> bytes | None:
        """Give a pointer file's bytes; None where it was never written."""
        return _read_unless_missing(self._pointers / layout.pointer_name(model, pointer))

    def identity(self) -> str | None:
        """Give the registry whose bytes these are; None before any registry claimed them."""
        path = self.root / claims.FILE
        data = _read_unless_missing(path)
        return None if data is None else claims.read_identity(data, where=str(path))

    def claim(self, identity: str) -> None:
        """Write down, once and for ever, whose bytes these are."""
        path = self.root / claims.FILE
        document = claims.identity_document(identity)
        with self._drafts.written([document], "claim", mode=_BLOB_MODE) as (draft,):
            files.name_unless_there(draft, path)
            files.sync_folder(path.parent, done=f"{path} was written")
        claims.require_same(self.identity(), identity, where=self.location)

    def discard(self, digest: str) -> None:
        """Move a blob to the trash, durably."""
        self._trash.discard(digest)

    def trashed(self) -> Iterator[TrashedBlob]:
        """Give every blob in the trash, sorted by digest."""
        return self._trash.entries()

    def restore(self, digest: str) -> bool:
        """Bring a blob back from the trash, verified; False where it is not in the trash."""
        return self._trash.restore(digest)

    def purge(self, digest: str) -> None:
        """Delete a blob from the trash, and only from there."""
        self._trash.purge(digest)

    def clean_tmp(self, older_than_seconds: float) -> int:
        """Remove what crashed writers left in `tmp/`, and say how many files that were."""
        return self._drafts.clean(older_than_seconds)

    def self_test(self) -> tuple[Probe, ...]:
        """Try out hard links, put-if-absent and flushing in `tmp/`."""
        return folder_probes(self._drafts.folder)

    def _publish(self, drafts: Mapping[str, Path]) -> None:
        """Give durable files their names, and flush each folder that got one, once."""
        self._objects.make_rooms(drafts)
        linked: dict[str, Mark] = {}
        for digest, draft in drafts.items():
            mark = Mark.of(draft.stat())
            while not files.name_unless_there(draft, self._objects.path(digest)):
                if self._vouch([digest]):
                    break
            else:
                reached("store.linked")
                linked[digest] = mark
        self._objects.sync(linked)
        self._remember(linked)

    def _vouch(self, digests: Sequence[str]) -> set[str]:
        """Vouch for blobs that another writer stored; leave out those that are gone again.

        Each is hashed again, and its folder flushed: the writer may have died, or not yet
        come, between giving it its name and making that name durable. Where this object has
        seen to that before, for this very file, the name needs no second flush.
        """
        found: dict[str, Mark] = {}
        unsure = []
        for digest in digests:
            try:
                before, found[digest] = self._objects.renew(digest)
            except BlobMissing:
                continue
            if self._durable.get(digest) != before:
                unsure.append(digest)
        self._objects.make_rooms(unsure)
        self._objects.sync(unsure)
        self._remember(found)
        return set(found)

    def _remember(self, marks: Mapping[str, Mark]) -> None:
        if len(self._durable) > _REMEMBERED:
            self._durable.clear()
        self._durable.update(marks)


def _folders(root: Path) -> tuple[Path, Path, Path]:
    return root / layout.OBJECTS, root / layout.POINTERS, root / layout.TMP


def _read_unless_missing(path: Path) -> bytes | None:
    try:
        with files.open_regular(path, missing=NotFound(f"There is no {path}.")) as handle:
            return files.read_whole(handle, path)
    except NotFound:
        return None
