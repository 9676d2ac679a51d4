"""Deploy what the catalog says that a reference names.

A deployment without a catalog starts from the store: `deployment.versions`. From a version
to its files both go the same way.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from registry_assets.catalog.pointers import get_pointer, newest_promotion
from registry_assets.catalog.versions import (
    VersionRecord,
    find_by_digest,
    find_held,
    get_committed,
    list_versions,
)
from registry_assets.deployment import pulling, versions
from registry_assets.deployment.versions import ResolvedVersion
from registry_assets.errors import InvalidReference, NotFound
from registry_assets.lifecycle.backends import Backends
from registry_assets.references import Reference

if TYPE_CHECKING:
    from registry_assets.packaging.loaded import LoadedModel


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
        held = find_held(connection, model, reference.pointer)
        if held is not None:
            return held
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
    """Load a committed version: see `deployment.versions`."""
    return versions.load_version(backends.store, as_resolved(version))


def pull(backends: Backends, reference: Reference, target: Path) -> VersionRecord:
    """Write a committed version's files into a new folder: see `deployment.pulling`.

    With the attestation of its promotion where the reference names a pointer.
    """
    with backends.catalog.read() as connection:
        version = resolve(connection, reference)
        resolved = as_resolved(version)
        if reference.pointer is not None:
            made = newest_promotion(connection, version.model, reference.pointer)
            resolved = replace(
                resolved,
                generation=made.generation,
                attestation=made.evidence.get("attestation"),
            )
    pulling.pull_version(backends.store, resolved, target)
    return version


def as_resolved(version: VersionRecord) -> ResolvedVersion:
    """Give what a deployment needs to know of a committed version."""
    return ResolvedVersion(version.model, version.number, str(version.digest))
