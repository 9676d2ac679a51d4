"""What a version was made of, as an alert about it says, and the pages that people look at."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from registry_assets.alerting.values import Lineage
from registry_assets.catalog.monitored import read_monitored
from registry_assets.catalog.recalls import ancestry
from registry_assets.catalog.snapshots import find_snapshots
from registry_assets.catalog.versions import VersionRecord
from registry_assets.clock import parse_timestamp
from registry_assets.declaration.alerting import DASHBOARD_FIELDS, Dashboard
from registry_assets.lifecycle.monitoring.declared import dashboards_of
from registry_assets.lifecycle.monitoring.watched import Watched, watched_version


def lineage_of(connection: sa.Connection, version: VersionRecord) -> Lineage:
    """Give the data, the code and the run that made a version, from the catalog alone."""
    features = version.recipe.train
    above = ancestry(connection, [ref.digest for ref in features])
    own = {ref.digest for ref in features}
    named = find_snapshots(connection, sorted(set(above) - own))
    said: Mapping[str, Any] = version.metadata or {}
    return Lineage(
        datasets=tuple(sorted(each.ref for each in named.values())),
        features=features,
        code_commit=str(said.get("code_commit") or ""),
        code_dirty=bool(said.get("code_dirty")),
        run_id=str(version.run_id or ""),
        run_url=str(said.get("run_url") or ""),
        trained_at=str(said.get("finished_at") or version.finished_at or ""),
    )


def dashboard_links(
    dashboards: tuple[Dashboard, ...], watched: Watched, *, partition: str, now: str
) -> dict[str, str]:
    """Fill in the pages that are declared for a deployment, from its promotion until now."""
    since = watched.promoted_at or now
    values: dict[str, object] = {
        "model": watched.version.model,
        "version": watched.version.number,
        "digest": watched.version.digest,
        "pointer": watched.pointer,
        "generation": watched.generation or 0,
        "partition": partition,
        "from_ms": _milliseconds(since),
        "to_ms": _milliseconds(now),
        "from_iso": since,
        "to_iso": now,
    }
    assert values.keys() == set(DASHBOARD_FIELDS)
    return {each.name: each.filled(values) for each in dashboards}


def deployment_links(
    connection: sa.Connection, model: str, version: int, *, pointer: str | None, now: str
) -> dict[str, str]:
    """Fill in the pages that are on record for a version's deployment, of no partition.

    None for a version that the watched pointer never held, or where that is not the one asked for.
    """
    record = read_monitored(connection, model)
    if record is None or record.definition is None:
        return {}
    declared = str(record.definition["pointer"])
    if pointer not in (None, declared):
        return {}
    watched = watched_version(connection, model, declared, version)
    if watched.generation is None:
        return {}
    dashboards = dashboards_of(connection, model)
    return dashboard_links(dashboards, watched, partition="", now=now)


def _milliseconds(instant: str) -> int:
    return int(parse_timestamp(instant).timestamp() * 1000)
