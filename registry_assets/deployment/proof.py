"""What a pulled folder proves: its bytes, and why a pointer holds them. Nothing else is read.

The files and the manifests are held against each other here; what was signed, in `attested`.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from registry_assets.canonical import sha256_digest
from registry_assets.deployment.attested import (
    Check,
    Files,
    Mismatch,
    Subject,
    check_attestation,
    read_statement,
)
from registry_assets.deployment.contents import (
    ATTESTATION,
    MANIFEST_FILE,
    Contents,
    digest_of,
    files_of,
    find_difference,
)
from registry_assets.deployment.trust import TrustedKeys
from registry_assets.errors import NotFound, RegistryError, SigningError, StoreError
from registry_assets.governance.attestations import Attestation
from registry_assets.manifest import Manifest

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LONGEST = 1 << 26


@dataclass(frozen=True, slots=True)
class Proof:
    """What was looked at in a folder.

    Args:
        said: what the registry is said to have signed; None where that cannot be read.
    """

    folder: Path
    checks: tuple[Check, ...]
    said: Attestation | None = None

    @property
    def verified(self) -> bool:
        """Whether all of it is as it must be."""
        return all(check.passed for check in self.checks)


def verify_folder(folder: Path, trusted: TrustedKeys) -> Proof:
    """Check a folder as `registry pull` writes it, by public keys alone.

    Raises:
        NotFound: there is no such folder, or no version in it.
    """
    if not (folder / MANIFEST_FILE).exists():
        raise NotFound(
            f"{folder} holds no {MANIFEST_FILE}, so it is no folder that was pulled",
            hint="`registry pull MODEL@production DIR` writes one.",
        )
    try:
        version, digest = _manifest(folder / MANIFEST_FILE, kind="model")
        contents = files_of(version, digest)
    except RegistryError as error:
        return Proof(folder, (_wrong(MANIFEST_FILE, "the manifest of a version", error.message),))
    if not (folder / ATTESTATION).exists():
        wanted = "what the registry signed about the promotion"
        signed = _wrong(ATTESTATION, wanted, "no such folder", code="signature")
        return Proof(folder, (_files(contents, folder), signed))
    try:
        attestation, name = _manifest(folder / ATTESTATION / MANIFEST_FILE, kind="attestation")
        beside = files_of(attestation, name)
    except RegistryError as error:
        what = f"{ATTESTATION}/{MANIFEST_FILE}"
        wrong = _wrong(what, "the manifest of an attestation", error.message)
        return Proof(folder, (wrong,))
    files = dict(_readable(folder / ATTESTATION, beside))
    whole = {**contents, **{f"{ATTESTATION}/{path}": sha for path, sha in beside.items()}}
    number = version.facts.get("version")
    subject = Subject(
        str(version.facts.get("model")), number if isinstance(number, int) else 0, digest
    )
    checks = check_attestation(attestation, files, subject=subject, trusted=trusted)
    return Proof(folder, (_files(whole, folder), *checks), _said(files))


def _readable(folder: Path, contents: Contents) -> Iterator[tuple[str, bytes]]:
    """Give the files that can be read; the others are named where all of them are hashed."""
    for path in contents:
        with suppress(StoreError):
            yield path, _read(folder / path)


def _said(files: Files) -> Attestation | None:
    try:
        return read_statement(files)[0]
    except SigningError:
        return None


def _manifest(path: Path, *, kind: str) -> tuple[Manifest, str]:
    """Read a manifest of some kind, and its digest."""
    data = _read(path)
    manifest = Manifest.from_bytes(data)
    if manifest.kind != kind:
        raise StoreError(f"{path} is a {manifest.kind} manifest, no {kind} manifest")
    return manifest, sha256_digest(data)


def _read(path: Path) -> bytes:
    """Read a regular file, as long as what is written here ever is."""
    try:
        with os.fdopen(os.open(path, _FLAGS), "rb") as file:
            data = file.read(_LONGEST + 1)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > _LONGEST:
        raise StoreError(f"{path} is longer than {_LONGEST:,} bytes")
    return data


def _files(contents: Contents, folder: Path) -> Check:
    """Hash every file, and look for those that should not be there."""
    difference = find_difference(contents, folder)
    wrong = (
        *(Mismatch(path, contents[path], "no such file") for path in difference.lacking),
        *(Mismatch(path, "no such file", "a file") for path in difference.extra),
        *(
            Mismatch(path, contents[path], digest_of(folder / path) or "no regular file")
            for path in difference.changed
        ),
    )
    return Check("files", f"{len(contents)} files, every byte as the manifests say", wrong)


def _wrong(what: str, expected: str, found: str, *, code: str = "files") -> Check:
    return Check(code, "", (Mismatch(what, expected, found),))
