"""When a failed delivery is tried again."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.alerting import next_attempt
from registry_assets.alerting.backoff import LONGEST_ASKED, MOST_ATTEMPTS, wait

NOW = datetime(2013, 8, 31, 6, tzinfo=UTC)


def test_the_wait_doubles_from_half_a_minute_to_an_hour() -> None:
    seconds = [int(wait(attempts).total_seconds()) for attempts in range(1, 10)]
    assert seconds == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert wait(10**9) == timedelta(hours=1)


def test_a_sink_that_is_down_for_an_hour_misses_nothing() -> None:
    now, attempts = NOW, 1
    while now < NOW + timedelta(hours=1):
        following = next_attempt(now, attempts=attempts)
        assert following is not None
        now, attempts = following, attempts + 1
    assert attempts < MOST_ATTEMPTS / 2


def test_it_is_given_up_within_a_day_and_not_much_sooner() -> None:
    now, attempts = NOW, 1
    while (following := next_attempt(now, attempts=attempts)) is not None:
        now, attempts = following, attempts + 1
    assert timedelta(hours=23) <= now - NOW <= timedelta(hours=24)
    assert attempts == MOST_ATTEMPTS


def test_what_was_refused_for_what_it_is_is_given_up_at_once() -> None:
    assert next_attempt(NOW, attempts=1, permanent=True) is None


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        (None, timedelta(seconds=30)),
        (5.0, timedelta(seconds=30)),
        (900.0, timedelta(minutes=15)),
        (1e300, LONGEST_ASKED),
        (math.inf, LONGEST_ASKED),
        (-1.0, timedelta(seconds=30)),
        (math.nan, timedelta(seconds=30)),
    ],
)
def test_a_sink_may_ask_for_more_time_but_not_for_ever(
    asked: float | None, waited: timedelta
) -> None:
    assert next_attempt(NOW, attempts=1, retry_after=asked) == NOW + waited


@given(st.integers(1, MOST_ATTEMPTS - 1), st.floats() | st.none())
def test_the_next_attempt_is_always_later(attempts: int, asked: float | None) -> None:
    following = next_attempt(NOW, attempts=attempts, retry_after=asked)
    assert following is not None
    assert following >= NOW + wait(attempts)
