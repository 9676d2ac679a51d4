"""Rebuild: what is derived is made anew, the index and the pointer files.

Both follow from the catalog's rows, which nothing here changes. A catalog that is lost is put
back by `restoring.py`, from a backup and the store.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.catalog.tables import pointers
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.pointer_files import (
    require_current_catalog,
    stale_pointer,
    write_pointer_file,
)
from registry_assets.lifecycle.reindexing import Reindexed, reindex


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was made anew; `pointer_files` are those that were not what the catalog says."""

    index: Reindexed
    pointer_files: tuple[str, ...]


def rebuild(backends: Backends) -> Rebuilt:
    """Make the index anew, and every pointer file that is not what the catalog says.

    Raises:
        CatalogBehind: a pointer file is of a later state than the catalog; nothing was changed.
    """
    with backends.catalog.read() as connection:
        known = [(row.model, row.name) for row in connection.execute(sa.select(pointers))]
    for model, name in sorted({*known, *backends.store.pointers()}):
        require_current_catalog(backends, model, name)
    index = reindex(backends)
    written = []
    for model, name in sorted(known):
        if stale_pointer(backends, model, name) is not None:
            write_pointer_file(backends, model, name)
            written.append(f"{model}@{name}")
    return Rebuilt(index, tuple(written))
