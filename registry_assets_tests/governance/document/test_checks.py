"""A policy that contradicts itself, or locks everybody out, is refused where it is made."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from registry_assets.errors import PolicyInvalid
from registry_assets.governance.document import (
    Activation,
    Freeze,
    ModelRules,
    Override,
    Person,
    PointerRules,
    PolicyDocument,
    Rollback,
    Tier,
    WeeklyFreeze,
)
from registry_assets.governance.strictness import LIMITS
from registry_assets_tests.governance.document.documents import full, key

ANN = Person(name="ann", roles=("owner",), keys=(key(0),))
BOB = Person(name="bob", roles=("risk",), keys=(key(1),))


def policy(*people: Person, **fields: Any) -> PolicyDocument:
    """A small policy of these people, of whom the owner activates the next one."""
    return PolicyDocument(
        **{"people": people or (ANN, BOB), "activation": Activation(roles=("owner",)), **fields}
    )


def problems(*people: Person, **fields: Any) -> Sequence[str]:
    """Everything that is wrong with such a policy."""
    with pytest.raises(PolicyInvalid) as caught:
        policy(*people, **fields)
    return caught.value.problems


def rule_problems(**rules: Any) -> Sequence[str]:
    """What is wrong with rules for production, without their place."""
    place = "tiers.high.pointers.production"
    found = problems(tiers={"high": Tier(pointers={"production": PointerRules(**rules)})})
    assert all(place in problem for problem in found), found
    return [problem.partition(place)[2].lstrip(".: ") for problem in found]


def test_a_policy_without_a_mistake_is_made() -> None:
    assert policy().person("ann") == ANN
    assert policy().person("zoe") is None


@pytest.mark.parametrize(
    ("people", "rule", "able"),
    [
        ((replace(ANN, keys=()), BOB), Activation(roles=("owner",)), "0 such people have"),
        ((ANN, BOB), Activation(roles=("owner",), approvals=2), "1 such person has"),
        (
            (replace(ANN, keys=(), revoked_keys=ANN.keys), BOB),
            Activation(roles=("owner",)),
            "0 such people have",
        ),
        ((ANN, BOB), Activation(roles=("owner", "risk"), approvals=3), "2 such people have"),
    ],
)
def test_a_policy_that_nobody_could_replace_is_refused(
    people: tuple[Person, ...], rule: Activation, able: str
) -> None:
    (said,) = problems(*people, activation=rule)
    assert f"takes {rule.approvals} of the roles {', '.join(rule.roles)}" in said
    assert f"and {able} a key" in said


def test_the_next_policy_takes_somebody_who_is_named() -> None:
    assert "activation.roles is empty" in problems(activation=Activation(roles=()))[0]
    assert "expected 1 or more" in problems(activation=Activation(roles=("owner",), approvals=0))[0]
    (said,) = problems(activation=Activation(roles=("owner", "boss")))
    assert said == "activation.roles names the role 'boss', which nobody has"
    with pytest.raises(PolicyInvalid, match="people is empty: nobody could sign anything"):
        PolicyDocument(people=(), activation=Activation(roles=("owner",)))


@pytest.mark.parametrize(
    "field",
    [
        {"roles": ("boss",)},
        {"override": Override(roles=("boss",), expires=60)},
        {"rollback": Rollback(roles=("boss",))},
    ],
)
def test_a_role_that_nobody_has_is_named(field: dict[str, Any]) -> None:
    (said,) = rule_problems(**field)
    assert "names the role 'boss', which nobody has" in said


def test_a_role_that_is_misspelt_is_told_from_one_that_is_not_there() -> None:
    (said,) = rule_problems(roles=("rsik",))
    assert said == "roles names the role 'rsik', which nobody has; did you mean risk?"
    (said,) = problems(activation=Activation(roles=("owner", "onwer")))
    assert said.endswith("did you mean owner?")


@pytest.mark.parametrize(
    ("twin", "said"),
    [
        (replace(BOB, keys=ANN.keys), "the key"),
        # Under another comment it is the same key.
        (replace(BOB, keys=(f"{key(0)} bob@home",)), "the key"),
        (replace(BOB, revoked_keys=ANN.keys), "the key"),
        (replace(BOB, keys=BOB.keys * 2), "the key"),
        (replace(BOB, revoked_keys=BOB.keys), "the key"),
        (replace(BOB, emails=("Ann@Example.com",)), "the e-mail 'ann@example.com'"),
        (replace(BOB, accounts=("annw",)), "the account 'annw'"),
        (replace(BOB, name="ann"), "the name 'ann'"),
    ],
)
def test_two_people_who_could_be_taken_for_each_other_are_refused(twin: Person, said: str) -> None:
    ann = replace(ANN, emails=("ann@example.com",), accounts=("annw",))
    (found,) = problems(ann, twin)
    assert said in found
    assert "stands twice" in found


def test_nobody_works_under_the_name_of_another() -> None:
    (said,) = problems(ANN, replace(BOB, accounts=("bob", "ann")))
    assert said == "people.bob: the account 'ann' is the name of another"


@pytest.mark.parametrize("service", ["ann", "annw", "ann@example.com", "ANN@example.com"])
def test_a_service_stands_for_no_person(service: str) -> None:
    ann = replace(ANN, emails=("Ann@example.com",), accounts=("annw",))
    (said,) = problems(ann, BOB, services=("ci", service))
    assert said == f"services: '{service}' stands for a person, ann"


def test_a_key_that_is_too_long_for_any_is_named_once() -> None:
    (said,) = problems(ANN, replace(BOB, keys=(key(1), "ssh-rsa " + "A" * 700)))
    assert said.startswith("people.bob.keys[2]: A key of the kind ssh-rsa is not taken")
    (said,) = problems(ANN, replace(BOB, revoked_keys=("lost",)))
    assert said.startswith("people.bob.revoked_keys[1]: This is no public key")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ssh-rsa AAAAB3NzaC1yc2E=", "people.bob.keys[1]: A key of the kind ssh-rsa"),
        ("ann@example.com", "no public key of OpenSSH"),
        ("{half}", "people.bob.keys"),
        ("command=true {whole}", "no public key of OpenSSH"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "private"),
        ("{whole} \u202ecomment", "U+202E"),
    ],
)
def test_a_key_that_is_none_is_named_and_a_private_one_not_shown(line: str, said: str) -> None:
    # Made here: the name of a test must be the same in every process that collects it.
    given = line.format(whole=key(1), half=key(1)[:-8])
    found = "\n".join(problems(ANN, replace(BOB, keys=(given,))))
    assert said in found
    assert "BEGIN" not in found


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"unknown_author": "some"}, "unknown_author is 'some'; expected everyone or nobody"),
        ({"after": "canary!"}, "'canary!' is no name"),
        ({"after_for": 60}, "after_for is given, and after is not"),
        ({"approval_expires": 0}, "approval_expires leaves no time"),
        ({"override": Override(roles=(), expires=60)}, "roles is empty: say who may"),
        ({"override": Override(roles=("owner",), expires=0)}, "expires leaves no time"),
        (
            {"override": Override(roles=("owner",), expires=60, waives=("approvals",))},
            "waives holds 'approvals'; known: separation, gates",
        ),
        ({"override": Override(roles=("owner",), expires=60, waives=())}, "waives is empty"),
        ({"rollback": Rollback(roles=())}, "roles is empty: say who may, or leave rollback out"),
        ({"gates": ("a\x00b",)}, "U+0000"),
        ({"tags": {"stage": ("\u202egold",)}}, "U+202E"),
        ({"tags": {"\u202estage": ()}}, "U+202E"),
        ({"metadata": ("x" * 501,)}, "501 characters"),
        # Else it would be taken for true.
        ({"unsigned": "no"}, "unsigned is 'no'; expected allowed or forbidden"),
    ],
)
def test_rules_that_cannot_be_followed_are_named(rules: dict[str, Any], said: str) -> None:
    assert said in rule_problems(**rules)[0]


@pytest.mark.parametrize(
    ("freeze", "said"),
    [
        (
            Freeze(start="2026-12-20T00:00:00.000000Z", end="2026-12-20T00:00:00.000000Z"),
            "ends before it starts",
        ),
        (Freeze(start="2026", end="2027"), "start is '2026'; expected an instant"),
        (WeeklyFreeze(start="friday", end="mon 07:00"), "weekly.start is 'friday'"),
        (WeeklyFreeze(start="fri 16:00", end="mon 24:00"), "weekly.end is 'mon 24:00'"),
        (WeeklyFreeze(start="fri 16:00", end="fri 16:00"), "nothing would ever move"),
        (
            WeeklyFreeze(start="fri 16:00", end="mon 07:00", timezone="Berlin"),
            "timezone is 'Berlin'; expected one such as 'Europe/Berlin'",
        ),
        (
            WeeklyFreeze(start="fri 16:00", end="mon 07:00", timezone="america/new_york"),
            "did you mean America/New_York?",
        ),
        (
            WeeklyFreeze(start="fri 16:00", end="mon 07:00", timezone="../../etc/hosts"),
            "timezone is '../../etc/hosts'",
        ),
    ],
)
def test_a_freeze_that_is_no_time_is_named(freeze: Freeze | WeeklyFreeze, said: str) -> None:
    assert said in rule_problems(freeze=(freeze,))[0]


def after(pointer: str) -> PointerRules:
    """Rules that ask for another pointer first."""
    return PointerRules(after=pointer)


@pytest.mark.parametrize(
    ("pointers", "ring"),
    [
        ({"production": after("production")}, "production waits for production"),
        (
            {"production": after("canary"), "canary": after("production")},
            "production waits for canary waits for production",
        ),
        # Whatever has no rules of its own goes by those for any pointer.
        ({"any": after("canary")}, "canary waits for canary"),
    ],
)
def test_pointers_that_wait_for_each_other_are_refused(
    pointers: dict[str, PointerRules], ring: str
) -> None:
    (said,) = problems(tiers={"high": Tier(pointers=pointers)})
    assert said == f"tiers.high.pointers: {ring}, and none can move"


def test_a_models_rules_and_its_tiers_do_not_wait_for_each_other_either() -> None:
    tiers = {"high": Tier(pointers={"canary": after("production")})}
    policy(tiers=tiers)
    models = {"late": ModelRules(tier="high", pointers={"production": after("canary")})}
    (said,) = problems(tiers=tiers, models=models)
    assert said.startswith("models.late.pointers: canary waits for production waits for canary")
    chain = {"any": after("canary"), "canary": after("dev"), "dev": PointerRules()}
    policy(tiers={"high": Tier(pointers=chain)})


def test_models_are_of_a_tier_that_there_is() -> None:
    (said,) = problems(tiers={"high": Tier()}, models={"late": ModelRules(tier="hihg")})
    assert said == "models.late.tier is 'hihg'; there are: high"


def test_names_are_names() -> None:
    for fields in (
        {"tiers": {"High": Tier()}},
        {"tiers": {"high": Tier(pointers={"../x": PointerRules()})}},
        {"tiers": {"low": Tier()}, "models": {"loan-approval": ModelRules(tier="low")}},
        {"tiers": {"low": Tier()}, "models": {"x": ModelRules(tier="low", gates={"A": {"b": 1}})}},
    ):
        assert "is no name" in problems(**fields)[0]
    assert "is no name" in problems(ANN, replace(BOB, name="Bob"))[0]
    assert "is no name" in problems(ANN, replace(BOB, roles=("risk!",)))[0]


@pytest.mark.parametrize("kind", LIMITS)
def test_a_pinned_limit_is_a_number(kind: str) -> None:
    limit = LIMITS[kind][0]
    for value in ("0.65", None, True, [1]):
        gates: Any = {"auc": {"gate": kind, limit: value}}
        models = {"late": ModelRules(tier="low", gates=gates)}
        (said,) = problems(tiers={"low": Tier()}, models=models)
        assert said == f"models.late.gates.auc.{limit} is {value!r}; expected a number"


def test_a_pinned_gate_says_what_it_is() -> None:
    for definition in ({}, {"gate": 5}):
        models = {"late": ModelRules(tier="low", gates={"auc": definition})}
        (said,) = problems(tiers={"low": Tier()}, models=models)
        assert said == "models.late.gates.auc.gate is missing: which kind of gate it is"
    # A kind of gate of one's own may have no name for itself.
    own = {"late": ModelRules(tier="low", gates={"mine": {"rule": 1}})}
    assert policy(tiers={"low": Tier()}, models=own).models == own


def test_rules_are_those_of_the_model_then_of_its_tier_then_none() -> None:
    document = full()
    tier, model = document.tiers["high"], document.models["late"]
    assert document.rules("late", "production", declared_tier="low") == model.pointers["any"]
    production = tier.pointers["production"]
    assert document.rules("other", "production", declared_tier="high") == production
    assert document.rules("other", "eu", declared_tier="high") == PointerRules()
    assert document.rules("other", "eu", declared_tier="unheard") == PointerRules()
    # A declaration cannot choose the tier of a model that is listed.
    listed = full(models={"late": ModelRules(tier="high")})
    assert listed.rules("late", "production", declared_tier="low") == production
