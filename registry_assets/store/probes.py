"""What a store's promises rest on, tried out in its `tmp/`: small, and leaving nothing.

A service or a file system that ignores a condition does so without a word, and every promise
about races would be void. Some keep one only while nobody else writes: hence the race.
"""

import base64
import errno
import hashlib
import os
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier

from registry_assets.errors import RegistryError, StoreUnsafe, StoreUnwritable
from registry_assets.store import files
from registry_assets.store.bucket import Bucket
from registry_assets.store.protocol import Probe

_RACERS = 8
_MAY_NOT = (errno.EACCES, errno.EPERM, errno.EROFS)
_DATA = b"written by a self-test; safe to remove\n"


def folder_probes(tmp: Path) -> tuple[Probe, ...]:
    """Try out flushing, put-if-absent by hard links, and a race for one name, in a folder."""
    name = tmp / f"self_test_{secrets.token_hex(8)}"
    drafts = [name.with_suffix(f".{number}") for number in range(_RACERS)]

    def flush() -> str:
        for draft in drafts:
            with files.writing(draft):
                handle = files.create_private(draft)
                try:
                    files.write_all(handle, _DATA)
                    os.fsync(handle)
                finally:
                    os.close(handle)
        files.sync_folder(tmp, done=f"files were written in {tmp}")
        return "files and folders are flushed to the disk"

    def put_if_absent() -> str:
        first = files.name_unless_there(drafts[0], name)
        second = files.name_unless_there(drafts[1], name)
        require(first, f"a hard link to {name} was refused where nothing was")
        require(not second, f"a second hard link replaced {name}")
        name.unlink()
        return "a name that is taken is never replaced"

    def race() -> str:
        won = winners(lambda number: files.name_unless_there(drafts[number], name))
        require(won == 1, f"{won} of {_RACERS} writers of one name were told that they made it")
        return f"of {_RACERS} writers of one name, one makes it"

    try:
        return (
            probe("flush", flush),
            probe("put_if_absent", put_if_absent),
            probe("race", race),
        )
    finally:
        for path in (name, *drafts):
            with suppress(OSError):
                path.unlink(missing_ok=True)


def bucket_probes(bucket: Bucket) -> tuple[Probe, ...]:
    """Try out put-if-absent, a race for one name, replacement and checksums, in a bucket."""
    names = [f"tmp/self_test_{secrets.token_hex(8)}" for _ in range(4)]
    alone, raced, replaced, damaged = names

    def put_if_absent() -> str:
        require(create(bucket, alone), f"{bucket.url(alone)} was refused where nothing was")
        again = create(bucket, alone, _DATA + b"again")
        require(not again, f"{bucket.service} ignores `If-None-Match: *`, and replaced an object")
        return "an object that is there is never replaced"

    def race() -> str:
        won = winners(lambda number: create(bucket, raced, _DATA + b"%d" % number))
        require(
            won == 1,
            f"{bucket.service} told {won} of {_RACERS} writers of one object that they made it",
        )
        return f"of {_RACERS} writers of one object, one makes it"

    def replace() -> str:
        for data in (_DATA, _DATA + b"again"):
            bucket.replace(replaced, data)
            require(
                bucket.read(replaced) == data, f"{bucket.url(replaced)} is not what was written"
            )
        return "an object is replaced where it is what was read before"

    def checksums() -> str:
        try:
            bucket.create(damaged, _DATA + b"damaged", sha256=_sha256(_DATA))
        except StoreUnwritable:
            return "bytes that were damaged on the way are refused"
        raise StoreUnsafe(f"{bucket.service} stores bytes that are not those of their checksum")

    try:
        first = probe("put_if_absent", put_if_absent)
        if first.barred:
            # A refusal is what the last of them takes for a good sign.
            return (first,)
        return (
            first,
            probe("race", race),
            probe("replace", replace),
            probe("checksums", checksums),
        )
    finally:
        for name in names:
            # What cannot be removed is in tmp/, and `clean_tmp` finds it.
            with suppress(RegistryError):
                bucket.delete(name)


def create(bucket: Bucket, name: str, data: bytes = _DATA) -> bool:
    """Create an object as the store does; False where there is one already."""
    return bucket.create(name, data, sha256=_sha256(data))


def _sha256(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def probe(name: str, attempt: Callable[[], str]) -> Probe:
    """Make one attempt, which says what it has seen, or raises."""
    try:
        return Probe(name, passed=True, sentence=attempt())
    except (RegistryError, OSError) as error:
        message = error.message if isinstance(error, RegistryError) else str(error)
        return Probe(name, passed=False, sentence=message.rstrip("."), barred=_bars(error))


def _bars(error: Exception) -> bool:
    """Tell whether an account may not write, or a disk is mounted so; by the service's word."""
    cause = error.__cause__
    return isinstance(error, StoreUnwritable) and (
        not isinstance(cause, OSError) or cause.errno in _MAY_NOT
    )


def require(held: object, otherwise: str) -> None:
    """Raise what an attempt found instead."""
    if not held:
        raise StoreUnsafe(otherwise)


def winners(attempt: Callable[[int], bool]) -> int:
    """Let eight threads do the same at one moment, and count who succeeded."""
    start = Barrier(_RACERS)

    def run(number: int) -> bool:
        start.wait(timeout=60)
        return attempt(number)

    with ThreadPoolExecutor(_RACERS) as pool:
        return sum(pool.map(run, range(_RACERS)))


def require_passed(probes: Sequence[Probe], *, location: str) -> None:
    """Refuse a store whose promises have nothing to rest on.

    Raises:
        StoreUnsafe: a probe failed; the message names all that did.
    """
    failed = [probe.sentence for probe in probes if not probe.passed]
    if failed:
        raise StoreUnsafe(
            f"{location} cannot be a store: {'; '.join(failed)}.",
            hint="Use a local file system with hard links, or a service that keeps "
            "`If-None-Match: *` also among racing writers, such as Amazon S3 or SeaweedFS.",
        )
