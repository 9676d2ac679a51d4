"""One bucket of Amazon S3 or a compatible service: requests, each ending in one of our errors.

boto3 is imported here, when a store in a bucket is opened, and its errors are known in
`refusals.py`. No layout and no digests' meaning: `s3.py`. Credentials, region and endpoint
come by the usual AWS means, or with a client that was handed in.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

from registry_assets.errors import OutcomeUnknown, StoreError
from registry_assets.store.refusals import Failure, translated

# Beside boto3's own attempts. Losers of a race may be kept waiting for seconds by the service.
_PAUSES = (0.0, 0.1, 0.4, 1.5)
_CHUNK = 1 << 20
_LIST_PAGE = 1000
_MISSING, _TAKEN = 404, 412


class Found(NamedTuple):
    """What a key holds, without its bytes."""

    size: int
    modified: datetime
    etag: str


class Listed(NamedTuple):
    """A key below the prefix that was asked for."""

    name: str
    size: int
    modified: datetime


class Bucket:
    """Objects of one bucket below a prefix, named relative to it."""

    def __init__(self, bucket: str, prefix: str, client: Any = None) -> None:
        """Use a boto3 client, or make one by the usual AWS means.

        Raises:
            StoreError: boto3 is not installed, or its configuration cannot be used.
        """
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self.location = f"s3://{bucket}/{prefix}".rstrip("/")
        self.client = _client(self.location) if client is None else client

    @property
    def service(self) -> str:
        """Host and port of the service, without what else a URL may hold."""
        parts = urlsplit(str(self.client.meta.endpoint_url))
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)

    def url(self, name: str) -> str:
        """Name an object for people."""
        return f"{self.location}/{name}"

    def find(self, name: str) -> Found | None:
        """Look what stands under a name; None where nothing does."""
        try:
            answer = self._ask("head_object", name)
        except Failure as failure:
            if failure.status == _MISSING:
                return None
            raise failure.error from failure.__cause__
        etag = str(answer["ETag"]).strip('"')
        return Found(answer["ContentLength"], answer["LastModified"].astimezone(UTC), etag)

    def download(self, name: str, start: Callable[[], Callable[[bytes], object]]) -> bool:
        """Give every piece to what `start` gives, anew where a connection broke.

        False where nothing stands under that name.
        """
        for last in _attempts():
            take = start()
            try:
                for piece in self._pieces(name):
                    take(piece)
                return True
            except Failure as failure:
                if failure.status == _MISSING:
                    return False
                if last or not failure.unsure:
                    raise failure.error from failure.__cause__
        raise AssertionError

    def read(self, name: str) -> bytes | None:
        """Give all bytes under a name; None where nothing stands."""
        parts: list[bytes] = []

        def start() -> Callable[[bytes], object]:
            parts.clear()
            return parts.append

        return b"".join(parts) if self.download(name, start) else None

    def create(self, name: str, body: bytes | IO[bytes], *, sha256: str) -> bool:
        """Write an object unless something stands under its name; False where it does.

        In one request, because a conditional multi-part upload lets several writers win on
        some services. False says nothing about whose bytes stand there, which may be ours of
        an attempt whose answer was lost: the caller looks.

        Args:
            sha256: of the bytes, in base64; the service refuses others.

        Raises:
            StoreUnwritable: the service refused; nothing was written.
            StoreUnreachable: nothing was written.
            OutcomeUnknown: no answer, and none to the question what stands there.
        """
        options = {"IfNoneMatch": "*", "ChecksumSHA256": sha256}
        failure: Failure | None = None
        for _ in _attempts():
            if not isinstance(body, bytes):
                body.seek(0)
            try:
                self._ask("put_object", name, writing=True, Body=body, **options)
                return True
            except Failure as met:
                failure = met
            if failure.status == _TAKEN:
                return False
            if not failure.unsure:
                break
            if self._settled(name, failure) is not None:
                return False
        assert failure is not None
        raise failure.error from failure.__cause__

    def replace(self, name: str, data: bytes) -> None:
        """Write an object over what stands under its name.

        On the condition that it is still what was there before: a request that was given up,
        and arrives late, must not undo what came after it.

        Raises:
            StoreUnwritable: the service refused; nothing was written.
            StoreUnreachable: nothing was written.
            OutcomeUnknown: no answer, and what stands there now is something else.
        """
        failure: Failure | None = None
        for _ in _attempts():
            before = self.find(name) if failure is None else self._settled(name, failure)
            if failure is not None and before is not None and self.read(name) == data:
                return
            condition = {"IfMatch": before.etag} if before else {"IfNoneMatch": "*"}
            try:
                self._ask("put_object", name, writing=True, Body=data, **condition)
                return
            except Failure as met:
                failure = met
            if not failure.unsure and failure.status not in (_TAKEN, _MISSING):
                raise failure.error from failure.__cause__
        assert failure is not None
        if self._settled(name, failure) is None or self.read(name) != data:
            raise _unknown(self.url(name)) from failure.error

    def copy(self, source: str, target: str, *, found: Found, absent: bool = False) -> bool:
        """Copy what was found under one name to another; False where a condition failed.

        Args:
            absent: only where nothing stands under the target.

        Raises:
            StoreUnwritable: the service refused; nothing was copied.
            OutcomeUnknown: the service does not say whether it did.
        """
        options: dict[str, object] = {"IfNoneMatch": "*"} if absent else {}
        if source == target:
            options["MetadataDirective"] = "REPLACE"  # else the service refuses to do nothing
        origin = {"Bucket": self._bucket, "Key": self._prefix + source}
        for last in _attempts():
            try:
                self._ask(
                    "copy_object",
                    target,
                    writing=True,
                    CopySource=origin,
                    CopySourceIfMatch=found.etag,
                    **options,
                )
                return True
            except Failure as failure:
                if failure.status in (_TAKEN, _MISSING):
                    return False
                if not failure.unsure:
                    raise failure.error from failure.__cause__
                if last:
                    raise _unknown(self.url(target)) from failure.error
        raise AssertionError

    def delete(self, name: str) -> None:
        """Remove an object; done where there is none.

        Raises:
            OutcomeUnknown: the service does not say whether it did.
        """
        for last in _attempts():
            try:
                self._ask("delete_object", name, writing=True)
                return
            except Failure as failure:
                if not failure.unsure:
                    raise failure.error from failure.__cause__
                if last:
                    raise _unknown(self.url(name)) from failure.error

    def list(self, below: str) -> Iterator[Listed]:
        """Give the objects whose names begin so, sorted by name, page by page."""
        prefix = self._prefix + below
        start = prefix
        while True:
            try:
                page = self._call(
                    "list_objects_v2", below, Prefix=prefix, StartAfter=start, MaxKeys=_LIST_PAGE
                )
            except Failure as failure:
                raise failure.error from failure.__cause__
            for entry in page.get("Contents", ()):
                name = str(entry["Key"])[len(self._prefix) :]
                yield Listed(name, entry["Size"], entry["LastModified"].astimezone(UTC))
                start = str(entry["Key"])
            if not page.get("IsTruncated"):
                return

    def _settled(self, name: str, failure: Failure) -> Found | None:
        """After a request without a sure answer, ask what stands there now."""
        try:
            return self.find(name)
        except StoreError:
            raise _unknown(self.url(name)) from failure.error

    def _pieces(self, name: str) -> Iterator[bytes]:
        from botocore.exceptions import FlexibleChecksumError

        with closing(self._ask("get_object", name)["Body"]) as body, self._translated(name):
            while True:
                try:
                    piece = body.read(_CHUNK)
                except FlexibleChecksumError:
                    return  # all has been read, and the caller compares its own sha256
                if not piece:
                    return
                yield piece

    def _ask(self, operation: str, name: str, *, writing: bool = False, **options: Any) -> Any:
        return self._call(operation, name, writing=writing, Key=self._prefix + name, **options)

    def _call(self, operation: str, name: str, *, writing: bool = False, **options: Any) -> Any:
        with self._translated(name, writing=writing):
            return getattr(self.client, operation)(Bucket=self._bucket, **options)

    def _translated(self, name: str, *, writing: bool = False) -> AbstractContextManager[None]:
        return translated(
            self.url(name), bucket=self._bucket, service=self.service, writing=writing
        )


def _attempts() -> Iterator[bool]:
    """Wait a little longer before each attempt, and say whether it is the last."""
    for number, pause in enumerate(_PAUSES, start=1):
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  # apart from the others
        yield number == len(_PAUSES)


def _unknown(where: str) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"The service gave no answer; it is not known whether {where} was changed.",
        hint="Check the network, then repeat; a repeated call tells.",
    )


def _client(location: str) -> Any:
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise StoreError(
            f"{location} needs boto3, which is not installed.",
            hint='pip install "registry_assets[s3]"',
        ) from None
    try:
        # Sooner than a minute it is known whether anybody is there at all.
        return boto3.session.Session().client("s3", config=Config(connect_timeout=10))
    except (BotoCoreError, ValueError) as error:
        raise StoreError(
            f"{location} cannot be opened ({type(error).__name__}).",
            hint="Check the AWS configuration: AWS_PROFILE, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL.",
        ) from error
