"""The objects in S3 that SageMaker reads: written, looked at, read back, and fetched."""

import base64
import hashlib
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from registry_assets.canonical import sha256_digest
from registry_assets.errors import MirrorRefused
from registry_assets.mirroring.protocol import ForeignFile
from registry_assets.mirroring.sagemaker.calling import Calls, is_absent

LARGEST = 5 << 30
"""What one request may write."""
_CHUNK = 1 << 20
_URI = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(\S{1,1000})")


class Place(NamedTuple):
    """A bucket and a key in it."""

    bucket: str
    key: str


def place_of(uri: str) -> Place | None:
    """Read s3://bucket/key; None where it is no such address."""
    found = _URI.fullmatch(uri)
    return Place(found[1], found[2]) if found else None


@dataclass(frozen=True, slots=True)
class Objects:
    """Objects below one address.

    Args:
        location: `s3://bucket/prefix`.
    """

    calls: Calls
    location: str

    def uri(self, name: str) -> str:
        """Give the address of an object."""
        return f"{self.location}/{name}"

    def size(self, name: str) -> ForeignFile | None:
        """Look at an object without reading it; None where there is none.

        Its digest is told where S3 made one as it was written.
        """
        with self.calls.to(f"{self.uri(name)} cannot be looked at", service="s3") as client:
            try:
                found = client.head_object(**self._at(name), ChecksumMode="ENABLED")
            except Exception as error:
                if is_absent(error):
                    return None
                raise
        sha256 = found.get("ChecksumSHA256")
        # One that was written in parts has a digest of digests, which says "-3".
        whole = sha256 and "-" not in sha256 and found.get("ChecksumType") != "COMPOSITE"
        digest = f"sha256:{base64.b64decode(sha256).hex()}" if whole else None
        return ForeignFile(int(found["ContentLength"]), digest)

    def hash(self, name: str) -> ForeignFile | None:
        """Read an object, and give its digest; None where there is none."""
        hasher, size = hashlib.sha256(), 0
        for chunk in self._chunks(name):
            if chunk is None:
                return None
            hasher.update(chunk)
            size += len(chunk)
        return ForeignFile(size, f"sha256:{hasher.hexdigest()}")

    def read(self, name: str) -> bytes | None:
        """Give the bytes of an object; None where there is none."""
        chunks = list(self._chunks(name))
        return None if None in chunks else b"".join(chunk for chunk in chunks if chunk)

    def write(self, name: str, data: bytes, *, kind: str) -> None:
        """Write an object over what is there.

        Args:
            kind: its content type.
        """
        if len(data) > LARGEST:
            raise MirrorRefused(
                f"{name} has {len(data):,} bytes; at most {LARGEST:,} are written",
                hint="nothing was written",
            )
        digest = bytes.fromhex(sha256_digest(data).removeprefix("sha256:"))
        with self.calls.to(f"{self.uri(name)} cannot be written", service="s3") as client:
            client.put_object(
                **self._at(name),
                Body=data,
                ContentType=kind,
                ChecksumSHA256=base64.b64encode(digest).decode(),
            )

    def _chunks(self, name: str) -> Iterator[bytes | None]:
        with self.calls.to(f"{self.uri(name)} cannot be read", service="s3") as client:
            try:
                answer = client.get_object(**self._at(name))
            except Exception as error:
                if is_absent(error):
                    yield None
                    return
                raise
            with closing(answer["Body"]) as body:
                yield from body.iter_chunks(_CHUNK)

    def _at(self, name: str) -> dict[str, Any]:
        place = place_of(self.uri(name))
        if place is None:
            raise MirrorRefused(
                f"{self.uri(name)!r:.300} is no address in a bucket",
                hint='SageMaker(artifacts="s3://bucket/prefix")',
            )
        return {"Bucket": place.bucket, "Key": place.key}


def fetch_object(calls: Calls, place: Place, target: Path, *, largest: int) -> str:
    """Write an object to a file; give what kept it from coming, "" where nothing did."""
    written = 0
    with calls.to(f"s3://{place.bucket}/{place.key} cannot be read", service="s3") as client:
        try:
            answer = client.get_object(Bucket=place.bucket, Key=place.key)
        except Exception as error:
            if is_absent(error):
                return "it is not there"
            raise
        size = int(answer["ContentLength"])
        with closing(answer["Body"]) as body, target.open("xb") as file:
            if size > largest:
                return f"it has {size:,} bytes, and at most {largest:,} are read"
            for chunk in body.iter_chunks(_CHUNK):
                written += len(chunk)
                if written > size:
                    return f"it has more bytes than the {size:,} that it says"
                file.write(chunk)
    return "" if written == size else f"it has {written:,} bytes, and not the {size:,} that it says"
