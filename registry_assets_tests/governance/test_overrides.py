"""Nobody sets rules aside for their own version: attacks by who trained it."""

from dataclasses import replace
from pathlib import Path

import pytest

from registry_assets.canonical import canonical_json
from registry_assets.errors import ApprovalRefused, PromotionHeld
from registry_assets.governance.decide import Held
from registry_assets.governance.document import Override, PointerRules
from registry_assets.governance.document.sentences import sentences
from registry_assets_tests.catalog.history import MODEL, History
from registry_assets_tests.governance.people import AT_WORK, Governed, governed

OVERRIDE = Override(roles=("owner",), expires=3600, waives=("gates", "separation"))
RULES = PointerRules(approvals=1, roles=("owner",), override=OVERRIDE)
EITHER = replace(RULES, override=replace(OVERRIDE, trainers=True))
TRAINER = {"ann": ["trainer", "owner"], "dan": ["owner"]}


@pytest.fixture
def world(history: History, tmp_path: Path) -> Governed:
    """Ann, who may set rules aside, trained version 1, and one of its gates failed."""
    made = governed(history, tmp_path / "keys")
    made.activate(made.document(RULES, roles=TRAINER))
    history.version(1, authors=["ann@example.com"], failing=["good_enough"])
    return made


def codes(world: Governed, number: int = 1) -> set[str]:
    """What holds a version."""
    decision = world.history.registry.decision(MODEL, number)
    assert decision is not None
    return {each.code for each in decision.answer.reasons} if not decision.ready else set()  # type: ignore[union-attr]


def refused(world: Governed, person: str, number: int = 1) -> str:
    """Why an override by somebody is not recorded."""
    said = world.statement(number, person, decision="override")
    with pytest.raises(ApprovalRefused) as error:
        world.history.registry.record_approval(world[person].sign(said), run=AT_WORK)
    return str(error.value)


def test_a_trainer_does_not_set_the_gates_aside_that_the_version_failed(world: Governed) -> None:
    assert refused(world, "ann") == (
        f"what ann signed about {MODEL}:1 does not count:\n"
        "  - ann asked for it and wrote a commit of its code as ann@example.com, and nobody sets"
        " rules aside for their own version\n"
        f"Hint: nothing was recorded; `registry explain {MODEL}` says what is asked for now"
    )
    assert codes(world) == {"check_failed", "approval_missing"}


def test_a_trainer_does_not_set_separation_aside_to_approve_alone(world: Governed) -> None:
    world.history.evaluate(1)
    assert "nobody sets rules aside for their own version" in refused(world, "ann")
    with pytest.raises(ApprovalRefused, match="nobody approves their own version"):
        world.approve(1, "ann")
    with pytest.raises(PromotionHeld):
        world.history.promote(1)


def test_somebody_else_of_the_role_sets_them_aside(world: Governed) -> None:
    world.approve(1, "dan", decision="override")
    world.approve(1, "dan")
    assert codes(world) == set()


def test_who_may_be_anybody_may_be_whoever_sets_rules_aside(world: Governed) -> None:
    number = world.history.version(2, unknown=["a stranger"], failing=["good_enough"])
    assert "who trained the version is not known, and it may be dan: a stranger" in (
        refused(world, "dan", number)
    )
    nobody = replace(RULES, unknown_author="nobody")
    world.activate(world.document(nobody, roles=TRAINER))
    world.approve(number, "dan", decision="override")
    assert "check_failed" not in codes(world, number)


def test_a_policy_that_says_so_lets_a_trainer_and_its_sentences_say_it(world: Governed) -> None:
    document = world.document(EITHER, roles=TRAINER)
    world.activate(document)
    world.approve(1, "ann", decision="override")
    assert codes(world) == {"approval_missing"}
    world.approve(1, "ann")
    assert codes(world) == set()
    said = [line for _, lines in sentences(document) for line in lines]
    assert (
        "One of the role owner, even who trained the version, may set aside gates and separation,"
        " for 1 hour."
    ) in said


def test_what_a_trainer_signed_while_it_was_allowed_counts_no_longer_than_that(
    world: Governed,
) -> None:
    world.activate(world.document(EITHER, roles=TRAINER))
    world.approve(1, "ann", decision="override")
    assert "check_failed" not in codes(world)
    world.activate(world.document(RULES, roles=TRAINER))
    decision = world.history.registry.decision(MODEL, 1)
    assert decision is not None
    assert isinstance(decision.answer, Held)
    assert "check_failed" in codes(world)


def test_a_policy_of_before_has_the_digest_that_it_had(world: Governed) -> None:
    assert "trainers" not in canonical_json(world.document(RULES, roles=TRAINER).to_json()).decode()
    assert "trainers" in canonical_json(world.document(EITHER, roles=TRAINER).to_json()).decode()
