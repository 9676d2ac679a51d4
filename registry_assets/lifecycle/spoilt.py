"""What is spoilt: partitions and versions that stand on recalled data, many at once.

The decision on one version asks `governance.recalls`; this is the same for whoever looks
through all of them.
"""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from registry_assets.catalog.recalls import RecallRecord, ancestry, built_on, list_recalls
from registry_assets.catalog.snapshots import current_snapshots
from registry_assets.catalog.versions import list_versions
from registry_assets.governance.recalls import recalled_of_each
from registry_assets.recipe import SnapshotRef


def spoilt(
    connection: sa.Connection, refs: Sequence[SnapshotRef]
) -> Mapping[RecallRecord, tuple[SnapshotRef, ...]]:
    """Give which of these snapshots each recall in force spoils: its own, and what is made of it.

    Recalls that spoil none are left out.
    """
    in_force = list_recalls(connection, in_force=True)
    behind = ancestry(connection, (ref.digest for ref in refs)) if in_force else {}
    found = {
        recall: built_on(behind, recall.digest) for recall in in_force if recall.digest in behind
    }
    return {
        recall: tuple(ref for ref in refs if ref.digest in built) for recall, built in found.items()
    }


def spoilt_partitions(connection: sa.Connection, asset: str) -> Mapping[str, tuple[str, ...]]:
    """Give the partitions of an asset whose data is wrong now, and why, a sentence each."""
    refs = [snapshot.ref for snapshot in current_snapshots(connection, asset)]
    found: dict[str, tuple[str, ...]] = {}
    for recall, its in spoilt(connection, refs).items():
        for ref in its:
            own = ref.digest == recall.digest
            said = (
                recall.sentence
                if own
                else f"{ref} was made from data that is wrong: {recall.sentence}"
            )
            found[ref.partition] = (*found.get(ref.partition, ()), said)
    return found


def spoilt_versions(connection: sa.Connection, model: str) -> Mapping[int, tuple[str, ...]]:
    """Give the committed versions of a model that stand on recalled data, and why."""
    in_force = list_recalls(connection, in_force=True)
    if not in_force:
        return {}
    versions = list_versions(connection, model, state="committed")
    found = recalled_of_each(connection, versions, in_force)
    return {v.number: found[v.reference] for v in versions if v.reference in found}
