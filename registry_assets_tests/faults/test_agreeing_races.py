"""Several at one moment: who agrees, who takes it back, and who changes by what is decided.

On both databases: in SQLite one writer waits for every other, in PostgreSQL only writers of the
same chain do, and policies, keys and recalls are in another chain than promotions.
"""

import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from registry_assets.catalog.approvals import list_approvals
from registry_assets.catalog.driver import Driver
from registry_assets.catalog.ledger import REGISTRY, Event
from registry_assets.errors import (
    ApprovalRefused,
    CatalogBusy,
    Conflict,
    PolicyRefused,
    PromotionHeld,
    RegistryError,
    RetiringRefused,
    RollbackRefused,
)
from registry_assets.governance.agreement import count_approvals
from registry_assets.governance.approvals import ApprovalStatement
from registry_assets.registry import Registry
from registry_assets_tests.faults.agreeing import (
    DATA,
    MODEL,
    RULES,
    activation,
    given,
    people,
    policy,
    record,
    statement,
)
from registry_assets_tests.faults.conftest import RACED, Choice
from registry_assets_tests.faults.lives import Life, wrong_after_repeating
from registry_assets_tests.faults.steps import REFUSED, ended, run, start
from registry_assets_tests.faults.test_races import EIGHT, at_once, wait_until_stopped
from registry_assets_tests.laws.combinations import Combination, Site
from registry_assets_tests.worlds import PERSON, SENSOR, opened_world

Copied = Callable[[Site], Site]
WHO = ("bob", "bob", "cleo", "cleo", "eve", "eve", "dan", "dan")
REFUSALS = (
    *(ApprovalRefused, Conflict, PolicyRefused, PromotionHeld, RetiringRefused, RollbackRefused),
)


@pytest.fixture(scope="session", params=RACED, ids=str)
def choice(request: pytest.FixtureRequest) -> Choice:
    """PostgreSQL and S3 in every test run: that is where writers meet."""
    found: Choice = request.param
    return found


def attempt(act: Callable[[], object]) -> str:
    """Do something; give what came of it, or which error was said."""
    try:
        return str(act())
    except REFUSALS as error:
        if isinstance(error, PromotionHeld):
            return error.reasons[0].code
        return type(error).__name__ if error.hint else f"no hint: {error!r}"


def approve_as_somebody(site: Site, number: int) -> object:
    world = people(site.folder)
    return attempt(
        lambda: (
            world.history.registry.record_approval(statement(world, 2, WHO[number]), run=PERSON).new
        )
    )


def approve_with_one_envelope(site: Site, _number: int) -> object:
    with opened_world(site.folder) as world:
        signed = given(site.folder, "approve").read_bytes()
        return world.registry.record_approval(signed, run=PERSON).new


def approve_or_evaluate(site: Site, number: int) -> object:
    world = people(site.folder)
    if number % 2:
        world.history.clock.now += timedelta(minutes=number)
        return world.history.evaluate(2, model=MODEL).digest
    who = WHO[number]
    return attempt(
        lambda: world.history.registry.record_approval(statement(world, 2, who), run=PERSON).new
    )


def activate_own(site: Site, number: int) -> object:
    world = people(site.folder)
    document = policy(world, name=f"service {number}")
    signed = given(site.folder, f"policy {number}").read_bytes()
    return attempt(
        lambda: world.history.registry.activate_policy(document, signed, run=PERSON).changed
    )


def roll_back_or_promote(site: Site, number: int) -> object:
    with opened_world(site.folder) as world:
        registry, why = world.registry, "it was slow"
        if number % 2:
            return attempt(lambda: ("forward", registry.promote(MODEL, 4, run=SENSOR).moved))
        return attempt(
            lambda: ("back", registry.rollback(MODEL, leaving=2, reason=why, run=SENSOR).moved)
        )


def release_or_promote(site: Site, number: int) -> object:
    with opened_world(site.folder) as world:
        registry, why = world.registry, "it was the machine"
        if number % 2:
            return attempt(lambda: ("moved", registry.promote(MODEL, 2, run=SENSOR).moved))
        released = registry.release(f"{MODEL}:2", reason=why, run=PERSON)
        return str(("released", released.changed))


def recall_or_promote(site: Site, number: int) -> object:
    with opened_world(site.folder) as world:
        registry = world.registry
        if number % 2:
            return attempt(lambda: ("moved", registry.promote(MODEL, 2, run=SENSOR).moved))
        return str(("recalled", registry.recall(DATA, reason="twice", run=PERSON).changed))


def archive_or_roll_back(site: Site, number: int) -> object:
    return _set_aside_or_roll_back(site, number, "archive")


