"""Several at one moment: who watches a partition, who tells people, and who replaces the version.

On both databases: in SQLite one writer waits for every other, in PostgreSQL only writers of the
same chain do, and what is delivered is in another chain than what is seen.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from registry_assets.catalog.observations import Kind
from registry_assets.registry import Registry
from registry_assets_tests.faults.conftest import RACED, Choice
from registry_assets_tests.faults.lives import Life, wrong_after_repeating
from registry_assets_tests.faults.steps import ended, run, start
from registry_assets_tests.faults.test_races import at_once, wait_until_stopped
from registry_assets_tests.faults.watching import (
    MAY,
    MODEL,
    STATES,
    keys,
    replace_watched,
    seen,
    told,
    watched,
)
from registry_assets_tests.laws.combinations import Combination, Site
from registry_assets_tests.worlds import SENSOR, opened_world

FOUR = 4
KIND: Kind = "drift"

Copied = Callable[[Site], Site]


@pytest.fixture(scope="session", params=RACED, ids=str)
def choice(request: pytest.FixtureRequest) -> Choice:
    """PostgreSQL and S3 in every test run: that is where writers meet."""
    found: Choice = request.param
    return found


def watch(site: Site, _number: int) -> object:
    """Take all three steps; give what each made, and whether somebody had recorded that."""
    with opened_world(site.folder) as world:
        registry, model = world.registry, watched(world)
        made = [
            step(model, MAY, run=SENSOR)
            for step in (
                registry.observe_predictions,
                registry.observe_drift,
                registry.observe_performance,
            )
        ]
        return [[each.digest, each.recorded.again] for each in made]


def deliver(site: Site, _number: int) -> object:
    with opened_world(site.folder) as world:
        return world.registry.deliver().told


def observe_or_replace(site: Site, number: int) -> object:
    with opened_world(site.folder) as world:
        if number % 2:
            replace_watched(world)
            return "replaced"
        made = world.registry.observe_drift(watched(world), MAY, run=SENSOR)
        return made.digest


def test_four_who_watch_one_partition_record_it_and_open_its_alerts_once(
    backends: Combination, watching: Life, copied: Copied, tmp_path: Path
) -> None:
    site = copied(watching["observe_predictions"].before)
    answers = at_once(site, watch, tmp_path, count=FOUR)
    for made in zip(*answers, strict=True):
        assert len({digest for digest, _ in made}) == 1
        assert sorted(again for _, again in made) == [False, True, True, True]
    undisturbed = watching["observe_performance"]
    assert seen(backends.registry(site)) == seen(backends.registry(undisturbed.after))
    assert wrong_after_repeating(backends, site, undisturbed) == ""


def test_of_four_deliverers_each_letter_is_told_by_one(
    backends: Combination, watching: Life, copied: Copied, tmp_path: Path
) -> None:
    site = copied(watching["deliver"].before)
    answers = at_once(site, deliver, tmp_path, count=FOUR)
    registry = backends.registry(site)
    expected = keys(registry)
    assert all(counted == Counter(expected) for counted in told(site.folder).values())
    assert sum(map(int, map(str, answers))) == 2 * len(expected)
    assert wrong_after_repeating(backends, site, watching["deliver"]) == ""


@pytest.mark.parametrize(("at", "twice"), [("deliver.claimed", 1), ("deliver.sent", 1)])
def test_a_deliverer_that_slept_too_long_tells_one_letter_again_under_the_same_key(
    backends: Combination, watching: Life, copied: Copied, at: str, twice: int
) -> None:
    site = copied(watching["deliver"].before)
    sleeper = start("deliver", site, fault=f"stop:{at}")
    assert sleeper.pid is not None
    wait_until_stopped(sleeper.pid)
    # Which takes place five minutes later, when the claim has run out.
    assert run("deliver", site) == 0
    os.kill(sleeper.pid, signal.SIGCONT)
    assert ended(sleeper) == 0
    registry, counted = backends.registry(site), told(site.folder)
    assert all(set(each) == keys(registry) for each in counted.values())
    assert sum(each.total() - len(each) for each in counted.values()) == twice
    assert {each.state for each in registry.deliveries()} == {"delivered"}
    assert wrong_after_repeating(backends, site, watching["deliver"]) == ""


def test_what_is_found_of_a_version_while_it_is_replaced_does_not_stay_open(
    backends: Combination, watching: Life, copied: Copied, tmp_path: Path
) -> None:
    site = copied(watching["observe_drift"].before)
    answers = at_once(site, observe_or_replace, tmp_path, count=FOUR)
    assert answers[1] == answers[3] == "replaced"
    assert answers[0] == answers[2]
    _told_and_over(backends.registry(site))


def test_what_is_found_of_a_version_that_was_replaced_meanwhile_is_told_and_over(
    backends: Combination, watching: Life, copied: Copied
) -> None:
    site = copied(watching["observe_drift"].before)
    late = start("observe_drift", site, fault="stop:observation_recorded.begin")
    assert late.pid is not None
    wait_until_stopped(late.pid)
    assert run("replace_watched", site) == 0
    os.kill(late.pid, signal.SIGCONT)
    assert ended(late) == 0
    _told_and_over(backends.registry(site))


def _told_and_over(registry: Registry) -> None:
    assert registry.alerts(MODEL) == ()
    alerts = registry.alerts(MODEL, states=STATES)
    assert "feature_drift" in {each.check for each in alerts}
    for each in alerts:
        assert each.resolved_why == "version 2 took its place in production"
        told_of = [letter.occasion for letter in registry.letters(MODEL, each.number)]
        assert told_of == ["opened", "resolved"]
    (drift,) = registry.observations(MODEL, KIND)
    assert (drift.version, drift.partition) == (1, MAY)
    assert registry.pointer(MODEL).version == 2
    assert registry.verify().problems == ()
