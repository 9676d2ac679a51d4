"""The store in a bucket of Amazon S3 or a compatible service, below a prefix.

The same names as in a folder: `objects/`, `pointers/`, `trash/`, `tmp/`, `registry.json`, and
`store.json`, which says that here is a store. A blob is written by one conditional request,
so in a race one writer wins, and the others check the winner's bytes. Requests, attempts and
errors: `bucket.py`. The promises: `protocol.py`.
"""

import base64
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.errors import BlobCorrupt, BlobMissing, StoreError, StoreUnwritable
from registry_assets.store import claims, files, flushing, layout
from registry_assets.store.bucket import Bucket
from registry_assets.store.probes import bucket_probes, require_passed
from registry_assets.store.protocol import Probe, StoredBlob, StoredFile, TrashedBlob

SCHEME = "s3://"
MARKER = "store.json"
_LOCATION = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/[A-Za-z0-9_.=-]+)*)/?")
_BLOB = re.compile(rf"({layout.FANOUT.pattern})/({layout.REST.pattern})")
_POINTER = re.compile(rf"({layout.MODEL.pattern})/({layout.MODEL.pattern})\.json")
_AT_ONCE = 8  # connections; boto3 keeps ten
_LARGEST = 5 << 30  # what one request may write
# Half the hour that the protocol allows; the rest is for clocks that differ.
_RENEWED_AFTER = timedelta(minutes=30)

_tried: set[tuple[str, str]] = set()


