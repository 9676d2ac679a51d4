"""Bytes by digest. `open_store` finds the kind of store by its location.

The promises are in `protocol.py`, the folder on a local disk in `folder.py`, manifests
over any store in `manifests.py`. Nothing here knows models or versions.
"""

from pathlib import Path

from registry_assets.errors import StoreError
from registry_assets.store.folder import FolderStore
from registry_assets.store.protocol import Store, StoredFile

__all__ = ["FolderStore", "Store", "StoredFile", "create_store", "open_store"]


def open_store(location: str | Path) -> Store:
    """Open the store at a location; it must have been created before.

    Raises:
        StoreError: there is no store, or it is of a kind that this release does not know.
    """
    return FolderStore(_folder(location))


def create_store(location: str | Path) -> Store:
    """Create the store at a location, or open the one that is there.

    Raises:
        StoreUnwritable: it cannot be made.
        StoreError: it is of a kind that this release does not know.
    """
    return FolderStore.create(_folder(location))


def _folder(location: str | Path) -> Path:
    if isinstance(location, str) and "://" in location:
        scheme = location.partition("://")[0]
        raise StoreError(
            f"This release keeps its bytes in a folder; it has no {scheme} store.",
            hint="Give the path of a folder.",
        )
    return Path(location)
