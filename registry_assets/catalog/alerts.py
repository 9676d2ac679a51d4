"""Alerts: that a check of a deployed version failed, until it is well again or replaced.

What is found again folds into the alert that is there: one alert at most that is not resolved,
for each pointer, version and check. Each step is an event of its own in the model's chain, in the
transaction of what caused it. Whom it is told to is `outbox`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog import statements
from registry_assets.catalog.ledger import Change
from registry_assets.catalog.models import get_model
from registry_assets.catalog.monitoring_tables import alerts
from registry_assets.catalog.stored import read_json
from registry_assets.errors import Conflict, NotFound

Severity = Literal["info", "warning", "error", "critical"]
State = Literal["open", "acknowledged", "resolved"]

OPENED = "alert_opened"
REPEATED = "alert_repeated"
ACKNOWLEDGED = "alert_acknowledged"
RESOLVED = "alert_resolved"
KINDS = (OPENED, REPEATED, ACKNOWLEDGED, RESOLVED)
"""The kinds of the events of an alert."""


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """One alert as the catalog knows it; `partition`, `why` and `body` are of what came last.

    Args:
        number: counted for each model, from 1.
        count: how often it was found.
        body: what moved and by how much, lineage and links, as `alerting` writes them.
    """

    model: str
    number: int
    version: int
    version_digest: str
    pointer: str
    generation: int
    check: str
    severity: Severity
    state: State
    count: int
    partition: str
    why: str
    body: Mapping[str, Any]
    opened_at: str
    last_at: str
    acknowledged_by: str | None = None
    acknowledged_at: str | None = None
    acknowledged_why: str | None = None
    resolved_at: str | None = None
    resolved_why: str | None = None

    @property
    def reference(self) -> str:
        """The version that it is about, `flight_delay:12`."""
        return f"{self.model}:{self.version}"

    @property
    def name(self) -> str:
        """`alert 3 of flight_delay`."""
        return f"alert {self.number} of {self.model}"


def open_or_fold(
    draft: Change,
    *,
    model: str,
    version: int,
    version_digest: str,
    pointer: str,
    generation: int,
    check: str,
    severity: Severity,
    partition: str,
    why: str,
    body: Mapping[str, Json],
) -> AlertRecord:
    """Open an alert, or fold this into the one that is not resolved; `count` is then above 1.

    A change of the model's chain keeps others out until it ends. It becomes an event of its own,
    after that of the change. An acknowledged alert stays so; the severity is the worse of both.
    """
    held = find_unresolved(
        draft.connection, model=model, pointer=pointer, version=version, check=check
    )
    said = {"partition": partition, "why": why, "body": canonical_json(dict(body)).decode()}
    if held is not None:
        folded = draft.consequence(REPEATED)
        count = held.count + 1
        worse = max(held.severity, severity, key=_RANK.index)
        _update(
            folded,
            held,
            **said,
            severity=worse,
            count=count,
            generation=generation,
            last_at=draft.effective_at,
        )
        _tell(folded, held, _failed(check, partition, count, why), count=count)
        return get_alert(draft.connection, model, held.number)
    opened = draft.consequence(OPENED)
    number = _next_number(draft.connection, model)
    opened.insert(
        alerts,
        model=model,
        number=number,
        version=version,
        version_digest=version_digest,
        pointer=pointer,
        generation=generation,
        check_name=check,
        severity=severity,
        state="open",
        count=1,
        **said,
        opened_at=draft.effective_at,
        last_at=draft.effective_at,
    )
    alert = get_alert(draft.connection, model, number)
    _tell(opened, alert, _failed(check, partition, 1, why), severity=severity)
    return alert


def acknowledge(draft: Change, alert: AlertRecord, *, actor: str, reason: str) -> AlertRecord:
    """Note that somebody looks after an alert; who did first stays.

    Raises:
        Conflict: it is resolved.
    """
    held = get_alert(draft.connection, alert.model, alert.number)
    if held.state == "resolved":
        raise Conflict(
            f"{held.name} was resolved on {str(held.resolved_at)[:10]}: {held.resolved_why}",
            hint=f"nothing was changed; `registry alerts {held.model}` lists those that are not",
        )
    if held.state == "acknowledged":
        return held
    noted = draft.consequence(ACKNOWLEDGED)
    _update(
        noted,
        held,
        state="acknowledged",
        acknowledged_by=actor,
        acknowledged_at=draft.effective_at,
        acknowledged_why=reason,
    )
    _tell(noted, held, f"acknowledged by {actor}{f': {reason}' if reason else ''}")
    return get_alert(draft.connection, held.model, held.number)


def resolve(draft: Change, alert: AlertRecord, *, why: str) -> AlertRecord:
    """Note that what an alert is about is over; one that is resolved stays as it is.

    Args:
        why: `feature_drift passed for 2013-06`, `version 3 took its place`.
    """
    held = get_alert(draft.connection, alert.model, alert.number)
    if held.state == "resolved":
        return held
    noted = draft.consequence(RESOLVED)
    _update(noted, held, state="resolved", resolved_at=draft.effective_at, resolved_why=why)
    _tell(noted, held, f"resolved: {why}")
    return get_alert(draft.connection, held.model, held.number)


def get_alert(connection: sa.Connection, model: str, number: int) -> AlertRecord:
    """Give one alert.

    Raises:
        NotFound: no such model, or it has no alert of that number.
    """
    row = statements.find(connection, alerts, model=model, number=number).one_or_none()
    if row is not None:
        return _record(row)
    get_model(connection, model)
    last = _next_number(connection, model) - 1
    raise NotFound(
        f"{model} has no alert {number}: {f'it has 1 to {last}' if last else 'it has had none'}",
        hint=f"`registry alerts {model}` lists them",
    )


def find_unresolved(
    connection: sa.Connection, *, model: str, pointer: str, version: int, check: str
) -> AlertRecord | None:
    """Give the alert that is not resolved; None where there is none."""
    for state in ("open", "acknowledged"):
        key = {"model": model, "pointer": pointer, "version": version, "check_name": check}
        row = statements.find(connection, alerts, **key, state=state).one_or_none()
        if row is not None:
            return _record(row)
    return None


_UNRESOLVED = (
    sa.select(alerts)
    .where(alerts.c.model == sa.bindparam("model"), alerts.c.pointer == sa.bindparam("pointer"))
    .where(sa.text("state <> 'resolved'"))  # as the index says it
    .order_by(alerts.c.number)
)


def unresolved_at(connection: sa.Connection, model: str, pointer: str) -> tuple[AlertRecord, ...]:
    """Give the alerts of a pointer that are not resolved, the oldest first."""
    found = statements.select(connection, _UNRESOLVED, {"model": model, "pointer": pointer})
    return tuple(map(_record, found))


def list_alerts(
    connection: sa.Connection,
    model: str | None = None,
    *,
    states: Sequence[State] = ("open", "acknowledged"),
    pointer: str | None = None,
    version: int | None = None,
    check: str | None = None,
    limit: int | None = None,
) -> tuple[AlertRecord, ...]:
    """Give alerts, the newest first: of all models unless one is named.

    Args:
        states: only those in one of these; by default, those that are not resolved.
        limit: at most so many.
    """
    table = alerts
    query = sa.select(table).where(table.c.state.in_(list(states)))
    for column, value in (
        (table.c.model, model),
        (table.c.pointer, pointer),
        (table.c.version, version),
        (table.c.check_name, check),
    ):
        if value is not None:
            query = query.where(column == value)
    order = (table.c.opened_at.desc(), table.c.model, table.c.number.desc())
    return tuple(_record(row) for row in connection.execute(query.order_by(*order).limit(limit)))


def count_alerts(
    connection: sa.Connection, model: str | None = None, *, states: Sequence[State]
) -> int:
    """Give how many alerts are in one of these states: of all models unless one is named."""
    query = sa.select(sa.func.count()).where(alerts.c.state.in_(list(states)))
    if model is not None:
        query = query.where(alerts.c.model == model)
    return int(connection.execute(query).scalar_one())


_RANK: tuple[Severity, ...] = ("info", "warning", "error", "critical")


def _next_number(connection: sa.Connection, model: str) -> int:
    # Under the lock of the model's chain, so nobody else takes it.
    row = statements.newest(connection, alerts, "number", "number", model=model)
    return 1 if row is None else int(row.number) + 1


def _update(draft: Change, held: AlertRecord, **values: Any) -> None:
    draft.update(alerts, {"model": held.model, "number": held.number}, **values)


def _tell(draft: Change, alert: AlertRecord, said: str, **facts: Json) -> None:
    about = f"alert {alert.number} about version {alert.version} on {alert.pointer}"
    draft.sentence = f"{about}: {said}"
    draft.facts = {
        "alert": alert.number,
        "check": alert.check,
        "version": alert.version,
        "pointer": alert.pointer,
        **facts,
    }


def _failed(check: str, partition: str, count: int, why: str) -> str:
    where = f" in {partition}" if partition else ""
    again = f" again ({count} times)" if count > 1 else ""
    return f"{check} failed{where}{again}: {why}"


def _record(row: sa.Row[Any]) -> AlertRecord:
    fields = row._asdict()
    fields["check"] = fields.pop("check_name")
    fields["body"] = read_json(row.body, where=f"alert {row.number} of {row.model}")
    return AlertRecord(**fields)
