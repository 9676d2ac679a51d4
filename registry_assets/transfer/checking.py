"""An export held against itself, before anything is taken from it.

Its rows and events go into a catalog of their own, in a temporary folder, which is audited as
any catalog is; then every manifest is followed, and every blob hashed. What comes out is
either a history that verifies, or an error that says why not.

That shows that an export is whole and unchanged. It does not show that its registry is
honest: whoever imports history trusts those who made it.
"""

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from registry_assets.canonical import sha256_digest
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.ledger import GENESIS, REGISTRY, chain_origin
from registry_assets.catalog.pointers import list_pointers
from registry_assets.catalog.tables import events, heads, registered_models, settings, snapshots
from registry_assets.errors import (
    CatalogError,
    DeclarationError,
    ExportUnreadable,
    RegistryError,
    StoreError,
)
from registry_assets.faults import reached
from registry_assets.lifecycle.auditing import Findings, audit
from registry_assets.lifecycle.pointer_files import pointer_document
from registry_assets.lifecycle.reindexing import index_all
from registry_assets.lifecycle.verifying import check_root, read_roots
from registry_assets.manifest import Manifest
from registry_assets.references import check_digest
from registry_assets.store import Store
from registry_assets.transfer.closure import Closure, named_manifests
from registry_assets.transfer.layout import (
    DESCRIPTION,
    LARGEST_DESCRIPTION,
    OBJECTS,
    TABLES,
    Description,
    events_file,
    object_file,
    pointer_file,
    rows_file,
)
from registry_assets.transfer.progress import Progress, silent
from registry_assets.transfer.rows import check_row, events_of, insert_all, read_lines
from registry_assets.transfer.sources import Source, open_source, unreadable

LARGEST_MANIFEST = 1 << 28
_SHOWN = 5
_BAD_ROWS = (ValueError, TypeError, KeyError, AttributeError, CatalogError, DeclarationError)
"""What comes of rows of the right form that no release ever wrote."""


@dataclass(frozen=True, slots=True)
class Checked:
    """An export that verifies.

    Args:
        catalog: its rows and events, under the numbers that they have there.
        sizes: of every blob that the rows name.
        store: where the blobs are of an export that has none.
    """

    source: Source
    description: Description
    catalog: Catalog
    sizes: Mapping[str, int]
    store: Store

    def make_index(self) -> None:
        """Index its rows, so that the index can be copied with them.

        Raises:
            ExportUnreadable: there are rows that no release ever wrote.
        """

        def read(digest: str) -> Manifest:
            return Manifest.from_bytes(_read(self.source, self.description, self.store, digest))

        try:
            with self.catalog.write() as connection:
                index_all(connection, read)
        except _BAD_ROWS as error:
            raise unreadable(self.source.path, f"{error}") from error


@contextmanager
def checked(path: Path, *, store: Store, progress: Progress = silent) -> Iterator[Checked]:
    """Open an export and hold it against itself.

    Args:
        store: where the blobs are of an export that has none.

    Raises:
        ExportUnreadable: it is damaged, incomplete, changed, or no export.
        BlobMissing, BlobCorrupt: it has no blobs, and the store lacks one.
    """
    with open_source(path) as source, tempfile.TemporaryDirectory() as folder:
        description = _described(source)
        _check_files(source, description)
        catalog = Catalog.create(Path(folder) / "catalog.sqlite")
        try:
            sizes = _check_contents(source, description, catalog, store)
        except _BAD_ROWS as error:
            raise unreadable(path, f"{error}") from error
        _check_blobs(source, description, sizes, store, progress)
        reached("import.checked")
        yield Checked(source, description, catalog, sizes, store)


def read_description(path: Path) -> Description:
    """Read what an export says of itself; nothing of it is checked.

    Raises:
        ExportUnreadable: there is no export.
    """
    with open_source(path) as source:
        return _described(source)


def _described(source: Source) -> Description:
    return Description.from_bytes(source.read(DESCRIPTION, limit=LARGEST_DESCRIPTION))


def _check_files(source: Source, description: Description) -> None:
    """Require exactly the files that the description lists, each with its digest."""
    for name, digest in sorted(description.files.items()):
        if _digest(source, name) != digest:
            raise unreadable(source.path, f"{name} is not as it was written")
    rest = set(source.sizes) - set(description.files) - {DESCRIPTION}
    if stray := sorted(name for name in rest if not name.startswith("objects/")):
        raise unreadable(source.path, f"{stray[0]} is not in its list of files")
    chains = {events_file(chain) for chain in (REGISTRY, *description.models, *description.heads)}
    if missing := sorted((chains | {OBJECTS}) - set(description.files)):
        raise unreadable(source.path, f"it has no {missing[0]}")


def _digest(source: Source, name: str) -> str:
    hasher = hashlib.sha256()
    for chunk in source.chunks(name):
        hasher.update(chunk)
    return f"sha256:{hasher.hexdigest()}"


