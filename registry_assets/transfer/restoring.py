"""Restore: a backup becomes the registry that it was made of, under the same identity.

Rows keep their numbers, chains their ends, and the catalog is then what it was at the moment
of the backup. The store may be the old one, and know more: what it knows is not forgotten.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from registry_assets.catalog.engine import Catalog, has_history, shown_location
from registry_assets.catalog.index_tables import INDEX
from registry_assets.catalog.ledger import Change, Head, record
from registry_assets.catalog.numbering import numbers_taken
from registry_assets.catalog.pointers import PointerRecord, list_pointers
from registry_assets.catalog.tables import events, heads, registered_models, settings
from registry_assets.clock import Clock, timestamp
from registry_assets.deployment.pointer_file import told_generation
from registry_assets.errors import CatalogBehind, ImportRefused, RegistryError
from registry_assets.faults import reached
from registry_assets.home import Location
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.pointer_files import write_pointer_file
from registry_assets.manifest import Manifest
from registry_assets.store import Store
from registry_assets.store.manifests import read_manifest
from registry_assets.transfer.checking import Checked, checked
from registry_assets.transfer.importing import store_blobs
from registry_assets.transfer.layout import TABLES
from registry_assets.transfer.progress import Progress, silent
from registry_assets.transfer.rows import insert_all

_LARGEST_MODEL_MANIFEST = 1 << 22


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore put back.

    Args:
        heads: the end of every chain: what the backup says of itself.
        skipped: numbers of its models that the store has bytes of and the backup does not
            know: they are not given out again.
        unknown: models that the store has versions of and the backup does not know.
    """

    registry: str
    models: tuple[str, ...]
    heads: dict[str, Head]
    rows: int
    blobs: int
    size: int
    skipped: dict[str, tuple[int, ...]]
    unknown: tuple[str, ...]


def restore_backup(
    source: Path,
    *,
    store: Store,
    catalog: Location,
    clock: Clock,
    run: RunInfo,
    progress: Progress = silent,
) -> tuple[Restored, Backends]:
    """Put a backup into a catalog in which nothing was ever recorded.

    Args:
        catalog: where it is; made when the backup has been found intact, so that a damaged
            one leaves no empty catalog behind.

    Raises:
        ExportUnreadable: the backup is damaged, incomplete or changed; nothing was changed.
        ImportRefused: it is no backup, or catalog or store are taken; nothing was changed.
        CatalogBehind: the store tells deployments of a later state; nothing was changed.
        BlobMissing, BlobCorrupt: a backup without blobs, and the store lacks one.
    """
    if has_history(catalog):
        raise _taken(shown_location(catalog))
    with checked(source, store=store, progress=progress) as backup:
        if not backup.description.whole:
            raise ImportRefused(
                f"{source} was made of chosen models, and is no backup of a registry",
                hint="`registry import` takes it into a registry",
            )
        _refuse_another(store, backup)
        with backup.catalog.read() as theirs:
            held = [p for name in backup.description.models for p in list_pointers(theirs, name)]
        _refuse_older(store, held)
        store_blobs(store, backup, progress)
        store.claim(backup.description.origin)
        lost, unknown = _lost_versions(store, backup)
        backup.make_index()
        reached("restore.stored")
        backends = Backends(Catalog.create(catalog), store, clock)
        with backup.catalog.read() as theirs, backends.catalog.write() as ours:
            _refuse_taken(backends.catalog, ours)
            rows = _copy(theirs, ours)
            for model, numbers in lost.items():
                _skip(Change(ours, timestamp(clock())), model, numbers, run=run)
            reached("restore.written")
        reached("restore.committed")
        for pointer in held:
            write_pointer_file(backends, pointer.model, pointer.name)
        restored = Restored(
            registry=backup.description.origin,
            models=backup.description.models,
            heads=dict(backup.description.heads),
            rows=rows,
            blobs=len(backup.sizes),
            size=sum(backup.sizes.values()),
            skipped={model: tuple(numbers) for model, numbers in lost.items()},
            unknown=tuple(unknown),
        )
    return restored, backends


