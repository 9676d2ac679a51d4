"""A policy is held against the whole past: which promotions it would have held, and for what."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from registry_assets.errors import NotFound
from registry_assets.governance.document import (
    Freeze,
    ModelRules,
    PointerRules,
    PolicyDocument,
    Rollback,
    Tier,
)
from registry_assets.lifecycle.simulating import Simulated, Simulation
from registry_assets_tests.catalog.history import MODEL, PERSON, new_history
from registry_assets_tests.governance.people import Governed, governed

DAY = 86_400
ASKING = PointerRules(approvals=1, roles=("risk",))


@pytest.fixture
def world(tmp_path: Path) -> Governed:
    """A registry with an owner, in which no policy is in force."""
    history = new_history(tmp_path / "project")
    history.declare(pointers=("production", "canary"))
    return governed(history, tmp_path / "keys")


def later(world: Governed, **time: float) -> None:
    """Let time pass."""
    world.history.clock.now += timedelta(**time)


def version(world: Governed, seed: int, **options: Any) -> int:
    """Another version of ann's."""
    return world.history.version(seed, authors=["ann@example.com"], **options)


def promote(world: Governed, number: int, pointer: str = "production") -> None:
    """Move a pointer forward."""
    world.history.registry.promote(MODEL, number, pointer=pointer, run=PERSON)


def simulate(
    world: Governed, rules: PointerRules | None = None, **options: Any
) -> Sequence[Simulated]:
    """Hold the past against rules for production; nothing is changed by it."""
    return tried(world, world.document(rules or PointerRules(), **options)).promotions


def tried(world: Governed, document: PolicyDocument, model: str | None = None) -> Simulation:
    """Hold the past against a policy; nothing is changed by it."""
    registry = world.history.registry
    before = registry.head(MODEL), registry.head("-registry"), registry.policy()
    found = registry.simulate_policy(document, model=model)
    assert (registry.head(MODEL), registry.head("-registry"), registry.policy()) == before
    assert found.digest == document.digest
    return found


def codes(found: Sequence[Simulated]) -> list[list[str]]:
    """Why each promotion would have been held."""
    return [[reason.code for reason in each.reasons] for each in found]


def test_where_nothing_was_promoted_there_is_nothing_to_hold(world: Governed) -> None:
    version(world, 1)
    assert simulate(world) == ()


def test_a_past_that_a_policy_asks_nothing_of_was_made_all_the_same(world: Governed) -> None:
    for seed in (1, 2):
        promote(world, version(world, seed))
        later(world, hours=1)
    found = tried(world, world.document(PointerRules()))
    assert codes(found.promotions) == [[], []]
    assert found.held == ()
    # Relative gates are judged against what production held then, and not by now.
    assert [each.promotion.version for each in found.promotions] == [1, 2]
    assert [each.gaps for each in found.promotions] == [(), ()]


def test_approvals_that_nobody_gave_are_missing(world: Governed) -> None:
    promote(world, version(world, 1))
    (held,) = simulate(world, ASKING)
    (reason,) = held.reasons
    assert reason.code == "approval_missing"
    assert "waits for 1 approval by a person of role risk" in reason.sentence


def test_approvals_count_where_they_were_signed_by_then(world: Governed) -> None:
    world.activate(world.document(PointerRules()))
    number = version(world, 1)
    world.approve(number, "bob")
    promote(world, number)
    # Signed in time, for another policy: that this one is another is what is tried out.
    assert codes(simulate(world, ASKING)) == [[]]
    two = PointerRules(approvals=2, roles=("risk",))
    (held,) = simulate(world, two)
    assert "waits for 1 more approval" in held.reasons[0].sentence
    later(world, minutes=1)
    world.approve(number, "cleo")
    assert codes(simulate(world, two)) == [["approval_missing"]]


