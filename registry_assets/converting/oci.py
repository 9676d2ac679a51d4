"""A version as an OCI image layout, with the media types of the CNCF's ModelPack.

    oci-layout, index.json   what a tool of OCI reads first; the tag is the version's number
    blobs/sha256/…           the version's own files, one layer each, by the digests they have here,
                             and the artifact's manifest and config

Layers are raw: a file's digest there is its sha256 in the version's manifest, and the layer of
`manifest.json` is called as the version is. Nothing in it is of the moment: the same version is
the same artifact whenever and wherever it is written. `oci_reading` reads it back.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.deployment.contents import MANIFEST_FILE
from registry_assets.errors import ConversionRefused
from registry_assets.packaging.package import CODE, DESCRIPTION, ENVIRONMENT, SAMPLE, SIGNATURE

if TYPE_CHECKING:
    from registry_assets.converting.contents import VersionContents

LAYOUT, INDEX, BLOBS = "oci-layout", "index.json", "blobs/sha256"
LAYOUT_VERSION: dict[str, Json] = {"imageLayoutVersion": "1.0.0"}
IMAGE_INDEX = "application/vnd.oci.image.index.v1+json"
IMAGE_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
ARTIFACT = "application/vnd.cncf.model.manifest.v1+json"
CONFIG = "application/vnd.cncf.model.config.v1+json"
FILE_PATH = "org.cncf.model.filepath"
TAG = "org.opencontainers.image.ref.name"

_WEIGHT = "application/vnd.cncf.model.weight.v1.raw"
_WEIGHT_CONFIG = "application/vnd.cncf.model.weight.config.v1.raw"
_CODE = "application/vnd.cncf.model.code.v1.raw"
_DATASET = "application/vnd.cncf.model.dataset.v1.raw"
_CONFIGS = (MANIFEST_FILE, DESCRIPTION, ENVIRONMENT, SIGNATURE)


def write_oci_layout(contents: "VersionContents", folder: Path) -> None:
    """Write a version as an OCI image layout into an empty folder; none of its code runs.

    Raises:
        ConversionRefused: the version has a file in the place of its own manifest.
    """
    if MANIFEST_FILE in contents.files:
        raise ConversionRefused(
            f"{contents.version.reference} has a file {MANIFEST_FILE}, where its manifest goes"
        )
    files = {MANIFEST_FILE: contents.stored, **dict(sorted(contents.files.items()))}
    layers = [_layer(path, data) for path, data in files.items()]
    config = canonical_json(_config(contents, [str(layer["digest"]) for layer in layers]))
    manifest = canonical_json(
        {
            "schemaVersion": 2,
            "mediaType": IMAGE_MANIFEST,
            "artifactType": ARTIFACT,
            "config": _descriptor(CONFIG, config),
            "layers": list(layers),
            "annotations": _annotations(contents),
        }
    )
    listed: dict[str, Json] = {
        **_descriptor(IMAGE_MANIFEST, manifest),
        "artifactType": ARTIFACT,
        "annotations": {TAG: str(contents.version.version)},
    }
    blobs = folder / BLOBS
    blobs.mkdir(parents=True)
    for data in (*files.values(), config, manifest):
        (blobs / sha256_digest(data).removeprefix("sha256:")).write_bytes(data)
    (folder / LAYOUT).write_bytes(canonical_json(LAYOUT_VERSION))
    index: dict[str, Json] = {"schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": [listed]}
    (folder / INDEX).write_bytes(canonical_json(index))


def media_type(path: str) -> str:
    """Give what a file of a version is in ModelPack's words, by where it stands."""
    if path in _CONFIGS:
        return _WEIGHT_CONFIG
    if path.startswith(CODE):
        return _CODE
    return _DATASET if path.startswith(SAMPLE) else _WEIGHT


def _layer(path: str, data: bytes) -> dict[str, Json]:
    return {**_descriptor(media_type(path), data), "annotations": {FILE_PATH: path}}


def _descriptor(kind: str, data: bytes) -> dict[str, Json]:
    return {"mediaType": kind, "digest": sha256_digest(data), "size": len(data)}


def _config(contents: "VersionContents", digests: list[str]) -> dict[str, Json]:
    told = contents.metadata
    descriptor: dict[str, Json] = {
        "name": contents.version.model,
        "version": str(contents.version.version),
        "title": contents.version.reference,
        "createdAt": _text(told.get("finished_at")),
        "authors": [str(owner) for owner in told.get("owners") or ()],
        "description": _text(told.get("description")),
        "sourceURL": _source(contents),
        "revision": _text(told.get("code_commit")),
        "licenses": [str(told["license"])] if told.get("license") else [],
    }
    return {
        "descriptor": {name: value for name, value in descriptor.items() if value},
        "config": {"format": contents.package.estimator.format},
        # Each layer is one file as it is, so what it is called uncompressed is what it is called.
        "modelfs": {"type": "layers", "diffIds": list(digests)},
    }


def _annotations(contents: "VersionContents") -> dict[str, Json]:
    told = contents.metadata
    said = {
        "org.opencontainers.image.title": contents.version.reference,
        "org.opencontainers.image.version": str(contents.version.version),
        "org.opencontainers.image.created": _text(told.get("finished_at")),
        "org.opencontainers.image.description": _text(told.get("description")),
        "org.opencontainers.image.source": _source(contents),
        "org.opencontainers.image.revision": _text(told.get("code_commit")),
        "org.opencontainers.image.licenses": _text(told.get("license")),
        **contents.identity,
    }
    return {name: value for name, value in said.items() if value}


def _source(contents: "VersionContents") -> str:
    """Give where the code is, if that is an address: a path of a machine is nobody's business."""
    found = _text(contents.metadata.get("code_repository"))
    return found if found.startswith(("https://", "http://")) else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
