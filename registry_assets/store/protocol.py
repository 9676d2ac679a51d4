"""What every store promises, whatever it keeps its bytes in.

Bytes are named by their sha256 and never replaced; the pointer files that deployments
poll are the only thing that changes. Manifests over a store: `store/manifests.py`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol


class StoredFile(NamedTuple):
    """What was stored of a file: the digest and the number of its bytes."""

    digest: str
    size: int


class Store(Protocol):
    """Bytes by digest, and pointer files by model and pointer name."""

    def put(self, data: bytes) -> str:
        """Store bytes unless they are there, durably, and give their digest.

        Raises:
            StoreUnwritable: nothing was stored.
            BlobCorrupt: other bytes stand under that digest.
            OutcomeUnknown: stored, but perhaps not durably; repeating tells.
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

    def has(self, digest: str) -> bool:
        """Say whether something stands under that digest, without reading it."""
        ...

    def verify(self, digest: str) -> None:
        """Hash what is stored in constant memory; raises as `read` does."""
        ...

    def digests(self) -> Iterator[str]:
        """Give every digest that something is stored under, in sorted order."""
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
