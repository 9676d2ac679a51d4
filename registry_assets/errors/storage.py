"""Store and catalog: missing, damaged, busy, unreachable, or not as they should be."""

from registry_assets.errors.base import RegistryError


class StoreError(RegistryError):
    """The store could not do what was asked."""

    code = "store"


class StoreUnwritable(StoreError):
    """The store cannot be created or written."""

    code = "store_unwritable"


class StoreUnreachable(StoreError):
    """The service that the store is in does not answer, or asks for patience; nothing was done."""

    code = "store_unreachable"
    transient = True


class StoreUnsafe(StoreError):
    """A disk or service that does not do what the store's promises rest on."""

    code = "store_unsafe"


class BlobMissing(StoreError):
    """A blob that is named somewhere is not in the store."""

    code = "blob_missing"

    def __init__(self, message: str, *, digest: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.digest = digest


class BlobCorrupt(StoreError):
    """A blob's bytes are not those of its name; `expected` and `actual` are digests."""

    code = "blob_corrupt"

    def __init__(self, message: str, *, expected: str, actual: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.expected = expected
        self.actual = actual


class CatalogError(RegistryError):
    """The catalog could not do what was asked."""

    code = "catalog"


class CatalogTooNew(CatalogError):
    """The catalog was written by a newer release of this package."""

    code = "catalog_too_new"


class CatalogTooOld(CatalogError):
    """The catalog awaits a migration."""

    code = "catalog_too_old"


class CatalogBehind(CatalogError):
    """Catalog and store are not of one time: one of them was lost, or put back."""

    code = "catalog_behind"


class CatalogBusy(CatalogError):
    """Another process held the write lock for too long."""

    code = "catalog_busy"
    transient = True


class CatalogUnreachable(CatalogError):
    """The catalog's server does not answer, or was lost before the change was committed."""

    code = "catalog_unreachable"
    transient = True
