"""How long what was promoted is kept: by the policy, by default, and never shorter by accident."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from registry_assets.governance.document import ModelRules, PointerRules, PolicyDocument, Tier
from registry_assets.lifecycle.retention import Retention, count_retained, retention_of
from registry_assets_tests.catalog.history import MODEL, PERSON, START, History, new_history
from registry_assets_tests.governance.people import AT_WORK, Governed, governed

AT_ONCE = timedelta(0)
FREELY = PointerRules(unsigned=True, unknown_author="nobody")


@pytest.fixture
def history(tmp_path: Path) -> History:
    return new_history(tmp_path / "project")


@pytest.fixture
def world(history: History, tmp_path: Path) -> Governed:
    """A model of high risk, under a policy that says nothing about records."""
    history.declare(approvals=1)
    made = governed(history, tmp_path / "keys")
    made.activate(tiers(made))
    return made


def tiers(
    world: Governed, *, models: dict[str, ModelRules] | None = None, **years: int
) -> PolicyDocument:
    """A policy that keeps records of its tiers for so many years, and lets anybody agree."""
    tier = Tier(pointers={"production": FREELY, "canary": FREELY})
    every = {name: replace(tier, retention_years=years.get(name, 0)) for name in ("low", "high")}
    return replace(world.document(), tiers=every, models=models or {})


def agreed(world: Governed, seed: int) -> int:
    """Let a version come that somebody agreed to, and promote it."""
    history = world.history
    number = history.version(seed)
    history.registry.record_unsigned(world.statement(number, "bob"), run=AT_WORK)
    history.promote(number)
    return number


def kept(history: History, number: int, *, model: str = MODEL) -> Retention | None:
    with history.catalog.read() as connection:
        return retention_of(connection, model, number)


def retained(history: History, now: str) -> int:
    with history.catalog.read() as connection:
        return count_retained(connection, now=now)


def test_what_no_pointer_held_has_no_date(world: Governed) -> None:
    assert kept(world.history, world.history.version(1)) is None


def test_low_risk_has_none_by_default(history: History) -> None:
    history.declare()
    history.promote(history.version(1))
    assert kept(history, 1) is None
    assert retained(history, "2013-04-01") == 0


def test_high_risk_is_kept_for_ten_years_after_a_pointer_held_it_last(world: Governed) -> None:
    history = world.history
    agreed(world, 1)
    found = kept(history, 1)
    assert found == Retention("high", 10, by_policy=False, held_by=("production",), until=None)
    assert "after the last day on which production holds it, by default for high" in found.sentence
    assert found.in_force("9999-12-31T00:00:00.000000Z")
    history.clock.now = datetime(2013, 9, 30, 6, tzinfo=UTC)
    agreed(world, 2)
    found = kept(history, 1)
    assert found is not None
    assert (found.until, found.held_by) == ("2023-09-30", ())
    assert found.sentence.startswith("kept until 2023-09-30, 10 years after the last day")
    assert found.in_force("2023-09-30T23:59:59.000000Z")
    assert not found.in_force("2023-10-01T00:00:00.000000Z")
    assert retained(history, "2023-09-30T12:00:00.000000Z") == 2
    assert retained(history, "2023-10-01T12:00:00.000000Z") == 1


def test_a_pointer_that_takes_it_again_begins_anew(world: Governed) -> None:
    history = world.history
    agreed(world, 1)
    history.clock.now = START + timedelta(days=1)
    agreed(world, 2)
    history.registry.rollback(MODEL, run=PERSON, reason="it was slow")
    found = kept(history, 1)
    assert found is not None
    assert (found.until, found.held_by) == (None, ("production",))


def test_the_policy_in_force_says_how_many_years(world: Governed) -> None:
    history = world.history
    agreed(world, 1)
    history.clock.now = datetime(2016, 2, 29, 6, tzinfo=UTC)
    agreed(world, 2)
    world.activate(tiers(world, high=3))
    found = kept(history, 1)
    # There is no 29 February in 2019.
    assert found == Retention("high", 3, by_policy=True, held_by=(), until="2019-03-01")
    assert "by the policy in force for high risk" in found.sentence
    world.activate(tiers(world, high=9_999))
    found = kept(history, 1)
    assert found is not None
    assert found.until == "9999-12-31"


def test_a_tier_that_came_down_since_does_not_shorten_it(world: Governed) -> None:
    history = world.history
    agreed(world, 1)
    world.activate(tiers(world, models={MODEL: ModelRules(tier="low")}, low=2))
    found = kept(history, 1)
    assert found is not None
    assert (found.tier, found.years, found.by_policy) == ("high", 10, False)


def test_collecting_says_how_many_and_moves_nothing_of_them(world: Governed) -> None:
    history = world.history
    agreed(world, 1)
    history.clock.now = datetime(2030, 1, 1, tzinfo=UTC)
    agreed(world, 2)
    history.registry.archive(f"{MODEL}:1", run=PERSON, reason="it is old")
    history.registry.backends.store.put(b"what a crash left behind")
    done = history.registry.collect(act=True, older_than=AT_ONCE, purge_after=AT_ONCE, run=PERSON)
    assert (done.acted, len(done.discarded), done.retained) == (True, 1, 2)
    assert history.registry.verify().clean
    # What a row names stays, and not only until that day.
    history.clock.now = datetime(2041, 1, 1, tzinfo=UTC)
    done = history.registry.collect(act=True, older_than=AT_ONCE, purge_after=AT_ONCE, run=PERSON)
    assert (len(done.discarded), done.retained) == (0, 1)
    assert history.registry.verify().clean
    assert history.registry.resolve(f"{MODEL}:1").number == 1
