"""Import: the history of another registry, taken in as it was, beside what is here.

Events and digests stay as they are; rows that a registry numbers get the next numbers here,
and `imported_rows` says which they had. First the export is held against itself, then its
blobs are stored, then everything else happens in one transaction, for which other writers
wait: 0.7 ms for each version and evaluation.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from registry_assets.canonical import Json
from registry_assets.catalog import statements
from registry_assets.catalog.ledger import REGISTRY, Change, chain_origin, read_head, record
from registry_assets.catalog.numbering import next_number, numbers_taken
from registry_assets.catalog.pointers import list_pointers
from registry_assets.catalog.provenance import NUMBERED, REFERS, SNAPSHOTS_IMPORTED, read_provenance
from registry_assets.catalog.tables import (
    OF_THE_REGISTRY,
    VOUCHED,
    evaluations,
    events,
    heads,
    imported_rows,
    imports,
    registered_models,
    snapshots,
    versions,
)
from registry_assets.clock import timestamp
from registry_assets.deployment.pointer_file import told_generation
from registry_assets.errors import ImportRefused
from registry_assets.faults import reached
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.pointer_files import write_pointer_file
from registry_assets.lifecycle.publishing import Publication
from registry_assets.store import Store
from registry_assets.transfer.checking import Checked, checked
from registry_assets.transfer.exporting import LARGE
from registry_assets.transfer.indexes import copy_edges, copy_index
from registry_assets.transfer.layout import object_file
from registry_assets.transfer.merging import ModelFit, Sides, fit_models
from registry_assets.transfer.progress import Progress, silent
from registry_assets.transfer.rows import AT_ONCE, Row, insert_all
from registry_assets.transfer.sources import Source, unreadable

PLAIN = tuple(
    table
    for table in VOUCHED
    if table.name not in NUMBERED and table is not imports and table not in OF_THE_REGISTRY
)
"""Tables of models whose rows have the same key in every registry."""

RENUMBERED = tuple(table for table in VOUCHED if table.name in NUMBERED and table is not snapshots)
"""Tables of models whose rows get the next numbers here, in an order in which none refers to a
later one."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Args:
        origin: the registry that the export was made of.
        snapshots: how many came.
        reserved: versions whose training nobody here has begun; it may be under way there.
    """

    origin: str
    models: tuple[ModelFit, ...]
    snapshots: int
    blobs: int
    size: int
    reserved: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was not here before."""
        return self.snapshots > 0 or any(model.changes for model in self.models)


def import_history(
    backends: Backends,
    source: Path,
    *,
    run: RunInfo,
    reason: str = "",
    progress: Progress = silent,
) -> Imported:
    """Take in every model of an export; importing again changes nothing.

    Raises:
        ExportUnreadable: the export is damaged, incomplete or changed; nothing was changed.
        ImportRefused: a name exists here with another history; nothing was changed.
        StoreError: a blob cannot be stored; no row was written.
        OutcomeUnknown: the catalog failed while it committed; repeating tells.
    """
    with checked(source, store=backends.store, progress=progress) as export:
        with export.catalog.read() as theirs, backends.catalog.read() as ours:
            # Before gigabytes are copied for nothing.
            sides, fits = _fit(backends.store, export, theirs, ours)
            changes = any(fit.changes for fit in fits) or bool(_new_snapshots(sides))
        if changes:
            export.make_index()
        publication = Publication.begin(backends)
        store_blobs(backends.store, export, progress)
        reached("import.stored")
        with export.catalog.read() as theirs, backends.catalog.write() as ours:
            publication.confirm_all(ours, export.sizes)
            sides, fits = _fit(backends.store, export, theirs, ours)
            draft = Change(ours, timestamp(backends.clock()))
            came = _merge(draft, sides, fits, run=run, reason=reason)
            reached("import.written")
        reached("import.committed")
        for fit in fits:
            with backends.catalog.read() as ours:
                pointers = list_pointers(ours, fit.name)
            for pointer in pointers:
                write_pointer_file(backends, fit.name, pointer.name)
        reached("import.told")
        return Imported(
            origin=export.description.origin,
            models=fits,
            snapshots=came,
            blobs=len(export.sizes),
            size=sum(export.sizes.values()),
            reserved=_reserved(export, fits),
        )


def _fit(
    store: Store, export: Checked, theirs: sa.Connection, ours: sa.Connection
) -> tuple[Sides, tuple[ModelFit, ...]]:
    sides = Sides(export.description, theirs, read_provenance(theirs), ours, read_provenance(ours))
    fits = fit_models(sides)
    for fit in fits:
        for pointer in list_pointers(theirs, fit.name) if fit.changes else ():
            told = told_generation(store.read_pointer(fit.name, pointer.name))
            if told > pointer.generation:
                raise ImportRefused(
                    f"the store here says that {fit.name}@{pointer.name} has moved {told} times,"
                    f" the export {pointer.generation}: deployments would be moved back",
                    hint="import a newer export, or into a store that has no such pointer file",
                )
    return sides, fits


