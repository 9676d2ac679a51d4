"""The alert of a promotion that was attempted as often as it may be, and did not succeed.

Whoever runs promotions counts the attempts. What was given up is told once, and is over once
that version is promoted after all, or is due no more.
"""

from collections.abc import Mapping

from registry_assets.catalog.alerts import list_alerts
from registry_assets.catalog.observations import CheckFinding
from registry_assets.declaration import RegisteredModel
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.monitoring.recording import record_finding
from registry_assets.lifecycle.monitoring.telling import PROMOTION
from registry_assets.lifecycle.monitoring.watched import watched_version


def tell_given_up(
    backends: Backends,
    model: RegisteredModel,
    pointer: str,
    *,
    version: int | None,
    why: str,
    run: RunInfo,
    links: Mapping[str, str],
) -> None:
    """Open the alert about a version whose promotion was given up, and end those about others.

    Args:
        version: None where nothing is given up any more.
        why: what happened, for people.
    """
    with backends.catalog.read() as connection:
        open_ = list_alerts(connection, model.name, pointer=pointer, check=PROMOTION)
        over = {alert.version for alert in open_} - {version}
        watched = {
            number: watched_version(connection, model.name, pointer, number)
            for number in (*over, *([] if version is None else [version]))
        }
    for number, each in watched.items():
        finding = CheckFinding(PROMOTION, "failed", why)
        if number != version:
            over_now = f"{each.version.reference} is not due for {pointer} any more"
            finding = CheckFinding(PROMOTION, "passed", over_now)
        record_finding(backends, model, each, finding, partition="", run=run, links=links)
