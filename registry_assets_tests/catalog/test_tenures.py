"""When a pointer held what, also where the registry's clock went back."""

from datetime import datetime, timedelta

import pytest

from registry_assets.catalog.tenures import tenure_at, version_tenures
from registry_assets.clock import timestamp
from registry_assets_tests.catalog.history import MODEL, START, History

DAY = timedelta(days=1)


def held(history: History, when: datetime) -> int | None:
    with history.catalog.read() as connection:
        found = tenure_at(connection, MODEL, "production", timestamp(when))
    return found.promotion.version if found else None


@pytest.fixture
def moved(history: History) -> History:
    """Versions 1 to 3 took production on the first, second and third day."""
    for seed in (1, 2, 3):
        history.promote(history.version(seed))
        history.clock.now += DAY
    return history


def test_a_pointer_holds_a_version_from_the_moment_it_is_moved(moved: History) -> None:
    instants = [
        START - timedelta(microseconds=1), START, START + DAY / 2, START + DAY, START + 9 * DAY
    ]  # fmt: skip
    assert [held(moved, when) for when in instants] == [None, 1, 1, 2, 3]


def test_a_tenure_ends_where_the_next_begins(moved: History) -> None:
    with moved.catalog.read() as connection:
        found = version_tenures(connection, MODEL, first=2, last=3)
    assert [(t.promotion.version, t.until) for t in found] == [
        (2, timestamp(START + 2 * DAY)),
        (3, None),
    ]


def test_where_an_instant_came_twice_what_came_last_counts(moved: History) -> None:
    moved.clock.now = START + DAY / 4  # set back by two days and more
    moved.promote(moved.version(4))
    # At noon of the first day it was 1, and later, when that noon came again, 4.
    assert held(moved, START + DAY / 8) == 1
    assert held(moved, START + DAY / 2) == 4
    # Now, it is what the pointer holds.
    assert held(moved, START + 9 * DAY) == moved.registry.pointer(MODEL).version == 4
