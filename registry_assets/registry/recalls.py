"""When data was wrong: recalled, lifted again, and what stands on it."""

from collections.abc import Collection, Mapping

from registry_assets.catalog.recalls import RecallRecord, list_recalls
from registry_assets.lifecycle import proposing, recalling, spoilt
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.lifecycle.recallable import Recallable
from registry_assets.lifecycle.tracing import LIMIT
from registry_assets.references import ManifestName, SnapshotName
from registry_assets.registry.part import Part


class Recalls(Part):
    """Recall a partition's data, lift that, and the rollbacks that this asks for."""

    def recalls(self, *, in_force: bool = False) -> tuple[RecallRecord, ...]:
        """Give which snapshots were recalled, oldest first; lifted ones are among them.

        Args:
            in_force: only those that were not lifted.
        """
        with self.backends.catalog.read() as connection:
            return list_recalls(connection, in_force=in_force)

    def plan_recall(
        self,
        name: str | Recallable,
        *,
        whole_history: bool = False,
        limit: int = LIMIT,
    ) -> recalling.Reach:
        """Find what a recall would mark, and what was built on it: see `lifecycle.recalling`."""
        return recalling.plan_recall(
            self.backends, _recallable(name), whole_history=whole_history, limit=limit
        )

    def recall(
        self,
        name: str | Recallable,
        *,
        whole_history: bool = False,
        looked_at: Collection[str] | None = None,
        limit: int = LIMIT,
        reason: str,
        run: RunInfo,
    ) -> recalling.Recalled:
        """Recall what a partition holds, or a snapshot: see `lifecycle.recalling`.

        Examples:
            >>> registry.recall("flights[2013-03]", reason="twice", run=run)  # doctest: +SKIP
        """
        return recalling.recall(
            self.backends,
            _recallable(name),
            whole_history=whole_history,
            looked_at=looked_at,
            limit=limit,
            reason=reason,
            run=run,
        )

    def lift_recall(self, name: str | Recallable, *, reason: str, run: RunInfo) -> recalling.Lifted:
        """Say that recalled data was right after all: see `lifecycle.recalling`."""
        return recalling.lift(self.backends, _recallable(name), reason=reason, run=run)

    def recalled_partitions(self, asset: str) -> Mapping[str, tuple[str, ...]]:
        """Give the partitions of an asset whose data is wrong now: see `lifecycle.spoilt`."""
        with self.backends.catalog.read() as connection:
            return spoilt.spoilt_partitions(connection, asset)

    def recalled_versions(self, model: str) -> Mapping[int, tuple[str, ...]]:
        """Give the versions of a model that stand on recalled data: see `lifecycle.spoilt`."""
        with self.backends.catalog.read() as connection:
            return spoilt.spoilt_versions(connection, model)

    def rollback_proposals(
        self, model: str | None = None
    ) -> tuple[proposing.RollbackProposal, ...]:
        """Find the pointers that stand on recalled data: see `lifecycle.proposing`."""
        return proposing.proposals(self.backends, model)


def _recallable(name: str | Recallable) -> Recallable:
    if not isinstance(name, str):
        return name
    return ManifestName(name) if name.startswith("sha256:") else SnapshotName.parse(name)
