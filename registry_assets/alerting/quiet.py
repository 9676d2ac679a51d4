"""Quiet hours: when somebody may be told, by the clock on their wall."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from registry_assets.alerting.values import at_least
from registry_assets.declaration.alerting import QuietHours


def may_be_told(now: datetime, *, quiet: QuietHours | None, severity: str) -> datetime:
    """Give the instant from which on an alert may be delivered, in UTC: `now`, or their end.

    Args:
        quiet: None for a team that has none.

    Raises:
        ValueError: `now` has no time zone, so it names no moment.
    """
    if now.utcoffset() is None:
        raise ValueError(f"{now!r} has no time zone")
    now = now.astimezone(UTC)
    if quiet is None or at_least(severity, quiet.unless):
        return now
    start, end = time.fromisoformat(quiet.start), time.fromisoformat(quiet.end)
    zone = ZoneInfo(quiet.timezone)
    wall = now.astimezone(zone)
    if not _between(wall.time(), start, end):
        return now
    # They end today, or tomorrow for who is told before midnight.
    day = wall.date() if wall.time() < end else wall.date() + timedelta(days=1)
    there = datetime.combine(day, end, zone)
    # Where the clocks are set back the end comes twice, and where they are set forward perhaps
    # never: of its two readings the later one is past the quiet hours in both cases.
    return max(there.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def _between(wall: time, start: time, end: time) -> bool:
    if start < end:
        return start <= wall < end
    return wall >= start or wall < end
