"""Tell the thread of an alert what became of the retraining that it caused, once for each version.

Asked of the registry's state, as everything that is told: a version whose end nobody looked at
when it came is told of later.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from registry_assets.catalog import alerts, outbox
from registry_assets.catalog.alerts import AlertRecord
from registry_assets.catalog.ledger import change
from registry_assets.catalog.pointers import list_promotions
from registry_assets.catalog.provenance import read_identity
from registry_assets.catalog.versions import VersionRecord, list_versions
from registry_assets.clock import timestamp
from registry_assets.errors import NotFound
from registry_assets.governance.decide import Held
from registry_assets.governance.standing import Decision, read_decision
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.monitoring.telling import write
from registry_assets.lifecycle.retraining import alert_behind

RETRAINED = "retraining_told"
"""The kind of the change that writes the letter; it makes no event, for nothing else changes."""

_LOOKED_AT = 50
"""Newest versions that are looked through: nobody waits for the end of an older one."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A retraining that came to its end, and is not told of yet.

    Args:
        sentence: for people: `version 7, trained for it, is in production since 2013-08-01`.
        key: of the letter that tells of it.
    """

    alert: AlertRecord
    version: int
    sentence: str
    key: str


def find_ended(connection: sa.Connection, model: str, *, now: datetime) -> tuple[Ended, ...]:
    """Give the retrainings of a model that alerts caused, and whose end is to be told of."""
    return tuple(_ended(connection, model, now))


def tell_ended(backends: Backends, model: str, *, run: RunInfo) -> tuple[Ended, ...]:
    """Write what became of retrainings into the threads of the alerts that caused them."""
    with change(
        backends.catalog, chain=model, kind=RETRAINED, actor=run.actor, clock=backends.clock
    ) as draft:
        told = find_ended(draft.connection, model, now=backends.clock())
        for each in told:
            write(draft, each.alert, "retrained", each.sentence, key=each.key)
    return told


def _ended(connection: sa.Connection, model: str, now: datetime) -> Iterator[Ended]:
    identity = read_identity(connection) or ""
    for version in list_versions(connection, model, limit=_LOOKED_AT):
        number = alert_behind(version)
        if number is None:
            continue
        key = f"{identity}/{model}/{number}/retrained/{version.number}"
        if outbox.find_letter(connection, key) is not None:
            continue
        try:
            alert = alerts.get_alert(connection, model, number)
        except NotFound:
            continue  # the request was written by hand: there is no thread to tell
        sentence = _end_of(connection, version, alert.pointer, now)
        if sentence:
            yield Ended(alert, version.number, sentence, key)


def _end_of(connection: sa.Connection, version: VersionRecord, pointer: str, now: datetime) -> str:
    """Say what became of a version; "" while that is not decided."""
    name = f"version {version.number}, trained for it,"
    if version.state == "reserved":
        return ""
    if version.state == "failed":
        return f"{name} failed: {version.failure}"
    moves = list_promotions(connection, version.model, pointer)
    took = next((each for each in moves if each.version == version.number), None)
    if took is not None:
        return f"{name} took its place in {pointer} on {took.created_at[:10]}"
    decision = read_decision(connection, version.model, version.number, pointer, now=timestamp(now))
    answer = decision.answer
    # One that is ready is about to be promoted, and one without evidence about to be evaluated.
    if not isinstance(answer, Held) or answer.needs_evaluation:
        return ""
    return f"{name} {_held_by(decision, answer)}"


def _held_by(decision: Decision, answer: Held) -> str:
    relative = {check.name for check in decision.policy.checks if check.relative}
    failed = [each for each in answer.reasons if each.code == "check_failed"]
    if any(each.subject in relative for each in failed):
        return f"does not beat {decision.standing.baseline.name}: {answer.sentence}"
    how = "fails its gates" if failed else "is held"
    return f"{how}: {answer.sentence}"
