"""Times and order that a policy asks for hold a version by the registry's clock; fail closed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from registry_assets.clock import timestamp
from registry_assets.errors import PromotionHeld
from registry_assets.governance.conditions import conditions, freeze_end
from registry_assets.governance.decide import Held, Reason
from registry_assets.governance.document import Freeze, Override, PointerRules, WeeklyFreeze
from registry_assets_tests.catalog.history import MODEL, PERSON, START, History
from registry_assets_tests.governance.people import Governed, governed

HOUR, DAY = 3600, 86_400
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


@pytest.fixture
def world(history: History, tmp_path: Path) -> Governed:
    """Version 1 is evaluated, and no policy is in force yet."""
    made = governed(history, tmp_path / "keys")
    history.declare(pointers=("production", "canary"))
    history.version(1, authors=["ann@example.com"])
    return made


def asking(world: Governed, *, canary: PointerRules | None = None, **rules: Any) -> None:
    """Let a policy ask for something before production, and for nobody's approval."""
    world.activate(world.document(PointerRules(**rules), canary=canary))


def reasons(world: Governed, number: int = 1, pointer: str = "production") -> Sequence[Reason]:
    """What holds a version."""
    decision = world.history.registry.decision(MODEL, number, pointer=pointer)
    assert decision is not None
    return decision.answer.reasons if isinstance(decision.answer, Held) else ()


def held(world: Governed, code: str, number: int = 1) -> str:
    """Why a version is held; for this one reason alone, and a promotion is refused for it."""
    (reason,) = reasons(world, number)
    assert reason.code == code
    with pytest.raises(PromotionHeld):
        world.history.promote(number)
    return reason.sentence


def later(world: Governed, **time: float) -> None:
    """Let time pass."""
    world.history.clock.now += timedelta(**time)


