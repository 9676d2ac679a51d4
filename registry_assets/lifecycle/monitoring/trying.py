"""Try sinks out: a message that says it is a test, and one that ends it, sent at once.

Nothing is recorded of it, and no alert is opened.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from registry_assets.alerting import Alert, AlertSettings, Occasion, SinkSettings, open_sink
from registry_assets.canonical import sha256_digest
from registry_assets.catalog.provenance import read_identity
from registry_assets.clock import system_clock, timestamp
from registry_assets.errors import AlertsInvalid, DeliveryFailed, NotFound
from registry_assets.lifecycle.backends import Backends

MODEL = "test_of_alerts"
"""What the model of a test message is called."""

_STEPS = (
    ("opened", "This is a test of where alerts go. Nothing is wrong, and there is nothing to do."),
    ("resolved", "The test is over."),
)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of trying one sink.

    Args:
        error: why it took no message; empty where it did.
    """

    sink: str
    type: str
    error: str = ""


def try_sinks(
    backends: Backends,
    settings: AlertSettings,
    names: Sequence[str] = (),
    *,
    environment: Mapping[str, str] = os.environ,
) -> tuple[Tried, ...]:
    """Send a test message to the sinks of these names, by default to every one.

    Args:
        environment: holds their secrets.

    Raises:
        NotFound: there is no sink of a name.
    """
    if unknown := settings.unknown(names):
        known = ", ".join(each.name for each in settings.sinks) or "none"
        raise NotFound(
            f"{settings.where or 'alerts.yaml'} names no sink {', '.join(unknown)}",
            hint=f"it names: {known}",
        )
    with backends.catalog.read() as connection:
        registry = read_identity(connection) or ""
    chosen = [each for each in settings.sinks if not names or each.name in names]
    return tuple(_try(each, registry, environment) for each in chosen)


def _try(settings: SinkSettings, registry: str, environment: Mapping[str, str]) -> Tried:
    try:
        sink = open_sink(settings, environment=environment)
        now = system_clock()
        for sequence, (kind, sentence) in enumerate(_STEPS, start=1):
            sink.send(_occasion(registry, kind, sentence, sequence, now=now))
    except (AlertsInvalid, DeliveryFailed) as error:
        return Tried(settings.name, settings.type, error.message)
    return Tried(settings.name, settings.type)


def _occasion(registry: str, kind: str, sentence: str, sequence: int, *, now: datetime) -> Occasion:
    alert = Alert(
        registry=registry,
        model=MODEL,
        # Another one at every test: a receiver passes over what it has seen.
        number=int(now.timestamp()),
        version=1,
        digest=sha256_digest(b""),
        pointer="production",
        generation=1,
        check="test",
        severity="info",
        sentence=sentence,
        opened_at=timestamp(now),
        last_at=timestamp(now),
        state="resolved" if kind == "resolved" else "open",
    )
    return Occasion(kind=kind, alert=alert, at=timestamp(now), sentence=sentence, sequence=sequence)
