"""Back to what a pointer held before: which version that is, what is waived, what stays held."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry_assets.errors import (
    BlobMissing,
    CatalogBehind,
    Conflict,
    DeclarationError,
    NotFound,
    OutcomeUnknown,
    PromotionHeld,
    RollbackRefused,
)
from registry_assets.governance.document import PointerRules
from registry_assets.lifecycle import rolling_back
from registry_assets.lifecycle.backends import BY_HAND, Backends
from registry_assets.lifecycle.moving import verify_bytes
from registry_assets.lifecycle.rolling_back import RolledBack
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import MODEL, PERSON, History, new_history, reopened
from registry_assets_tests.copies import copied
from registry_assets_tests.governance.people import governed
from registry_assets_tests.lifecycle.changes import history as every_event
from registry_assets_tests.lifecycle.changes import refused

ANN = replace(PERSON, run_id=BY_HAND)
WHY = "it flags every flight"


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Production went from version 1 to 2 to 3; 4 was rejected by a gate, 5 is reserved."""
    history = new_history(tmp_path_factory.mktemp("moved") / "project")
    history.declare()
    for seed in (1, 2, 3):
        history.promote(history.version(seed))
    history.version(4, failing=["good_enough"])
    history.reserve("five", seed=5)
    return history.registry.home.folder


@pytest.fixture
def history(moved: Path, tmp_path: Path) -> History:
    """A copy of it, to be changed."""
    return reopened(copied(moved, tmp_path / "project"))


def back(history: History, **options: Any) -> RolledBack:
    """Roll production back by hand."""
    return history.registry.rollback(MODEL, **{"reason": WHY, "run": ANN, **options})


def told(history: History) -> dict[str, Any]:
    """What deployments are told."""
    data = history.registry.backends.store.read_pointer(MODEL, "production")
    return dict(json.loads(data or b"{}"))


def codes(history: History, number: int) -> list[str]:
    """Why a version is held; nothing where it is ready."""
    decision = history.registry.decision(MODEL, number)
    return [reason.code for reason in getattr(decision and decision.answer, "reasons", ())]


def again(history: History, number: int) -> None:
    """Release a version, judge it against what production holds, and promote it."""
    history.registry.release(f"{MODEL}:{number}", run=ANN, reason="it was the machine")
    history.evaluate(number)
    history.promote(number)


def test_a_rollback_is_a_promotion_on_the_record(history: History) -> None:
    before = {p.version: p for p in history.registry.promotions(MODEL)}
    done = back(history)
    assert (done.moved, done.promotion.from_version, done.promotion.version) == (True, 3, 2)
    assert 0 < done.seconds < 60
    assert (done.promotion.actor, done.promotion.reason) == ("ann", WHY)
    evidence = done.promotion.evidence
    for name in ("evaluation", "suite", "risk", "approvals", "verdicts"):
        assert evidence[name] == before[2].evidence[name], name
    assert evidence["rollback"] == {
        "from": 3,
        "generation": 2,
        "decided_at": "2013-04-01T06:00:00.000000Z",
    }
    assert done.waived == (
        {
            "code": "check_stale",
            "subject": "not_worse",
            "sentence": "not_worse is stale: production has moved since",
        },
    )
    assert (told(history)["version"], told(history)["generation"]) == (2, 4)
    assert told(history)["evidence"] == evidence
    event = history.registry.log(MODEL)[-1]
    assert event.kind == "pointer_rolled_back"
    assert event.sentence == (
        "production was rolled back from version 3 to version 2;"
        " version 3 is held there until it is released"
    )
    assert (event.body["actor"], event.body["reason"]) == ("ann", WHY)
    assert event.facts == {"pointer": "production", "version": 2, "generation": 4, "from": 3}
    assert {row["table"] for row in event.body["rows"]} == {
        "attestations",
        "pointers",
        "promotions",
        "pointer_holds",
    }
    assert history.registry.verify().clean


