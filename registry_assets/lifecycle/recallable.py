"""Which snapshots are meant by whoever recalls a partition, or a snapshot by its digest."""

from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.catalog.recalls import RecallRecord, list_recalls
from registry_assets.catalog.snapshots import (
    SnapshotRecord,
    current_snapshots,
    find_snapshots,
    past_snapshots,
)
from registry_assets.errors import InvalidReference, NotFound
from registry_assets.lifecycle.tracing import nothing_named
from registry_assets.references import ManifestName, SnapshotName

Recallable = SnapshotName | ManifestName
"""A partition, for what it holds now; or one snapshot by its digest."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The snapshots of one partition that are meant, newest first.

    Args:
        others: how many more the partition has held.
        recalls: every recall of the partition's, in force or lifted.
    """

    asset: str
    partition: str
    snapshots: tuple[SnapshotRecord, ...]
    others: int
    recalls: tuple[RecallRecord, ...]

    @property
    def name(self) -> str:
        """The partition, `flights[2013-03]`."""
        return str(self.snapshots[0].ref)

    @property
    def digests(self) -> tuple[str, ...]:
        """Those of the snapshots that are meant."""
        return tuple(snapshot.digest for snapshot in self.snapshots)

    @property
    def unmarked(self) -> tuple[str, ...]:
        """The digests that no recall in force is about."""
        marked = {recall.digest for recall in self.recalls if recall.in_force}
        return tuple(digest for digest in self.digests if digest not in marked)


def choose(connection: sa.Connection, name: Recallable, *, whole_history: bool) -> Chosen:
    """Find which snapshots are meant.

    Args:
        whole_history: where a partition is named, everything that it ever held.

    Raises:
        NotFound: there is no such asset, partition or snapshot.
        InvalidReference: the asset has several partitions, and none is named.
    """
    if isinstance(name, ManifestName):
        meant = find_snapshots(connection, [name.digest]).get(name.digest)
        if meant is None:
            raise NotFound(
                f"no snapshot has the digest {name}",
                hint="`registry lineage 'ASSET[PARTITION]' --json` gives those of a partition",
            )
        whole_history = False
    else:
        meant = _held_now(connection, name)
    past = past_snapshots(connection, meant.asset, meant.partition)
    chosen = past if whole_history else tuple(s for s in past if s.digest == meant.digest)
    return Chosen(
        asset=meant.asset,
        partition=meant.partition,
        snapshots=chosen,
        others=len(past) - len(chosen),
        recalls=recalls_of(connection, meant.asset, meant.partition),
    )


def _held_now(connection: sa.Connection, name: SnapshotName) -> SnapshotRecord:
    held = current_snapshots(connection, name.asset)
    found = [s for s in held if name.partition in (None, s.partition)]
    if not found:
        raise nothing_named(connection, name)
    if len(found) > 1:
        raise InvalidReference(
            f"{name.asset} has {len(found)} partitions, and a recall is about one",
            hint=f"name it: {name.asset}[{found[-1].partition}]",
        )
    return found[0]


def recalls_of(connection: sa.Connection, asset: str, partition: str) -> tuple[RecallRecord, ...]:
    """Give every recall of a partition's snapshots, in force or lifted, oldest first."""
    of = (asset, partition)
    return tuple(r for r in list_recalls(connection) if (r.asset, r.partition) == of)
