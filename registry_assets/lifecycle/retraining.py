"""Whether a model is to be retrained now, and why: new data, drift or decay.

Asked of the registry's state, not of events: what nobody looked at while it happened is found
later, and what was asked for is not asked for again. A schedule has a clock of its own, and is
not asked here; what it finds to be trained already it leaves alone, too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.catalog import counts
from registry_assets.catalog.alerts import AlertRecord, list_alerts
from registry_assets.catalog.models import PRODUCTION
from registry_assets.catalog.pointers import list_pointers
from registry_assets.catalog.versions import VersionRecord, list_versions
from registry_assets.clock import parse_timestamp, timestamp
from registry_assets.declaration import OnDecay, OnDrift, OnNewData, RegisteredModel, Schedule
from registry_assets.errors import DataUnusable
from registry_assets.governance.decide import Held
from registry_assets.governance.standing import find_candidate, read_decision
from registry_assets.governance.values import (
    ACTIVATE,
    APPROVE,
    PROMOTE_FIRST,
    RE_EVALUATE,
    RESTORE,
    RUN_CHECK,
    TAG,
    WAIT_UNTIL,
)
from registry_assets.lifecycle.monitoring.drifting import FEATURE_DRIFT, PREDICTION_DRIFT
from registry_assets.lifecycle.reserving import Request, current_split
from registry_assets.monitoring.decay import DECAY
from registry_assets.recipe import SnapshotRef

CAUSES = ("decay", "drift", "new_data")
"""The triggers that are found here, the most telling first."""

_CHECKS = {"drift": (FEATURE_DRIFT, PREDICTION_DRIFT), "decay": (DECAY,)}
_ASKED_FOR_AN_ALERT = re.compile(r"(?:drift|decay):(\d+):(.*)", re.DOTALL)
_LOOKED_AT = 50
"""Newest versions that are looked through for what was trained already: as many as anybody
trains on one state of the data."""

# Whatever else holds a candidate does not pass with time or by a person's deed: another version
# may do better.
_WAITS = (
    RE_EVALUATE,
    RUN_CHECK,
    APPROVE,
    ACTIVATE,
    WAIT_UNTIL,
    PROMOTE_FIRST,
    TAG,
    RESTORE,
)


@dataclass(frozen=True, slots=True)
class RetrainingDue:
    """A version that is to be asked for.

    Args:
        trigger: one of `CAUSES`.
        reason: for people: `drift of hour in 2013-07 (alert flight_delay/3)`.
        request: names its cause; the same is asked for once.
        alert: its number, where one is the cause.
    """

    trigger: str
    reason: str
    request: str
    alert: int | None = None

    @property
    def asked(self) -> Request:
        """What the version is to be reserved by."""
        return Request(self.request, trigger=self.trigger, reason=self.reason)


@dataclass(frozen=True, slots=True)
class RetrainingNotDue:
    """Why no version is to be asked for, a sentence for each trigger that is declared.

    Args:
        until: the first instant at which a limit ends that alone keeps one from being due.
    """

    reasons: tuple[str, ...]
    until: datetime | None = None

    @property
    def sentence(self) -> str:
        """All of them in one line."""
        return "; ".join(self.reasons)


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look is taken at.

    Args:
        refs: the snapshots that a training would read now, those that judge it included.
        known: the newest versions, oldest first.
    """

    connection: sa.Connection
    model: RegisteredModel
    now: datetime
    refs: tuple[SnapshotRef, ...]
    known: tuple[VersionRecord, ...]