def test_what_was_left_is_held_and_no_tick_brings_anything_back(history: History) -> None:
    done = back(history)
    assert done.hold is not None
    assert codes(history, 3) == ["rolled_back", "check_stale"]
    with pytest.raises(PromotionHeld, match="was rolled back from version 3 by ann on 2013-04-01"):
        history.promote(3)
    registry = history.registry
    registry.archive(f"{MODEL}:1", run=ANN)
    registry.unarchive(f"{MODEL}:1", run=ANN)
    registry.reject(f"{MODEL}:4", run=ANN, reason="it is poor")
    for _ in range(100):
        assert registry.decision(MODEL) is None
    assert history.registry.pointer(MODEL).version == 2
    stages = [summary.stage for summary in registry.versions(MODEL)]
    assert stages[:3] == ["archived", "production", "archived"]


def test_one_rollback_after_the_other_goes_on_back(history: History) -> None:
    assert back(history).promotion.version == 2
    assert back(history).promotion.version == 1
    assert [hold.number for hold in history.registry.holds(MODEL)] == [2, 3]
    with refused(RollbackRefused, "held no version before 1", "it has held 3 and 2"):
        back(history)
    assert history.registry.verify().clean


def test_what_was_rolled_back_from_lies_ahead_even_once_it_is_released(history: History) -> None:
    back(history)
    history.registry.release(f"{MODEL}:3", run=ANN, reason="it was the machine")
    assert back(history).promotion.version == 1


def test_a_version_that_came_again_is_left_for_the_one_before_it(history: History) -> None:
    back(history)
    again(history, 3)
    assert history.registry.pointer(MODEL).version == 3
    done = back(history)
    assert (done.promotion.version, done.promotion.evidence["rollback"]["generation"]) == (2, 2)
    # And from there as the first time: neither of the ways of 3 to production lies behind.
    history.registry.release(f"{MODEL}:3", run=ANN, reason="it was the machine")
    assert back(history).promotion.version == 1
    assert history.registry.verify().clean


def test_a_named_version_is_gone_back_to_over_the_others(history: History) -> None:
    done = back(history, to=1)
    assert (done.promotion.from_version, done.promotion.version) == (3, 1)
    assert [hold.number for hold in history.registry.holds(MODEL)] == [3]
    # What was jumped over was not left, and can be gone to by name.
    assert back(history, to=2).promotion.version == 2
    assert history.registry.verify().clean


def test_an_archived_version_may_be_gone_back_to_and_that_is_waived(history: History) -> None:
    history.registry.archive(f"{MODEL}:2", run=ANN, reason="it is old")
    done = back(history)
    assert done.promotion.version == 2
    assert [reason["code"] for reason in done.waived] == ["archived", "check_stale"]


def test_everything_that_a_promotion_would_ask_for_is_written_down(history: History) -> None:
    history.declare(gates={"good_enough": False, "fair": False}, approvals=1, asked={"tier": []})
    done = back(history)
    assert [reason["code"] for reason in done.waived] == [
        "no_evaluation",
        "tag_missing",
        "approval_missing",
    ]
    assert all(reason["sentence"] for reason in done.waived)
    assert done.promotion.policy_digest == history.registry.model(MODEL).policy_digest
    # The earlier promotion needed no approval, and this one rests on what that rested on.
    assert done.promotion.evidence["risk"] == "low"
    assert history.registry.verify().clean


def test_at_high_risk_it_rests_on_the_approvals_of_that_version(tmp_path: Path) -> None:
    history = new_history(tmp_path / "project")
    history.declare(approvals=1)
    world = governed(history, tmp_path / "keys")
    world.activate(world.document(PointerRules(approvals=1, roles=("risk",))))
    for seed, person in ((1, "bob"), (2, "cleo")):
        number = history.version(seed, authors=["ann@example.com"])
        world.approve(number, person)
        history.promote(number)
    done = back(history)
    assert done.promotion.evidence["risk"] == "high"
    assert [each["person"] for each in done.promotion.evidence["approvals"]] == ["bob"]
    assert history.registry.verify().problems == ()


