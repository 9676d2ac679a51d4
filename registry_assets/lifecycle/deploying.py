"""Deploy: find what a reference names, verify every byte, and hand it over."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from registry_assets.catalog.pointers import get_pointer
from registry_assets.catalog.versions import (
    VersionRecord,
    find_by_digest,
    get_committed,
    list_versions,
)
from registry_assets.errors import InvalidReference, NotFound, RegistryError
from registry_assets.lifecycle.backends import Backends
from registry_assets.manifest import Manifest
from registry_assets.references import Reference
from registry_assets.store.manifests import read_manifest

if TYPE_CHECKING:
    from registry_assets.packaging.loaded import LoadedModel

MANIFEST_FILE = "manifest.json"


def resolve(connection: sa.Connection, reference: Reference) -> VersionRecord:
    """Give the committed version that a reference names.

    Raises:
        NotFound: there is no such model, version, pointer or digest, or the pointer has
            not been moved to anything yet.
        InvalidReference: it names a model only, where one version is meant.
    """
    model = reference.model
    if reference.version is not None:
        return get_committed(connection, model, reference.version)
    if reference.digest is not None:
        return find_by_digest(connection, model, reference.digest)
    if reference.pointer is not None:
        pointer = get_pointer(connection, model, reference.pointer)
        if pointer.version is None:
            raise NotFound(
                f"{model}@{pointer.name} holds no version yet",
                hint=f"`registry explain {model}` says what the newest candidate waits for",
            )
        return get_committed(connection, model, pointer.version)
    newest = list_versions(connection, model, state="committed", limit=1)
    example = newest[0].reference if newest else f"{model}:1"
    raise InvalidReference(
        f"{model!r} names a registered model, not one of its versions",
        hint=f"name a version, {example}, or a pointer, {model}@production",
    )


def load_version(backends: Backends, version: VersionRecord) -> "LoadedModel":
    """Load a committed version; its code runs only after every byte was verified."""
    from registry_assets.packaging.loaded import load_package

    manifest, files = read_files(backends, version)
    return load_package(
        files,
        identity={
            "name": version.model,
            "version": version.number,
            "digest": version.digest,
            "metadata": manifest.facts["metadata"],
        },
    )


def read_files(backends: Backends, version: VersionRecord) -> tuple[Manifest, dict[str, bytes]]:
    """Read a version's manifest and files, each verified against its digest."""
    manifest = read_manifest(backends.store, str(version.digest))
    return manifest, {f.path: backends.store.read(f.sha256) for f in manifest.files}


def pull_version(backends: Backends, version: VersionRecord, target: Path) -> None:
    """Write a version's files and its manifest into a new folder, all of them or none.

    Raises:
        RegistryError: the folder exists and is not empty, or cannot be written.
    """
    try:
        taken = target.exists() and (not target.is_dir() or any(target.iterdir()))
    except OSError as error:
        raise _unwritable(target, error) from error
    if taken:
        raise RegistryError(
            f"{target} exists and is not an empty folder", hint="name a folder that is new"
        )
    _, files = read_files(backends, version)
    manifest = backends.store.read(str(version.digest))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".pull-") as temporary:
            staged = Path(temporary) / "version"
            for path, data in {**files, MANIFEST_FILE: manifest}.items():
                file = staged / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
            if target.is_dir():
                target.rmdir()
            staged.replace(target)
    except OSError as error:
        raise _unwritable(target, error) from error


def _unwritable(target: Path, error: OSError) -> RegistryError:
    where = f" ({error.filename})" if error.filename not in (None, str(target)) else ""
    return RegistryError(
        f"{target} cannot be written: {error.strerror or error}{where}",
        hint="name a folder you can write",
    )