def test_approvals_are_judged_by_the_people_of_the_policy_that_is_tried_out(
    world: Governed,
) -> None:
    world.activate(world.document(PointerRules()))
    number = version(world, 1)
    world.approve(number, "bob")
    promote(world, number)
    others = {"ann": ["trainer"], "bob": ["office"], "cleo": ["risk"], "dan": ["owner"]}
    (held,) = simulate(world, ASKING, roles=others)
    assert [reason.code for reason in held.reasons] == ["approval_missing", "approval_not_counted"]
    strangers = {"ann": ["trainer"], "cleo": ["risk"], "dan": ["owner"]}
    (held,) = simulate(world, ASKING, roles=strangers)
    assert [reason.code for reason in held.reasons] == ["approval_missing", "approval_void"]


def test_a_trainer_who_approved_would_have_been_refused(world: Governed) -> None:
    world.activate(world.document(PointerRules(), roles={"bob": ["risk"], "dan": ["owner"]}))
    number = world.history.version(1, authors=["bob@example.com"])
    # Under that policy nobody knew who ann is, whose account asked for it.
    promote(world, number)
    (held,) = simulate(world, ASKING, roles={"bob": ["risk"], "dan": ["owner"]})
    assert [reason.code for reason in held.reasons] == ["approval_missing", "author_unknown"]


def test_an_approval_that_went_stale_before_the_promotion_is_stale(world: Governed) -> None:
    world.activate(world.document(PointerRules()))
    number = version(world, 1)
    world.approve(number, "bob", lasts=timedelta(hours=1))
    later(world, hours=2)
    promote(world, number)
    (held,) = simulate(world, ASKING)
    assert [reason.code for reason in held.reasons] == ["approval_missing", "approval_stale"]
    world.history.version(2, authors=["ann@example.com"])
    world.approve(2, "bob")
    later(world, minutes=1)
    world.history.evaluate(2)
    promote(world, 2)
    last = simulate(world, ASKING)[-1]
    assert "evaluated again since" in last.reasons[-1].sentence


def test_an_evaluation_that_was_too_old_then_is_named(world: Governed) -> None:
    number = version(world, 1)
    later(world, days=3)
    promote(world, number)
    # That it was evaluated again since makes it no younger then.
    world.history.evaluate(number)
    assert codes(simulate(world, PointerRules(evaluation_max_age=2 * DAY))) == [
        ["evaluation_too_old"]
    ]
    assert codes(simulate(world, PointerRules(evaluation_max_age=4 * DAY))) == [[]]


def test_the_time_in_staging_is_counted_up_to_the_promotion(world: Governed) -> None:
    number = version(world, 1)
    later(world, days=1)
    promote(world, number)
    later(world, days=9)
    assert codes(simulate(world, PointerRules(min_staging=2 * DAY))) == [["staging_too_short"]]
    assert codes(simulate(world, PointerRules(min_staging=DAY))) == [[]]


def test_a_freeze_holds_what_was_promoted_in_it(world: Governed) -> None:
    promote(world, version(world, 1))  # on 2013-04-01 at 06:00
    later(world, days=2)
    promote(world, version(world, 2))
    freeze = Freeze(start="2013-04-02T00:00:00.000000Z", end="2013-04-04T00:00:00.000000Z")
    assert codes(simulate(world, PointerRules(freeze=(freeze,)))) == [[], ["frozen"]]


def test_tags_are_those_of_that_moment(world: Governed) -> None:
    registry, asking = world.history.registry, PointerRules(tags={"stage": ("gold",)})
    number = version(world, 1)
    registry.tag(f"{MODEL}:1", {"stage": "gold"}, run=PERSON)
    later(world, hours=1)
    promote(world, number)
    later(world, hours=1)
    registry.tag(f"{MODEL}:1", {"stage": "lead", "team": "risk"}, run=PERSON)
    assert codes(simulate(world, asking)) == [[]]
    # The tag that the declaration gave was there then.
    assert codes(simulate(world, PointerRules(tags={"team": ("ops",)}))) == [[]]
    later(world, hours=1)
    promote(world, version(world, 2))
    later(world, hours=1)
    registry.tag(f"{MODEL}:2", {"stage": "gold"}, run=PERSON)
    assert codes(simulate(world, asking)) == [[], ["tag_missing"]]


