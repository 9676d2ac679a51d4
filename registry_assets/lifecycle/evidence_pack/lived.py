"""What is known of a version in use: what was observed of it, what checks found, its alerts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.alerts import AlertRecord, list_alerts
from registry_assets.catalog.monitored import read_monitored
from registry_assets.catalog.observations import (
    ObservationRecord,
    ResultRecord,
    list_observations,
    list_results,
    newest_result,
)
from registry_assets.evaluation.report.texts import plural
from registry_assets.monitoring.freshness import FRESHNESS


@dataclass(frozen=True, slots=True)
class Observed:
    """One observation of the version, and what checks found in it."""

    record: ObservationRecord
    results: tuple[ResultRecord, ...]


@dataclass(frozen=True, slots=True)
class Lived:
    """What is known of a version in use.

    Args:
        declared: how its model is watched now; None where it is not.
        observed: oldest first; a partition that was looked at again is there again.
        freshness: whether data came, as it was found last; None where nobody asked.
        alerts: oldest first, those that are over among them.
    """

    declared: Mapping[str, Any] | None
    observed: tuple[Observed, ...]
    freshness: ResultRecord | None
    alerts: tuple[AlertRecord, ...]

    @property
    def sentence(self) -> str:
        """What that is, in short."""
        watched = "is watched" if self.declared else "is not watched"
        if not self.observed:
            return f"Nothing was observed of this version in use; its model {watched}."
        partitions = len({each.record.partition for each in self.observed})
        return (
            f"Observed on {plural(partitions, 'partition')}; {self._alerts}; its model {watched}."
        )

    @property
    def _alerts(self) -> str:
        many = len(self.alerts)
        still = sum(alert.state != "resolved" for alert in self.alerts)
        if not many:
            return "no alert"
        if not still:
            over = "resolved" if many == 1 else "all of them resolved"
        elif still == many:
            over = "not resolved" if many == 1 else "none of them resolved"
        else:
            over = f"{still:,} of them not resolved"
        return f"{plural(many, 'alert')}, {over}"


def read_lived(connection: sa.Connection, model: str, number: int) -> Lived:
    """Read what is known of a version in use."""
    declared = read_monitored(connection, model)
    alerts = list_alerts(
        connection, model, states=("open", "acknowledged", "resolved"), version=number
    )
    return Lived(
        declared=declared.definition if declared else None,
        observed=tuple(
            Observed(record, list_results(connection, record.id))
            for record in list_observations(connection, model, version=number)
        ),
        freshness=newest_result(connection, model, FRESHNESS, number),
        alerts=tuple(sorted(alerts, key=lambda alert: alert.number)),
    )
