"""A version read from an OCI image layout: as `oci` wrote it, or as a tool of OCI copied it.

Nothing in the layout is believed but what hashes to the digests above it, up to the version's own,
which comes from elsewhere.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_assets.canonical import sha256_digest
from registry_assets.converting.folder import load_files
from registry_assets.converting.oci import (
    ARTIFACT,
    BLOBS,
    CONFIG,
    FILE_PATH,
    IMAGE_MANIFEST,
    INDEX,
    LAYOUT,
    LAYOUT_VERSION,
)
from registry_assets.deployment.contents import MANIFEST_FILE
from registry_assets.errors import BlobCorrupt, BlobMissing, RegistryError, StoreError
from registry_assets.manifest import Manifest
from registry_assets.references import check_digest

if TYPE_CHECKING:
    from registry_assets.packaging.loaded import LoadedModel

_LARGEST_DOCUMENT = 16 << 20
_AGAIN = "Fetch the layout again: it is not whole."


def load_oci_layout(folder: Path | str, *, digest: str) -> "LoadedModel":
    """Load the version of a digest from an OCI image layout, every byte verified first.

    Args:
        digest: the version's, from where the layout came from; not from the layout.

    Raises:
        StoreError: the layout has no version of that digest, or is none.
        BlobMissing, BlobCorrupt: it has one, damaged.
        PackagingRefused, UntrustedTypes: it is whole, and no model for this release.
    """
    return load_files(read_oci_layout(folder, digest=digest), digest=digest)[0]


def read_oci_layout(folder: Path | str, *, digest: str) -> dict[str, bytes]:
    """Read the files of the version of a digest, its manifest among them, all verified.

    Raises:
        StoreError: the layout has no version of that digest, or is none.
        BlobMissing, BlobCorrupt: it has one, damaged.
    """
    folder = Path(folder)
    check_digest(digest)
    if _document(_bytes(folder, LAYOUT), folder / LAYOUT) != LAYOUT_VERSION:
        raise StoreError(f"{folder / LAYOUT} is not of an image layout that this release reads")
    found = [layers for layers in _artifacts(folder) if layers.get(MANIFEST_FILE) == digest]
    if not found:
        raise StoreError(
            f"{folder} has no version {digest}",
            hint="give the digest of a version that is in it; `registry show` names a version's",
        )
    layers = found[0]
    stored = _blob(folder, digest)
    manifest = Manifest.from_bytes(stored)
    wanted = {file.path: file.sha256 for file in manifest.files}
    if (said := {**wanted, MANIFEST_FILE: digest}) != layers:
        paths = sorted(path for path in said.keys() | layers.keys() if _differs(path, said, layers))
        raise BlobCorrupt(
            f"the layers of {folder} are not the files of {digest}: {', '.join(paths[:5])}",
            expected=digest,
            actual=str(layers.get(paths[0])),
            hint=_AGAIN,
        )
    return {MANIFEST_FILE: stored, **{path: _blob(folder, each) for path, each in wanted.items()}}


def _differs(path: str, said: dict[str, str], layers: dict[str, str]) -> bool:
    return said.get(path) != layers.get(path)


def _artifacts(folder: Path) -> Iterator[dict[str, str]]:
    """Give the layers of every model in a layout, digests by path."""
    index = _document(_bytes(folder, INDEX), folder / INDEX)
    for listed in _objects(index.get("manifests")):
        if listed.get("mediaType") != IMAGE_MANIFEST:
            continue
        name = _digest(listed)
        manifest = _document(_blob(folder, name), folder / name)
        if manifest.get("artifactType", ARTIFACT) != ARTIFACT:
            continue
        config = manifest.get("config")
        if not isinstance(config, dict) or config.get("mediaType") != CONFIG:
            continue
        layers = _objects(manifest.get("layers"))
        _check_config(folder, _digest(config), [_digest(layer) for layer in layers])
        yield {_path(layer): _digest(layer) for layer in layers}


def _check_config(folder: Path, name: str, digests: list[str]) -> None:
    config = _document(_blob(folder, name), folder / name)
    files = config.get("modelfs")
    found = files.get("diffIds") if isinstance(files, dict) else None
    if found != digests:
        raise BlobCorrupt(
            f"the config {name} of {folder} names other layers than its manifest",
            expected=str(digests),
            actual=str(found),
            hint=_AGAIN,
        )


def _path(layer: dict[str, Any]) -> str:
    annotations = layer.get("annotations")
    return str(annotations.get(FILE_PATH, "")) if isinstance(annotations, dict) else ""


def _digest(descriptor: dict[str, Any]) -> str:
    found = str(descriptor.get("digest", ""))
    try:
        check_digest(found)
    except RegistryError as error:
        raise StoreError(f"{found!r:.100} is no digest that this release reads") from error
    return found


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _document(data: bytes, where: Path) -> dict[str, Any]:
    try:
        found = json.loads(data) if len(data) <= _LARGEST_DOCUMENT else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise StoreError(f"{where} is no JSON object of an OCI image layout")
    return found


def _blob(folder: Path, digest: str) -> bytes:
    data = _bytes(folder, f"{BLOBS}/{digest.removeprefix('sha256:')}", digest=digest)
    if (found := sha256_digest(data)) != digest:
        raise BlobCorrupt(
            f"a blob of {folder} is not what it is called: expected {digest}, found {found}",
            expected=digest,
            actual=found,
            hint="Find out who changed it, and fetch the layout again.",
        )
    return data


def _bytes(folder: Path, path: str, *, digest: str = "") -> bytes:
    try:
        return (folder / path).read_bytes()
    except OSError as error:
        raise BlobMissing(
            f"{folder / path} cannot be read: {error.strerror}", digest=digest, hint=_AGAIN
        ) from error
