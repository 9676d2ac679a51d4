"""Bytes by digest. `open_store` finds the kind of store by its location.

The promises are in `protocol.py`, the folder on a local disk in `folder.py`, manifests
over any store in `manifests.py`. Nothing here knows models or versions.
"""

from pathlib import Path
from typing import Any

from registry_assets.errors import StoreError
from registry_assets.store.folder import FolderStore
from registry_assets.store.probes import require_passed
from registry_assets.store.protocol import Probe, Store, StoredBlob, StoredFile, TrashedBlob

__all__ = [
    "FolderStore",
    "Probe",
    "Store",
    "StoredBlob",
    "StoredFile",
    "TrashedBlob",
    "create_store",
    "open_store",
]


def open_store(location: str | Path, *, s3_client: Any = None) -> Store:
    """Open the store at a location; it must have been created before.

    Args:
        s3_client: a boto3 client to use instead of one made by the usual AWS means.

    Raises:
        StoreError: there is no store, or it is of a kind that this release does not know.
    """
    return FolderStore(_folder(location))


def create_store(location: str | Path, *, s3_client: Any = None) -> Store:
    """Create the store at a location, or open the one that is there; it is tried out first.

    Args:
        s3_client: a boto3 client to use instead of one made by the usual AWS means.

    Raises:
        StoreUnwritable: it cannot be made.
        StoreUnsafe: its disk or service does not do what the promises rest on.
        StoreError: it is of a kind that this release does not know.
    """
    store = FolderStore.create(_folder(location))
    require_passed(store.self_test(), location=store.location)
    return store


def _folder(location: str | Path) -> Path:
    if isinstance(location, str) and "://" in location:
        scheme = location.partition("://")[0]
        raise StoreError(
            f"This release keeps its bytes in a folder; it has no {scheme} store.",
            hint="Give the path of a folder.",
        )
    return Path(location)