def reject_or_roll_back(site: Site, number: int) -> object:
    return _set_aside_or_roll_back(site, number, "reject")


def _set_aside_or_roll_back(site: Site, number: int, verb: str) -> object:
    with opened_world(site.folder) as world:
        registry, why = world.registry, "it is old"
        if number % 2:
            act: Callable[..., Any] = getattr(registry, verb)
            return attempt(lambda: (verb, act(f"{MODEL}:1", reason=why, run=PERSON).changed))
        return attempt(
            lambda: ("back", registry.rollback(MODEL, leaving=2, reason=why, run=SENSOR).moved)
        )


def rotate_or_promote(site: Site, number: int) -> object:
    with opened_world(site.folder) as world:
        registry, why = world.registry, "a year has passed"
        try:
            if number:
                return str(("moved", registry.promote(MODEL, 2, run=SENSOR).moved))
            registry.rotate_key(reason=why, run=PERSON)
        except RegistryError as error:
            # Between the row and the file there is a moment in which nothing can be signed.
            return type(error).__name__
        return "rotated"


def kinds(registry: Registry, chain: str = MODEL) -> Counter[str]:
    return Counter(event.kind for event in registry.log(chain))


def last(registry: Registry, kind: str, chain: str = MODEL) -> Event:
    return [event for event in registry.log(chain) if event.kind == kind][-1]


def counted(registry: Registry, number: int = 2) -> list[str]:
    """Whose approvals of a version count."""
    decision = registry.decision(MODEL, number)
    assert decision is not None
    found = count_approvals(decision.policy, decision.standing)
    return sorted(each.approval.record.person for each in found if each.counts)


def test_of_eight_who_approve_at_once_each_person_counts_once(
    backends: Combination, agreement: Life, copied: Copied, tmp_path: Path
) -> None:
    site = copied(agreement["activate"].after)
    answers = at_once(site, approve_as_somebody, tmp_path)
    assert answers == ["True"] * 6 + ["ApprovalRefused"] * 2
    registry = backends.registry(site)
    with registry.backends.catalog.read() as connection:
        recorded = list_approvals(connection, MODEL, 2)
    assert len({each.nonce for each in recorded}) == len(recorded) == 6
    with site.settings():
        assert counted(people(site.folder).history.registry) == ["bob", "cleo", "eve"]
    assert kinds(registry)["approval_recorded"] == 6
    assert registry.verify().problems == ()


def test_one_envelope_that_eight_bring_is_recorded_once(
    backends: Combination, agreement: Life, copied: Copied, tmp_path: Path
) -> None:
    site = copied(agreement["approve"].before)
    answers = at_once(site, approve_with_one_envelope, tmp_path)
    assert Counter(answers) == {True: 1, False: EIGHT - 1}
    assert wrong_after_repeating(backends, site, agreement["approve"]) == ""


def test_nobody_approves_an_evaluation_that_was_replaced_meanwhile(
    backends: Combination, agreement: Life, copied: Copied, tmp_path: Path
) -> None:
    site = copied(agreement["activate"].after)
    answers = at_once(site, approve_or_evaluate, tmp_path)
    evaluated = set(answers[1::2])
    assert len(evaluated) == EIGHT // 2
    registry = backends.registry(site)
    with registry.backends.catalog.read() as connection:
        recorded = {each.digest: each for each in list_approvals(connection, MODEL, 2)}
    newest = ""
    for event in registry.log(MODEL):
        if event.kind == "version_evaluated" and event.facts["version"] == 2:
            newest = str(event.facts["evaluation"])
        if event.kind == "approval_recorded":
            said = recorded[event.facts["approval"]].statement
            assert ApprovalStatement.from_bytes(said.encode()).bound.evaluation == newest
    assert answers[::2].count("True") == len(recorded)
    assert registry.verify().problems == ()


def test_of_eight_policies_that_replace_the_same_one_comes_into_force(
    backends: Combination, agreement: Life, copied: Copied, tmp_path: Path
) -> None:
    site = copied(agreement["activate"].after)
    with site.settings():
        world = people(site.folder)
        for number in range(EIGHT):
            document = policy(world, name=f"service {number}")
            signed = activation(world, document, world["dan"])
            given(site.folder, f"policy {number}").write_bytes(signed)
        documents = [policy(world, name=f"service {n}").digest for n in range(EIGHT)]
    answers = at_once(site, activate_own, tmp_path)
    assert Counter(answers) == {"True": 1, "PolicyRefused": EIGHT - 1}
    registry = backends.registry(site)
    active = registry.policy()
    assert active is not None
    assert active.digest == documents[answers.index("True")]
    assert kinds(registry, REGISTRY)["policy_activated"] == 2
    assert registry.verify().problems == ()


