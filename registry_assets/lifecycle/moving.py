"""What every move of a pointer takes, forward or back: sound bytes, a checkpoint, a pointer file.

Whether a pointer may move is asked in `promoting` and `rolling_back`.
"""

import sqlalchemy as sa

from registry_assets.canonical import Json
from registry_assets.catalog.ledger import REGISTRY, read_head
from registry_assets.errors import CatalogError, OutcomeUnknown, StoreError
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.pointer_files import write_pointer_file
from registry_assets.store.manifests import read_manifest


def verify_bytes(backends: Backends, digest: str) -> None:
    """Hash every file of a manifest.

    Raises:
        BlobMissing, BlobCorrupt: naming the blob.
    """
    for file in read_manifest(backends.store, digest).files:
        backends.store.verify(file.sha256)


def checkpoint(connection: sa.Connection, model: str) -> dict[str, Json]:
    """Give the heads of a model's chain and of the registry's.

    It leaves with the pointer file: whoever kept one finds out when the past is rewritten.
    """
    return {
        chain: {"sequence": head.sequence, "digest": head.digest}
        for chain, head in ((c, read_head(connection, c)) for c in (model, REGISTRY))
    }


def tell_deployments(
    backends: Backends, model: str, pointer: str, *, version: int, again: str
) -> None:
    """Write the file of a pointer that was moved to a version.

    Args:
        again: what a person does once the store is mended.

    Raises:
        OutcomeUnknown: the pointer was moved, and its file was not written.
    """
    try:
        write_pointer_file(backends, model, pointer)
    except (StoreError, CatalogError) as error:
        raise OutcomeUnknown(
            f"{model}@{pointer} holds version {version} in the catalog, but deployments may not"
            f" have been told: {error.message}",
            hint=f"{again} once that is mended: it is the same move, and writes the pointer file",
        ) from error
