"""The instants of a cron line: for replays, which no scheduler drives.

As cron reads it, and Dagster: where day and weekday are both given, either is enough.
"""

import calendar
import re
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from registry_assets.declaration import Schedule
from registry_assets.errors import DeclarationError

_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_NAMES = {
    3: {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name},
    4: {
        name: number
        for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))
    },
}
_PART = re.compile(r"(\*|[0-9a-z]+)(?:-([0-9a-z]+))?(?:/([0-9]+))?")


def instants(schedule: Schedule, *, after: datetime, before: datetime) -> Iterator[datetime]:
    """Give the instants of a schedule between two, in UTC, neither of them included.

    A time that a change to summer time leaves out is taken an hour later; one that comes twice,
    once.

    Raises:
        DeclarationError: the line has signs that only some schedulers read.
    """
    zone = zoneinfo.ZoneInfo(schedule.timezone)
    texts = schedule.cron.lower().split()
    minutes, hours, days, months, weekdays = (
        _values(schedule, texts[place], place) for place in range(5)
    )
    weekdays = {number % 7 for number in weekdays}
    either = not texts[2].startswith("*") and not texts[4].startswith("*")
    day, last = after.astimezone(zone).date(), before.astimezone(zone).date()
    while day <= last:
        of_month, of_week = day.day in days, day.isoweekday() % 7 in weekdays
        fits = (of_month or of_week) if either else (of_month and of_week)
        if fits and day.month in months:
            for found in _times(day, hours, minutes, zone):
                if after < found < before:
                    yield found
        day += timedelta(days=1)


def _times(
    day: date, hours: set[int], minutes: set[int], zone: zoneinfo.ZoneInfo
) -> Iterator[datetime]:
    for hour in sorted(hours):
        for minute in sorted(minutes):
            yield datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)


def _values(schedule: Schedule, text: str, place: int) -> set[int]:
    """Give the numbers that one field of the line stands for."""
    found: set[int] = set()
    low, high = _RANGES[place]
    for part in text.split(","):
        match = _PART.fullmatch(part)
        try:
            if match is None:
                raise ValueError
            first, last, step = match.groups()
            begin = low if first == "*" else _number(first, place)
            # `5/10` is from 5 on, `5` is 5 alone.
            end = _number(last, place) if last else high if first == "*" or step else begin
            if not low <= begin <= end <= high or step == "0":
                raise ValueError
        except ValueError:
            raise DeclarationError(
                f"{part!r} of Schedule({schedule.cron!r}) is not read in a simulation",
                hint="it reads numbers, names, lists, ranges and steps: 0 6 1,15 * mon-fri",
            ) from None
        found |= set(range(begin, end + 1, int(step or 1)))
    return found


def _number(text: str, place: int) -> int:
    return _NAMES.get(place, {})[text] if text in _NAMES.get(place, {}) else int(text)