def due_retraining(
    connection: sa.Connection, model: RegisteredModel, *, now: datetime
) -> RetrainingDue | RetrainingNotDue:
    """Tell whether a retraining is due by itself, from one reading of the catalog."""
    triggers = {each.trigger: each for each in model.triggers if not isinstance(each, Schedule)}
    if not triggers:
        why = f"{model.name} is retrained by hand or by its schedule, and by nothing else"
        return RetrainingNotDue((why,))
    waiting = _waiting(connection, model, now)
    if waiting:
        return RetrainingNotDue((waiting,))
    try:
        train, holdout = current_split(connection, model)
    except DataUnusable as error:
        return RetrainingNotDue((error.message,))
    refs = tuple(dict.fromkeys((*train, *holdout)))
    known = list_versions(connection, model.name, limit=_LOOKED_AT)
    look = _Look(connection, model, now, refs, known)
    reasons, ends = [], []
    for name in CAUSES:
        if name not in triggers:
            continue
        found = _cause(look, triggers[name])
        if isinstance(found, str):
            reasons.append(f"{name}: {found}")
            continue
        limit = _limit(look, triggers[name])
        if limit is None:
            return found
        reasons.append(f"{name}: {limit.sentence}")
        ends.append(limit.until)
    return RetrainingNotDue(tuple(reasons), min(ends, default=None))


def alert_behind(version: VersionRecord) -> int | None:
    """Give the number of the alert that a version was asked for because of; None for no alert."""
    found = _ASKED_FOR_AN_ALERT.fullmatch(version.request)
    return int(found[1]) if found and version.trigger in _CHECKS else None


def pointer_of(model: RegisteredModel) -> str:
    """Give the pointer whose version is watched, and is to be beaten."""
    return model.monitoring.pointer if model.monitoring else PRODUCTION


def _waiting(connection: sa.Connection, model: RegisteredModel, now: datetime) -> str:
    """Say which version is on its way; "" if none is."""
    if not counts.has_model(connection, model.name):
        return ""
    for each in list_versions(connection, model.name, state="reserved"):
        # One that a person is registering is trained already.
        if each.recipe.estimator is None:
            return f"{each.reference} is reserved, and not trained yet"
    pointer = pointer_of(model)
    if pointer not in {each.name for each in list_pointers(connection, model.name)}:
        return ""
    number = find_candidate(connection, model.name, pointer)
    if number is None:
        return ""
    decision = read_decision(connection, model.name, number, pointer, now=timestamp(now))
    version, answer = decision.standing.version.reference, decision.answer
    if not isinstance(answer, Held):
        return f"{version} is about to take {pointer}"
    waits = all(reason.remedy in _WAITS for reason in answer.reasons)
    return f"{version} waits: {answer.sentence}" if waits else ""


def _cause(look: _Look, trigger: OnNewData | OnDrift | OnDecay) -> RetrainingDue | str:
    """Give what a trigger would ask for; or why it asks for nothing."""
    return _new_data(look) if isinstance(trigger, OnNewData) else _alerted(look, trigger.trigger)


def _new_data(look: _Look) -> RetrainingDue | str:
    for version in reversed(look.known):
        if set(look.refs) <= set(_read_by(version)):
            failed = f", and failed: {version.failure}" if version.state == "failed" else ""
            return f"nothing new: {version.reference} was made from all there is{failed}"
    before = {ref for version in look.known for ref in _read_by(version)}
    new = [ref.partition or ref.asset for ref in look.refs if ref not in before]
    # All of it may be known, and no version have had all of it.
    what = _listed(new) or "another choice of what was there before"
    state = sha256_digest(canonical_json([ref.digest for ref in look.refs]))[7:19]
    return RetrainingDue("new_data", f"new data: {what}", f"new_data:{state}")


def _alerted(look: _Look, trigger: str) -> RetrainingDue | str:
    pointer = pointer_of(look.model)
    held = _held(look, pointer)
    if held is None:
        return f"{pointer} holds no version"
    said = f"no alert about {look.model.name}:{held} tells of it"
    for alert in _alerts(look, trigger, pointer, held):
        asked = _asked_for(look, alert.partition)
        if asked is not None:
            said = f"{asked.reference} was asked for because of {asked.trigger}{_in(alert)}"
            continue
        if twin := _twin(look):
            failed = f", and failed: {twin.failure}" if twin.state == "failed" else ""
            return f"nothing new to train on: {twin.reference} was made from all there is{failed}"
        reason = f"{trigger}{_of(alert)}{_in(alert)}"
        request = f"{trigger}:{alert.number}:{alert.partition}"
        return RetrainingDue(trigger, reason, request, alert.number)
    return said


