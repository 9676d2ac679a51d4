"""What a policy may say and nobody can ever meet is told to whoever agrees to it."""

from dataclasses import replace
from typing import Any

import pytest

from registry_assets.governance.document import (
    Activation,
    ModelRules,
    Override,
    Person,
    PointerRules,
    PolicyDocument,
    Rollback,
    Tier,
)
from registry_assets.governance.document.notes import notes
from registry_assets_tests.governance.document.documents import full, key

ANN = Person(name="ann", roles=("owner",), keys=(key(0), key(1)))
BOB = Person(name="bob", roles=("risk",), keys=(key(2),))
CLEO = Person(name="cleo", roles=("risk", "dev"))
PLACE = "tiers.high.pointers.production"


def policy(*people: Person, **fields: Any) -> PolicyDocument:
    """A small policy of these people, of whom the owner activates the next one."""
    return PolicyDocument(
        **{
            "people": people or (ANN, BOB, CLEO),
            "activation": Activation(roles=("owner",)),
            **fields,
        }
    )


def rule_notes(*people: Person, tier: str = "high", **rules: Any) -> list[str]:
    """What is to be known of rules for production, without their place."""
    tiers = {tier: Tier(pointers={"production": PointerRules(**rules)}), "low": Tier()}
    found = notes(policy(*people, tiers=tiers))
    place = f"tiers.{tier}.pointers.production"
    assert all(note.startswith(place) for note in found), found
    return [note.removeprefix(place).lstrip(".: ") for note in found]


def test_of_a_policy_in_which_everything_can_happen_there_is_nothing_to_note() -> None:
    assert notes(policy()) == ()
    assert rule_notes(approvals=1, roles=("risk",), after="canary", metadata=("limits",)) == []
    assert rule_notes(approvals=2, metadata=("properties.ticket", "tags.team")) == []


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"approvals": 2, "roles": ("risk",)}, "2 of the role risk must approve, and 1 is able"),
        ({"approvals": 3}, "3 of the people must approve, and 2 are able to"),
        # Of high risk one must, whatever is written.
        ({"roles": ("dev",)}, "1 of the role dev must approve, and 0 are able to"),
    ],
)
def test_a_pointer_that_too_few_can_agree_to_move_is_noted(rules: Any, said: str) -> None:
    (note,) = rule_notes(**rules)
    assert note.startswith(said)
    assert note.endswith("nothing can be promoted there")


def test_where_no_signature_is_needed_no_key_is_missing() -> None:
    assert rule_notes(approvals=2, roles=("risk",), unsigned=True) == []
    assert rule_notes(tier="low", roles=("dev",)) == []


def test_rules_of_a_model_are_looked_at_with_its_own_tier() -> None:
    rules = {"any": PointerRules(roles=("dev",))}
    models = {"late": ModelRules(tier="high", pointers=rules)}
    (note,) = notes(policy(tiers={"high": Tier()}, models=models))
    assert note.startswith("models.late.pointers.any: 1 of the role dev must approve")


def test_a_way_round_that_nobody_can_go_is_noted() -> None:
    assert rule_notes(approvals=1, rollback=Rollback(roles=("dev",))) == [
        "rollback: nobody of the role dev has a key, so nobody can roll back"
    ]
    assert rule_notes(approvals=1, override=Override(roles=("dev",), expires=60)) == [
        "override: nobody of the role dev has a key, so nobody can set a rule aside"
    ]


def test_a_key_whose_loss_locks_everybody_out_is_noted() -> None:
    alone = replace(ANN, keys=ANN.keys[:1])
    (note,) = notes(policy(alone, BOB))
    assert note.startswith("activation: once ann loses the key, no policy can take the place")
    second = replace(BOB, roles=("owner",))
    assert notes(policy(alone, second)) == ()
    two = Activation(roles=("owner",), approvals=2)
    (note,) = notes(policy(alone, second, activation=two))
    assert "once ann or bob loses the key" in note
    (note,) = notes(policy(ANN, second, activation=two))
    assert "once bob loses the key" in note


def test_what_is_misspelt_and_still_sound_is_noted() -> None:
    high, canary = PointerRules(approvals=1, after="cannary"), PointerRules(approvals=1)
    tiers = {"high": Tier(pointers={"production": high, "canary": canary})}
    (note,) = notes(policy(tiers=tiers))
    assert note == f"{PLACE}.after: no rules name the pointer cannary; did you mean canary?"
    # A pointer that is like none of them is one that has no rules.
    assert rule_notes(approvals=1, after="shadow") == []
    assert rule_notes(approvals=1, metadata=("licence", "x.y")) == [
        "metadata: no version says its licence; did you mean license?",
        "metadata: no version says its x.y",
    ]
    (note,) = notes(policy(tiers={"hihg": Tier()}))
    assert note == ("tiers.hihg: no model is of it, and no declaration can be; did you mean high?")
    assert notes(policy(tiers={"own": Tier()}, models={"late": ModelRules(tier="own")})) == ()


def test_a_policy_in_which_every_field_is_written_is_noted_without_an_error() -> None:
    assert notes(full()) == (
        (
            "activation: once ann or bob loses the key, no policy can take the place of this one:"
            " list a second key, or one person more"
        ),
        "tiers.kept: no model is of it, and no declaration can be",
    )
