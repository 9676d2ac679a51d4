"""How a model is watched, written to the catalog with its declaration, and read where that is not.

Alerts are delivered, and deployments shown, by processes that have no model's code.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.monitored import declare_monitored, read_monitored
from registry_assets.declaration import Alerting, Dashboard, QuietHours, RegisteredModel
from registry_assets.lifecycle.backends import Backends


def record_monitoring(backends: Backends, model: RegisteredModel, *, actor: str) -> None:
    """Record how a registered model is watched, if that is new or has changed."""
    plan = model.monitoring
    declare_monitored(
        backends.catalog,
        model=model.name,
        definition=None if plan is None else plan.definition(),
        actor=actor,
        clock=backends.clock,
    )


def alerting_of(connection: sa.Connection, model: str) -> Alerting:
    """Give who is told of a model's alerts, and when; as by default where nothing is recorded.

    Raises:
        DeclarationError: this machine does not know the time zone of its quiet hours.
    """
    definition = _definition(connection, model)
    if definition is None:
        return Alerting()
    said = definition["alerting"]
    return Alerting(
        minimum=said["minimum"],
        severities=said["severities"],
        quiet=QuietHours(**said["quiet"]) if said["quiet"] else None,
        sinks=tuple(said["sinks"]),
    )


def dashboards_of(connection: sa.Connection, model: str) -> tuple[Dashboard, ...]:
    """Give the pages that are declared for deployments of a model."""
    definition = _definition(connection, model) or {"dashboards": ()}
    return tuple(Dashboard(**each) for each in definition["dashboards"])


def _definition(connection: sa.Connection, model: str) -> Mapping[str, Any] | None:
    record = read_monitored(connection, model)
    return record.definition if record else None