def _check_contents(
    source: Source, description: Description, catalog: Catalog, store: Store
) -> Mapping[str, int]:
    """Load rows and events, and check that they are sound and name exactly the blobs listed."""
    with catalog.write() as connection:
        _load(source, description, connection)
    found = Findings()
    with catalog.read() as connection:
        audit(connection, found, part=not description.whole)
        _refuse(source, found)
        _check_pointers(source, description, connection)
        sizes = _check_manifests(source, description, connection, store)
    listed = {
        check_digest(row["digest"]): row["size"]
        for row in read_lines(source.chunks(OBJECTS), refuse=_refuser(source, OBJECTS))
    }
    if listed != sizes:
        differing = min(listed.items() ^ sizes.items())
        raise unreadable(source.path, f"{OBJECTS} is not what the rows name: {differing[0]}")
    return listed


def _load(source: Source, description: Description, connection: sa.Connection) -> None:
    connection.execute(sa.delete(settings))
    connection.execute(sa.insert(settings).values(name="registry", value=description.origin))
    for table in TABLES:
        name = rows_file(table.name)
        if name not in description.files:
            continue  # of a release that did not have that table
        found = read_lines(source.chunks(name), refuse=_refuser(source, name))
        rows = (check_row(table, row) for row in found)
        if table is settings:
            rows = (row for row in rows if row["name"] != "registry")
        insert_all(connection, table, rows)
    for chain, head in description.heads.items():
        name = events_file(chain)
        found = read_lines(source.chunks(name), refuse=_refuser(source, name))
        insert_all(connection, events, events_of(chain, found))
        if head.sequence:
            connection.execute(
                sa.insert(heads).values(chain=chain, sequence=head.sequence, digest=head.digest)
            )
        elif head.digest != GENESIS:
            raise ValueError(f"{chain} has no event, and a head")
    names = connection.execute(sa.select(registered_models.c.name).order_by("name")).scalars()
    if tuple(names) != description.models:
        raise ValueError("its rows are of other models than its description names")
    models = {c for c in description.heads if c != REGISTRY and chain_origin(c) is None}
    if models != set(description.models):
        raise ValueError("its events are of other models than its description names")


def _refuser(source: Source, name: str) -> Callable[[str], RegistryError]:
    return lambda why: unreadable(source.path, f"{name}: {why}")


def _refuse(source: Source, found: Findings) -> None:
    if not found.problems:
        return
    shown = [f"  - {problem.sentence}" for problem in found.problems[:_SHOWN]]
    if more := len(found.problems) - _SHOWN:
        shown += [f"  - and {more} more"] if more > 0 else []
    raise ExportUnreadable(
        f"{source.path} does not verify:\n" + "\n".join(shown),
        hint="nothing was changed; it was edited after it was exported: take an intact copy",
    )


def _check_pointers(source: Source, description: Description, connection: sa.Connection) -> None:
    """Require a file for every pointer that holds a version, and in it what the rows say."""
    expected = {
        pointer_file(model, pointer.name): pointer_document(connection, pointer)
        for model in description.models
        for pointer in list_pointers(connection, model)
        if pointer.version is not None
    }
    there = {name for name in description.files if name.startswith("pointers/")}
    for name in sorted(there | set(expected)):
        if name not in there & set(expected) or b"".join(source.chunks(name)) != expected[name]:
            raise unreadable(source.path, f"{name} is not what the rows say")


def _check_manifests(
    source: Source, description: Description, connection: sa.Connection, store: Store
) -> dict[str, int]:
    """Follow every manifest, and hold against itself what the rows say of it."""

    def read(digest: str) -> bytes:
        return _read(source, description, store, digest)

    closure = Closure()
    try:
        for model in description.models:
            closure.add(named_manifests(connection, model), read)
        closure.add(connection.execute(sa.select(snapshots.c.digest)).scalars(), read)
    except StoreError as error:
        if description.with_objects:
            raise unreadable(source.path, error.message) from error
        raise
    found = Findings()
    for root in read_roots(connection, None):
        check_root(root, Manifest.from_bytes(read(root.digest)), found)
    _refuse(source, found)
    return closure.sizes


def _read(source: Source, description: Description, store: Store, digest: str) -> bytes:
    """Give a manifest's bytes, out of the export or else out of the store."""
    if not description.with_objects:
        return store.read(digest)
    data = source.read(object_file(check_digest(digest)), limit=LARGEST_MANIFEST)
    if sha256_digest(data) != digest:
        raise unreadable(source.path, f"{object_file(digest)} is not as it was written")
    return data


def _check_blobs(
    source: Source,
    description: Description,
    sizes: Mapping[str, int],
    store: Store,
    progress: Progress,
) -> None:
    """Hash every blob, in the export or else in the store."""
    wanted = {object_file(digest): size for digest, size in sizes.items()}
    there = {name for name in source.sizes if name.startswith("objects/")}
    if there != (set(wanted) if description.with_objects else set()):
        stray = min(there ^ set(wanted)) if description.with_objects else min(there)
        raise unreadable(source.path, f"{stray} is missing, or one too many")
    done, total = 0, sum(sizes.values())
    for digest, size in sorted(sizes.items()):
        progress("checking", done, total)
        if not description.with_objects:
            store.verify(digest)
        elif source.sizes[object_file(digest)] != size:
            raise unreadable(source.path, f"{object_file(digest)} is of another size")
        elif _digest(source, object_file(digest)) != digest:
            raise unreadable(source.path, f"{object_file(digest)} is not as it was written")
        done += size
    progress("checking", done, total)
