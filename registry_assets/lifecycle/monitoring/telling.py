"""What becomes of an alert, and the letter that tells of it, inside one change of the catalog.

A letter is written in the transaction of what it tells of: none is lost, and none tells of what
did not happen. Sending it is `delivering`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from registry_assets.alerting.values import Alert, Lineage, Moved, Occasion
from registry_assets.canonical import Json
from registry_assets.catalog import alerts, outbox
from registry_assets.catalog.alerts import AlertRecord
from registry_assets.catalog.ledger import Change
from registry_assets.catalog.observations import CheckFinding
from registry_assets.catalog.provenance import read_identity
from registry_assets.errors import AlertUnreadable
from registry_assets.lifecycle.monitoring.watched import Watched

PROMOTION = "promotion"
"""The check of a promotion that was given up: about a version that the pointer does not hold."""
_READ = ("moved", "lineage", "links")


@dataclass(frozen=True, slots=True)
class Details:
    """What an alert says beside its sentence.

    Args:
        moved: what moved and by how much, the worst first.
        links: by name, for people.
    """

    moved: tuple[Moved, ...] = ()
    lineage: Lineage = field(default_factory=Lineage)
    links: Mapping[str, str] = field(default_factory=dict)


def found(
    draft: Change,
    watched: Watched,
    finding: CheckFinding,
    *,
    partition: str,
    severity: alerts.Severity,
    details: Details,
) -> AlertRecord | None:
    """Open, repeat or resolve the alert of a check, by what it found now.

    What is undecided neither opens one nor ends it: nothing is known of it.

    Returns:
        The alert that it is about; None where there is none.
    """
    version = watched.version
    held = alerts.find_unresolved(
        draft.connection,
        model=version.model,
        pointer=watched.pointer,
        version=version.number,
        check=finding.check,
    )
    if finding.outcome == "undecided":
        return held
    if finding.outcome == "passed":
        if held is not None:
            where = f" for {partition}" if partition else ""
            end(draft, held, why=f"{finding.check} passed{where}: {finding.why}")
        return None
    # Of the value only what the catalog does not have in a column of its own.
    body = _body(draft.connection, version.model, details)
    alert = alerts.open_or_fold(
        draft,
        model=version.model,
        pointer=watched.pointer,
        version=version.number,
        version_digest=str(version.digest),
        generation=watched.generation or 0,
        check=finding.check,
        severity=severity,
        partition=partition,
        why=finding.why,
        body=body,
    )
    if held is None:
        write(draft, alert, "opened", finding.why)
    elif alert.severity != held.severity:
        write(draft, alert, "escalated", f"{alert.severity}, was {held.severity}: {finding.why}")
    elif alert.state == "open" and alert.count.bit_count() == 1:
        # After 2, 4, 8 … times: of what nobody mends, nobody needs to hear every hour. Whoever
        # looks after it was promised no more notices, unless it becomes worse.
        write(draft, alert, "repeated", f"found {alert.count} times by now")
    return alert


def end(draft: Change, alert: AlertRecord, *, why: str) -> None:
    """Resolve an alert, and tell so."""
    resolved = alerts.resolve(draft, alert, why=why)
    if alert.state != "resolved":
        write(draft, resolved, "resolved", why)


def end_replaced(draft: Change, model: str, pointer: str, *, version: int) -> None:
    """Resolve what is open about versions that a pointer holds no more, as it moves.

    And that a version did not come there, if it is the one that does now.
    """
    for alert in alerts.unresolved_at(draft.connection, model, pointer):
        if alert.version != version:
            end(draft, alert, why=f"version {version} took its place in {pointer}")
        elif alert.check == PROMOTION:
            end(draft, alert, why=f"version {version} came to {pointer} after all")


def write(
    draft: Change, alert: AlertRecord, kind: outbox.Occasion, sentence: str, *, key: str = ""
) -> None:
    """Write the letter that tells of something that happened to an alert just now.

    Args:
        key: of what is told once, whenever that is; by default another one for each letter.
    """
    before = outbox.list_letters(draft.connection, alert.model, alert.number)
    identity = read_identity(draft.connection) or ""
    occasion = Occasion(
        kind=kind,
        alert=_told(alert, identity),
        at=draft.effective_at,
        sentence=sentence,
        sequence=len(before) + 1,
    )
    outbox.append(
        draft,
        key=key or f"{identity}/{occasion.key}",
        model=alert.model,
        alert=alert.number,
        occasion=kind,
        body=occasion.to_json(),
    )


def alert_of(record: AlertRecord, *, registry: str) -> Alert:
    """Give an alert of the catalog as what people and programs are told.

    Raises:
        AlertUnreadable: its body is damaged, or a newer release wrote it.
    """
    return Alert.from_json({**record.body, **_columns(record, registry)})


def _columns(record: AlertRecord, registry: str) -> dict[str, Any]:
    return {
        "registry": registry,
        "model": record.model,
        "number": record.number,
        "version": record.version,
        "digest": record.version_digest,
        "pointer": record.pointer,
        "generation": record.generation,
        "check": record.check,
        "severity": record.severity,
        "sentence": record.why,
        "opened_at": record.opened_at,
        "last_at": record.last_at,
        "state": record.state,
        "count": record.count,
        "partition": record.partition,
        "acknowledged_by": record.acknowledged_by or "",
        "acknowledged_at": record.acknowledged_at or "",
        "acknowledged_why": record.acknowledged_why or "",
        "resolved_at": record.resolved_at or "",
        "resolved_why": record.resolved_why or "",
    }


def _told(record: AlertRecord, registry: str) -> Alert:
    try:
        return alert_of(record, registry=registry)
    except AlertUnreadable:
        # A pointer moves, and people are told of it, also where a row was damaged: then without
        # lineage and links. That it was is what `registry verify` finds.
        return Alert(**_columns(record, registry))


def _body(connection: sa.Connection, model: str, details: Details) -> dict[str, Json]:
    """Write what the catalog has no columns for, in the format that it is read back in."""
    blank = Alert(
        registry=read_identity(connection) or "",
        model=model,
        number=1,
        version=1,
        digest="",
        pointer="",
        generation=0,
        check="",
        severity="info",
        sentence="",
        opened_at="",
        last_at="",
        moved=details.moved,
        lineage=details.lineage,
        links=details.links,
    )
    whole = blank.to_json()
    return {name: whole[name] for name in ("format", *_READ)}
