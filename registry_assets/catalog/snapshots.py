"""Which snapshot an asset's partition holds: every one it ever held, the newest current."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.indexing import add_edges
from registry_assets.catalog.ledger import REGISTRY, change
from registry_assets.catalog.stored import Confirm, trust
from registry_assets.catalog.tables import imported_rows, snapshots
from registry_assets.clock import Clock
from registry_assets.manifest import Parent
from registry_assets.recipe import SnapshotRef


@dataclass(frozen=True, slots=True)
class SnapshotRecord:
    """One snapshot as an asset's partition held it, from `created_at` on."""

    asset: str
    partition: str
    digest: str
    kind: str
    rows: int
    size: int
    run_id: str
    created_at: str

    @property
    def ref(self) -> SnapshotRef:
        """The snapshot by name."""
        return SnapshotRef(self.asset, self.partition, self.digest)


def record_snapshot(
    catalog: Catalog,
    *,
    asset: str,
    partition: str,
    digest: str,
    kind: str,
    rows: int,
    size: int,
    parents: Sequence[Parent] = (),
    confirm: Confirm = trust,
    run_id: str,
    actor: str,
    clock: Clock,
) -> SnapshotRecord:
    """Make a snapshot the current one of (asset, partition); the same content changes nothing.

    Args:
        parents: those of its manifest.
        confirm: makes sure, inside the transaction, that the bytes are there.
    """
    with change(
        catalog, chain=REGISTRY, kind="snapshot_recorded", actor=actor, clock=clock
    ) as draft:
        held = _current(draft.connection, asset, partition)
        if held is None or held.digest != digest:
            confirm(draft.connection)
            draft.insert(
                snapshots,
                asset=asset,
                partition=partition,
                digest=digest,
                kind=kind,
                rows=rows,
                size=size,
                run_id=run_id,
                created_at=draft.effective_at,
            )
            add_edges(draft.connection, digest, parents)
            where = f"{asset}[{partition}]" if partition else asset
            draft.facts = {"asset": asset, "partition": partition, "digest": digest, "rows": rows}
            draft.sentence = f"{where} became {digest[:19]} with {rows:,} rows"
            held = _current(draft.connection, asset, partition)
    assert held is not None
    return held


def current_snapshots(connection: sa.Connection, asset: str) -> tuple[SnapshotRecord, ...]:
    """Give the current snapshot of each partition of an asset, by partition key.

    It is the newest that was recorded here. Where there is none, it is the newest of those that
    came from the registry imported from last: importing a model must not change what the next
    one here is trained on.
    """
    own = (
        sa.select(sa.func.max(snapshots.c.id))
        .where(snapshots.c.asset == asset, ~_is_imported())
        .group_by(snapshots.c.partition)
    )
    held = connection.execute(sa.select(snapshots).where(snapshots.c.id.in_(own))).all()
    covered = {row.partition for row in held}
    came = [row for row in _imported(connection, asset) if row.partition not in covered]
    records = [_record(row) for row in (*held, *came)]
    return tuple(sorted(records, key=lambda record: record.partition))


def past_snapshots(
    connection: sa.Connection, asset: str, partition: str
) -> tuple[SnapshotRecord, ...]:
    """Give every snapshot that a partition ever held, each as it came first, newest first."""
    table = snapshots
    of_partition = (table.c.asset == asset, table.c.partition == partition)
    first = sa.select(sa.func.min(table.c.id)).where(*of_partition).group_by(table.c.digest)
    rows = connection.execute(
        sa.select(table).where(table.c.id.in_(first)).order_by(table.c.id.desc())
    )
    return tuple(_record(row) for row in rows)


def find_snapshots(connection: sa.Connection, digests: Iterable[str]) -> dict[str, SnapshotRecord]:
    """Give the first record of each of these digests, by digest."""
    rows = connection.execute(
        sa.select(snapshots)
        .where(snapshots.c.digest.in_(list(digests)))
        .order_by(snapshots.c.id.desc())
    )
    return {row.digest: _record(row) for row in rows}


def _current(connection: sa.Connection, asset: str, partition: str) -> SnapshotRecord | None:
    row = connection.execute(
        sa.select(snapshots)
        .where(snapshots.c.asset == asset, snapshots.c.partition == partition, ~_is_imported())
        .order_by(snapshots.c.id.desc())
        .limit(1)
    ).one_or_none()
    found = row or next(iter(_imported(connection, asset, partition)), None)
    return None if found is None else _record(found)


def _is_imported() -> sa.ColumnElement[bool]:
    return (
        sa.select(sa.literal(1))
        .where(imported_rows.c.table_name == snapshots.name, imported_rows.c.id == snapshots.c.id)
        .exists()
    )


def _imported(
    connection: sa.Connection, asset: str, partition: str | None = None
) -> Sequence[sa.Row[Any]]:
    """Give the current one, for each partition, of the snapshots that came from elsewhere.

    By the order that they had where they were made: a later import may bring earlier ones.
    """
    of_partition = (snapshots.c.partition, imported_rows.c.origin)
    taken = (
        sa.select(
            snapshots.c.id,
            snapshots.c.partition,
            imported_rows.c.original_id,
            sa.func.max(snapshots.c.id).over(partition_by=of_partition).label("came"),
        )
        .join(imported_rows, imported_rows.c.id == snapshots.c.id)
        .where(imported_rows.c.table_name == snapshots.name, snapshots.c.asset == asset)
    )
    if partition is not None:
        taken = taken.where(snapshots.c.partition == partition)
    each = taken.subquery()
    order = (each.c.came.desc(), each.c.original_id.desc())
    place = sa.func.row_number().over(partition_by=each.c.partition, order_by=order)
    ranked = sa.select(each.c.id, place.label("place")).subquery()
    first = sa.select(ranked.c.id).where(ranked.c.place == 1)
    return connection.execute(sa.select(snapshots).where(snapshots.c.id.in_(first))).all()


def _record(row: sa.Row[Any]) -> SnapshotRecord:
    fields = row._asdict()
    fields.pop("id")
    return SnapshotRecord(**fields)
