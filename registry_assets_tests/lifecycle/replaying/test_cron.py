"""A cron line is read as schedulers read it."""

from datetime import UTC, datetime

import pytest

from registry_assets.declaration import Schedule
from registry_assets.errors import DeclarationError
from registry_assets.lifecycle.replaying.cron import instants

JANUARY, FEBRUARY = datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 2, 1, tzinfo=UTC)


def days(cron: str) -> list[int]:
    """The days of January 2013, which begins on a Tuesday, on which a line is due."""
    found = instants(Schedule(cron), after=JANUARY, before=FEBRUARY)
    return [each.day for each in found]


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("0 6 1 * *", [1]),
        ("0 6 */10 * *", [1, 11, 21, 31]),
        ("0 6 5,20-22 jan *", [5, 20, 21, 22]),
        ("0 6 * feb *", []),
        ("0 6 * * sun", [6, 13, 20, 27]),
        ("0 6 * * 7", [6, 13, 20, 27]),
        ("0 6 * * mon-tue", [1, 7, 8, 14, 15, 21, 22, 28, 29]),
        ("0 6 31 * fri", [4, 11, 18, 25, 31]),
        ("0 6,18 15 * *", [15, 15]),
        ("0 0 1 * *", []),
    ],
)
def test_a_line_gives_its_days(cron: str, expected: list[int]) -> None:
    assert days(cron) == expected


def test_it_is_read_in_its_own_time_zone_in_winter_and_summer() -> None:
    line = Schedule("0 6 1 * *", timezone="America/New_York")
    found = list(instants(line, after=JANUARY, before=datetime(2013, 5, 1, 11, tzinfo=UTC)))
    assert [each.hour for each in found] == [11, 11, 11, 10, 10]
    assert [each.month for each in found] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("cron", ["0 6 L * *", "0 6 * * 5#2", "61 6 * * *", "0 6 * * 3-1"])
def test_what_it_cannot_read_it_names(cron: str) -> None:
    with pytest.raises(DeclarationError, match="is not read in a simulation"):
        days(cron)
