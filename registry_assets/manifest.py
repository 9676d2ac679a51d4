"""Manifests: immutable content, named by the sha256 of its canonical JSON.

Values and pure functions; nothing here reads or writes. Where manifests and the bytes
they name are kept is `store/`; which version is bound to which manifest is `catalog/`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Self

from registry_assets.canonical import (
    LARGEST_INTEGER,
    Json,
    canonical_json,
    plain_json,
    sha256_digest,
)
from registry_assets.errors import DeclarationError, NotFound, RegistryError, StoreError
from registry_assets.references import check_digest, check_text

FORMAT = "registry_assets/manifest/1"
OBSERVED = ("predictions", "drift", "performance")
"""Kinds of what was observed of deployed versions, in one partition of a model's data."""
KINDS = ("dataset", "features", "model", "evaluation", "attestation", *OBSERVED, "imported")

_LONGEST_PATH = 1024
_LONGEST_ROLE = 200


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a manifest: where it stands, what its bytes hash to, how many there are."""

    path: str
    sha256: str
    size: int

    def __post_init__(self) -> None:
        check_text(self.path, what="path of a file", limit=_LONGEST_PATH)
        segments = self.path.split("/")
        if set("\\\n\t") & set(self.path) or {"", ".", ".."} & set(segments):
            raise DeclarationError(
                f"{self.path!r} cannot be the path of a file in a manifest.",
                hint="Give a relative path with / between its parts, without . and .. parts.",
            )
        check_digest(self.sha256)
        if type(self.size) is not int or self.size < 0:
            raise DeclarationError(f"The size of {self.path!r} is {self.size!r}, not a byte count.")


def file_entries(contents: Mapping[str, bytes]) -> tuple[FileEntry, ...]:
    """Give what a manifest says of files, from their bytes by path."""
    return tuple(FileEntry(path, sha256_digest(data), len(data)) for path, data in contents.items())


@dataclass(frozen=True, slots=True)
class Parent:
    """One manifest that another was made from, and in which role."""

    role: str
    digest: str

    def __post_init__(self) -> None:
        check_text(self.role, what="role of a parent", limit=_LONGEST_ROLE)
        if not self.role:
            raise DeclarationError(f"The parent {self.digest} has an empty role.")
        check_digest(self.digest)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What something consists of, what it was made from, and what is known about it.

    Files are kept sorted by path. Parents keep the order they were given in: a training on
    March then April is not one on April then March. Facts are copied, so that no later
    change of the caller's dict reaches them.

    Law: `Manifest.from_bytes(manifest.to_bytes()) == manifest`.
    """

    kind: str
    files: tuple[FileEntry, ...] = ()
    parents: tuple[Parent, ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise DeclarationError(
                f"{self.kind!r} is no kind of manifest; the kinds are {', '.join(KINDS)}."
            )
        files = tuple(sorted(self.files, key=lambda entry: entry.path))
        _refuse_colliding_paths(files)
        object.__setattr__(self, "files", files)
        object.__setattr__(self, "parents", tuple(self.parents))
        object.__setattr__(self, "facts", _facts(plain_json(self.facts, root="facts")))

    @property
    def digest(self) -> str:
        """The manifest's name: the digest of its canonical bytes."""
        return sha256_digest(self.to_bytes())

    def file(self, path: str) -> FileEntry:
        """Give the entry of one file.

        Raises:
            NotFound: the manifest names no such file.
        """
        for entry in self.files:
            if entry.path == path:
                return entry
        raise NotFound(
            f"This {self.kind} manifest has no file {path!r}.",
            hint=f"It has: {', '.join(entry.path for entry in self.files) or 'no file at all'}.",
        )

    def parents_of(self, role: str) -> tuple[str, ...]:
        """Give the digests of all parents in one role, in their order."""
        return tuple(parent.digest for parent in self.parents if parent.role == role)

    def to_bytes(self) -> bytes:
        """Write the canonical bytes whose digest names this manifest."""
        return canonical_json(
            {
                "format": FORMAT,
                "kind": self.kind,
                "files": [
                    {"path": entry.path, "sha256": entry.sha256, "size": entry.size}
                    for entry in self.files
                ],
                "parents": [
                    {"role": parent.role, "digest": parent.digest} for parent in self.parents
                ],
                "facts": dict(self.facts),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a manifest from exactly the bytes that `to_bytes` writes.

        Any other spelling of the same content is refused: it would have another digest.

        Raises:
            StoreError: not a manifest, not in canonical form, or of another format.
        """
        document = _parse(data)
        try:
            manifest = cls(
                kind=document["kind"],
                files=tuple(FileEntry(**entry) for entry in document["files"]),
                parents=tuple(Parent(**parent) for parent in document["parents"]),
            )
            # Nobody else has them, so they need no copy.
            object.__setattr__(manifest, "facts", _facts(document["facts"]))
            written = manifest.to_bytes()
        except (KeyError, TypeError) as error:
            raise StoreError(
                f"This manifest lacks a field, or has one too many: {error}"
            ) from error
        except RegistryError as error:
            raise StoreError(f"This manifest is invalid. {error.message}") from error
        # This also finds a key that stands twice, of which readers believe different ones.
        if written != data:
            raise StoreError(
                "This manifest is not in canonical form: the same content is written otherwise.",
                hint="It was not written by this package; `registry verify` names what uses it.",
            )
        return manifest


def _facts(plain: Json) -> dict[str, Json]:
    if not isinstance(plain, dict):
        raise DeclarationError("The facts of a manifest must be a dict.")
    return plain


def _refuse_colliding_paths(files: tuple[FileEntry, ...]) -> None:
    paths = [entry.path for entry in files]
    for path, following in pairwise(paths):
        if path == following:
            raise DeclarationError(f"The manifest names the file {path!r} twice.")
    folders = {folder for path in paths for folder in _folders(path)}
    for path in paths:
        if path in folders:
            raise DeclarationError(f"In the manifest {path!r} is both a file and a folder.")


def _folders(path: str) -> Iterator[str]:
    head, slash, _ = path.rpartition("/")
    while slash:
        yield head
        head, slash, _ = head.rpartition("/")


def _parse(data: bytes) -> dict[str, Any]:
    try:
        document: Any = json.loads(data.decode("utf-8"), parse_int=_number)
    except (ValueError, RecursionError) as error:
        raise StoreError(f"These bytes are no manifest: {error}") from error
    if not isinstance(document, dict):
        raise StoreError(f"These bytes are no manifest: they hold a {type(document).__name__}.")
    found = document.get("format")
    if found != FORMAT:
        raise StoreError(
            f"These bytes are no manifest that this release reads: expected the format "
            f"{FORMAT!r}, found {found!r:.100}.",
            hint="If a newer release of registry_assets wrote it, upgrade to that release.",
        )
    return document


def _number(digits: str) -> int | float:
    # RFC 8785 writes the double 1e20 without an exponent; it must not come back as an int.
    number = float(digits)
    return int(digits) if abs(number) <= LARGEST_INTEGER else number
