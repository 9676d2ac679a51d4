"""Instants as text: they sort as they read, and one without a zone is refused."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.clock import (
    ReplayClock,
    parse_instant,
    parse_timestamp,
    system_clock,
    timestamp,
)
from registry_assets.errors import InvalidInstant

# A zone's offset may not carry an instant past the years that Python knows.
INSTANTS = st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001 - the zone comes from the next argument
    max_value=datetime(9998, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)


@given(INSTANTS)
def test_a_timestamp_gives_the_instant_back(instant: datetime) -> None:
    assert parse_timestamp(timestamp(instant)) == instant


@given(INSTANTS, INSTANTS)
def test_timestamps_sort_as_the_instants_do(one: datetime, other: datetime) -> None:
    assert (timestamp(one) < timestamp(other)) == (one < other)


def test_a_timestamp_is_utc_with_microseconds() -> None:
    in_new_york = datetime(2013, 5, 1, 2, tzinfo=timezone(timedelta(hours=-4)))
    assert timestamp(in_new_york) == "2013-05-01T06:00:00.000000Z"


def test_an_instant_without_a_zone_is_refused() -> None:
    naive = datetime(2013, 5, 1)  # noqa: DTZ001 - the mistake under test
    with pytest.raises(ValueError, match="has no time zone"):
        timestamp(naive)
    with pytest.raises(ValueError, match="has no time zone"):
        ReplayClock(naive)()


def test_a_replay_stands_still_until_it_is_set() -> None:
    clock = ReplayClock(datetime(2013, 5, 1, 2, tzinfo=timezone(timedelta(hours=-4))))
    assert clock() == clock() == datetime(2013, 5, 1, 6, tzinfo=UTC)
    assert clock().tzinfo is UTC
    clock.now += timedelta(days=1)
    assert clock() == datetime(2013, 5, 2, 6, tzinfo=UTC)


def test_the_machine_tells_utc() -> None:
    assert system_clock().tzinfo is UTC


def test_a_time_that_a_person_types_needs_its_zone() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for text in ("2026-03-01T12:00Z", "2026-03-01 13:00+01:00", "2026-03-01T12:00:00.000Z"):
        assert parse_instant(text) == noon
    for text in ("2026-03-01", "2026-03-01T12:00", "now", "", "0001-01-01T00:00+01:00"):
        with pytest.raises(InvalidInstant) as caught:
            parse_instant(text)
        assert "Z" in caught.value.hint