def store_blobs(store: Store, export: Checked, progress: Progress) -> None:
    """Store every blob of an export; what is there already is hashed again.

    Raises:
        StoreError: one cannot be stored.
        ExportUnreadable: the export changed since it was checked.
    """
    if not export.description.with_objects:
        return  # hashed where they are
    done, total, batch = 0, sum(export.sizes.values()), 0
    small: list[str] = []
    for digest, size in sorted(export.sizes.items()):
        progress("storing", done, total)
        if size > LARGE:
            _store_large(store, export.source, digest)
        else:
            small.append(digest)
            batch += size
        if batch > LARGE or len(small) > AT_ONCE:
            _store_small(store, export.source, small)
            small, batch = [], 0
        done += size
    _store_small(store, export.source, small)
    progress("storing", done, total)


def _store_small(store: Store, source: Source, digests: list[str]) -> None:
    blobs = [source.read(object_file(digest), limit=LARGE) for digest in digests]
    for digest, stored in zip(digests, store.put_all(blobs), strict=True):
        _require_same(source, digest, stored)


def _store_large(store: Store, source: Source, digest: str) -> None:
    with tempfile.NamedTemporaryFile() as aside:
        for chunk in source.chunks(object_file(digest)):
            aside.write(chunk)
        aside.flush()
        _require_same(source, digest, store.put_file(Path(aside.name)).digest)


def _require_same(source: Source, digest: str, stored: str) -> None:
    if stored != digest:
        raise unreadable(source.path, f"{object_file(digest)} changed while it was read")


def _merge(
    draft: Change,
    sides: Sides,
    fits: tuple[ModelFit, ...],
    *,
    run: RunInfo,
    reason: str,
) -> int:
    """Write everything that is not here yet, and the events that say so; count new snapshots."""
    came = _new_snapshots(sides)
    changing = [fit for fit in fits if fit.changes]
    if not came and not changing:
        return 0
    for chain in sides.description.heads:
        if chain == REGISTRY or chain_origin(chain) is not None:
            _continue_chain(sides, chain, sides.name_here(chain))
    for fit in changing:
        _continue_chain(sides, fit.name, fit.name)
        _write_plain_rows(sides, fit.name)
        evaluated = _write_numbered_rows(sides, fit.name)
        copy_index(sides.theirs, sides.ours, fit.name, evaluated)
    copy_edges(sides.theirs, sides.ours)
    chains = _registry_heads(sides)
    if came:
        _write_snapshots(draft, sides, came, chains)
        record(draft, chain=REGISTRY, kind=SNAPSHOTS_IMPORTED, actor=run.actor, reason=reason)
    for fit in changing:
        noted = Change(draft.connection, draft.effective_at)
        _note_import(noted, sides, fit, chains)
        record(noted, chain=REGISTRY, kind="model_imported", actor=run.actor, reason=reason)
    return len(came)


def _continue_chain(sides: Sides, chain: str, here: str) -> None:
    """Append the events of one of their chains that are not here yet."""
    known, head = read_head(sides.ours, here), sides.description.heads[chain]
    if head.sequence <= known.sequence:
        return
    more = sides.theirs.execute(
        sa.select(events)
        .where(events.c.chain == chain, events.c.sequence > known.sequence)
        .order_by(events.c.sequence)
    ).mappings()
    insert_all(sides.ours, events, ({**row, "chain": here} for row in more))
    values = {"sequence": head.sequence, "digest": head.digest}
    if not statements.update(sides.ours, heads, {"chain": here}, values):
        statements.insert(sides.ours, heads, {"chain": here, **values})


def _registry_heads(sides: Sides) -> dict[str, Json]:
    """Give how far the other registries' own chains go now: noted, so that no cut is hidden."""
    found: dict[str, Json] = {}
    for chain in sides.description.heads:
        here = sides.name_here(chain)
        if chain_origin(here) is not None:
            head = read_head(sides.ours, here)
            found[here] = {"sequence": head.sequence, "digest": head.digest}
    return found


def _of_model(table: sa.Table, model: str) -> "sa.Select[Any]":
    column = table.c.name if table is registered_models else table.c.model
    return sa.select(table).where(column == model).order_by(*table.primary_key)


def _write_plain_rows(sides: Sides, model: str) -> None:
    """Insert the rows of a model that are not here, and bring those up that are."""
    for table in PLAIN:
        keys = [column.name for column in table.primary_key]
        known = {
            tuple(row[key] for key in keys): dict(row)
            for row in sides.ours.execute(_of_model(table, model)).mappings()
        }
        fresh: list[Row] = []
        for row in sides.theirs.execute(_of_model(table, model)).mappings():
            key = tuple(row[name] for name in keys)
            if key not in known:
                fresh.append(dict(row))
            elif known[key] != dict(row):
                of_row = sa.and_(*(table.c[name] == row[name] for name in keys))
                sides.ours.execute(sa.update(table).where(of_row).values(**row))
        insert_all(sides.ours, table, fresh)


