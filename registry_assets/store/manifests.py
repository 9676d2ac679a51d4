"""Manifests kept in a store, as blobs like any other; the format itself is `manifest.py`."""

from registry_assets.errors import BlobMissing
from registry_assets.manifest import Manifest
from registry_assets.store.protocol import Store


def put_manifest(store: Store, manifest: Manifest) -> str:
    """Store a manifest after everything it names, and give its digest.

    Raises:
        BlobMissing: a file or a parent that it names is not in the store.
    """
    named = [(f"the file {entry.path!r}", entry.sha256) for entry in manifest.files]
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
    return store.put(manifest.to_bytes())


def read_manifest(store: Store, digest: str) -> Manifest:
    """Read a manifest whose bytes are those of its digest.

    Raises:
        BlobMissing: nothing is there.
        BlobCorrupt: what is there has another digest.
        StoreError: the bytes are intact, but no manifest that this release reads.
    """
    return Manifest.from_bytes(store.read(digest))