def test_a_pointer_that_should_have_come_first_is_named(world: Governed) -> None:
    first = PointerRules(after="canary", after_for=DAY)
    for seed, hours in ((1, 30), (2, 2)):
        number = version(world, seed)
        promote(world, number, "canary")
        later(world, hours=hours)
        promote(world, number)
    promote(world, version(world, 3))
    found = simulate(world, first, canary=PointerRules())
    by_pointer = {(each.promotion.pointer, each.promotion.version): each for each in found}
    held = {key: [r.code for r in each.reasons] for key, each in by_pointer.items()}
    assert held == {
        ("canary", 1): [],
        ("production", 1): [],
        ("canary", 2): [],
        ("production", 2): ["pointer_first"],
        ("production", 3): ["pointer_first"],
    }


def test_what_the_canary_was_rolled_back_from_later_had_passed_there_before(
    world: Governed,
) -> None:
    registry = world.history.registry
    first = PointerRules(after="canary")
    for seed in (1, 2):
        promote(world, version(world, seed), "canary")
        later(world, hours=1)
    promote(world, 1)
    later(world, hours=1)
    world.history.evaluate(2)
    promote(world, 2)
    later(world, hours=1)
    registry.rollback(MODEL, pointer="canary", run=PERSON, reason="slow")
    production = [
        [reason.code for reason in each.reasons]
        for each in simulate(world, first, canary=PointerRules())
        if each.promotion.pointer == "production"
    ]
    assert production == [[], []]


def test_what_the_canary_was_rolled_back_from_before_had_not_passed_there(
    world: Governed,
) -> None:
    registry = world.history.registry
    for seed in (1, 2):
        promote(world, version(world, seed), "canary")
        later(world, hours=1)
    registry.rollback(MODEL, pointer="canary", run=PERSON, reason="slow")
    later(world, hours=1)
    promote(world, 2)
    later(world, hours=1)
    # That it was released since is nothing that was known then.
    registry.release(f"{MODEL}:2", pointer="canary", run=PERSON, reason="the machine was slow")
    found = simulate(world, PointerRules(after="canary"), canary=PointerRules())
    assert [reason.code for reason in found[-1].reasons] == ["pointer_first"]


def test_rollbacks_are_held_against_the_rule_for_rollbacks_alone(world: Governed) -> None:
    for seed in (1, 2):
        promote(world, version(world, seed))
        later(world, hours=1)
    world.history.registry.rollback(MODEL, run=PERSON, reason="it was slow")
    frozen = Freeze(start="2013-01-01T00:00:00.000000Z", end="2014-01-01T00:00:00.000000Z")
    by_anybody = simulate(world, PointerRules(freeze=(frozen,)))
    assert codes(by_anybody) == [["frozen"], ["frozen"], []]
    by_one = simulate(world, PointerRules(rollback=Rollback(roles=("risk",))))
    assert codes(by_one) == [[], [], ["rollback_unsigned"]]
    assert by_one[-1].reasons[0].sentence == "nobody of the role risk signed the rollback"


def test_a_rollback_that_somebody_signed_counts_where_the_policy_lists_the_key(
    world: Governed,
) -> None:
    for seed in (1, 2):
        promote(world, version(world, seed))
        later(world, hours=1)
    rules = PointerRules(rollback=Rollback(roles=("risk",)))
    world.activate(world.document(rules))
    world.approve(1, "bob", decision="rollback")
    world.history.registry.rollback(MODEL, to=1, run=PERSON, reason="it was slow")
    assert codes(simulate(world, rules))[-1] == []
    without_bob = {"ann": ["trainer"], "cleo": ["risk"], "dan": ["owner"]}
    assert codes(simulate(world, rules, roles=without_bob))[-1] == ["rollback_unsigned"]


def pin(*names: str, tier: str = "low") -> dict[str, ModelRules]:
    """Pin gates of the model by their names."""
    return {MODEL: ModelRules(tier=tier, gates={name: {"gate": name} for name in names})}