class S3Store:
    """A store in a bucket; its client is safe to share among threads, and so is this."""

    def __init__(self, location: str, *, client: Any = None) -> None:
        """Open a store that `create` made; never creates anything.

        Raises:
            StoreError: there is no store, no bucket, no access, or no boto3.
            StoreUnreachable: the service does not answer.
        """
        self._bucket = _bucket(location, client)
        data = self._bucket.read(MARKER)
        if data is None:
            raise StoreError(
                f"There is no store at {self.location}: expected {self._bucket.url(MARKER)}.",
                hint="Run `registry init` with this REGISTRY_STORE, or correct it.",
            )
        claims.require_store(data, where=self._bucket.url(MARKER))

    @classmethod
    def create(cls, location: str, *, client: Any = None) -> Self:
        """Create a store, or open the one that is there; the service is tried out first.

        Once for a bucket in one process: losers of the race may be kept waiting for seconds.

        Raises:
            StoreUnsafe: the service does not do what the promises rest on.
            StoreError: no bucket, no access, or no boto3.
            StoreUnreachable: the service does not answer.
        """
        bucket = _bucket(location, client)
        bucket.read(MARKER)
        service = (bucket.service, bucket.location.split("/")[2])
        if service not in _tried:
            require_passed(bucket_probes(bucket), location=bucket.location)
            _tried.add(service)
        document = canonical_json({"format": claims.STORE_FORMAT})
        bucket.create(MARKER, document, sha256=_base64(sha256_digest(document)))
        return cls(location, client=bucket.client)

    @property
    def location(self) -> str:
        """Bucket and prefix, as a URL."""
        return self._bucket.location

    def put(self, data: bytes) -> str:
        """Store bytes unless they are there, durably, and give their digest."""
        digest = sha256_digest(data)
        self._create(digest, lambda key, sha: self._bucket.create(key, data, sha256=sha))
        return digest

    def put_all(self, blobs: Sequence[bytes]) -> tuple[str, ...]:
        """Store many blobs, eight at a time, and give their digests in order."""
        if len(blobs) == 1:
            return (self.put(blobs[0]),)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return tuple(pool.map(self.put, blobs))

    def put_file(self, source: Path) -> StoredFile:
        """Store a regular file's bytes: hashed, then sent, and refused by the service if changed.

        Raises:
            StoreUnwritable: it is larger than one request may write, which is 5 GiB.
        """
        missing = StoreError(f"{source} cannot be read: there is no such file.")
        with files.open_regular(source, missing=missing) as handle:
            before = os.fstat(handle)
            if before.st_size > _LARGEST:
                raise StoreUnwritable(
                    f"{source} has {before.st_size:,} bytes; a store in a bucket takes files of "
                    f"at most {_LARGEST:,}, because it writes each in one conditional request.",
                    hint="Divide the file into parts, or keep the store in a folder.",
                )
            digest = files.digest_of(handle, source)
            with os.fdopen(os.dup(handle), "rb", buffering=0) as body:
                # Not sent in vain where it is there: it may be large.
                if not self._vouch(digest):
                    self._create(digest, lambda key, sha: self._sent(key, body, sha, source))
            after = os.fstat(handle)
            if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise _changed(source)
        return StoredFile(digest, before.st_size)

    def read(self, digest: str) -> bytes:
        """Give the bytes of a digest, hashed again after reading."""
        data = self._bucket.read(_object(digest))
        if data is None:
            raise self._missing(digest)
        self._compare(_object(digest), digest, actual=sha256_digest(data))
        return data

    def copy_to(self, digest: str, target: Path) -> None:
        """Write a blob to a new file, which gets its name when its bytes have that digest."""
        name = _object(digest)
        with files.new_file(target) as handle:
            hasher = hashlib.sha256()

            def start() -> Callable[[bytes], object]:
                nonlocal hasher
                hasher = hashlib.sha256()
                os.lseek(handle, 0, os.SEEK_SET)
                os.ftruncate(handle, 0)
                return lambda piece: flushing.write_hashed(handle, piece, hasher)

            with files.writing(target):
                if not self._bucket.download(name, start):
                    raise self._missing(digest)
            self._compare(name, digest, actual=f"sha256:{hasher.hexdigest()}")

    def has(self, digest: str) -> bool:
        """Say whether something stands under that digest, without reading it."""
        return self._bucket.find(_object(digest)) is not None

    def verify(self, digest: str) -> None:
        """Hash what is stored in constant memory."""
        self._verify(_object(digest), digest)

    def digests(self) -> Iterator[str]:
        """Give every digest that something is stored under, in sorted order."""
        return (blob.digest for blob in self.entries())

    def entries(self) -> Iterator[StoredBlob]:
        """Give every blob with its size and when it was last put, sorted by digest."""
        return self._blobs(layout.OBJECTS)

    def write_pointer(self, model: str, pointer: str, data: bytes) -> None:
        """Replace a pointer file as a whole."""
        self._bucket.replace(f"{layout.POINTERS}/{layout.pointer_name(model, pointer)}", data)

    def pointers(self) -> Iterator[tuple[str, str]]:
        """Give model and pointer of every pointer file, in sorted order."""
        below = f"{layout.POINTERS}/"
        # As in a folder: by model first, and `/` sorts after what a name can hold only there.
        found = (_POINTER.fullmatch(listed.name, len(below)) for listed in self._bucket.list(below))
        yield from sorted((match[1], match[2]) for match in found if match)

    def read_pointer(self, model: str, pointer: str) -> bytes | None:
        """Give a pointer file's bytes; None where it was never written."""
        return self._bucket.read(f"{layout.POINTERS}/{layout.pointer_name(model, pointer)}")

    def identity(self) -> str | None:
        """Give the registry whose bytes these are; None before any registry claimed them."""
        data = self._bucket.read(claims.FILE)
        where = self._bucket.url(claims.FILE)
        return None if data is None else claims.read_identity(data, where=where)

    def claim(self, identity: str) -> None:
        """Write down, once and for ever, whose bytes these are."""
        document = claims.identity_document(identity)
        self._bucket.create(claims.FILE, document, sha256=_base64(sha256_digest(document)))
        claims.require_same(self.identity(), identity, where=self.location)

    def discard(self, digest: str) -> None:
        """Move a blob to the trash: copied there by the service, then deleted here."""
        found = self._bucket.find(_object(digest))
        if found is None or not self._bucket.copy(_object(digest), _trashed(digest), found=found):
            if self._bucket.find(_trashed(digest)) is None:
                raise self._missing(digest)
            return
        self._bucket.delete(_object(digest))

    def trashed(self) -> Iterator[TrashedBlob]:
        """Give every blob in the trash, sorted by digest."""
        return (TrashedBlob(*blob) for blob in self._blobs(layout.TRASH))

    def restore(self, digest: str) -> bool:
        """Bring a blob back from the trash, verified; False where it is not in the trash."""
        source, target = _trashed(digest), _object(digest)
        found = self._bucket.find(source)
        if found is None:
            return False
        self._verify(source, digest)
        if not self._bucket.copy(source, target, found=found, absent=True):
            self._vouch(digest)
        self.purge(digest)
        return True

    def purge(self, digest: str) -> None:
        """Delete a blob from the trash, and only from there."""
        self._bucket.delete(_trashed(digest))

    def clean_tmp(self, older_than_seconds: float) -> int:
        """Remove what self-tests that were killed left in `tmp/`; nothing else writes there."""
        latest = datetime.now(UTC) - timedelta(seconds=older_than_seconds)
        found = list(self._bucket.list(f"{layout.TMP}/"))
        old = [listed.name for listed in found if listed.modified < latest]
        for name in old:
            self._bucket.delete(name)
        return len(old)

    def self_test(self) -> tuple[Probe, ...]:
        """Try out, in `tmp/`, whether the service keeps conditions and checksums."""
        return bucket_probes(self._bucket)

    def _create(self, digest: str, create: Callable[[str, str], bool]) -> None:
        """Create an object, or vouch for the one that is there."""
        name = _object(digest)
        while not create(name, _base64(digest)):
            if self._vouch(digest):
                return

    def _sent(self, name: str, body: Any, sha256: str, source: Path) -> bool:
        try:
            return self._bucket.create(name, body, sha256=sha256)
        except StoreUnwritable:
            body.seek(0)
            if files.digest_of(body.fileno(), source) != f"sha256:{_hex(sha256)}":
                raise _changed(source) from None
            raise

    def _vouch(self, digest: str) -> bool:
        """Vouch for a blob that another writer stored; False where it is gone again.

        It is hashed, and its time brought up to now by copying it onto itself where that time
        is half an hour old: whoever collects what is old leaves it alone.
        """
        name = _object(digest)
        found = self._bucket.find(name)
        if found is None:
            return False
        try:
            self._verify(name, digest)
        except BlobMissing:
            return False
        if datetime.now(UTC) - found.modified < _RENEWED_AFTER:
            return True
        return self._bucket.copy(name, name, found=found)

    def _verify(self, name: str, digest: str) -> None:
        hasher = hashlib.sha256()

        def start() -> Callable[[bytes], object]:
            nonlocal hasher
            hasher = hashlib.sha256()
            return hasher.update

        if not self._bucket.download(name, start):
            raise self._missing(digest)
        self._compare(name, digest, actual=f"sha256:{hasher.hexdigest()}")

    def _blobs(self, below: str) -> Iterator[StoredBlob]:
        for listed in self._bucket.list(f"{below}/"):
            match = _BLOB.fullmatch(listed.name, len(below) + 1)
            if match:
                yield StoredBlob(f"sha256:{match[1]}{match[2]}", listed.size, listed.modified)

    def _compare(self, name: str, digest: str, *, actual: str) -> None:
        if actual != digest:
            raise BlobCorrupt(
                f"{self._bucket.url(name)} is corrupt: expected {digest}, found {actual}.",
                expected=digest,
                actual=actual,
                hint="Restore that object from an earlier version or a backup; "
                "`registry verify` lists what else is corrupt.",
            )

    def _missing(self, digest: str) -> BlobMissing:
        return BlobMissing(
            f"{digest} is not in the store: there is no {self._bucket.url(_object(digest))}.",
            digest=digest,
            hint="Restore that object from an earlier version or a backup; "
            "`registry verify` lists what else is gone.",
        )


def _bucket(location: str, client: Any) -> Bucket:
    match = _LOCATION.fullmatch(location)
    if not match or any(part in (".", "..") for part in match[2].split("/")):
        # Not shown: whoever wrote a password into it finds it in no log.
        raise StoreError(
            "The store's location is none in a bucket: expected s3://bucket/prefix, with letters, "
            "digits and any of . _ - = in the prefix, and neither credentials nor a query.",
            hint="Correct REGISTRY_STORE; credentials come by the usual AWS means.",
        )
    return Bucket(match[1], match[2].removeprefix("/"), client)


def _object(digest: str) -> str:
    return f"{layout.OBJECTS}/{layout.blob_name(digest)}"


def _trashed(digest: str) -> str:
    return f"{layout.TRASH}/{layout.blob_name(digest)}"


def _base64(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest.removeprefix("sha256:"))).decode()


def _hex(sha256: str) -> str:
    return base64.b64decode(sha256).hex()


def _changed(source: Path) -> StoreError:
    return StoreError(
        f"{source} changed while it was read; nothing was stored under a wrong name.",
        hint="Repeat when nothing writes to it any more.",
    )
