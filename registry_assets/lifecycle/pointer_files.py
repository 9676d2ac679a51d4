"""Pointer files: what the store tells deployments that a pointer holds.

A file is a copy of what the catalog says, for whoever has no catalog. Its generation only
grows, so that an older catalog, put back from a backup, is found out by it. The format is
`deployment.pointer_file`.
"""

import sqlalchemy as sa

from registry_assets.catalog import statements
from registry_assets.catalog.models import PRODUCTION
from registry_assets.catalog.pointers import PointerRecord, get_pointer, newest_promotion
from registry_assets.catalog.tables import pointers
from registry_assets.deployment.pointer_file import PointerFile, told_generation
from registry_assets.errors import CatalogBehind
from registry_assets.lifecycle.backends import Backends


def require_current_catalog(backends: Backends, model: str, pointer: str = PRODUCTION) -> None:
    """Refuse to go on in a catalog that knows less than the pointer's file.

    Numbers would be given out again, and deployments moved back.

    Raises:
        CatalogBehind: the file is of a later generation than the catalog.
    """
    told = backends.store.read_pointer(model, pointer)
    with backends.catalog.read() as connection:
        require_current(connection, told, model, pointer)


def require_current(
    connection: sa.Connection, file: bytes | None, model: str, pointer: str
) -> None:
    """Refuse as `require_current_catalog` does, by a file that was read before.

    The catalog may not know the model.
    """
    found = statements.find(connection, pointers, "generation", model=model, name=pointer)
    _require_known(file, int(found.scalar() or 0), model, pointer)


def _require_known(file: bytes | None, known: int, model: str, pointer: str) -> None:
    told = told_generation(file)
    if told > known:
        raise CatalogBehind(
            f"the store says that {model}@{pointer} has moved {told} times, the catalog"
            f" {known}: the catalog is older than its store",
            hint="put the newer catalog back, or a newer backup of it"
            " (`registry backup restore`); nothing was changed here",
        )


def write_pointer_file(backends: Backends, model: str, pointer: str) -> None:
    """Bring a pointer's file in the store up to the catalog.

    Written under the lock of the model's chain, so that an older state never replaces a newer one.

    Raises:
        CatalogBehind: the file is of a later generation than the catalog.
    """
    with backends.catalog.write(chain=model) as connection:
        told = backends.store.read_pointer(model, pointer)
        held = get_pointer(connection, model, pointer)
        _require_known(told, held.generation, model, pointer)
        if held.version is None:
            return
        data = pointer_document(connection, held)
        if told != data:
            backends.store.write_pointer(model, pointer, data)


def stale_pointer(backends: Backends, model: str, pointer: str) -> PointerRecord | None:
    """Give a pointer whose file in the store is not what the catalog says; else None.

    Raises:
        CatalogBehind: the file is of a later generation than the catalog.
    """
    # The file first: of a promotion in between it may be behind, and never ahead.
    told = backends.store.read_pointer(model, pointer)
    with backends.catalog.read() as connection:
        require_current(connection, told, model, pointer)
        held = get_pointer(connection, model, pointer)
        document = None if held.version is None else pointer_document(connection, held)
    return None if told == document else held


def pointer_document(connection: sa.Connection, pointer: PointerRecord) -> bytes:
    """Give what the file of a pointer that holds a version says."""
    promotion = newest_promotion(connection, pointer.model, pointer.name)
    return PointerFile(
        model=pointer.model,
        pointer=pointer.name,
        version=int(pointer.version or 0),
        digest=str(pointer.digest),
        generation=pointer.generation,
        moved_at=str(pointer.moved_at),
        policy=promotion.policy_digest,
        evidence=promotion.evidence,
    ).to_bytes()