def test_gates_are_those_that_were_declared_then(world: Governed) -> None:
    history = world.history
    promote(world, version(world, 1))
    later(world, hours=1)
    history.declare(gates={"good_enough": False})
    promote(world, version(world, 2))
    later(world, hours=1)
    history.declare(gates={"good_enough": False, "not_worse": True, "fair": False})
    found = simulate(world, models=pin("good_enough", "not_worse"))
    assert [[r.sentence for r in each.reasons] for each in found] == [
        [],
        ["the gate not_worse is not declared"],
    ]
    assert [each.gaps for each in found] == [(), ()]


def test_gates_that_cannot_be_read_any_more_are_a_gap_and_those_of_today_are_taken(
    world: Governed,
) -> None:
    history = world.history
    promote(world, version(world, 1))
    evaluation = history.registry.newest_promotion(MODEL).evidence["evaluation"]
    history.declare(gates={"good_enough": False})
    assert codes(simulate(world)) == [[]]
    history.registry.backends.store.discard(evaluation)
    (found,) = simulate(world)
    assert "the gates of that moment cannot be read" in found.gaps[0]
    assert "those of today were taken" in found.gaps[1]


def test_the_risk_is_the_one_of_then_and_a_tier_is_pinned_all_the_same(world: Governed) -> None:
    history = world.history
    promote(world, version(world, 1))
    history.declare(approvals=1)  # of high risk from now on
    assert codes(simulate(world)) == [[]]
    (held,) = simulate(world, models=pin(tier="high"))
    assert [reason.code for reason in held.reasons] == ["tier_differs", "approval_missing"]


def test_a_past_under_a_tier_of_a_policys_own_naming_is_simulated_too(world: Governed) -> None:
    document = world.document(PointerRules())
    tiers = {**document.tiers, "critical": Tier()}
    listed = {MODEL: ModelRules(tier="critical")}
    world.activate(
        PolicyDocument(
            people=document.people,
            activation=document.activation,
            tiers=tiers,
            models=listed,
            services=document.services,
        )
    )
    promote(world, version(world, 1))
    assert world.history.registry.newest_promotion(MODEL).evidence["risk"] == "critical"
    assert codes(simulate(world)) == [[]]
    (held,) = simulate(world, models=pin(tier="high"))
    assert "tier_differs" in [reason.code for reason in held.reasons]


def test_a_model_that_is_not_listed_would_have_been_held_where_the_policy_says_so(
    world: Governed,
) -> None:
    promote(world, version(world, 1))
    (held,) = simulate(world, unlisted="hold")
    assert [reason.code for reason in held.reasons] == ["not_listed"]
    # Of the one in force, which there is none of here, it would not be true.
    assert held.reasons[0].sentence.startswith("the proposed policy does not list")


def test_one_model_alone_is_asked_about_by_name(world: Governed) -> None:
    history = world.history
    history.declare("other")
    promote(world, version(world, 1))
    history.promote(history.version(1, model="other"), model="other")
    document = world.document(PointerRules())
    every = tried(world, document).promotions
    assert [each.promotion.model for each in every] == [MODEL, "other"]
    (one,) = tried(world, document, model="other").promotions
    assert one.promotion.model == "other"
    with pytest.raises(NotFound):
        tried(world, document, model="nothing")


def test_what_was_promoted_with_every_rule_kept_is_held_by_none_of_them(world: Governed) -> None:
    rules = PointerRules(
        approvals=2,
        roles=("risk",),
        evaluation_max_age=3 * DAY,
        min_staging=DAY,
        tags={"team": ("ops",)},
        after="canary",
        after_for=DAY // 2,
    )
    world.activate(world.document(rules, canary=PointerRules()))
    for seed in (1, 2):
        number = version(world, seed)
        promote(world, number, "canary")
        later(world, days=1)
        world.approve(number, "bob")
        world.approve(number, "cleo")
        later(world, hours=1)
        promote(world, number)
    assert codes(simulate(world, rules, canary=PointerRules())) == [[], [], [], []]
