"""Whoever writes the training code cannot ask for less than the policy in force: attacks on it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry_assets.declaration import (
    AtLeast,
    Evaluation,
    NotWorseThanProduction,
    Promotion,
    RegisteredModel,
    SliceFloor,
)
from registry_assets.declaration.gates import Gate
from registry_assets.errors import PromotionHeld
from registry_assets.governance.decide import Held
from registry_assets.governance.document import ModelRules, PointerRules
from registry_assets.lifecycle.reserving import declare_model
from registry_assets_tests.catalog.history import MODEL, History
from registry_assets_tests.declaration.test_mistakes import declare
from registry_assets_tests.governance.people import Governed, governed

AUC = AtLeast("roc_auc", 0.6, bound="low")
FLOOR = SliceFloor("roc_auc", by="origin", floor=0.5)
NOT_WORSE = NotWorseThanProduction("roc_auc", margin=0.01, first="hold")
GATES = (AUC, FLOOR, NOT_WORSE)
PLAN = Evaluation(metrics=("roc_auc", "average_precision"), slices=("origin", "carrier"))


def declared(gates: tuple[Gate, ...] = GATES, **changes: Any) -> RegisteredModel:
    """A declaration with these gates."""
    return declare(**{"gates": gates, "evaluation": PLAN, **changes})


def pinned(tier: str = "low") -> Mapping[str, ModelRules]:
    """What a policy pins of the model."""
    return {MODEL: ModelRules(tier=tier, gates={gate.name: gate.definition() for gate in GATES})}


def take_up(world: Governed, model: RegisteredModel) -> None:
    """Let a declaration be recorded, and version 1 be evaluated under it."""
    declare_model(world.history.registry.backends, model, actor="mallory")
    world.history.evaluate(1)


def reasons(world: Governed) -> dict[str, str]:
    """What holds version 1, by code; a promotion is refused for it, and moves nothing."""
    registry = world.history.registry
    decision = registry.decision(MODEL, 1)
    assert decision is not None
    if not isinstance(decision.answer, Held):
        return {}
    with pytest.raises(PromotionHeld):
        world.history.promote(1)
    assert registry.pointer(MODEL).version is None
    return {reason.code: reason.sentence for reason in decision.answer.reasons}


@pytest.fixture
def world(history: History, tmp_path: Path) -> Governed:
    """The gates of a model are pinned as they are declared, and version 1 has passed them."""
    made = governed(history, tmp_path / "keys")
    declare_model(history.registry.backends, declared(), actor="ann")
    history.version(1, authors=["ann@example.com"])
    made.activate(made.document(PointerRules(), models=pinned()))
    return made


def test_a_declaration_as_it_is_pinned_lets_a_version_through(world: Governed) -> None:
    assert reasons(world) == {}
    world.history.promote(1)


@pytest.mark.parametrize(
    ("gates", "said"),
    [
        (
            (replace(AUC, threshold=0.5), FLOOR, NOT_WORSE),
            "roc_auc_at_least: threshold is 0.5, and the policy in force pins 0.6",
        ),
        ((FLOOR, NOT_WORSE), "roc_auc_at_least is not declared"),
        (
            (replace(AUC, name="roc_auc_is_at_least"), FLOOR, NOT_WORSE),
            "roc_auc_at_least is not declared",
        ),
        (
            (replace(AUC, bound="value"), FLOOR, NOT_WORSE),
            "roc_auc_at_least: bound is value, and the policy in force pins low",
        ),
        (
            (
                AtLeast("average_precision", 0.6, bound="low", name="roc_auc_at_least"),
                FLOOR,
                NOT_WORSE,
            ),
            "roc_auc_at_least: metric is average_precision, and the policy in force pins roc_auc",
        ),
        (
            (AUC, replace(FLOOR, by="carrier"), NOT_WORSE),
            "roc_auc_floor_by_origin: by is carrier, and the policy in force pins origin",
        ),
        (
            (AUC, FLOOR, replace(NOT_WORSE, margin=0.5)),
            ("roc_auc_not_worse_than_production: margin is 0.5, and the policy in force pins 0.01"),
        ),
        (
            (AUC, FLOOR, replace(NOT_WORSE, first="pass")),
            ("roc_auc_not_worse_than_production: first is pass, and the policy in force pins hold"),
        ),
        (
            # Another kind of gate under the name of the one that is pinned.
            (
                SliceFloor("roc_auc", by="origin", floor=0.0, name="roc_auc_at_least"),
                FLOOR,
                NOT_WORSE,
            ),
            "roc_auc_at_least: gate is slice_floor, and the policy in force pins at_least",
        ),
    ],
)
def test_a_gate_made_weaker_holds_and_is_named(
    world: Governed, gates: tuple[Gate, ...], said: str
) -> None:
    take_up(world, declared(gates))
    found = reasons(world)
    decision = world.history.registry.decision(MODEL, 1)
    assert decision is not None
    assert isinstance(decision.answer, Held)
    assert {reason.code for reason in decision.answer.reasons} == {"gate_differs"}
    assert found["gate_differs"].startswith("the gate ")
    assert said in decision.answer.sentence
    # Put back, it goes on as before.
    take_up(world, declared())
    assert reasons(world) == {}


def test_an_old_approval_does_not_carry_a_weaker_declaration_through(world: Governed) -> None:
    rules = PointerRules(approvals=1, roles=("risk",))
    world.activate(world.document(rules, models=pinned()))
    world.approve(1, "bob")
    assert reasons(world) == {}
    take_up(world, declared((replace(AUC, threshold=0.5), FLOOR, NOT_WORSE)))
    assert set(reasons(world)) == {"gate_differs", "approval_missing", "approval_stale"}
    # Nor can it be approved anew: it is held whatever people sign.
    world.approve(1, "bob")
    assert set(reasons(world)) == {"gate_differs"}


def test_what_asks_for_more_than_is_pinned_is_heeded(world: Governed) -> None:
    more = AtLeast("average_precision", 0.1)
    stricter = replace(AUC, threshold=0.65), replace(FLOOR, floor=0.55), NOT_WORSE, more
    take_up(world, declared(stricter))
    assert reasons(world) == {}
    world.history.evaluate(1, failing=[more.name])
    assert set(reasons(world)) == {"check_failed"}


def test_a_lower_tier_holds_and_a_higher_one_is_heeded(world: Governed) -> None:
    world.activate(world.document(PointerRules(), models=pinned("high")))
    found = reasons(world)
    assert found["tier_differs"] == (
        f"{MODEL} is declared of low risk; the policy in force has it as high"
    )
    # It is of high risk whatever is declared, so somebody has to approve it.
    assert "(risk: high)" in found["approval_missing"]
    world.activate(world.document(PointerRules(), models=pinned("low")))
    take_up(world, declared(promotion=Promotion(risk="high")))
    assert set(reasons(world)) == {"approval_missing"}


def test_a_model_cannot_leave_its_tiers_rules_by_declaring_another(world: Governed) -> None:
    # Not listed, it goes by the tier that it declares; but never by a lower one than before.
    take_up(world, declared(promotion=Promotion(risk="high", approvals=2)))
    world.activate(world.document(PointerRules()))
    strict = reasons(world)
    assert "waits for 2 approvals" in strict["approval_missing"]
    take_up(world, declared(promotion=Promotion(risk="low")))
    found = reasons(world)
    assert found["approval_missing"] == strict["approval_missing"]
    assert "risk low instead of high" in found["declaration_weaker"]


def test_people_who_list_the_model_allow_what_was_declared_as_stricter_before(
    world: Governed,
) -> None:
    take_up(world, declared(promotion=Promotion(approvals=2)))
    take_up(world, declared())
    assert reasons(world) == {}
    world.activate(world.document(PointerRules()))
    assert {"declaration_weaker", "approval_missing"} <= set(reasons(world))


def test_a_declaration_for_another_policy_holds(world: Governed) -> None:
    registry = world.history.registry
    active = registry.policy()
    assert active is not None
    take_up(world, declared(promotion=Promotion(policy=active.digest)))
    assert reasons(world) == {}
    world.activate(world.document(PointerRules(), models=pinned(), unlisted="hold"))
    now = registry.policy()
    assert now is not None
    assert reasons(world) == {
        "policy_differs": (
            f"{MODEL} is declared for the policy {active.digest[:19]}; in force is"
            f" {now.digest[:19]}"
        )
    }


def test_a_model_that_a_policy_does_not_list_is_held_where_it_says_so(world: Governed) -> None:
    world.activate(world.document(PointerRules(), unlisted="hold"))
    assert reasons(world) == {
        "not_listed": (
            f"the policy in force does not list {MODEL}, and holds what it does not list"
        )
    }


def test_a_gate_that_a_pointer_asks_for_by_name_must_be_declared(world: Governed) -> None:
    asked = PointerRules(gates=("roc_auc_at_least", "no_leakage"))
    world.activate(world.document(asked))
    assert reasons(world) == {
        "gate_differs": "the gate no_leakage, which is asked for, is not declared"
    }
    # One that is pinned and gone is said once.
    world.activate(world.document(asked, models=pinned()))
    take_up(world, declared((FLOOR, NOT_WORSE)))
    decision = world.history.registry.decision(MODEL, 1)
    assert decision is not None
    assert isinstance(decision.answer, Held)
    assert [reason.sentence for reason in decision.answer.reasons] == [
        "the gate roc_auc_at_least is not declared",
        "the gate no_leakage, which is asked for, is not declared",
    ]


def test_every_difference_is_named_at_once(world: Governed) -> None:
    world.activate(world.document(PointerRules(gates=("no_leakage",)), models=pinned("high")))
    weaker = (replace(AUC, threshold=0.1),)
    take_up(world, declared(weaker, promotion=Promotion(policy="sha256:" + "0" * 64)))
    decision = world.history.registry.decision(MODEL, 1)
    assert decision is not None
    codes = [difference.code for difference in decision.policy.differing]
    assert codes == ["tier_differs", *["gate_differs"] * 4, "policy_differs"]