def _held(look: _Look, pointer: str) -> int | None:
    if not counts.has_model(look.connection, look.model.name):
        return None
    known = list_pointers(look.connection, look.model.name)
    return next((each.version for each in known if each.name == pointer), None)


def _alerts(look: _Look, trigger: str, pointer: str, version: int) -> list[AlertRecord]:
    """Give the alerts that a trigger goes by, those of the features first."""
    found = list_alerts(look.connection, look.model.name, pointer=pointer, version=version)
    checks = _CHECKS[trigger]
    return sorted(
        (alert for alert in found if alert.check in checks),
        key=lambda alert: checks.index(alert.check),
    )


def _asked_for(look: _Look, partition: str) -> VersionRecord | None:
    """Give the version that an alert about this partition asked for, whichever alert that was."""
    for version in reversed(look.known):
        found = _ASKED_FOR_AN_ALERT.fullmatch(version.request)
        if found and version.trigger in _CHECKS and found[2] == partition:
            return version
    return None


def _twin(look: _Look) -> VersionRecord | None:
    """Give a version that was made of just this, if there is one."""
    params = canonical_json(dict(look.model.params))
    for version in reversed(look.known):
        recipe = version.recipe
        same = recipe.estimator is None and canonical_json(dict(recipe.params)) == params
        if same and set(look.refs) == set(_read_by(version)):
            return version
    return None


@dataclass(frozen=True, slots=True)
class _Limit:
    """What keeps a trigger from asking now, and until when."""

    sentence: str
    until: datetime


def _limit(look: _Look, trigger: OnNewData | OnDrift | OnDecay) -> _Limit | None:
    """Give the limit that keeps a trigger from asking now; None if none does."""
    newest = look.known[-1] if look.known else None
    if newest is not None and trigger.cooldown_days:
        until = parse_timestamp(newest.reserved_at) + timedelta(days=trigger.cooldown_days)
        if look.now < until:
            days = f"{trigger.cooldown_days} day{'s' * (trigger.cooldown_days != 1)}"
            said = (
                f"{newest.reference} was asked for on {newest.reserved_at[:10]}, and nothing is"
                f" for {days} after that: until {until:%Y-%m-%d %H:%M} UTC"
            )
            return _Limit(said, until)
    if trigger.per_month is None:
        return None
    month = look.now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    asked = counts.count_asked(
        look.connection, look.model.name, trigger=trigger.trigger, since=timestamp(month)
    )
    if asked < trigger.per_month:
        return None
    following = (month + timedelta(days=32)).replace(day=1)
    said = f"{asked} of at most {trigger.per_month} were asked for in {month:%Y-%m}"
    return _Limit(said, following)


def _read_by(version: VersionRecord) -> tuple[SnapshotRef, ...]:
    return (*version.recipe.train, *version.recipe.holdout)


def _of(alert: AlertRecord) -> str:
    """Say what moved: ` of hour, distance`."""
    moved = alert.body.get("moved")
    named = [str(each.get("name")) for each in moved] if isinstance(moved, list) else []
    if alert.check == PREDICTION_DRIFT:
        named = ["the predictions"]
    return f" of {_listed(named)}" if named else ""


def _in(alert: AlertRecord) -> str:
    """Say where it was found last, and in which thread."""
    partition = f" in {alert.partition}" if alert.partition else ""
    return f"{partition} (alert {alert.model}/{alert.number})"


def _listed(names: Sequence[str]) -> str:
    """Give the first three of these names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
