"""Export: chosen models, or everything, with their whole history and every byte they name.

Rows and events are of one moment of the catalog, while others write to it. Blobs are
immutable, and are copied after that. The same state gives the same bytes.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from registry_assets.canonical import sha256_digest
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.ledger import REGISTRY, Head, foreign_chain, read_chains, read_head
from registry_assets.catalog.models import get_model
from registry_assets.catalog.pointers import list_pointers
from registry_assets.catalog.provenance import NUMBERED, read_identity
from registry_assets.catalog.tables import (
    OF_THE_REGISTRY,
    events,
    imported_rows,
    registered_models,
    settings,
    snapshots,
)
from registry_assets.faults import reached
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.pointer_files import pointer_document
from registry_assets.store import Store
from registry_assets.transfer.closure import Closure, named_manifests, snapshot_numbers
from registry_assets.transfer.layout import (
    DESCRIPTION,
    OBJECTS,
    OF_A_BACKUP,
    TABLES,
    Description,
    events_file,
    object_file,
    pointer_file,
    rows_file,
)
from registry_assets.transfer.progress import Progress, silent
from registry_assets.transfer.rows import AT_ONCE, batches, event_lines, lines
from registry_assets.transfer.targets import CHUNK, Target, new_target

LARGE = 1 << 25
"""Bytes of a blob that is not held in memory."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, and where."""

    path: Path
    description: Description

    @property
    def digest(self) -> str:
        """Give the digest of its description, which has the digest of everything in it."""
        return sha256_digest(self.description.to_bytes())


