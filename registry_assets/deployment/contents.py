"""What the folder of a version holds: its files, and the attestation of the promotion beside them.

    manifest.json      its sha256 is the version's digest
    estimator.skops …  the version's files; the estimator's is named after its format
    attestation/       of a version that a pointer holds; its own manifest.json is in it
    model.sig          where whoever pulled it signed it; not looked at here

How a folder is written is `pulling`; what an attestation is worth `attested`.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from registry_assets.deployment.versions import ResolvedVersion, read_version
from registry_assets.errors import StoreError
from registry_assets.manifest import Manifest
from registry_assets.store import Store
from registry_assets.store.manifests import read_manifest

MANIFEST_FILE = "manifest.json"
ATTESTATION = "attestation"
"""The folder of the attestation; no version has a file of its own there."""
SIGNATURE_FILE = "model.sig"
"""What whoever pulled it may have signed it with: see `model_signature`."""

Contents: TypeAlias = Mapping[str, str]
"""The digest of each file, by its path."""

_OWN = {
    MANIFEST_FILE: "the manifest's",
    ATTESTATION: "the attestation's",
    SIGNATURE_FILE: "the signature's",
}
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK = 1 << 20
_SHOWN = 5


def read_contents(store: Store, version: ResolvedVersion) -> Contents:
    """Give what the folder of a version is to hold.

    Raises:
        BlobMissing, BlobCorrupt: what is stored is not what was approved.
        StoreError: a manifest is of something else, or names a file in a place that is not its.
    """
    contents = files_of(read_version(store, version), version.digest)
    if version.attestation is None:
        return contents
    attested = files_of(read_attestation(store, version), version.attestation)
    return {**contents, **{f"{ATTESTATION}/{path}": digest for path, digest in attested.items()}}


def read_attestation(store: Store, version: ResolvedVersion) -> Manifest:
    """Read the manifest of the attestation of the promotion by which a pointer holds a version.

    Raises:
        BlobMissing, BlobCorrupt: it is not what the pointer's file names.
        StoreError: it is of another promotion, or none.
    """
    digest = str(version.attestation)
    manifest = read_manifest(store, digest)
    expected = {
        "model": version.model,
        "version": version.version,
        "generation": version.generation,
    }
    said = {name: manifest.facts.get(name) for name in expected}
    if (manifest.kind, said) != ("attestation", expected):
        raise StoreError(
            f"{digest} is a {manifest.kind} manifest of {said!r:.200}; expected the attestation of"
            f" {expected!r:.200}",
            hint="`registry verify`, where the catalog is, names what is wrong.",
        )
    return manifest


def files_of(manifest: Manifest, digest: str) -> Contents:
    """Give the files of a manifest, and the manifest itself.

    Raises:
        StoreError: it names a file that would take the place of something else.
    """
    contents = {file.path: file.sha256 for file in manifest.files}
    for path in contents:
        first = path.partition("/")[0]
        if first in _OWN:
            whose = _OWN[first]
            raise StoreError(
                f"{digest} names a file {path!r}, which is {whose} own place",
                hint="It was not written by this package; find out by whom.",
            )
    return {**contents, MANIFEST_FILE: digest}


@dataclass(frozen=True, slots=True)
class Difference:
    """How a folder differs from what it should hold: files by path, each sorted.

    Args:
        lacking: not there.
        extra: there, and not to be.
        changed: of another content, or no regular file.
    """

    lacking: tuple[str, ...]
    extra: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Say it; "" where there is none."""
        for what, names in (
            ("it lacks", self.lacking),
            ("it also holds", self.extra),
            ("another content has", self.changed),
        ):
            if names:
                more = " …" if len(names) > _SHOWN else ""
                return f"{what} {', '.join(names[:_SHOWN])}{more}"
        return ""


def find_difference(contents: Contents, folder: Path) -> Difference:
    """Hold a folder against what it should hold; every byte is hashed."""
    there = {path.relative_to(folder).as_posix() for path in _files(folder)} - {SIGNATURE_FILE}
    both = sorted(contents.keys() & there)
    return Difference(
        tuple(sorted(contents.keys() - there)),
        tuple(sorted(there - contents.keys())),
        tuple(path for path in both if digest_of(folder / path) != contents[path]),
    )


def digest_of(file: Path) -> str | None:
    """Hash a regular file; None where there is none."""
    try:
        handle = os.open(file, _READ)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as opened:
        hasher = hashlib.sha256()
        try:
            while chunk := opened.read(_CHUNK):
                hasher.update(chunk)
        except OSError:
            return None
    return f"sha256:{hasher.hexdigest()}"


def _files(folder: Path) -> Iterator[Path]:
    """Give everything below a folder that is no folder; links are not followed."""
    for path, folders, names in os.walk(folder):
        links = [name for name in folders if (Path(path) / name).is_symlink()]
        yield from (Path(path) / name for name in (*names, *links))