def _write_numbered_rows(sides: Sides, model: str) -> dict[int, int]:
    """Insert the rows of a model that are not here and are numbered, under the next numbers.

    Gives the number of each evaluation there → its number here.
    """
    here: dict[str, dict[int, int]] = {}
    for table in RENUMBERED:
        number, fresh, came = next_number(sides.ours, table), [], []
        here[table.name] = {}
        known = _known_numbers(sides, table)
        for row in sides.theirs.execute(_of_model(table, model)).mappings():
            maker, original = sides.their_origins.made(table.name, row["id"])
            found = known(maker, original)
            if found is None:
                found, number = number, number + 1
                values = {**row, "id": found}
                if table.name in REFERS:
                    column, other = REFERS[table.name]
                    values[column] = here[other].get(row[column])
                fresh.append(values)
                came.append(_moved(table, found, maker, original))
            here[table.name][row["id"]] = found
        insert_all(sides.ours, table, fresh)
        insert_all(sides.ours, imported_rows, came)
        numbers_taken(sides.ours, table)
    return here[evaluations.name]


def _known_numbers(sides: Sides, table: sa.Table) -> Any:
    """Give a look-up of the number that a row has here, by its maker and its number there."""
    ours = sides.our_origins
    by_maker = {made: number for (name, number), made in ours.rows.items() if name == table.name}

    def find(maker: str, original: int) -> int | None:
        # What left here and came back is the row that it was.
        return original if maker == ours.registry else by_maker.get((maker, original))

    return find


def _moved(table: sa.Table, number: int, maker: str, original: int) -> Row:
    return {"table_name": table.name, "id": number, "origin": maker, "original_id": original}


def _new_snapshots(sides: Sides) -> list[Mapping[Any, Any]]:
    """Give their snapshots that are not here, those that they made themselves last.

    Of a partition's snapshots the newest is current, and one's own before another's.
    """
    known = _known_numbers(sides, snapshots)
    found = sides.theirs.execute(sa.select(snapshots).order_by(snapshots.c.id)).mappings().all()
    theirs = sides.their_origins

    def own(row: Mapping[Any, Any]) -> bool:
        return theirs.made(snapshots.name, row["id"])[0] == theirs.registry

    fresh = [row for row in found if known(*theirs.made(snapshots.name, row["id"])) is None]
    return sorted(fresh, key=own)


def _write_snapshots(
    draft: Change,
    sides: Sides,
    came: list[Mapping[Any, Any]],
    chains: dict[str, Json],
) -> None:
    first, fresh, moved = next_number(draft.connection, snapshots), [], []
    numbers: dict[str, list[Json]] = {}
    for number, row in enumerate(came, start=first):
        fresh.append({**row, "id": number})
        maker, original = sides.their_origins.made(snapshots.name, row["id"])
        moved.append(_moved(snapshots, number, maker, original))
        numbers.setdefault(maker, []).append(original)
    insert_all(draft.connection, snapshots, fresh)
    insert_all(draft.connection, imported_rows, moved)
    numbers_taken(draft.connection, snapshots)
    origin = sides.description.origin
    draft.sentence = f"{len(came)} snapshots came from registry {origin}"
    draft.facts = {"origin": origin, "snapshots": {**numbers}, "chains": chains}


def _note_import(draft: Change, sides: Sides, fit: ModelFit, chains: dict[str, Json]) -> None:
    origin, head = sides.description.origin, sides.description.heads[fit.name]
    for segment in sides.new_segments(fit.name):
        draft.insert(
            imports,
            model=fit.name,
            sequence=segment.sequence,
            digest=segment.digest,
            origin=segment.origin,
            imported_at=draft.effective_at,
        )
    more = f"{fit.after - fit.before} events" if fit.before else f"its {fit.after} events"
    draft.sentence = f"{fit.name} came from registry {origin} with {more}"
    draft.facts = {
        "model": fit.name,
        "origin": origin,
        "sequence": head.sequence,
        "digest": head.digest,
        "chains": chains,
    }


def _reserved(export: Checked, fits: tuple[ModelFit, ...]) -> tuple[str, ...]:
    changing = {fit.name for fit in fits if fit.changes}

    def waiting() -> Iterator[str]:
        with export.catalog.read() as theirs:
            query = sa.select(versions.c.model, versions.c.number).where(
                versions.c.state == "reserved"
            )
            for row in theirs.execute(query.order_by(versions.c.model, versions.c.number)):
                if row.model in changing:
                    yield f"{row.model}:{row.number}"

    return tuple(waiting())
