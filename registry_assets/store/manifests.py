"""Manifests kept in a store, as blobs like any other; the format itself is `manifest.py`."""

from collections.abc import Mapping

from registry_assets.canonical import sha256_digest
from registry_assets.errors import BlobMissing
from registry_assets.manifest import Manifest
from registry_assets.store.protocol import Store


def put_manifest(
    store: Store, manifest: Manifest, contents: Mapping[str, bytes] | None = None
) -> str:
    """Store a manifest and the files that it names, and give its digest.

    They are flushed together: nothing names the manifest yet, so nobody sees it before its
    files are there.

    Args:
        contents: the bytes of files, by path, that may not be in the store yet.

    Raises:
        BlobMissing: another file, or a parent, that it names is not in the store.
    """
    blobs = {sha256_digest(data): data for data in (contents or {}).values()}
    named = [
        (f"the file {entry.path!r}", entry.sha256)
        for entry in manifest.files
        if entry.sha256 not in blobs
    ]
    named += [
        (f"the parent in the role {parent.role!r}", parent.digest) for parent in manifest.parents
    ]
    for what, digest in named:
        if not store.has(digest):
            raise BlobMissing(
                f"This {manifest.kind} manifest names {what} by {digest}, "
                "which is not in the store.",
                digest=digest,
                hint="Put files and parents first, then the manifest that names them.",
            )
    *_, digest = store.put_all([*blobs.values(), manifest.to_bytes()])
    return digest


def read_manifest(store: Store, digest: str) -> Manifest:
    """Read a manifest whose bytes are those of its digest.

    Raises:
        BlobMissing: nothing is there.
        BlobCorrupt: what is there has another digest.
        StoreError: the bytes are intact, but no manifest that this release reads.
    """
    return Manifest.from_bytes(store.read(digest))
