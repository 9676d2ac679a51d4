"""Quiet hours, across midnight and the days on which clocks are set."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.alerting import may_be_told
from registry_assets.clock import parse_instant, timestamp
from registry_assets.declaration.alerting import QuietHours

NIGHT = QuietHours("22:00", "07:00")
NEW_YORK = QuietHours("22:00", "07:00", timezone="America/New_York")


def told(now: str, quiet: QuietHours | None, severity: str = "error") -> str:
    found = may_be_told(parse_instant(now), quiet=quiet, severity=severity)
    return timestamp(found).replace(":00.000000Z", "Z")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2013-08-31T21:59Z", "2013-08-31T21:59Z"),
        ("2013-08-31T22:00Z", "2013-09-01T07:00Z"),
        ("2013-08-31T23:59Z", "2013-09-01T07:00Z"),
        ("2013-09-01T00:00Z", "2013-09-01T07:00Z"),
        ("2013-09-01T06:59Z", "2013-09-01T07:00Z"),
        ("2013-09-01T07:00Z", "2013-09-01T07:00Z"),
    ],
)
def test_at_night_it_waits_for_the_morning(now: str, expected: str) -> None:
    assert told(now, NIGHT) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2013-09-01T11:59Z", "2013-09-01T11:59Z"),
        ("2013-09-01T12:00Z", "2013-09-01T14:00Z"),
        ("2013-09-01T14:00Z", "2013-09-01T14:00Z"),
    ],
)
def test_hours_within_a_day_are_quiet_as_well(now: str, expected: str) -> None:
    assert told(now, QuietHours("12:00", "14:00")) == expected


def test_they_are_those_of_the_team_and_not_of_the_machine() -> None:
    # Summer time there is UTC-4, winter time UTC-5.
    assert told("2013-08-31T06:00Z", NEW_YORK) == "2013-08-31T11:00Z"
    assert told("2013-12-31T06:00Z", NEW_YORK) == "2013-12-31T12:00Z"
    assert told("2013-08-31T23:00Z", NEW_YORK) == "2013-08-31T23:00Z"


def test_the_nights_in_which_clocks_are_set_are_shorter_and_longer() -> None:
    assert told("2013-03-10T03:00Z", NEW_YORK) == "2013-03-10T11:00Z"
    assert told("2013-11-03T02:00Z", NEW_YORK) == "2013-11-03T12:00Z"


def test_an_end_that_the_clocks_skip_is_past_when_they_have_skipped_it() -> None:
    quiet = QuietHours("22:00", "02:30", timezone="America/New_York")
    # 02:00 is 03:00 at once, at 07:00 in UTC.
    assert told("2013-03-10T05:00Z", quiet) == "2013-03-10T07:30Z"
    assert told("2013-03-10T07:10Z", quiet) == "2013-03-10T07:10Z"


def test_an_end_that_comes_twice_is_the_later_one() -> None:
    quiet = QuietHours("22:00", "01:30", timezone="America/New_York")
    assert told("2013-11-03T04:00Z", quiet) == "2013-11-03T06:30Z"


def test_what_is_bad_enough_does_not_wait() -> None:
    assert told("2013-08-31T23:00Z", NIGHT, "critical") == "2013-08-31T23:00Z"
    assert told("2013-08-31T23:00Z", QuietHours("22:00", "07:00", unless="error")) == (
        "2013-08-31T23:00Z"
    )


def test_a_team_without_quiet_hours_is_told_at_once() -> None:
    assert told("2013-08-31T23:00Z", None, "info") == "2013-08-31T23:00Z"


def test_a_time_without_a_zone_names_no_moment() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        may_be_told(datetime(2013, 8, 31, 23), quiet=NIGHT, severity="error")  # noqa: DTZ001


MINUTES = st.integers(0, 24 * 60 - 1).map(lambda m: f"{m // 60:02}:{m % 60:02}")
ZONES = st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"])


@given(
    st.datetimes(datetime(2011, 1, 1), datetime(2014, 1, 1)),  # noqa: DTZ001
    st.tuples(MINUTES, MINUTES).filter(lambda both: both[0] != both[1]),
    ZONES,
)
def test_whenever_it_is_told_it_is_not_quiet_and_never_much_later(
    naive: datetime, hours: tuple[str, str], zone: str
) -> None:
    now = naive.replace(tzinfo=UTC)
    quiet = QuietHours(*hours, timezone=zone)
    found = may_be_told(now, quiet=quiet, severity="error")
    assert now <= found <= now + timedelta(hours=26)
    wall = found.astimezone(ZoneInfo(zone)).time()
    start, end = time.fromisoformat(hours[0]), time.fromisoformat(hours[1])
    within = start <= wall < end if start < end else wall >= start or wall < end
    assert not within