def test_of_rolling_back_and_promoting_another_one_comes_first(
    backends: Combination, agreement: Life, copied: Copied, tmp_path: Path
) -> None:
    site = copied(agreement["roll_back_signed"].before)
    with site.settings():
        world = people(site.folder)
        world.history.registry.record_approval(
            given(site.folder, "roll_back_signed").read_bytes(), run=PERSON
        )
    answers = Counter(map(str, at_once(site, roll_back_or_promote, tmp_path)))
    assert answers["('forward', True)"] == 1
    assert answers["('forward', True)"] + answers["('forward', False)"] == EIGHT // 2
    went_back = answers["('back', True)"]
    assert went_back <= 1
    others = answers["('back', False)"] + answers["Conflict"] + answers["RollbackRefused"]
    assert went_back + others == EIGHT // 2
    registry = backends.registry(site)
    pointer = registry.pointer(MODEL)
    # Whoever came second: what was promoted is what is live.
    assert (pointer.version, pointer.generation) == (4, 3 + went_back)
    held = [(hold.number, hold.in_force) for hold in registry.holds(MODEL)]
    assert held == ([(2, True)] if went_back else [])
    assert kinds(registry)["pointer_rolled_back"] == went_back
    assert registry.verify().problems == ()


def test_what_is_held_is_promoted_only_after_it_was_released(
    backends: Combination, agreement: Life, copied: Copied, tmp_path: Path
) -> None:
    site = copied(agreement["release"].before)
    answers = Counter(map(str, at_once(site, release_or_promote, tmp_path)))
    assert answers["('released', True)"] == 1
    registry = backends.registry(site)
    moved = (
        kinds(registry)["pointer_moved"] - agreement["release"].held_before.events["pointer_moved"]
    )
    assert answers["('moved', True)"] == moved <= 1
    if moved:
        released, promoted = (last(registry, k) for k in ("version_released", "pointer_moved"))
        assert released.sequence < promoted.sequence
    assert answers["('moved', True)"] + answers["('moved', False)"] + answers["rolled_back"] == 4
    assert registry.verify().problems == ()


def test_of_recalling_the_data_and_promoting_what_was_made_from_it_one_comes_first(
    backends: Combination, agreement: Life, copied: Copied, tmp_path: Path
) -> None:
    site = copied(agreement["promote_approved"].before)
    answers = Counter(map(str, at_once(site, recall_or_promote, tmp_path)))
    assert answers["('recalled', True)"] == 1
    registry = backends.registry(site)
    recalled = last(registry, "data_recalled", REGISTRY)
    if answers["('moved', True)"]:
        moved = last(registry, "pointer_moved")
        assert moved.body["registry_head"] < recalled.sequence
    else:
        assert answers["recalled"] == EIGHT // 2
    assert registry.pointer(MODEL).generation == 1 + answers["('moved', True)"]
    assert registry.verify().problems == ()