def test_a_rejected_version_is_passed_over_and_refused_by_name(history: History) -> None:
    history.registry.reject(f"{MODEL}:2", run=ANN, reason="it learned from the label")
    before = every_event(history.registry)
    with refused(RollbackRefused, "cannot go back to late:2", "was rejected by ann", "1"):
        back(history, to=2)
    assert every_event(history.registry) == before
    assert back(history).promotion.version == 1


def test_a_held_version_is_refused_by_name_until_it_is_released(history: History) -> None:
    back(history)
    with refused(RollbackRefused, "was rolled back from version 3", "registry release late:3"):
        back(history, to=3)
    history.registry.release(f"{MODEL}:3", run=ANN, reason="2 was worse")
    done = back(history, to=3)
    assert (done.promotion.from_version, done.promotion.version) == (2, 3)
    assert [(hold.number, hold.in_force) for hold in history.registry.holds(MODEL)] == [
        (2, True),
        (3, False),
    ]
    assert history.registry.verify().clean


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"to": 3}, RollbackRefused, ("holds version 3 already",)),
        ({"to": 4}, RollbackRefused, ("has never held late:4", "it has held 2 and 1")),
        ({"to": 5}, RollbackRefused, ("has never held late:5", "registry promote")),
        ({"to": 9}, NotFound, ("late has no version 9",)),
        ({"pointer": "canary"}, NotFound, ("no pointer called 'canary'",)),
        ({"reason": " \n"}, DeclarationError, ("a rollback needs a reason",)),
        ({"leaving": 2}, Conflict, ("expected version 2, found 3", "nothing was changed")),
    ],
    ids=str,
)
def test_what_is_refused_changes_nothing(
    history: History, options: dict[str, Any], error: type[Any], words: tuple[str, ...]
) -> None:
    before, file = every_event(history.registry), told(history)
    with refused(error, *words):
        back(history, **options)
    assert (every_event(history.registry), told(history)) == (before, file)


def test_a_pointer_that_holds_nothing_has_nothing_to_go_back_from(history: History) -> None:
    history.declare("other")
    with refused(RollbackRefused, "other@production holds no version"):
        history.registry.rollback("other", reason=WHY, run=ANN)
    history.promote(history.version(1, model="other"), model="other")
    none = "has held no other version; promote another version"
    with refused(RollbackRefused, "held no version before 1", none):
        history.registry.rollback("other", reason=WHY, run=ANN)


def test_every_byte_must_be_there(history: History) -> None:
    digest = str(history.registry.resolve(f"{MODEL}:2").digest).removeprefix("sha256:")
    store = Path(str(history.registry.home.store))
    blob = store / "objects" / "sha256" / digest[:2] / digest[2:]
    content = blob.read_bytes()
    blob.unlink()
    before, file = every_event(history.registry), told(history)
    with refused(BlobMissing, digest):
        back(history)
    assert (every_event(history.registry), told(history)) == (before, file)
    blob.write_bytes(content)
    assert back(history).moved
    assert history.registry.verify().clean


def test_repeating_a_rollback_by_name_gives_it_back(history: History) -> None:
    first = back(history, to=2)
    before = every_event(history.registry)
    second = back(history, to=2, reason="once more")
    assert (second.moved, second.promotion, second.hold) == (False, first.promotion, first.hold)
    assert every_event(history.registry) == before
    with refused(RollbackRefused, "holds version 2 already"):
        back(history, to=2, leaving=1)


def test_a_step_of_a_run_that_is_repeated_goes_back_once(history: History) -> None:
    run = replace(PERSON, run_id="7f0c2a34")
    assert back(history, run=run).moved
    assert not back(history, run=run).moved
    assert history.registry.pointer(MODEL).version == 2
    assert back(history, run=replace(run, run_id="another")).promotion.version == 1


