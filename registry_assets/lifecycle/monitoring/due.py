"""Which partitions wait to be watched: new ones, and those whose rows or labels have changed.

Asked of the registry's state, not of events: what was missed while nobody looked is due all the
same. What had arrived before anything was deployed is history, and nothing is predicted of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.catalog.observations import ObservationRecord, newest_observations
from registry_assets.catalog.pointers import list_promotions
from registry_assets.catalog.snapshots import SnapshotRecord, current_snapshots
from registry_assets.declaration import RegisteredModel
from registry_assets.lifecycle.monitoring.watched import monitoring_of


@dataclass(frozen=True, slots=True)
class Due:
    """A partition that waits.

    Args:
        why: what is new about it, for people.
        state: tells what it is to be made of; the same state is asked for once.
    """

    partition: str
    why: str
    state: str


def find_due(connection: sa.Connection, model: RegisteredModel) -> tuple[Due, ...]:
    """Give the partitions that wait to be watched, in their order."""
    plan = monitoring_of(model)
    since = deployed_since(connection, model)
    if since is None:
        return ()
    source = plan.predictions.asset if plan.predictions else ""
    rows = rows_to_watch(connection, model)
    features = rows if not source else _current(connection, model.features.key)
    labels = _current(connection, plan.labels.asset) if plan.labels else {}
    made = {
        kind: _by_partition(newest_observations(connection, model.name, kind))
        for kind in ("predictions", "drift", "performance")
    }
    found = []
    for partition in sorted(rows):
        if is_history(rows[partition], since):
            continue
        state = {
            "log" if source else "features": rows[partition].digest,
            **({"features": features[partition].digest} if partition in features else {}),
        }
        label = labels[partition].digest if partition in labels else ""
        why = _why(state, label, {kind: each.get(partition) for kind, each in made.items()})
        if why:
            parts = [digest[7:19] for digest in (*state.values(), label) if digest]
            found.append(Due(partition, why, f"{partition}:{':'.join(parts)}"))
    return tuple(found)


def deployed_since(connection: sa.Connection, model: RegisteredModel) -> str | None:
    """Give when the watched pointer came to hold a version first; None if it never has."""
    moves = list_promotions(connection, model.name, monitoring_of(model).pointer)
    return moves[0].created_at if moves else None


def rows_to_watch(connection: sa.Connection, model: RegisteredModel) -> dict[str, SnapshotRecord]:
    """Give the rows of each partition: those of the log, where one is declared."""
    log = monitoring_of(model).predictions
    return _current(connection, log.asset if log else model.features.key)


def is_history(rows: SnapshotRecord, since: str) -> bool:
    """Tell whether rows had arrived before anything was deployed."""
    return rows.created_at <= since


def _why(state: Mapping[str, str], label: str, made: Mapping[str, ObservationRecord | None]) -> str:
    """Say what is new about a partition; "" if all of it is watched."""
    predictions, drift, performance = (
        made["predictions"],
        made["drift"],
        made["performance"],
    )
    if predictions is None:
        return "nothing was predicted of it"
    if any(predictions.summary.get(name) != digest for name, digest in state.items()):
        return "its rows have changed"
    if drift is None or drift.summary.get("predictions") != predictions.digest:
        return "its drift is not known"
    if performance is None or performance.summary.get("predictions") != predictions.digest:
        return "its performance is not known"
    if label and performance.summary.get("labels") != label:
        return "its labels have changed"
    return ""


def _current(connection: sa.Connection, asset: str) -> dict[str, SnapshotRecord]:
    return {each.partition: each for each in current_snapshots(connection, asset)}


def _by_partition(made: tuple[ObservationRecord, ...]) -> dict[str, ObservationRecord]:
    return {each.partition: each for each in made}
