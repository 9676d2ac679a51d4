"""What a pointer held at any instant: as it was, whatever happened since."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from registry_assets.declaration import AtLeast
from registry_assets.errors import InvalidInstant, InvalidReference, NotFound
from registry_assets.lifecycle.instants import Holding
from registry_assets_tests.worlds import APRIL, SENSOR, World

MAY = datetime(2013, 5, 1, 6, tzinfo=UTC)


@pytest.fixture
def moved(succeeded: World) -> World:
    """Version 1 from the first of April, 2 from the first of May; it is June."""
    succeeded.clock.now = MAY
    succeeded.registry.promote("flight_delay", 2, run=SENSOR, reason="April is in it")
    succeeded.clock.now = datetime(2013, 6, 1, tzinfo=UTC)
    return succeeded


def at(world: World, instant: datetime | str) -> Holding:
    (found,) = world.registry.at("flight_delay@production", instant)
    return found


def test_version_evidence_and_inputs_are_those_of_then(moved: World) -> None:
    then = at(moved, "2013-04-15T00:00Z")
    assert then.promotion == moved.registry.promotions("flight_delay")[0]
    assert then.version == moved.registry.version("flight_delay:1").version
    assert then.tenure is not None
    assert then.tenure.until == "2013-05-01T06:00:00.000000Z"
    assert [verdict["outcome"] for verdict in then.evidence["verdicts"]].count("no_baseline") == 1
    assert then.version is not None
    assert [ref.partition for ref in then.version.recipe.train] == ["2013-01", "2013-02"]
    later = at(moved, MAY)
    assert later.promotion is not None
    assert (later.promotion.version, later.promotion.reason) == (2, "April is in it")


def test_gates_that_changed_since_change_nothing_about_then(moved: World) -> None:
    before = at(moved, MAY)
    stricter = replace(moved.model(), gates=(AtLeast("roc_auc", 0.999),))
    moved.registry.evaluate(stricter, 2, run=SENSOR)
    assert at(moved, MAY) == before


def test_an_instant_has_any_zone_and_is_compared_in_utc(moved: World) -> None:
    east = timezone(timedelta(hours=2))
    just_before = datetime(2013, 5, 1, 7, 59, tzinfo=east)
    assert at(moved, just_before).instant == "2013-05-01T05:59:00.000000Z"
    held = [at(moved, when).promotion for when in (just_before, "2013-05-01T08:00+02:00")]
    assert [promotion.version for promotion in held if promotion] == [1, 2]


def test_before_the_first_promotion_it_held_nothing(moved: World) -> None:
    found = at(moved, APRIL - timedelta(seconds=1))
    assert (found.promotion, found.version, found.evidence) == (None, None, {})
    assert found.first_at == "2013-04-01T06:00:00.000000Z"


def test_a_replay_says_when_it_was_recorded(moved: World) -> None:
    found = at(moved, MAY)
    assert found.replayed
    assert found.recorded_at is not None
    assert found.recorded_at[:4] >= "2026"
    event = moved.registry.log("flight_delay")[-1]
    assert found.recorded_at == event.body["recorded_at"]


def test_a_clock_that_was_set_back_is_said(moved: World) -> None:
    moved.clock.now = datetime(2013, 4, 10, tzinfo=UTC)
    third = moved.version(request="third", params={"C": 0.9})
    moved.registry.promote("flight_delay", third, run=SENSOR)
    moved.clock.now = datetime(2013, 6, 1, tzinfo=UTC)
    assert not at(moved, "2013-04-05T00:00Z").set_back
    found = at(moved, "2013-04-15T00:00Z")
    assert found.promotion is not None
    assert (found.promotion.version, found.set_back) == (third, True)


def test_all_pointers_of_a_model_are_given_at_once(moved: World) -> None:
    (found,) = moved.registry.at("flight_delay", MAY)
    assert found == at(moved, MAY)


@pytest.mark.parametrize(
    ("instant", "said", "hint"),
    [
        ("2013-05-01", "no time zone", "2013-05-01T00:00Z"),
        ("2013-05-01T06:00:30", "no time zone", "2013-05-01T06:00:30Z"),
        (datetime(2013, 5, 1), "no time zone", "2013-05-01T00:00Z"),  # noqa: DTZ001
        ("yesterday", "'yesterday' is no time", "2026-03-01T12:00Z"),
        ("2013-13-01T00:00Z", "is no time", "in UTC"),
        ("2013-06-01T00:01Z", "has not come yet", "of the past"),
    ],
)
def test_what_names_no_moment_of_the_past_is_refused(
    trained: World, instant: datetime | str, said: str, hint: str
) -> None:
    trained.clock.now = datetime(2013, 6, 1, tzinfo=UTC)
    with pytest.raises(InvalidInstant, match=said) as caught:
        trained.registry.at("flight_delay", instant)
    assert hint in caught.value.hint


def test_what_is_no_pointer_is_refused(trained: World) -> None:
    with pytest.raises(InvalidReference, match="the same at any time"):
        trained.registry.at("flight_delay:1", APRIL)
    with pytest.raises(NotFound, match="no pointer called 'shadow'"):
        trained.registry.at("flight_delay@shadow", APRIL)
    with pytest.raises(NotFound, match="no registered model"):
        trained.registry.at("nothing", APRIL)