def utc(text: str) -> datetime:
    """An instant of 2026 in UTC: `03-29 00:59`."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def frozen_until(freeze: Freeze | WeeklyFreeze, text: str) -> str | None:
    """Until when a freeze holds, as `03-29 01:00`; None where it does not hold."""
    end = freeze_end(freeze, utc(text))
    return None if end is None else f"{end.astimezone(UTC):%m-%d %H:%M}"


def test_a_dated_freeze_holds_from_its_first_instant_to_before_its_last(world: Governed) -> None:
    start, end = START + timedelta(hours=1), START + timedelta(hours=3)
    freeze = Freeze(start=timestamp(start), end=timestamp(end), why="the year ends")
    asking(world, freeze=(freeze,))
    world.history.clock.now = start - timedelta(microseconds=1)
    assert reasons(world) == ()
    world.history.clock.now = start
    assert held(world, "frozen") == (
        "production is frozen until 2013-04-01 09:00 UTC: the year ends"
    )
    world.history.clock.now = end - timedelta(microseconds=1)
    held(world, "frozen")
    world.history.clock.now = end
    world.history.promote(1)


def test_of_several_freezes_each_that_holds_is_named(world: Governed) -> None:
    over = Freeze(start="2013-01-01T00:00:00.000000Z", end="2013-02-01T00:00:00.000000Z")
    now = Freeze(start="2013-04-01T00:00:00.000000Z", end="2013-05-01T00:00:00.000000Z")
    weekly = WeeklyFreeze(start="mon 00:00", end="tue 00:00")
    asking(world, freeze=(over, now, weekly))
    assert [reason.sentence[-20:] for reason in reasons(world)] == [
        "2013-05-01 00:00 UTC",
        "2013-04-02 00:00 UTC",
    ]


def test_a_pointer_without_a_freeze_moves_on(world: Governed) -> None:
    freeze = Freeze(start="2013-01-01T00:00:00.000000Z", end="2014-01-01T00:00:00.000000Z")
    asking(world, freeze=(freeze,), canary=PointerRules())
    world.history.registry.promote(MODEL, 1, pointer="canary", run=PERSON)
    held(world, "frozen")


@pytest.mark.parametrize(
    ("now", "until"),
    [
        # 2026-03-20 is a Friday.
        ("03-20 15:59", None),
        ("03-20 16:00", "03-23 07:00"),
        ("03-22 23:59", "03-23 07:00"),
        ("03-23 06:59", "03-23 07:00"),
        ("03-23 07:00", None),
        ("03-25 12:00", None),
    ],
)
def test_a_weekly_freeze_goes_on_across_the_end_of_the_week(now: str, until: str | None) -> None:
    assert frozen_until(WeeklyFreeze(start="fri 16:00", end="mon 07:00"), now) == until


@pytest.mark.parametrize(
    ("now", "until"),
    [("03-24 08:59", None), ("03-24 09:00", "03-24 17:00"), ("03-24 17:00", None)],
)
def test_a_weekly_freeze_may_be_of_one_day(now: str, until: str | None) -> None:
    assert frozen_until(WeeklyFreeze(start="tue 09:00", end="tue 17:00"), now) == until


def test_a_weekly_freeze_may_leave_out_one_hour_of_the_week() -> None:
    freeze = WeeklyFreeze(start="tue 10:00", end="tue 09:00")
    assert frozen_until(freeze, "03-24 09:30") is None
    assert frozen_until(freeze, "03-24 10:00") == "03-31 09:00"
    assert frozen_until(freeze, "03-24 08:59") == "03-24 09:00"


@pytest.mark.parametrize(
    ("zone", "now", "until"),
    [
        (BERLIN, "02-06 14:59", None),
        (BERLIN, "02-06 15:00", "02-09 06:00"),
        (NEW_YORK, "02-06 20:59", None),
        (NEW_YORK, "02-06 21:00", "02-09 12:00"),
        # At home it is Friday still, and Saturday in Auckland.
        ("Pacific/Auckland", "02-06 03:00", "02-08 18:00"),
    ],
)
def test_a_weekly_freeze_goes_by_the_clock_of_its_zone(
    zone: str, now: str, until: str | None
) -> None:
    freeze = WeeklyFreeze(start="fri 16:00", end="mon 07:00", timezone=zone)
    assert frozen_until(freeze, now) == until


@pytest.mark.parametrize(
    ("now", "until"),
    [
        # In Berlin clocks go from 02:00 to 03:00 on 2026-03-29, at 01:00 UTC.
        ("03-27 15:00", "03-30 05:00"),
        ("03-29 00:30", "03-30 05:00"),
        ("03-29 01:30", "03-30 05:00"),
        # And from 03:00 back to 02:00 on 2026-10-25, likewise.
        ("10-23 13:59", None),
        ("10-23 14:00", "10-26 06:00"),
        ("10-25 00:30", "10-26 06:00"),
        ("10-25 01:30", "10-26 06:00"),
    ],
)
def test_a_weekly_freeze_over_a_change_of_clocks_ends_by_the_new_time(
    now: str, until: str | None
) -> None:
    freeze = WeeklyFreeze(start="fri 16:00", end="mon 07:00", timezone=BERLIN)
    assert frozen_until(freeze, now) == until


@pytest.mark.parametrize(
    ("now", "until"),
    [
        # The hour from 02:00 to 03:00 comes twice: from 00:00 UTC, and from 01:00 UTC.
        ("10-25 00:10", "10-25 00:30"),
        ("10-25 00:30", None),
        ("10-25 00:59", None),
        ("10-25 01:10", "10-25 01:30"),
        ("10-25 01:30", None),
    ],
)
def test_an_hour_that_comes_twice_is_frozen_twice(now: str, until: str | None) -> None:
    freeze = WeeklyFreeze(start="sun 02:00", end="sun 02:30", timezone=BERLIN)
    assert frozen_until(freeze, now) == until


@pytest.mark.parametrize(("now", "frozen"), [("03-29 00:59", True), ("03-29 01:00", False)])
def test_a_freeze_that_would_end_in_the_hour_left_out_is_over_after_it(
    now: str, frozen: bool
) -> None:
    freeze = WeeklyFreeze(start="fri 16:00", end="sun 02:30", timezone=BERLIN)
    assert (frozen_until(freeze, now) is not None) == frozen


@pytest.mark.parametrize("month", [3, 10])
def test_a_freeze_that_holds_always_ends_later_than_now(month: int) -> None:
    freezes = [
        WeeklyFreeze(start=start, end=end, timezone=zone)
        for start, end in (("sat 20:00", "sun 02:30"), ("sun 01:15", "sun 03:15"))
        for zone in (BERLIN, NEW_YORK)
    ]
    held_for = 0
    for minutes in range(0, 14 * 1440, 5):
        # The days on which clocks change in Europe, and a week before.
        now = datetime(2026, month, 18, tzinfo=UTC) + timedelta(minutes=minutes)
        for freeze in freezes:
            end = freeze_end(freeze, now)
            held_for += end is not None
            assert end is None or now < end <= now + timedelta(hours=8), (freeze, now)
    assert held_for > 0


def test_an_evaluation_grows_too_old_and_another_one_counts(world: Governed) -> None:
    asking(world, evaluation_max_age=DAY)
    later(world, seconds=DAY)
    assert reasons(world) == ()
    later(world, seconds=1)
    said = held(world, "evaluation_too_old")
    assert (
        said == "its evaluation is 1 day and 1 second old; the policy allows 1 day for production"
    )
    assert reasons(world)[0].remedy == "re-evaluate"
    world.history.evaluate(1)
    world.history.promote(1)


def test_a_version_without_an_evaluation_is_not_young(world: Governed) -> None:
    number = world.history.reserve("two", seed=2).version.number
    world.history.commit(number, authors=["ann@example.com"])
    asking(world, evaluation_max_age=DAY, min_staging=DAY)
    assert [reason.code for reason in reasons(world, number)] == ["no_evaluation"]


def test_a_version_stands_in_staging_for_as_long_as_is_asked(world: Governed) -> None:
    asking(world, min_staging=2 * DAY)
    assert held(world, "staging_too_short") == (
        f"{MODEL}:1 has to stand in staging for 2 days, until 2013-04-03 06:00 UTC"
    )
    later(world, days=1)
    world.history.evaluate(1)  # passes again, so nothing begins anew
    later(world, seconds=DAY - 1)
    held(world, "staging_too_short")
    later(world, seconds=1)
    world.history.promote(1)


def test_a_failed_evaluation_breaks_the_time_in_staging(world: Governed) -> None:
    asking(world, min_staging=2 * DAY)
    later(world, days=1)
    world.history.evaluate(1, failing=["good_enough"])
    assert [reason.code for reason in reasons(world)] == ["check_failed", "not_in_staging"]
    later(world, hours=1)
    world.history.evaluate(1)
    later(world, days=1)
    assert "until 2013-04-04 07:00 UTC" in held(world, "staging_too_short")
    later(world, days=1)
    world.history.promote(1)


def test_time_under_another_suite_does_not_count(world: Governed) -> None:
    asking(world, min_staging=2 * DAY)
    later(world, days=3)
    world.history.declare(gates={"good_enough": False})
    assert [reason.code for reason in reasons(world)] == ["no_evaluation"]
    world.history.evaluate(1)
    held(world, "staging_too_short")


def test_whoever_sets_a_gate_aside_does_not_set_aside_the_time_in_staging(
    world: Governed,
) -> None:
    override = Override(roles=("owner",), expires=HOUR, waives=("gates",))
    asking(world, min_staging=2 * DAY, override=override)
    world.history.evaluate(1, failing=["good_enough"])
    world.approve(1, "dan", decision="override")
    assert "not every gate has passed" in held(world, "not_in_staging")
    both = Override(roles=("owner",), expires=HOUR, waives=("gates", "staging"))
    asking(world, min_staging=2 * DAY, override=both)
    world.approve(1, "dan", decision="override")
    assert reasons(world) == ()


def canary(world: Governed, number: int) -> None:
    """Let the canary hold a version."""
    world.history.registry.promote(MODEL, number, pointer="canary", run=PERSON)


def test_a_pointer_that_comes_after_another_waits_for_it(world: Governed) -> None:
    asking(world, after="canary", canary=PointerRules())
    assert held(world, "pointer_first") == (
        f"production comes after canary, which has not held {MODEL}:1"
    )
    canary(world, 1)
    world.history.promote(1)
    # Of another version that says nothing.
    world.history.version(2, authors=["ann@example.com"])
    held(world, "pointer_first", 2)
    canary(world, 2)
    # That it has moved on is no matter: it has held it.
    world.history.version(3, authors=["ann@example.com"])
    canary(world, 3)
    world.history.promote(2)


def test_the_other_pointer_must_hold_it_for_as_long_as_is_asked(world: Governed) -> None:
    asking(world, after="canary", after_for=DAY, canary=PointerRules())
    canary(world, 1)
    later(world, hours=20)
    assert held(world, "pointer_first") == (
        f"canary has to hold {MODEL}:1 for 1 day first: until 2013-04-02 06:00 UTC, while it does"
    )
    # While it holds another, no time passes.
    world.history.version(2, authors=["ann@example.com"])
    canary(world, 2)
    later(world, days=3)
    held(world, "pointer_first")


def test_a_version_that_the_other_pointer_was_rolled_back_from_has_not_passed_there(
    world: Governed,
) -> None:
    asking(world, after="canary", canary=PointerRules())
    canary(world, 1)
    world.history.version(2, authors=["ann@example.com"])
    canary(world, 2)
    later(world, days=9)
    world.history.registry.rollback(MODEL, pointer="canary", run=PERSON, reason="it was slow")
    assert "which has not held" in held(world, "pointer_first", 2)
    world.history.registry.release(
        f"{MODEL}:2", pointer="canary", run=PERSON, reason="the machine was slow"
    )
    world.history.promote(2)


def test_facts_that_are_asked_for_must_be_there(world: Governed) -> None:
    asking(world, metadata=("description", "tags.team", "limits", "properties.ticket"))
    found = reasons(world)
    assert [(reason.code, reason.subject) for reason in found] == [
        ("fact_missing", "limits"),
        ("fact_missing", "properties.ticket"),
    ]
    assert found[0].sentence == f"{MODEL}:1 does not say its limits; the policy asks for it"


@pytest.mark.parametrize("empty", [None, "", "  ", [], {}])
def test_a_fact_that_says_nothing_is_none(world: Governed, empty: Any) -> None:
    asking(world, metadata=("limits",))
    decision = world.history.registry.decision(MODEL, 1)
    assert decision is not None
    standing = decision.standing
    version = replace(standing.version, metadata={"limits": empty})
    (reason,) = conditions(decision.policy, replace(standing, version=version))
    assert reason.code == "fact_missing"


def test_tags_that_are_asked_for_must_be_there_and_allowed(world: Governed) -> None:
    asking(world, tags={"team": ("risk", "ops"), "stage": ("gold",), "cost_center": ()})
    found = reasons(world)
    assert [(reason.code, reason.subject) for reason in found] == [
        ("tag_missing", "tags.cost_center"),
        ("tag_missing", "tags.stage"),
    ]
    registry = world.history.registry
    registry.tag(f"{MODEL}:1", {"stage": "gold", "cost_center": "7"}, run=PERSON)
    assert reasons(world) == ()
    asking(world, tags={"stage": ("silver",)})
    assert held(world, "tag_not_allowed").startswith(f"{MODEL}:1 has the tag stage=gold")


def test_a_tag_of_the_declaration_must_be_allowed_by_both(world: Governed) -> None:
    world.history.declare(asked={"stage": ["gold", "silver"]})
    asking(world, tags={"stage": ("silver", "bronze")})
    decision = world.history.registry.decision(MODEL, 1)
    assert decision is not None
    assert decision.policy.tags == {"stage": ("silver",)}


def test_each_condition_can_be_set_aside_only_by_its_own_name(world: Governed) -> None:
    freeze = Freeze(start="2013-01-01T00:00:00.000000Z", end="2014-01-01T00:00:00.000000Z")
    rules: dict[str, Any] = {
        "evaluation_max_age": HOUR,
        "min_staging": 30 * DAY,
        "after": "canary",
        "freeze": (freeze,),
        "metadata": ("limits",),
    }
    codes = {
        "evaluation_age": "evaluation_too_old",
        "staging": "staging_too_short",
        "after": "pointer_first",
        "freeze": "frozen",
    }
    later(world, hours=2)
    for waived, code in codes.items():
        override = Override(roles=("owner",), expires=HOUR, waives=(waived,))
        asking(world, override=override, canary=PointerRules(), **rules)
        world.approve(1, "dan", decision="override")
        left = {reason.code for reason in reasons(world)}
        assert left == {*codes.values(), "fact_missing"} - {code}, waived
