"""SIGKILL at every step by which a deployment is watched and people told, then the same again.

A partition is scored, its drift and its performance found, alerts are delivered and acknowledged,
and the version is replaced, which ends them. Each is killed at the named points that it passes and
before its calls, as the steps of a version's life are in `test_kills.py`: afterwards the registry
verifies, and repeating the step gives what it gives undisturbed, to the digest: no alert and no
letter twice, and none lost.
"""

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from registry_assets_tests.faults.calls import every
from registry_assets_tests.faults.conftest import THOROUGH, Choice, thorough
from registry_assets_tests.faults.lives import (
    Life,
    Recorded,
    forget,
    points,
    wrong_after_a_crash,
    wrong_after_repeating,
)
from registry_assets_tests.faults.steps import run
from registry_assets_tests.faults.watching import WATCHING, keys, seen, told
from registry_assets_tests.laws.combinations import LOCAL, REMOTE, Combination, Site

DELIVER = "deliver"


@pytest.fixture(
    scope="session",
    params=[
        Choice(LOCAL, share=40),
        *thorough(Choice(REMOTE, share=40)),
        *THOROUGH,
    ],
    ids=str,
)
def choice(request: pytest.FixtureRequest) -> Choice:
    """Fewer than of a version's life: much of what is passed here is passed there as well."""
    found: Choice = request.param
    return found


@pytest.mark.parametrize("step", WATCHING)
def test_a_step_killed_anywhere_leaves_nothing_half_done_and_can_be_repeated(
    backends: Combination, choice: Choice, watching: Life, tmp_path: Path, step: str
) -> None:
    recorded = watching[step]
    faults = points(watching, step) + every(recorded.calls, sampled=not choice.every_call)
    # Not of every step the first, which is where it has not begun.
    first = list(WATCHING).index(step) % min(choice.share, len(faults))
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(
            lambda fault: failure(backends, step, recorded, tmp_path, fault),
            faults[first :: choice.share],
        )
        assert [wrong for wrong in found if wrong] == []


@pytest.mark.parametrize("name", [LOCAL, pytest.param(REMOTE, marks=pytest.mark.thorough)])
def test_every_kind_of_step_is_passed(watchings: Callable[[str], Life], name: str) -> None:
    life = watchings(name)
    passed = {point for each in life.values() for point in each.points}
    kinds = ("observation_recorded", "alert_acknowledged", "pointer_moved")
    for kind in kinds:
        assert {f"{kind}.{end}" for end in ("begin", "written", "committed")} <= passed
    assert {f"deliver.{at}" for at in ("addressed", "claimed", "sent", "settled")} <= passed
    # Or nothing was opened, told or ended that could be lost.
    events = life["replace_watched"].held_after.events
    assert events["alert_opened"] == events["alert_resolved"] >= 3
    assert sum(sum(each.values()) for each in told(life[DELIVER].after.folder).values()) >= 6


def failure(backends: Combination, step: str, recorded: Recorded, root: Path, fault: str) -> str:
    """Kill and repeat; say what is wrong afterwards, if anything is."""
    site = backends.copy(recorded.before, root / fault.replace(":", "-"))
    try:
        code = run(step, site, fault=fault)
        if code != -signal.SIGKILL:
            return f"{fault}: not killed but ended with {code}"
        wrong = _wrong(backends, site, step, recorded)
        return f"{fault}: {wrong}" if wrong else ""
    finally:
        backends.drop(site)
        forget(site)


def _wrong(backends: Combination, site: Site, step: str, recorded: Recorded) -> str:
    before, after = (seen(backends.registry(each)) for each in (recorded.before, recorded.after))
    if wrong := wrong_after_a_crash(backends, site, recorded):
        return wrong
    found = seen(backends.registry(site))
    # Every delivery is a step of its own, of which some may be done and others not.
    halfway = {"delivered"} if step == DELIVER else set()
    if odd := {
        name: what
        for name, what in found.items()
        if what not in (before[name], after[name]) and name not in halfway
    }:
        return f"afterwards {odd}"
    if code := run(step, site):
        return f"repeating it ended with {code}"
    if wrong := wrong_after_repeating(backends, site, recorded):
        return wrong
    found = seen(backends.registry(site))
    if found != after:
        return f"after repeating it {found}, expected {after}"
    return _wrongly_told(backends, site) if step == DELIVER else ""


def _wrongly_told(backends: Combination, site: Site) -> str:
    """Say who was told too little or too often: one attempt was cut short, so one comes twice."""
    expected = keys(backends.registry(site))
    counted = told(site.folder)
    twice = sum(each.total() - len(each) for each in counted.values())
    if any(set(each) != expected for each in counted.values()) or twice > 1:
        return f"told {counted}, expected {expected}"
    return ""
