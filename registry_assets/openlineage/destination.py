"""Where events go: REGISTRY_OPENLINEAGE, a file or an address; nowhere without it.

    file:lineage.jsonl                             a line of JSON an event, appended
    https://marquez.example.com/api/v1/lineage     a POST an event

A key that the address asks for is in REGISTRY_OPENLINEAGE_KEY, and nowhere else: it is sent as a
bearer token, and is in no error and no record.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from registry_assets.alerting.reading import url_problem
from registry_assets.alerting.sinks.http import Post
from registry_assets.alerting.sinks.log import append_line
from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.errors import DeliveryFailed, LineageInvalid
from registry_assets.openlineage.documents import Document

SETTING = "REGISTRY_OPENLINEAGE"
KEY = "REGISTRY_OPENLINEAGE_KEY"

_FILE = "file:"
_PATH = "/api/v1/lineage"
_SECONDS = 10.0
_SECRET = 8
_HINT = f"set {SETTING} to file:PATH or https://…/api/v1/lineage, or unset it to tell nobody"


class Destination(Protocol):
    """Something that takes events."""

    @property
    def identity(self) -> str:
        """Name it for good, without its address: what it was told is remembered by that."""

    @property
    def shown(self) -> str:
        """Where it is, for people; no secret is in it."""

    def send(self, document: Document) -> None:
        """Send one event; when this returns, it was taken.

        Raises:
            DeliveryFailed: it was not, or nobody has said so.
        """


@dataclass(frozen=True, slots=True)
class FileDestination:
    """A file that grows by a line an event."""

    path: Path

    @property
    def identity(self) -> str:
        """Of the path."""
        return sha256_digest(f"{_FILE}{self.path}".encode())

    @property
    def shown(self) -> str:
        """The path."""
        return str(self.path)

    def send(self, document: Document) -> None:
        """Append one line, and have the disk keep it.

        Raises:
            DeliveryFailed: it cannot be written.
        """
        try:
            append_line(self.path, canonical_json(document) + b"\n")
        except OSError as error:
            raise DeliveryFailed(
                f"{self.path} cannot be written: {error.strerror}",
                hint="make it writable for who tells of lineage",
            ) from error


@dataclass(frozen=True, slots=True)
class HttpDestination:
    """An address that takes a POST an event."""

    url: str
    key: str = field(default="", repr=False)

    @property
    def identity(self) -> str:
        """Of the address; the key may change."""
        return sha256_digest(self.url.encode())

    @property
    def shown(self) -> str:
        """The address, without what may be a secret in its query."""
        return self.url.partition("?")[0]

    def send(self, document: Document) -> None:
        """Post one event.

        Raises:
            DeliveryFailed: it was not taken.
        """
        headers = {"content-type": "application/json"}
        if self.key:
            headers["authorization"] = f"Bearer {self.key}"
        # A receiver may say back what it was asked with, and a query can hold a token.
        said = [value for _, value in parse_qsl(urlsplit(self.url).query) if len(value) >= _SECRET]
        secrets = [each for each in (self.key, *said) if each]
        post = Post("OpenLineage", self.url, secrets, _SECONDS, _SECONDS)
        post.send(canonical_json(document), headers=headers)


def find_destination(
    folder: Path, environment: Mapping[str, str] = os.environ
) -> Destination | None:
    """Find where events go; None where nobody is told.

    Args:
        folder: where a relative path starts.

    Raises:
        LineageInvalid: the setting, or the key, cannot be used; shows neither.
    """
    said, key = (environment.get(name, "").strip() for name in (SETTING, KEY))
    if not said:
        return None
    if said.startswith(_FILE):
        return _file(said, folder)
    if problem := url_problem(said, secret=bool(key)):
        raise LineageInvalid(f"{SETTING} {problem}", hint=_HINT)
    if not key.isascii() or not key.isprintable():
        raise LineageInvalid(f"{KEY} holds a character that belongs into no key", hint=_HINT)
    # As OpenLineage's own clients have it: an address alone means the usual place on it.
    parts = urlsplit(said)
    if parts.path in ("", "/"):
        said = urlunsplit(parts._replace(path=_PATH))
    return HttpDestination(said, key)


def _file(said: str, folder: Path) -> Destination:
    path = said.removeprefix(_FILE)
    if path.startswith("//"):
        path = path.removeprefix("//")
        if not path.startswith("/"):
            raise LineageInvalid(f"{SETTING} names a file of another machine", hint=_HINT)
    if not path or not path.isprintable():
        raise LineageInvalid(f"{SETTING} names no file", hint=_HINT)
    return FileDestination(folder / path)
