"""The files of a version at MLflow: where they are said to be, which there are, and their bytes.

What a server says of them is not believed. Files are read from that server alone, unless whoever
asks named another place; a path that leads out of its folder, a link, and more bytes than were
said are refused. Nothing is unpacked, and nothing is run.
"""

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlsplit

from registry_assets.errors import MirrorAddressInvalid, MirrorError, MirrorRefused
from registry_assets.mirroring.listing import LARGEST_UNSAID, Listing
from registry_assets.mirroring.mlflow.address import Address
from registry_assets.mirroring.mlflow.buckets import SCHEMES, BucketRepository
from registry_assets.mirroring.mlflow.calling import ABSENT, is_code

MOST_FILES = 10_000
_MOST_FOLDERS, _DEEPEST = 2_000, 20
_LONGEST_NAME, _LONGEST_PATH = 250, 1_000
_CHUNK = 1 << 20
_NOT_NOW = (401, 403, 408, 429, 502, 503, 504)
"""Answers about the caller or the moment, and not about the file."""


class Place(Protocol):
    """Where files are; called by several threads at once."""

    @property
    def uri(self) -> str:
        """Its address, for people."""

    def below(self, folder: str) -> Iterator[tuple[str, bool, int | None]]:
        """Give path, whether it is a folder, and size of what is in a folder."""

    def chunks(self, path: str) -> Iterator[bytes]:
        """Give the bytes of a file."""