def _refuse_another(store: Store, backup: Checked) -> None:
    claimed, origin = store.identity(), backup.description.origin
    if claimed not in (None, origin):
        raise ImportRefused(
            f"the store {store.location} is that of registry {claimed}, the backup of {origin}",
            hint="put it back where nothing was initialized, in a new folder, or with a new"
            " prefix in REGISTRY_STORE: it makes what it needs. Nothing was changed",
        )


def _refuse_older(store: Store, held: Iterable[PointerRecord]) -> None:
    known = {(pointer.model, pointer.name): pointer.generation for pointer in held}
    ahead = []
    for model, name in store.pointers():
        told = told_generation(store.read_pointer(model, name))
        generation = known.get((model, name), 0)
        if told > generation:
            ahead.append(f"{model}@{name} has moved {told} times, in the backup {generation}")
    if ahead:
        raise CatalogBehind(
            "the backup is older than the store, which tells deployments: " + "; ".join(ahead),
            hint="restore a newer backup. Where there is none, move those pointer files out of"
            f" {store.location}: deployments are then told the older state, and those that have"
            " seen the newer one refuse it until the pointer has moved as often again",
        )


def _refuse_taken(catalog: Catalog, connection: sa.Connection) -> None:
    for table in (events, *TABLES):
        if table is settings:
            continue
        if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).scalar():
            raise _taken(catalog.location)


def _taken(catalog: str) -> ImportRefused:
    return ImportRefused(
        f"{catalog} has a history of its own, and a backup is put into an empty catalog only",
        hint="name a folder without a registry; or move that catalog away first."
        " `registry import` takes a backup into a registry beside what it has",
    )


def _copy(theirs: sa.Connection, ours: sa.Connection) -> int:
    """Copy every row under the number that it has, every event, and the index."""
    ours.execute(sa.delete(settings))
    count = 0
    for table in (*TABLES, events, heads, *INDEX):
        rows = theirs.execute(sa.select(table).order_by(*table.primary_key)).mappings()
        written = insert_all(ours, table, map(dict, rows))
        count += written if table not in INDEX else 0
        if table.autoincrement_column is not None:
            numbers_taken(ours, table)
    return count


def _manifest(store: Store, digest: str) -> Manifest | None:
    try:
        return read_manifest(store, digest)
    except RegistryError:
        return None


def _lost_versions(store: Store, backup: Checked) -> tuple[dict[str, list[int]], list[str]]:
    """Give the versions that the store has bytes of and the backup does not know.

    Numbers of its models, and the names of other models.
    """
    with backup.catalog.read() as theirs:
        query = sa.select(registered_models.c.name, registered_models.c.next_version)
        following = {row.name: row.next_version for row in theirs.execute(query)}
    lost: dict[str, set[int]] = {}
    unknown: set[str] = set()
    for manifest in _unknown_manifests(store, backup):
        model, number = manifest.facts.get("model"), manifest.facts.get("version")
        if not (isinstance(model, str) and isinstance(number, int)):
            continue
        if manifest.kind not in ("model", "imported"):
            continue
        if model not in following:
            unknown.add(model)
        elif number >= following[model]:
            lost.setdefault(model, set()).add(number)
    return {model: sorted(lost[model]) for model in sorted(lost)}, sorted(unknown)


def _unknown_manifests(store: Store, backup: Checked) -> Iterator[Manifest]:
    for blob in store.entries():
        if blob.digest not in backup.sizes and blob.size <= _LARGEST_MODEL_MANIFEST:
            manifest = _manifest(store, blob.digest)
            if manifest is not None:
                yield manifest


def _skip(draft: Change, model: str, numbers: list[int], *, run: RunInfo) -> None:
    """Let the next number be one that was never given out, on record."""
    draft.update(registered_models, {"name": model}, next_version=numbers[-1] + 1)
    shown = ", ".join(map(str, numbers))
    draft.sentence = f"the store has version {shown}, which the restored backup does not know"
    draft.facts = {"versions": list(numbers)}
    record(draft, chain=model, kind="numbers_skipped", actor=run.actor)