@pytest.mark.parametrize(
    ("act", "done", "refused"),
    [
        (archive_or_roll_back, "('archive', True)", ""),
        (reject_or_roll_back, "('reject', True)", "RollbackRefused"),
    ],
)
def test_of_setting_a_version_aside_and_going_back_to_it_one_comes_first(
    backends: Combination,
    agreement: Life,
    copied: Copied,
    tmp_path: Path,
    act: Callable[[Site, int], object],
    done: str,
    refused: str,
) -> None:
    site = copied(agreement["roll_back_signed"].before)
    with site.settings():
        people(site.folder).history.registry.record_approval(
            given(site.folder, "roll_back_signed").read_bytes(), run=PERSON
        )
    answers = Counter(map(str, at_once(site, act, tmp_path)))
    registry = backends.registry(site)
    went_back = answers["('back', True)"]
    if refused and answers[done]:
        assert (went_back, answers[refused]) == (0, EIGHT // 2)
    else:
        assert went_back == 1
    if not answers[done]:
        assert answers["RetiringRefused"] == EIGHT // 2
    assert registry.pointer(MODEL).version == (1 if went_back else 2)
    assert registry.verify().problems == ()


def test_while_the_key_is_replaced_each_promotion_is_signed_with_the_one_of_then(
    backends: Combination, agreement: Life, copied: Copied, tmp_path: Path
) -> None:
    site = copied(agreement["promote_approved"].before)
    answers = Counter(map(str, at_once(site, rotate_or_promote, tmp_path)))
    assert answers["rotated"] == 1
    assert set(answers) <= {
        *("rotated", "('moved', True)", "('moved', False)", "SigningKeyMissing", "Conflict"),
    }
    assert run("promote_approved", site) == 0
    registry = backends.registry(site)
    assert registry.pointer(MODEL).generation == 2
    assert registry.verify().problems == ()


def rotate(site: Site, _number: int) -> object:
    with opened_world(site.folder) as world:
        return world.registry.rotate_key(reason="it leaked", run=PERSON).key.fingerprint


def test_of_keys_that_are_made_at_once_the_one_that_came_last_signs(
    backends: Combination, agreement: Life, copied: Copied, tmp_path: Path
) -> None:
    site = copied(agreement["promote_approved"].before)
    answers = at_once(site, rotate, tmp_path, count=4)
    registry = backends.registry(site)
    added = [e for e in registry.log(REGISTRY) if e.kind == "registry_key_added"]
    assert sorted(map(str, answers)) == sorted(e.facts["fingerprint"] for e in added[-4:])
    assert run("promote_approved", site) == 0
    assert registry.verify().problems == ()


def stop(site: Site, point: str) -> Any:
    """Let a promotion come as far as a point, and stop there."""
    process = start("promote_approved", site, fault=f"stop:{point}")
    assert process.pid is not None
    wait_until_stopped(process.pid)
    return process


def go_on(process: Any) -> int:
    """Let it go on, and give its exit code."""
    os.kill(process.pid, signal.SIGCONT)
    return ended(process)


def activate_stricter(site: Site) -> None:
    """A policy comes into force that asks for one person more."""
    world = people(site.folder)
    document = policy(world, rules=replace(RULES, approvals=3))
    signed = activation(world, document, world["dan"])
    world.history.registry.activate_policy(document, signed, run=PERSON)


CHANGES: dict[str, Callable[[Site], object]] = {
    "the data is recalled": lambda s: people(s.folder).history.registry.recall(
        DATA, reason="twice", run=PERSON
    ),
    "a policy asks for more": activate_stricter,
    "the registry's key is replaced": lambda s: people(s.folder).history.registry.rotate_key(
        reason="a year has passed", run=PERSON
    ),
}
"""What is written in the registry's own chain, and what a promotion is decided by."""


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_decided_by_does_not_change_under_a_promotion_that_is_being_written(
    backends: Combination,
    agreement: Life,
    copied: Copied,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    site = copied(agreement["promote_approved"].before)
    process = stop(site, "pointer_moved.written")
    try:
        with site.settings(), monkeypatch.context() as impatient:
            impatient.setattr(Driver, "busy_seconds", 0.3)
            with pytest.raises(CatalogBusy, match=r"lock|needed"):
                CHANGES[change](site)
    finally:
        assert go_on(process) == 0
    with site.settings():
        CHANGES[change](site)
    registry = backends.registry(site)
    moved = last(registry, "pointer_moved")
    assert moved.body["registry_head"] < registry.head(REGISTRY).sequence
    assert registry.pointer(MODEL).version == 2
    assert registry.verify().problems == ()


@pytest.mark.parametrize("change", CHANGES)
def test_a_promotion_that_was_stopped_before_it_was_written_is_decided_again(
    backends: Combination, agreement: Life, copied: Copied, change: str
) -> None:
    site = copied(agreement["promote_approved"].before)
    process = stop(site, "promote.verified")
    with site.settings():
        CHANGES[change](site)
    held = change != "the registry's key is replaced"
    assert go_on(process) == (REFUSED if held else 0)
    registry = backends.registry(site)
    assert registry.pointer(MODEL).version == (1 if held else 2)
    told = json.loads(registry.backends.store.read_pointer(MODEL, "production") or b"{}")
    assert told["version"] == registry.pointer(MODEL).version
    assert registry.verify().problems == ()


def test_an_approval_is_judged_by_the_policy_of_one_moment(
    backends: Combination,
    agreement: Life,
    copied: Copied,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = copied(agreement["approve"].before)
    process = start("approve", site, fault="stop:approval_recorded.written")
    assert process.pid is not None
    wait_until_stopped(process.pid)
    try:
        with site.settings(), monkeypatch.context() as impatient:
            impatient.setattr(Driver, "busy_seconds", 0.3)
            with pytest.raises(CatalogBusy):
                activate_stricter(site)
    finally:
        assert go_on(process) == 0
    with site.settings():
        activate_stricter(site)
        world = people(site.folder)
        # Both approvals were of the policy before: the new one asks for three of its own.
        assert counted(world.history.registry) == []
        record(world, 2, "bob", "cleo", "eve")
        world.history.promote(2, model=MODEL)
    assert backends.registry(site).verify().problems == ()
