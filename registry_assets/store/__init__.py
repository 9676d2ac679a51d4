"""Bytes by digest. `open_store` finds the kind of store by its location.

The promises are in `protocol.py`, the folder on a local disk in `folder.py`, the bucket of S3
or a compatible service in `s3.py`, manifests over any store in `manifests.py`. Nothing here
knows models or versions.
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
    if _in_bucket(location):
        from registry_assets.store.s3 import S3Store

        return S3Store(str(location), client=s3_client)
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
    if _in_bucket(location):
        from registry_assets.store.s3 import S3Store

        return S3Store.create(str(location), client=s3_client)
    store = FolderStore.create(_folder(location))
    require_passed(store.self_test(), location=store.location)
    return store


def _in_bucket(location: str | Path) -> bool:
    return isinstance(location, str) and location.startswith("s3://")


def _folder(location: str | Path) -> Path:
    if isinstance(location, str) and "://" in location:
        scheme = location.partition("://")[0]
        raise StoreError(
            f"This release keeps its bytes in a folder or on S3; it has no {scheme} store.",
            hint="Give the path of a folder, or s3://bucket/prefix.",
        )
    return Path(location)
