"""Released: what a pointer was rolled back from may come back, by the gate and by its number."""

from dataclasses import replace
from pathlib import Path

import pytest

from registry_assets.errors import (
    DeclarationError,
    NotFound,
    PromotionHeld,
    ReleaseRefused,
    VersionFailed,
)
from registry_assets.governance.standing import find_candidate
from registry_assets_tests.catalog.history import MODEL, PERSON, History, new_history, reopened
from registry_assets_tests.copies import copied
from registry_assets_tests.lifecycle.changes import history as every_event
from registry_assets_tests.lifecycle.changes import refused

THIRD = f"{MODEL}:3"
BOB = replace(PERSON, actor="bob")
WHY = "the machine was slow, not the model"


@pytest.fixture(scope="module")
def rolled_back(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Production went from version 1 to 2 to 3, and back to 2."""
    history = new_history(tmp_path_factory.mktemp("rolled back") / "project")
    history.declare(gates={"good_enough": False})
    for seed in (1, 2, 3):
        history.promote(history.version(seed))
    history.registry.rollback(MODEL, reason="it was slow", run=PERSON)
    return history.registry.home.folder


@pytest.fixture
def history(rolled_back: Path, tmp_path: Path) -> History:
    """A copy of it, to be changed."""
    return reopened(copied(rolled_back, tmp_path / "project"))


def test_a_release_is_recorded_with_who_and_why(history: History) -> None:
    done = history.registry.release(THIRD, reason=WHY, run=BOB)
    assert (done.changed, done.version.number, done.hold.state) == (True, 3, "released")
    (hold,) = history.registry.holds(MODEL, "production")
    assert hold == done.hold
    assert hold.sentence == f"version 3 was released for production by bob on 2013-04-01: {WHY}"
    event = history.registry.log(MODEL)[-1]
    assert (event.kind, event.body["actor"], event.body["reason"]) == (
        "version_released",
        "bob",
        WHY,
    )
    assert event.facts == {"version": 3, "pointer": "production"}
    assert history.registry.pointer(MODEL).version == 2
    assert history.registry.verify().clean


def test_what_is_released_comes_back_only_when_it_is_asked_for(history: History) -> None:
    with pytest.raises(PromotionHeld, match="was rolled back from version 3 by ann"):
        history.promote(3)
    history.registry.release(THIRD, reason=WHY, run=BOB)
    with history.catalog.read() as connection:
        assert find_candidate(connection, MODEL, "production") is None
    history.promote(3)
    assert history.registry.pointer(MODEL).version == 3
    # For that version alone: the others are gone back to.
    with pytest.raises(PromotionHeld, match="going back to late:1 is a rollback"):
        history.promote(1)
    assert history.registry.verify().clean


def test_what_is_released_is_still_held_by_the_gates(history: History) -> None:
    history.evaluate(3, failing=["good_enough"])
    history.registry.release(THIRD, reason=WHY, run=BOB)
    with pytest.raises(PromotionHeld, match="good_enough failed"):
        history.promote(3)


def test_repeating_a_release_changes_nothing_and_the_first_author_stays(history: History) -> None:
    first = history.registry.release(THIRD, reason=WHY, run=BOB)
    before = every_event(history.registry)
    again = history.registry.release(THIRD, reason="once more", run=PERSON)
    assert (again.changed, again.hold) == (False, first.hold)
    assert every_event(history.registry) == before


def test_what_is_released_can_be_rolled_back_from_again(history: History) -> None:
    history.registry.release(THIRD, reason=WHY, run=BOB)
    history.promote(3)
    history.registry.rollback(MODEL, reason="slow again", run=replace(PERSON, run_id="run-2"))
    (hold,) = history.registry.holds(MODEL)
    assert (hold.in_force, hold.reason) == (True, "slow again")
    assert history.registry.verify().clean


def test_what_is_not_held_is_not_released(history: History) -> None:
    history.reserve("four", seed=4)
    before = every_event(history.registry)
    with refused(ReleaseRefused, "late:1 is not held on production", "held there: version 3"):
        history.registry.release(f"{MODEL}:1", reason=WHY, run=BOB)
    with refused(ReleaseRefused, "late:2 is not held on production"):
        history.registry.release(f"{MODEL}@production", reason=WHY, run=BOB)
    with refused(VersionFailed, "late:4 is reserved"):
        history.registry.release(f"{MODEL}:4", reason=WHY, run=BOB)
    with refused(NotFound, "no pointer called 'canary'"):
        history.registry.release(THIRD, pointer="canary", reason=WHY, run=BOB)
    with refused(DeclarationError, "a release needs a reason"):
        history.registry.release(THIRD, reason=" ", run=BOB)
    assert every_event(history.registry) == before
