"""What a model lived through after deployment, from the catalog alone: nothing is opened or made.

What was found on predictions that were since made anew does not count: it is of other rows, or of
another version.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.alerts import AlertRecord, State, list_alerts
from registry_assets.catalog.models import PRODUCTION, get_model
from registry_assets.catalog.monitored import read_monitored
from registry_assets.catalog.observations import (
    CheckFinding,
    ObservationRecord,
    list_results,
    newest_observations,
)
from registry_assets.catalog.pointers import list_promotions
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.lifecycle.way_back import rollback_of
from registry_assets.monitoring.results.history import (
    History,
    MovedColumn,
    PartitionLived,
    PointerMove,
)

_EVERY: tuple[State, ...] = ("open", "acknowledged", "resolved")
_Key = tuple[str, int]


def read_history(connection: sa.Connection, model: str, *, version: int | None = None) -> History:
    """Give what a model lived through, the newest observation of each partition.

    Args:
        version: of this one alone: of each partition the newest in which it occurs.

    Raises:
        NotFound: there is no such model.
    """
    record = get_model(connection, model)
    metric = next(iter(record.suite["evaluation"]["metrics"]), "")
    predictions = newest_observations(connection, model, "predictions", version=version)
    drift = _by_key(newest_observations(connection, model, "drift", version=version))
    performance = _by_key(newest_observations(connection, model, "performance", version=version))
    alerts = list_alerts(connection, model, states=_EVERY)
    rows = []
    for made in predictions:
        key = made.partition, made.version
        parts = [made, *_of(made, drift.get(key)), *_of(made, performance.get(key))]
        rows.append(_lived(connection, parts, metric, alerts))
    pointer = _pointer(connection, model, predictions)
    return History(
        model=model,
        pointer=pointer,
        metric=str(metric),
        rows=tuple(rows),
        moves=tuple(
            PointerMove(each.version, each.generation, each.created_at, bool(rollback_of(each)))
            for each in list_promotions(connection, model, pointer)
        ),
        open_alerts=tuple(sorted(each.number for each in alerts if each.state != "resolved")),
    )


def _pointer(connection: sa.Connection, model: str, made: Sequence[ObservationRecord]) -> str:
    declared = read_monitored(connection, model)
    if declared is not None and declared.definition is not None:
        return str(declared.definition["pointer"])
    return made[-1].pointer if made else PRODUCTION


def _by_key(records: Iterable[ObservationRecord]) -> dict[_Key, ObservationRecord]:
    return {(each.partition, each.version): each for each in records}


def _of(made: ObservationRecord, later: ObservationRecord | None) -> list[ObservationRecord]:
    """Give what was found on these very predictions, if anything was."""
    same = later is not None and later.summary.get("predictions") == made.digest
    return [later] if later is not None and same else []


def _lived(
    connection: sa.Connection,
    parts: Sequence[ObservationRecord],
    metric: str,
    alerts: Sequence[AlertRecord],
) -> PartitionLived:
    made = parts[0]
    findings: dict[str, CheckFinding] = {}
    numbers: set[int] = set()
    for part in parts:
        for result in list_results(connection, part.id):
            findings[result.finding.check] = result.finding
            if result.finding.outcome == "failed":
                numbers |= _opened(alerts, result.finding.check, made.version, result.created_at)
    said: dict[str, Mapping[str, Any]] = {each.kind: each.summary for each in parts}
    drift, performance = said.get("drift", {}), said.get("performance", {})
    return PartitionLived(
        partition=made.partition,
        version=made.version,
        digest=made.version_digest,
        generation=made.generation,
        rows=made.rows,
        observed_at=made.created_at,
        labelled=performance.get("labelled"),
        promised=_estimate(performance.get("promised", {}).get(metric)),
        lived=_estimate(performance.get("metrics", {}).get(metric)),
        drifted=drift.get("drifted"),
        compared=drift.get("compared"),
        share=drift.get("share"),
        worst=tuple(MovedColumn(**each) for each in drift.get("worst", ())),
        findings=findings,
        alerts=tuple(sorted(numbers)),
    )


def _opened(alerts: Sequence[AlertRecord], check: str, version: int, found_at: str) -> set[int]:
    """Give the alerts of a check of a version that were open when it failed."""
    return {
        each.number
        for each in alerts
        if (each.check, each.version) == (check, version)
        and each.opened_at <= found_at
        and (each.resolved_at is None or found_at <= each.resolved_at)
    }


def _estimate(value: Mapping[str, Any] | None) -> Estimate | None:
    return None if value is None else Estimate.from_json(value)
