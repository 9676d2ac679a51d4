"""The steps of a version's life, each made in `lifecycle`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from registry_assets.canonical import Json
from registry_assets.catalog.evaluations import VerdictRecord
from registry_assets.catalog.models import PRODUCTION
from registry_assets.catalog.snapshots import SnapshotRecord
from registry_assets.catalog.versions import Reservation, VersionRecord
from registry_assets.lifecycle import (
    checking,
    data,
    evaluating,
    promoting,
    registering,
    reserving,
    training,
)
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.manifest import Parent
from registry_assets.registry.part import Part

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from registry_assets.declaration import RegisteredModel


class Steps(Part):
    """Data in, then reserve, train, evaluate, record what was checked, promote."""

    def store_snapshot(
        self,
        value: "pd.DataFrame | pa.Table",
        *,
        asset: str,
        partition: str = "",
        kind: str = "dataset",
        parents: Sequence[Parent] = (),
        facts: Mapping[str, Json] | None = None,
        run: RunInfo,
    ) -> SnapshotRecord:
        """Store a table as the snapshot of one asset's partition: see `lifecycle.data`."""
        return data.store_snapshot(
            self.backends,
            value,
            asset=asset,
            partition=partition,
            kind=kind,
            parents=parents,
            facts=facts or {},
            run=run,
        )

    def reserve(
        self, model: "RegisteredModel", request: reserving.Request, *, run: RunInfo
    ) -> Reservation:
        """Reserve the next version of a model: see `lifecycle.reserving`."""
        return reserving.reserve_version(self.backends, model, request, run=run)

    def train(self, model: "RegisteredModel", number: int, *, run: RunInfo) -> VersionRecord:
        """Train a reserved version and commit it: see `lifecycle.training`."""
        return training.train_version(self.backends, model, number, run=run)

    def register(
        self,
        model: "RegisteredModel",
        estimator: Any,
        *,
        started_at: datetime,
        finished_at: datetime,
        params: Mapping[str, Json] | None = None,
        partitions: Sequence[str] | None = None,
        reason: str = "",
        experiment_url: str | None = None,
        run: RunInfo | None = None,
    ) -> registering.Registered:
        """Make a version of an estimator that was trained elsewhere: see `lifecycle.registering`.

        Examples:
            >>> registry.register(  # doctest: +SKIP
            ...     flight_delay, estimator, started_at=began, finished_at=ended
            ... )
        """
        told = registering.Registration(
            started_at=started_at,
            finished_at=finished_at,
            params=params or {},
            partitions=partitions,
            reason=reason,
            experiment_url=experiment_url,
        )
        by = run or RunInfo.by_hand()
        return registering.register_version(self.backends, model, estimator, told, run=by)

    def evaluate(
        self, model: "RegisteredModel", number: int, *, run: RunInfo, pointer: str = PRODUCTION
    ) -> evaluating.Evaluated:
        """Evaluate a committed version and judge it: see `lifecycle.evaluating`."""
        return evaluating.evaluate_version(self.backends, model, number, run=run, pointer=pointer)

    def record_check(
        self, model: str, number: int, result: checking.CheckResult, *, run: RunInfo
    ) -> VerdictRecord | None:
        """Record what a user's own asset check found: see `lifecycle.checking`."""
        return checking.record_check_result(self.backends, model, number, result, run=run)

    def promote(
        self,
        model: str,
        number: int,
        *,
        run: RunInfo,
        pointer: str = PRODUCTION,
        reason: str = "",
    ) -> promoting.Promoted:
        """Move a pointer to a version, if nothing holds it: see `lifecycle.promoting`."""
        return promoting.promote_version(
            self.backends, model, number, run=run, pointer=pointer, reason=reason
        )
