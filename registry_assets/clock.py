"""Time, injected: rules read the clock they are given, so a replay runs on the data's time.

Every ledger event carries two instants: when it was recorded (the machine's clock) and
when it took effect (this one). Timestamps are text, UTC, microseconds: they sort as they
read and are the same in SQLite, PostgreSQL and JSON.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from registry_assets.errors import InvalidInstant

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)


@dataclass
class ReplayClock:
    """A clock that stands still until it is set: for replays of a past period."""

    now: datetime

    def __call__(self) -> datetime:
        """Give the instant last set, in UTC.

        Raises:
            ValueError: it has no time zone, so it names no moment.
        """
        return _aware(self.now).astimezone(UTC)


def timestamp(instant: datetime) -> str:
    """Give an aware instant as `2013-05-01T06:00:00.000000Z`.

    Raises:
        ValueError: the instant has no time zone, so it names no moment.
    """
    in_utc = _aware(instant).astimezone(UTC).replace(tzinfo=None)
    # Not strftime: it writes the year 99 as `99`, which sorts after `2013`.
    return in_utc.isoformat(timespec="microseconds") + "Z"


def parse_timestamp(text: str) -> datetime:
    """Read back what `timestamp` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def parse_instant(text: str) -> datetime:
    """Read a time that a person typed, in ISO 8601 with its zone: `2026-03-01T12:00Z`.

    Raises:
        InvalidInstant: it is no time, or has no zone and so names no moment.
    """
    try:
        instant = datetime.fromisoformat(text)
        in_utc = instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInstant(
            f"{text[:100]!r} is no time", hint="write it in UTC, as 2026-03-01T12:00Z"
        ) from None
    if instant.utcoffset() is None:
        meant = instant.isoformat(timespec="auto" if instant.second else "minutes")
        raise InvalidInstant(
            f"{text!r} has no time zone, so it names no moment",
            hint=f"if it is in UTC, write {meant}Z",
        )
    return in_utc


def _aware(instant: datetime) -> datetime:
    # Python takes an instant without a zone for one in the machine's: another moment elsewhere.
    if instant.utcoffset() is None:
        raise ValueError(f"{instant!r} has no time zone")
    return instant