def test_a_rollback_of_which_nobody_was_told_is_finished_before_another(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Path(str(history.registry.home.store))

    def breaks(point: str) -> None:
        if point == "rollback.verified":
            (store / "tmp").rmdir()
            (store / "tmp").write_text("a file where the store wants a folder")

    with (
        monkeypatch.context() as patch,
        refused(OutcomeUnknown, "holds version 2", "roll back to version 2 again"),
    ):
        patch.setattr(rolling_back, "reached", breaks)
        back(history)
    assert (history.registry.pointer(MODEL).version, told(history)["version"]) == (2, 3)
    (store / "tmp").unlink()
    (store / "tmp").mkdir()
    repeated = back(history)
    assert (repeated.moved, repeated.promotion.version, told(history)["version"]) == (False, 2, 2)
    assert history.registry.verify().clean
    assert back(history).promotion.version == 1


def test_a_catalog_that_is_older_than_its_store_is_not_rolled_back(history: History) -> None:
    ahead = json.dumps({**told(history), "generation": 9}).encode()
    history.registry.backends.store.write_pointer(MODEL, "production", ahead)
    with refused(CatalogBehind, "moved 9 times, the catalog 3"):
        back(history)


def meanwhile(
    history: History, monkeypatch: pytest.MonkeyPatch, act: Callable[[Registry], object]
) -> None:
    """Let something happen while a rollback hashes, after it has looked."""

    def interrupted(backends: Backends, digest: str) -> None:
        monkeypatch.setattr(rolling_back, "verify_bytes", verify_bytes)
        act(reopened(history.registry.home.folder).registry)
        verify_bytes(backends, digest)

    monkeypatch.setattr(rolling_back, "verify_bytes", interrupted)


def test_the_same_rollback_that_another_made_meanwhile_is_given_back(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(history, monkeypatch, lambda other: other.rollback(MODEL, reason="slow", run=ANN))
    done = back(history)
    assert (done.moved, done.promotion.version, done.promotion.reason) == (False, 2, "slow")
    assert (
        history.registry.pointer(MODEL).version,
        history.registry.pointer(MODEL).generation,
    ) == (2, 4)


def test_what_changes_nothing_about_the_way_back_does_not_stop_it(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(history, monkeypatch, lambda other: other.tag(MODEL, {"quarter": "Q2"}, run=ANN))
    assert back(history).moved
    assert history.registry.verify().clean


@pytest.mark.parametrize(
    ("act", "options", "error"),
    [
        (lambda r: r.rollback(MODEL, to=1, reason="slow", run=ANN), {}, RollbackRefused),
        (lambda r: r.rollback(MODEL, to=1, reason="slow", run=ANN), {"to": 2}, Conflict),
        (lambda r: r.reject(f"{MODEL}:2", reason="bad", run=ANN), {}, Conflict),
        (lambda r: r.reject(f"{MODEL}:2", reason="bad", run=ANN), {"to": 2}, RollbackRefused),
    ],
)
def test_another_way_back_than_was_looked_at_is_not_taken(
    history: History,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Registry], object],
    options: dict[str, Any],
    error: type[Any],
) -> None:
    meanwhile(history, monkeypatch, act)
    with refused(error, "nothing was changed"):
        back(history, **options)
    assert [p.version for p in history.registry.promotions(MODEL)].count(2) == 1
    assert history.registry.verify().clean


def test_a_plan_changes_nothing_and_says_what_is_waived(history: History) -> None:
    before = every_event(history.registry)
    plan = history.registry.plan_rollback(MODEL)
    assert not isinstance(plan, RolledBack)
    assert (plan.leaving.version, plan.earlier.version) == (3, 2)
    assert [reason.code for reason in plan.waived] == ["check_stale"]
    assert every_event(history.registry) == before
    back(history, to=2)
    assert isinstance(history.registry.plan_rollback(MODEL, to=2), RolledBack)
