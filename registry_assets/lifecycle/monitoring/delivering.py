"""Deliver: settle who is told what became of alerts, and tell them, once at least.

Each attempt is claimed and committed before anything is sent: one that dies on the way is made
again once its claim has run out, and of two deliverers one makes it. What fails is tried again
later, for a day, and then given up where everybody sees it (`alerting.backoff`). Nothing here
needs a model's code: who is told is in the catalog, where they are in `alerts.yaml`.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from registry_assets.alerting import (
    AlertSettings,
    Occasion,
    Sink,
    may_be_told,
    next_attempt,
    open_sink,
)
from registry_assets.alerting.values import at_least
from registry_assets.canonical import Json
from registry_assets.catalog import outbox
from registry_assets.catalog.alerts import get_alert
from registry_assets.catalog.models import get_model
from registry_assets.catalog.outbox import Delivery, Letter
from registry_assets.clock import timestamp
from registry_assets.declaration import Alerting
from registry_assets.errors import AlertsInvalid, AlertUnreadable, DeclarationError, DeliveryFailed
from registry_assets.faults import reached
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.monitoring.declared import alerting_of

CLAIMED_FOR = timedelta(minutes=5)
"""After which an attempt that was not heard of again counts as lost; one takes half a minute."""

MOST_FAILURES = 3
"""In a row, after which a sink is left alone for this round: each may take half a minute."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of this round, and what the delivery is since.

    Args:
        error: why it failed; empty where it did not.
    """

    delivery: Delivery
    error: str = ""

    @property
    def failed(self) -> bool:
        """Whether the sink did not take it."""
        return bool(self.error)

    @property
    def sentence(self) -> str:
        """`chat was told that flight_delay/3 was opened`, or why not and what is next."""
        letter, sink = self.delivery.letter, self.delivery.sink
        what = f"that {letter.model}/{letter.alert} was {letter.occasion}"
        if not self.failed:
            return f"{sink} was told {what}"
        made = self.delivery.attempts
        if self.delivery.state == "given_up":
            return f"{sink} was not told {what}, and it is given up (attempt {made}): {self.error}"
        when = f"{self.delivery.next_at[:16].replace('T', ' ')} UTC"
        return f"{sink} was not told {what} (attempt {made}, the next at {when}): {self.error}"

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {**delivery_document(self.delivery), "error": self.error or None}


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one round came to.

    Args:
        addressed: letters of which it was settled who gets them.
        remarks: what a person should know, a sentence each.
    """

    addressed: int
    attempts: tuple[Attempt, ...]
    remarks: tuple[str, ...]

    @property
    def told(self) -> int:
        """How many deliveries were made."""
        return sum(not each.failed for each in self.attempts)

    @property
    def given_up(self) -> tuple[Attempt, ...]:
        """Those of which nobody will be told unless a person has them tried again."""
        return tuple(each for each in self.attempts if each.delivery.state == "given_up")


@dataclass(slots=True)
class _Round:
    """What one round goes by, and what has become of its sinks.

    Args:
        failures: of each sink, in a row.
    """

    backends: Backends
    settings: AlertSettings
    environment: Mapping[str, str]
    remarks: dict[str, None] = field(default_factory=dict)
    open: dict[str, Sink] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def willing(self) -> list[str]:
        """The sinks that are not left alone."""
        names = [each.name for each in self.settings.sinks]
        return [name for name in names if self.failures[name] < MOST_FAILURES]

    def sink(self, name: str) -> Sink:
        """Give a sink, ready to send; its secrets are read once."""
        if name not in self.open:
            settings = self.settings.sink(name)
            assert settings is not None, "of sinks that are not configured nothing is asked"
            self.open[name] = open_sink(settings, environment=self.environment)
        return self.open[name]


def deliver(
    backends: Backends, settings: AlertSettings, *, environment: Mapping[str, str] = os.environ
) -> Delivered:
    """Settle who gets what was written since, and tell everybody who may be told now.

    Where no sink is configured nothing is settled: the first one that is will be told.

    Args:
        environment: holds the secrets of the sinks.
    """
    if not settings.sinks:
        return Delivered(0, (), (no_sinks(settings),))
    this = _Round(backends, settings, environment)
    addressed = _address_all(this)
    attempts = tuple(_deliver_all(this))
    for name, count in this.failures.items():
        if count >= MOST_FAILURES:
            this.remarks[f"{name} failed {count} times in a row, and is left alone for now"] = None
    return Delivered(addressed, attempts, tuple(this.remarks))


def retry(
    backends: Backends, *, model: str | None = None, alert: int | None = None
) -> tuple[Delivery, ...]:
    """Let deliveries that were given up be tried again from now on; give them.

    Raises:
        NotFound: no such model, or it has no alert of that number.
    """
    now = timestamp(backends.clock())
    with backends.catalog.write(chain=outbox.CHAIN) as connection:
        if model is not None and alert is not None:
            get_alert(connection, model, alert)
        elif model is not None:
            get_model(connection, model)
        found = outbox.list_deliveries(connection, model, alert, states=("given_up",))
        return tuple(each for each in found if outbox.retry(connection, each, now=now))


def no_sinks(settings: AlertSettings) -> str:
    """Say that nobody can be told, and what would change it."""
    where = settings.where or "alerts.yaml in the project's folder"
    return f"no sink is configured: {where} names those that are to be told"


