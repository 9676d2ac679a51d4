"""A promotion that was given up is an alert, until it comes to pass or is due no more."""

from typing import Any

from registry_assets.catalog.alerts import list_alerts
from registry_assets.catalog.outbox import list_letters
from registry_assets_tests.lifecycle.monitoring.conftest import watched
from registry_assets_tests.worlds import SENSOR, World


def tell(world: World, version: int | None, why: str = "it failed 3 times") -> None:
    world.registry.tell_given_up(watched(world), "production", version=version, why=why, run=SENSOR)


def alerts(world: World, **states: Any) -> list[tuple[int, str, str]]:
    with world.registry.backends.catalog.read() as connection:
        found = list_alerts(connection, "flight_delay", check="promotion", **states)
    return [(alert.version, alert.state, alert.why) for alert in found]


def test_it_is_told_once_however_often_it_is_found(succeeded: World) -> None:
    for _ in range(3):
        tell(succeeded, 2)
    assert alerts(succeeded) == [(2, "open", "it failed 3 times")]
    with succeeded.registry.backends.catalog.read() as connection:
        (letter,) = list_letters(connection, "flight_delay")
    assert letter.occasion == "opened"
    assert letter.body["alert"]["severity"] == "error"


def test_it_is_over_when_that_version_is_promoted_after_all(succeeded: World) -> None:
    tell(succeeded, 2)
    succeeded.registry.promote("flight_delay", 2, run=SENSOR)
    assert alerts(succeeded) == []
    with succeeded.registry.backends.catalog.read() as connection:
        told = [letter.occasion for letter in list_letters(connection, "flight_delay")]
    assert told == ["opened", "resolved"]


def test_it_is_over_when_that_version_is_due_no_more(succeeded: World) -> None:
    tell(succeeded, 2)
    tell(succeeded, None, "nothing is given up")
    assert alerts(succeeded) == []
    assert succeeded.registry.verify().clean
