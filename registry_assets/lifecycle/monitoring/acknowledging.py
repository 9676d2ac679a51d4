"""Acknowledge: somebody looks after an alert, so nobody else has to be told again."""

from dataclasses import dataclass

from registry_assets.catalog import alerts
from registry_assets.catalog.alerts import AlertRecord
from registry_assets.catalog.ledger import change
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.monitoring.telling import write


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An acknowledgement; `new` is False where somebody had acknowledged the alert before."""

    alert: AlertRecord
    new: bool


def acknowledge_alert(
    backends: Backends, model: str, number: int, *, run: RunInfo, reason: str = ""
) -> Acknowledged:
    """Note who looks after an alert, and tell so; who did first stays.

    Raises:
        NotFound: there is no such model or alert.
        Conflict: it is resolved; nothing was changed.
    """
    with change(
        backends.catalog,
        chain=model,
        kind=alerts.ACKNOWLEDGED,
        actor=run.actor,
        reason=reason,
        clock=backends.clock,
    ) as draft:
        held = alerts.get_alert(draft.connection, model, number)
        noted = alerts.acknowledge(draft, held, actor=run.actor, reason=reason)
        if held.state == "open":
            why = f": {reason}" if reason else ""
            write(draft, noted, "acknowledged", f"{run.actor} looks after it{why}")
    return Acknowledged(noted, new=held.state == "open")
