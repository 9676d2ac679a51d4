"""Histories to be drawn, and shown."""

from registry_assets.catalog.observations import CheckFinding
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.monitoring.results.history import (
    History,
    MovedColumn,
    PartitionLived,
    PointerMove,
)


def estimate(value: float) -> Estimate:
    return Estimate(value, value - 0.01, value + 0.01, rows=1000)


def month(
    partition: str, version: int, *, lived: float | None = 0.75, failed: tuple[str, ...] = ()
) -> PartitionLived:
    """What a version lived in a month; each check that failed has an alert."""
    checks = ("data_quality", "feature_drift", "performance_decay")
    return PartitionLived(
        partition=partition,
        version=version,
        digest="sha256:" + "a" * 64,
        generation=version,
        rows=1000,
        observed_at=f"{partition}-28T06:00:00.000000Z",
        labelled=1000,
        promised=estimate(0.76),
        lived=None if lived is None else estimate(lived),
        drifted=9,
        compared=18,
        share=0.5,
        worst=(MovedColumn("temp", 1.99, 0.1),),
        findings={
            check: CheckFinding(check, "failed" if check in failed else "passed", "why")
            for check in checks
        },
        alerts=tuple(range(1, len(failed) + 1)),
    )


def history(*rows: PartitionLived) -> History:
    """A history of these partitions, in which each version was promoted in its turn."""
    versions = sorted({row.version for row in rows})
    return History(
        model="flight_delay",
        pointer="production",
        metric="roc_auc",
        rows=rows,
        moves=tuple(
            PointerMove(version, version, "2013-04-01T06:00:00.000000Z", rollback=version == 3)
            for version in versions
        ),
        open_alerts=(1,) if any(row.alerts for row in rows) else (),
    )
