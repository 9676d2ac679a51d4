"""Where the policy says who may roll back, one of them signs it, once, and another looks at it."""

from datetime import timedelta
from pathlib import Path

import pytest

from registry_assets.errors import ApprovalRefused, RollbackRefused
from registry_assets.governance.document import PointerRules, Rollback
from registry_assets.governance.policy import Policy
from registry_assets.lifecycle.reviewing import Review, review_of
from registry_assets_tests.catalog.history import MODEL, PERSON, History, new_history
from registry_assets_tests.governance.people import AT_WORK, Governed, governed

RULES = PointerRules(rollback=Rollback(roles=("risk",), review=86_400))


@pytest.fixture
def world(tmp_path: Path) -> Governed:
    """Production went from version 1 to 2 to 3; whoever is of the role `risk` may roll back."""
    history = new_history(tmp_path / "project")
    history.declare()
    for seed in (1, 2, 3):
        history.promote(history.version(seed))
        history.clock.now += timedelta(minutes=1)
    made = governed(history, tmp_path / "keys")
    made.activate(made.document(RULES))
    return made


def back(world: Governed, to: int | None = None) -> int:
    """Roll production back, and give what it holds."""
    world.history.clock.now += timedelta(minutes=1)
    done = world.history.registry.rollback(MODEL, to=to, reason="it is slow", run=PERSON)
    return done.promotion.version


def review(history: History) -> Review | None:
    """What the policy in force asks for about production's last move."""
    with history.catalog.read() as connection:
        record, active = history.registry.model(MODEL), history.registry.policy()
        policy = Policy.of(record, active)
        return review_of(connection, policy, model=MODEL, pointer="production")


def test_without_a_signature_nothing_moves(world: Governed) -> None:
    with pytest.raises(RollbackRefused, match="one of the role risk, who signs it") as caught:
        back(world)
    assert "--key KEY" in caught.value.hint
    assert world.history.registry.pointer(MODEL).version == 3


def test_one_person_signs_and_it_is_on_record(world: Governed) -> None:
    world.approve(2, "bob", decision="rollback")
    assert back(world) == 2
    promotion = world.history.registry.newest_promotion(MODEL)
    (named,) = promotion.evidence["authority"]
    assert (named["person"], named["signed"]) == ("bob", True)
    assert world.history.registry.verify().problems == ()


def test_a_signature_is_worth_one_rollback(world: Governed) -> None:
    world.approve(2, "bob", decision="rollback")
    assert back(world) == 2
    registry = world.history.registry
    registry.release(f"{MODEL}:3", reason="it was the machine", run=PERSON)
    world.history.evaluate(3)
    world.history.promote(3)
    with pytest.raises(RollbackRefused, match="it was used for a rollback before"):
        back(world, to=2)


def test_a_signature_for_one_version_takes_nobody_to_another(world: Governed) -> None:
    world.approve(1, "bob", decision="rollback")
    with pytest.raises(RollbackRefused):
        back(world, to=2)
    assert back(world, to=1) == 1


def test_it_counts_for_an_hour(world: Governed) -> None:
    world.approve(2, "bob", decision="rollback")
    world.history.clock.now += timedelta(hours=1)
    with pytest.raises(RollbackRefused, match="it expired"):
        back(world)


def test_an_approval_is_no_rollback_and_other_roles_cannot_sign_one(world: Governed) -> None:
    with pytest.raises(ApprovalRefused, match="it takes the role risk"):
        world.approve(2, "dan", decision="rollback")
    with pytest.raises(RollbackRefused):
        back(world)


def test_a_rollback_to_what_was_never_held_cannot_be_signed(world: Governed) -> None:
    number = world.history.version(4)
    with pytest.raises(RollbackRefused, match="has never held"):
        world.approve(number, "bob", decision="rollback")


def test_where_the_policy_asks_for_no_signature_none_is_taken(world: Governed) -> None:
    world.activate(world.document(PointerRules()))
    with pytest.raises(ApprovalRefused, match="asks for no signature here"):
        world.approve(2, "bob", decision="rollback")
    assert back(world) == 2


def test_another_person_reviews_it(world: Governed) -> None:
    assert review(world.history) is None
    world.approve(2, "bob", decision="rollback")
    back(world)
    found = review(world.history)
    assert found is not None
    assert (found.by, found.done) == ("bob", None)
    assert "has to be reviewed by somebody else until 2013-04-02" in found.sentence
    world.history.clock.now += timedelta(minutes=1)
    with pytest.raises(ApprovalRefused, match="bob made the rollback, and another person"):
        world.approve(2, "bob", decision="review")
    world.approve(2, "cleo", decision="review")
    found = review(world.history)
    assert found is not None
    assert found.done is not None
    assert found.sentence.endswith("was reviewed by cleo on 2013-04-01")


def test_there_is_nothing_to_review_where_nothing_was_rolled_back(world: Governed) -> None:
    with pytest.raises(ApprovalRefused, match="by a rollback that the policy wants reviewed"):
        world.history.registry.prepare_approval(
            MODEL, 3, decision="review", person="cleo", reason="looked"
        )
    with pytest.raises(ApprovalRefused):
        world.history.registry.record_approval(
            world["cleo"].sign(world.statement(2, "cleo", decision="review")), run=AT_WORK
        )
