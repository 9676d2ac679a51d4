"""What every store promises, whatever it keeps its bytes in.

Bytes are named by their sha256 and never replaced; the pointer files that deployments
poll are the only thing that changes. Nothing is deleted that was not in the trash before.
Manifests over a store: `store/manifests.py`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol


class StoredFile(NamedTuple):
    """What was stored of a file: the digest and the number of its bytes."""

    digest: str
    size: int


class StoredBlob(NamedTuple):
    """One blob as a listing shows it: nothing was read or hashed.

    `modified` is when it was last put, an hour too early at most.
    """

    digest: str
    size: int
    modified: datetime


class TrashedBlob(NamedTuple):
    """One blob in the trash, and when it came there."""

    digest: str
    size: int
    discarded_at: datetime


class Probe(NamedTuple):
    """One thing that a store must be able to do, tried out; the sentence says what was seen.

    `barred` where it could not be tried, as nothing may be written there: then it did not pass,
    and nothing is known against the store.
    """

    name: str
    passed: bool
    sentence: str
    barred: bool = False


class Store(Protocol):
    """Bytes by digest, and pointer files by model and pointer name.

    Beside what each method raises, a store in a service raises `StoreUnreachable` where the
    service does not answer, and `StoreError` where it refuses. Neither has changed anything.
    """

    @property
    def location(self) -> str:
        """Where it is, for people: a path or a URL, never with credentials."""
        ...

    def put(self, data: bytes) -> str:
        """Store bytes unless they are there, durably, and give their digest.

        Raises:
            StoreUnwritable: nothing was stored.
            BlobCorrupt: other bytes stand under that digest.
            OutcomeUnknown: stored, but perhaps not durably; repeating tells.
        """
        ...

    def put_all(self, blobs: Sequence[bytes]) -> tuple[str, ...]:
        """Store many blobs, all durable when it returns, and give their digests in order.

        Raises as `put` does; then some of them may be stored, and repeating is safe.
        """
        ...

    def put_file(self, source: Path) -> StoredFile:
        """Store a regular file's bytes, hashed while they are copied, as `put` does.

        Raises:
            StoreError: the source cannot be read, is no regular file, or changed meanwhile.
        """
        ...

    def read(self, digest: str) -> bytes:
        """Give the bytes of a digest, hashed again after reading.

        Raises:
            BlobMissing: nothing is there.
            BlobCorrupt: what is there has another digest.
        """
        ...

    def copy_to(self, digest: str, target: Path) -> None:
        """Write a blob to a new file, which gets its name when its bytes have that digest.

        In constant memory. Nothing of it is left where it fails.

        Raises:
            StoreUnwritable: the target is there already, or cannot be written.
            BlobMissing: nothing is there.
            BlobCorrupt: what is there has another digest.
        """
        ...

    def has(self, digest: str) -> bool:
        """Say whether something stands under that digest, without reading it."""
        ...

    def verify(self, digest: str) -> None:
        """Hash what is stored in constant memory; raises as `read` does."""
        ...

    def digests(self) -> Iterator[str]:
        """Give every digest that something is stored under, in sorted order."""
        ...

    def entries(self) -> Iterator[StoredBlob]:
        """Give every blob with its size and when it was last put, sorted by digest."""
        ...

    def write_pointer(self, model: str, pointer: str, data: bytes) -> None:
        """Replace a pointer file as a whole: a reader sees the old or the new, never a part.

        The last writer wins; that writers come in the order of the pointer's generations
        is the caller's to see to.

        Raises:
            StoreUnwritable: the pointer file is unchanged.
            OutcomeUnknown: replaced, but perhaps not durably; repeating mends it.
        """
        ...

    def pointers(self) -> Iterator[tuple[str, str]]:
        """Give model and pointer of every pointer file, in sorted order."""
        ...

    def read_pointer(self, model: str, pointer: str) -> bytes | None:
        """Give a pointer file's bytes; None where it was never written."""
        ...

    def identity(self) -> str | None:
        """Give the registry whose bytes these are; None before any registry claimed them.

        Raises:
            StoreError: what says so is damaged, or of a format this release does not know.
        """
        ...

    def claim(self, identity: str) -> None:
        """Write down, once and for ever, whose bytes these are; repeating changes nothing.

        Raises:
            StoreError: they are another registry's.
        """
        ...

    def discard(self, digest: str) -> None:
        """Move a blob to the trash, from where it can be restored; repeating is safe.

        A put that finds the blob at this very moment may be told that it is stored. Whoever
        discards must look at what names it once more before purging, and restore it then.

        Raises:
            BlobMissing: it is neither in the store nor in the trash.
        """
        ...

    def trashed(self) -> Iterator[TrashedBlob]:
        """Give every blob in the trash, sorted by digest."""
        ...

    def restore(self, digest: str) -> bool:
        """Bring a blob back from the trash, verified; False where it is not in the trash.

        Raises:
            BlobCorrupt: the bytes in the trash have another digest; they stay there.
        """
        ...

    def purge(self, digest: str) -> None:
        """Delete a blob from the trash, and only from there; repeating is safe."""
        ...

    def clean_tmp(self, older_than_seconds: float) -> int:
        """Remove what crashed writers left in `tmp/`, and say how many files that were."""
        ...

    def self_test(self) -> tuple[Probe, ...]:
        """Try out, in `tmp/`, what the promises rest on."""
        ...