def place_of(address: Address, uri: str, *, allowed: Sequence[str] = ()) -> Place:
    """Give where the files of a version are.

    Args:
        uri: as the server says.
        allowed: addresses below which it may be besides.

    Raises:
        MirrorRefused: it is neither that server nor a place that is allowed.
    """
    parts, own = urlsplit(uri), urlsplit(address.url)
    safe = ".." not in PurePosixPath(unquote(parts.path)).parts and not parts.query
    served = parts.scheme == "mlflow-artifacts" and parts.netloc in ("", own.netloc)
    served = served or (
        (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
        and "/mlflow-artifacts/artifacts/" in parts.path
    )
    if safe and served:
        return _Served(uri, _repository(address, uri))
    if safe and any(_is_below(uri, prefix) for prefix in allowed):
        if parts.scheme in SCHEMES:
            return _Bucket(uri, BucketRepository(uri, _repository(address, uri)))
        if parts.scheme in ("", "file") and parts.netloc in ("", "localhost"):
            roots = [_local(prefix) for prefix in allowed if _is_below(uri, prefix)]
            return _Folder(uri, _local(uri), roots)
    where = _shown(uri)
    raise MirrorRefused(
        f"the server says that its files are at {where}, which it does not serve itself",
        hint=f"where they may be read from there by this process, allow that: --also-from {where}",
    )


def check_allowed(prefixes: Sequence[str]) -> tuple[str, ...]:
    """Give addresses below which files may be read, if there can be any.

    Raises:
        MirrorAddressInvalid: one is of no kind that is read.
    """
    for prefix in prefixes:
        parts = urlsplit(prefix)
        bucket = parts.scheme in SCHEMES and bool(parts.netloc)
        folder = parts.scheme in ("", "file") and parts.netloc in ("", "localhost")
        if not bucket and not (folder and parts.path.startswith("/")):
            raise MirrorAddressInvalid(
                f"no file can be read from {_shown(prefix)}: expected a bucket"
                f" ({', '.join(f'{scheme}://' for scheme in SCHEMES)}) or a folder of this"
                " machine, from / on",
                hint="--also-from s3://bucket/mlruns, or --also-from /srv/mlruns",
            )
    return tuple(prefixes)


def list_files(place: Place) -> Listing:
    """List the files of a place; what is wrong with them is said in the listing.

    Called inside `Calls.to`, which translates what the wire does.
    """
    found: dict[str, int | None] = {}
    folders, pending = set[str](), [("", 0)]
    while pending:
        folder, depth = pending.pop()
        try:
            entries = list(place.below(folder))
        except Exception as error:
            if (said := _why_not(error)) is None:
                raise
            return Listing(refused=f"the files at {_shown(place.uri)} cannot be listed: {said}")
        for path, is_folder, size in entries:
            if not _is_in(folder, path) or path in found or path in folders:
                return Listing(
                    refused=f"{_shown(place.uri)} lists {path!r:.200}, which is no path in it"
                )
            if is_folder:
                folders.add(path)
                pending.append((path, depth + 1))
            else:
                found[path] = size
        if len(found) > MOST_FILES or len(folders) > _MOST_FOLDERS or depth > _DEEPEST:
            return Listing(
                refused=f"{_shown(place.uri)} has more than {MOST_FILES:,} files,"
                f" {_MOST_FOLDERS:,} folders or {_DEEPEST} folders in each other"
            )
    if not found:
        return Listing(refused=f"there is no file at {_shown(place.uri)}")
    return Listing(dict(sorted(found.items())))


def fetch_file(place: Place, path: str, size: int | None, folder: Path) -> str:
    """Write one file below a folder; give what kept it from being read, "" where nothing did.

    Called inside `Calls.to`, which translates what the wire does.
    """
    target, written = folder / path, 0
    target.parent.mkdir(parents=True, exist_ok=True)
    most = LARGEST_UNSAID if size is None else size
    try:
        with target.open("xb") as file:
            for chunk in place.chunks(path):
                written += len(chunk)
                if written > most:
                    return f"{path} has more bytes than {_said(size)}"
                file.write(chunk)
    except Exception as error:
        if (said := _why_not(error)) is None:
            raise
        return f"{path} is listed there, and cannot be read: {said}"
    if size is not None and written != size:
        return f"{path} has {written:,} bytes, and not {_said(size)}"
    return ""


def _said(size: int | None) -> str:
    return f"the {LARGEST_UNSAID:,} that are read" if size is None else f"the {size:,} that it says"


def _is_in(folder: str, path: str) -> bool:
    """Tell whether a path is that of something directly in a folder, spelt in the one way."""
    pure = PurePosixPath(path)
    plain = path == str(pure) and not pure.is_absolute() and ".." not in pure.parts
    # No line feed, half a character or backslash; and a name that a file here can have.
    writable = path.isprintable() and "\\" not in path and len(pure.name.encode()) <= _LONGEST_NAME
    writable = writable and len(pure.name) > 0 and len(path) <= _LONGEST_PATH
    return plain and writable and str(pure.parent) == (folder or ".")


class _Unreadable(Exception):
    """A place that this process reads by itself does not have it, or not as a file."""


def _why_not(error: Exception) -> str | None:
    """Give why a place cannot be read; None where nothing can be: then all is repeated later."""
    if isinstance(error, _Unreadable):
        return str(error)
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if status is None:
        found = re.search(r"too many (\d{3}) error responses", str(error))
        status = int(found[1]) if found else None
    if status in _NOT_NOW:
        return None
    if status is not None and status >= 400:
        return f"the server answers {status}"
    if is_code(error, "INVALID_PARAMETER_VALUE"):
        return "it is said to be at a path that leads out of its folder"
    return "it is not there" if is_code(error, ABSENT) else None


def _shown(uri: str) -> str:
    """Give an address for people: without whoever opens it, and without what may be a token."""
    parts = urlsplit(uri)
    place = parts.netloc.rpartition("@")[2]
    start = f"{parts.scheme}://{place}" if parts.scheme else ""
    return f"{start}{parts.path}"[:300] or "no address at all"


def _is_below(uri: str, prefix: str) -> bool:
    """Tell whether an address is below another: the same scheme and host, and in that folder."""
    one, other = urlsplit(uri), urlsplit(prefix)
    schemes = [{"": "file"}.get(each.scheme, each.scheme) for each in (one, other)]
    if schemes[0] != schemes[1] or one.netloc != other.netloc:
        return False
    folder = other.path.rstrip("/")
    return one.path == folder or one.path.startswith(f"{folder}/")


def _local(uri: str) -> Path:
    return Path(unquote(urlsplit(uri).path)).absolute()


@dataclass(frozen=True, slots=True)
class _Served:
    """Files that the server hands out itself."""

    uri: str
    repository: Any

    def below(self, folder: str) -> Iterator[tuple[str, bool, int | None]]:
        return _entries(self.repository, folder)

    def chunks(self, path: str) -> Iterator[bytes]:
        from mlflow.utils import credentials, rest_utils

        # Not by the repository's own download: that asks the server for the address of another
        # host to read from, and believes how large a file is.
        # They are not typed.
        creds_of: Any = credentials.get_default_host_creds
        wire: Any = rest_utils
        creds = creds_of(self.repository.artifact_uri)
        with wire.http_request(creds, f"/{quote(path)}", "GET", stream=True) as answer:
            wire.augmented_raise_for_status(answer)
            yield from answer.iter_content(_CHUNK)


@dataclass(frozen=True, slots=True)
class _Bucket:
    """Files in a bucket that this process may read by itself."""

    uri: str
    repository: Any

    def below(self, folder: str) -> Iterator[tuple[str, bool, int | None]]:
        try:
            yield from list(_entries(self.repository, folder))
        except MirrorError as error:
            raise _Unreadable(error.message) from None

    def chunks(self, path: str) -> Iterator[bytes]:
        with tempfile.TemporaryDirectory(prefix="registry-migrate-") as folder:
            try:
                written = Path(self.repository.download_artifacts(path, dst_path=folder))
            except MirrorError as error:
                raise _Unreadable(error.message) from None
            if written.is_symlink() or not written.resolve().is_relative_to(Path(folder).resolve()):
                raise _Unreadable("it was written to somewhere else")
            yield from _chunks(written)


@dataclass(frozen=True, slots=True)
class _Folder:
    """Files on this machine, in a folder that was allowed; links lead out of it."""

    uri: str
    root: Path
    allowed: Sequence[Path]

    def below(self, folder: str) -> Iterator[tuple[str, bool, int | None]]:
        place = self._inside(folder)
        if not place.is_dir():
            raise _Unreadable("there is no such folder on this machine")
        for entry in sorted(place.iterdir()):
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_symlink() or not (entry.is_dir() or entry.is_file()):
                raise _Unreadable(f"{path} is a link, or no file")
            yield path, entry.is_dir(), None if entry.is_dir() else entry.stat().st_size

    def chunks(self, path: str) -> Iterator[bytes]:
        file = self._inside(path)
        if not file.is_file():
            raise _Unreadable("it is no file any more")
        yield from _chunks(file)

    def _inside(self, path: str) -> Path:
        """Give a path as it is once every link in it was followed, if that is allowed."""
        place = (self.root / path).resolve()
        if not any(place.is_relative_to(each.resolve()) for each in self.allowed):
            raise _Unreadable("a link leads out of what was allowed")
        return place


def _entries(repository: Any, folder: str) -> Iterator[tuple[str, bool, int | None]]:
    for info in repository.list_artifacts(folder or None):
        size = None if info.file_size is None else int(info.file_size)
        yield str(info.path), bool(info.is_dir), size


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            yield chunk


def _repository(address: Address, uri: str) -> Any:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    return get_artifact_repository(uri, tracking_uri=address.url, registry_uri=address.url)