def delivery_document(delivery: Delivery) -> dict[str, Json]:
    """Give a delivery as JSON."""
    letter = delivery.letter
    return {
        "key": letter.key,
        "alert": f"{letter.model}/{letter.alert}",
        "occasion": letter.occasion,
        "sink": delivery.sink,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "next_at": delivery.next_at if delivery.state == "waiting" else None,
        "error": delivery.error,
        "updated_at": delivery.updated_at,
    }


def _address_all(this: _Round) -> int:
    count = 0
    while True:
        now = this.backends.clock()
        with this.backends.catalog.write(chain=outbox.CHAIN) as connection:
            letters = outbox.unaddressed(connection)
            for letter in letters:
                times = _times(connection, this, letter, now)
                count += outbox.address(connection, letter, times, now=timestamp(now))
        if not letters:
            return count
        reached("deliver.addressed")


def _times(
    connection: sa.Connection, this: _Round, letter: Letter, now: datetime
) -> dict[str, str]:
    """Give the sinks that get a letter, each with the time before which it is not told."""
    settings, rules = this.settings, _alerting(connection, this, letter.model)
    unknown = settings.unknown(rules.sinks)
    for name in unknown:
        remark = f"{letter.model} declares the sink {name}, which {settings.where} has not"
        this.remarks[remark] = None
    try:
        alert = Occasion.from_json(letter.body).alert
    except AlertUnreadable:
        # Whoever would be told of it finds out, and it is given up where everybody sees it.
        names = rules.sinks or tuple(each.name for each in settings.sinks)
        return dict.fromkeys(names, timestamp(now))
    told = set(settings.told(alert, minimum=rules.minimum, names=rules.sinks))
    if at_least(alert.severity, rules.minimum):
        # Kept until somebody configures it: of a name that is mistyped nobody else hears.
        told.update(unknown)
    # Whoever was told that it began is told how it ends, whatever is configured since.
    before = outbox.list_deliveries(connection, letter.model, letter.alert)
    told |= {each.sink for each in before if settings.sink(each.sink)}
    when = may_be_told(now, quiet=rules.quiet, severity=alert.severity)
    return dict.fromkeys(sorted(told), timestamp(when))


def _alerting(connection: sa.Connection, this: _Round, model: str) -> Alerting:
    try:
        return alerting_of(connection, model)
    except DeclarationError as error:
        # Better told at night than not at all.
        this.remarks[f"everybody is told of {model} at once: {error.message}"] = None
        return Alerting()


def _deliver_all(this: _Round) -> Iterator[Attempt]:
    # What fails in this round is due again after it began, so that the round comes to its end.
    began = timestamp(this.backends.clock())
    while willing := this.willing:
        with this.backends.catalog.read() as connection:
            found = outbox.due(connection, now=began, sinks=willing)
        if not found:
            return
        for delivery in found:
            if this.failures[delivery.sink] >= MOST_FAILURES:
                continue
            attempt = _attempt(this, delivery)
            if attempt is not None:
                yield attempt


def _attempt(this: _Round, delivery: Delivery) -> Attempt | None:
    """Try one delivery; None where somebody else does."""
    backends, now = this.backends, this.backends.clock()
    until = timestamp(now + CLAIMED_FOR)
    with backends.catalog.write(chain=outbox.CHAIN) as connection:
        claimed = outbox.claim(connection, delivery, until=until, now=timestamp(now))
    if claimed is None:
        return None
    reached("deliver.claimed")
    failure = _failure(this, claimed)
    reached("deliver.sent")
    if failure is None:
        this.failures[claimed.sink] = 0
        return _settled(this, claimed)
    # A letter that is refused for what it is says nothing about the sink.
    this.failures[claimed.sink] += not failure.permanent
    return _settled(this, claimed, failure)


def _failure(this: _Round, claimed: Delivery) -> DeliveryFailed | None:
    """Send; give why the sink did not take it."""
    try:
        occasion = Occasion.from_json(claimed.letter.body)
        this.sink(claimed.sink).send(occasion)
    except DeliveryFailed as error:
        return error
    except (AlertUnreadable, AlertsInvalid) as error:
        # An upgrade mends the one, a variable that is set the other.
        return DeliveryFailed(error.message, hint=error.hint)
    except Exception as error:  # noqa: BLE001 - one sink's defect must not silence all others
        # Not what it says: there may be an address in it, which can be a secret.
        return DeliveryFailed(f"{claimed.sink} failed unexpectedly: {type(error).__name__}")
    return None


def _settled(this: _Round, claimed: Delivery, failure: DeliveryFailed | None = None) -> Attempt:
    now = this.backends.clock()
    state: outbox.State = "delivered"
    at: datetime | None = None
    if failure is not None:
        at = next_attempt(
            now,
            attempts=claimed.attempts,
            permanent=failure.permanent,
            retry_after=failure.retry_after,
        )
        state = "given_up" if at is None else "waiting"
    next_at = None if at is None else timestamp(at)
    error = None if failure is None else failure.message
    with this.backends.catalog.write(chain=outbox.CHAIN) as connection:
        # False where this took so long that somebody else has begun another: it counts then.
        outbox.settle(connection, claimed, state, next_at=next_at, error=error, now=timestamp(now))
        after = outbox.list_deliveries(connection, claimed.letter.model, claimed.letter.alert)
    reached("deliver.settled")
    same = (claimed.letter.id, claimed.sink)
    (found,) = (each for each in after if (each.letter.id, each.sink) == same)
    return Attempt(found, error or "")