@dataclass(slots=True)
class _Draft:
    """An export in the making: one state of the catalog, and what of it is taken.

    Args:
        models: None for everything.
    """

    connection: sa.Connection
    store: Store
    target: Target
    models: Sequence[str] | None
    files: dict[str, str] = field(default_factory=dict)
    heads: dict[str, Head] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    origins: set[str] = field(default_factory=set)
    """Other registries in which some of it was made."""

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write one file, and note its digest."""
        self.files[name] = self.target.add(name, chunks)


def export_models(
    backends: Backends,
    target: Path,
    *,
    models: Sequence[str] | None = None,
    with_objects: bool = True,
    progress: Progress = silent,
) -> Exported:
    """Write models with their history and bytes into a new folder, or tar if it ends in .tar.

    Args:
        models: their names; None for everything, also data that no version was made from.
        with_objects: False writes rows and events only; the store must then be kept besides.

    Raises:
        NotFound: there is no model of such a name.
        StoreUnwritable: the target exists, or cannot be written; nothing is left of it.
        BlobMissing, BlobCorrupt: the store lacks what the catalog names; nothing is left.
    """
    with new_target(target) as written, _frozen(backends.catalog, target) as connection:
        chosen = None if models is None else sorted(set(models))
        for name in chosen or ():
            get_model(connection, name)
        draft = _Draft(connection, backends.store, written, chosen)
        description = _write(draft, with_objects=with_objects, progress=progress)
    reached("export.named")
    return Exported(target.absolute(), description)


@contextmanager
def _frozen(catalog: Catalog, target: Path) -> Iterator[sa.Connection]:
    """Give one state of the catalog, for as long as an export takes.

    Of a SQLite file a copy is made first: in some journal modes nobody can write while
    somebody reads, and writers wait 30 s and no longer.
    """
    with tempfile.TemporaryDirectory(
        prefix=f".{target.name}.", dir=target.absolute().parent
    ) as aside:
        copy = Path(aside) / "catalog.sqlite"
        with catalog.read() as connection:
            if connection.dialect.name != "sqlite":
                yield connection
                return
            _copy_file(connection, copy)
        with Catalog.open(copy).read() as connection:
            yield connection


def _copy_file(connection: sa.Connection, copy: Path) -> None:
    raw = connection.connection.driver_connection
    assert raw is not None
    into = type(raw)(str(copy))
    try:
        raw.backup(into)
    finally:
        into.close()


def _write(draft: _Draft, *, with_objects: bool, progress: Progress) -> Description:
    connection = draft.connection
    names = _names(draft)
    needed = Closure()
    for name in names:
        needed.add(named_manifests(connection, name), draft.store.read)
    if draft.models is None:
        every = sa.select(snapshots.c.digest).distinct().order_by(snapshots.c.digest)
        needed.add(connection.execute(every).scalars(), draft.store.read)
    numbers = sorted(snapshot_numbers(connection, sorted(needed.manifests)))
    _write_rows(draft, names, numbers)
    _write_events(draft, names)
    for name in names:
        for pointer in list_pointers(connection, name):
            if pointer.version is not None:
                document = pointer_document(connection, pointer)
                draft.add(pointer_file(name, pointer.name), [document])
    reached("export.rows")
    sizes = dict(sorted(needed.sizes.items()))
    draft.add(OBJECTS, lines({"digest": d, "size": size} for d, size in sizes.items()))
    if with_objects:
        _write_objects(draft, sizes, progress)
    draft.counts |= {"blobs": len(sizes), "bytes": sum(sizes.values())}
    description = Description(
        origin=read_identity(connection),
        whole=draft.models is None,
        with_objects=with_objects,
        models=tuple(names),
        heads=draft.heads,
        counts=draft.counts,
        files=draft.files,
    )
    draft.target.add(DESCRIPTION, [description.to_bytes()])
    return description


def _names(draft: _Draft) -> list[str]:
    if draft.models is not None:
        return list(draft.models)
    every = sa.select(registered_models.c.name).order_by(registered_models.c.name)
    return list(draft.connection.execute(every).scalars())


def _write_rows(draft: _Draft, names: Sequence[str], numbers: Sequence[int]) -> None:
    for table in TABLES:
        count = 0

        def noted(table: sa.Table = table) -> Iterator[sa.RowMapping]:
            nonlocal count
            for row in _selected(draft, table, names, numbers):
                count += 1
                if "origin" in row:
                    draft.origins.add(row["origin"])
                yield row

        draft.add(rows_file(table.name), lines(noted()))
        draft.counts[table.name] = count


def _selected(
    draft: _Draft, table: sa.Table, names: Sequence[str], numbers: Sequence[int]
) -> Iterator[sa.RowMapping]:
    query = sa.select(table).order_by(*table.primary_key)
    if draft.models is None:
        if table is settings:
            query = query.where(settings.c.name != "indexed")  # said of what is not in here
        queries = [query]
    elif table in OF_A_BACKUP or table in OF_THE_REGISTRY:
        queries = []
    elif table is snapshots:
        queries = [query.where(snapshots.c.id.in_(some)) for some in batches(numbers)]
    elif table is imported_rows:
        queries = [query.where(condition) for condition in _imported(names, numbers)]
    else:
        column = table.c.name if table is registered_models else table.c.model
        queries = [query.where(column == name) for name in names]
    for each in queries:
        yield from _streamed(draft.connection, each)


def _streamed(connection: sa.Connection, query: "sa.Select[Any]") -> "Iterable[sa.RowMapping]":
    # Without it psycopg2 holds a whole table in memory.
    return connection.execute(query.execution_options(yield_per=AT_ONCE)).mappings()


def _imported(names: Sequence[str], numbers: Sequence[int]) -> Iterator[sa.ColumnElement[bool]]:
    """Give conditions on `imported_rows` that take those of the exported rows."""
    for table in (table for table in TABLES if table.name in NUMBERED):
        of_table = imported_rows.c.table_name == table.name
        if table is snapshots:
            for some in batches(numbers):
                yield of_table & imported_rows.c.id.in_(some)
            continue
        for name in names:
            of_model = sa.select(table.c.id).where(table.c.model == name)
            yield of_table & imported_rows.c.id.in_(of_model)


def _write_events(draft: _Draft, names: Sequence[str]) -> None:
    """Write the models' chains, and the registries' own ones whole: holes would prove nothing."""
    connection = draft.connection
    there = read_chains(connection)
    # A model to which nothing has happened has no event, and its file is empty.
    chains = {REGISTRY, *names, *there}
    if draft.models is not None:
        others = {foreign_chain(origin) for origin in draft.origins}
        chains = {REGISTRY, *names, *(others & set(there))}
    for chain in sorted(chains):
        query = sa.select(events).where(events.c.chain == chain).order_by(events.c.sequence)
        draft.add(events_file(chain), event_lines(_streamed(connection, query)))
        draft.heads[chain] = read_head(connection, chain)
    draft.counts["events"] = sum(head.sequence for head in draft.heads.values())


def _write_objects(draft: _Draft, sizes: dict[str, int], progress: Progress) -> None:
    done, total = 0, sum(sizes.values())
    with tempfile.TemporaryDirectory(dir=draft.target.path.parent, prefix=".") as folder:
        for digest, size in sizes.items():
            progress("copying", done, total)
            blob = _blob(draft.store, digest, size, aside=Path(folder) / "blob")
            draft.target.add(object_file(digest), blob, size=size)
            done += size
            reached("export.object")
    progress("copying", done, total)


def _blob(store: Store, digest: str, size: int, *, aside: Path) -> Iterator[bytes]:
    """Give a blob's bytes, all of them verified before the first; a large one by way of a file."""
    if size <= LARGE:
        yield store.read(digest)
        return
    store.copy_to(digest, aside)
    with aside.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
    aside.unlink()
