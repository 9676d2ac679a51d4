"""The policy in force is the one that was declared, as the catalog has it."""

from dataclasses import replace

import pytest

from registry_assets.canonical import Json
from registry_assets.declaration import AtLeast, NotWorseThanProduction, Promotion
from registry_assets.declaration.gates import gate_digest
from registry_assets.declaration.model import RESERVED_CHECKS
from registry_assets.errors import DeclarationError
from registry_assets.governance.policy import (
    COMMIT_CHECKS,
    Policy,
    commit_check_digest,
    declared_policy,
    policy_in_force,
)
from registry_assets.lifecycle.reserving import declare_model
from registry_assets_tests.catalog.history import History
from registry_assets_tests.declaration.test_mistakes import declare
from registry_assets_tests.worlds import TAGS


def in_force(history: History) -> Policy:
    """The policy of the model called `late`, read from the catalog."""
    return Policy.of(history.registry.model("late"), None)


def test_every_declared_gate_is_required_beside_the_checks_of_the_commit(history: History) -> None:
    gates = (AtLeast("roc_auc", 0.6), NotWorseThanProduction("roc_auc", margin=0.1, first="hold"))
    model = declare(gates=gates, promotion=Promotion(risk="high", roles=("risk", "audit")))
    declare_model(history.registry.backends, model, actor="ann")
    policy = in_force(history)
    assert {check.name: check.digest for check in policy.checks} == {
        **{name: commit_check_digest(name) for name in COMMIT_CHECKS},
        **{gate.name: gate_digest(gate) for gate in gates},
    }
    relative = policy.checks[-1]
    assert (relative.relative, relative.first) == (True, "hold")
    assert (policy.risk, policy.approvals, policy.roles) == ("high", 1, ("risk", "audit"))
    assert policy.suite_digest == model.suite_digest


def test_no_gate_can_take_the_name_of_a_check_of_the_commit() -> None:
    assert set(RESERVED_CHECKS) == {*COMMIT_CHECKS, "approved"}


def test_another_suite_or_risk_is_another_policy(history: History) -> None:
    digests = set()
    for model in (
        declare(),
        declare(gates=(AtLeast("roc_auc", 0.7),)),
        declare(promotion=Promotion(risk="low", approvals=1)),
        declare(promotion=Promotion(risk="high")),
    ):
        declare_model(history.registry.backends, model, actor="ann")
        digests.add(in_force(history).digest)
    assert len(digests) == 4


def test_a_declared_policy_names_its_suite() -> None:
    model = declare()
    assert declared_policy(model) == {
        "risk": "low",
        "approvals": 0,
        "roles": [],
        "suite": model.suite_digest,
    }


HIGH = Promotion(risk="high", approvals=2, roles=("risk", "audit"))


@pytest.mark.parametrize(
    ("weakened", "asks"),
    [
        (Promotion(risk="low", approvals=2, roles=("risk", "audit")), "risk low instead of high"),
        (Promotion(risk="high", roles=("risk", "audit")), "approvals 1 instead of 2"),
        (Promotion(risk="high", approvals=2), "roles none instead of risk, audit"),
        (
            Promotion(risk="high", approvals=2, roles=("risk", "trainers")),
            "roles risk, trainers instead of risk, audit",
        ),
    ],
)
def test_a_weaker_declaration_is_not_heeded_and_says_so(
    history: History, weakened: Promotion, asks: str
) -> None:
    backends = history.registry.backends
    declare_model(backends, declare(promotion=HIGH), actor="ann")
    strict = in_force(history)
    for _ in range(2):  # repeating it wears nothing down
        declare_model(backends, declare(promotion=weakened), actor="mallory")
        policy = in_force(history)
        assert policy.weaker == (asks,)
        assert (policy.risk, policy.roles) == (strict.risk, strict.roles)
        assert policy.approvals >= strict.approvals
    declare_model(backends, declare(promotion=HIGH), actor="ann")
    assert in_force(history).weaker == ()


def test_tags_are_in_the_policy_only_where_it_asks_for_any() -> None:
    assert "tags" not in declared_policy(declare())
    one = declare(promotion=Promotion(tags={"team": ("ops", TAGS["team"]), "use_case": ()}))
    other = declare(promotion=Promotion(tags={"use_case": (), "team": (TAGS["team"], "ops")}))
    assert declared_policy(one)["tags"] == {"team": [TAGS["team"], "ops"], "use_case": []}
    assert declared_policy(one) == declared_policy(other)


GOLD: dict[str, Json] = {"tier": ["gold", "silver"], "cost_center": []}


@pytest.mark.parametrize(
    ("asked", "kept", "asks"),
    [
        (None, GOLD, ["tier not asked for instead of gold, silver",
                      "cost_center not asked for instead of any value"]),
        ({"tier": [], "cost_center": []}, GOLD, ["tier any value instead of gold, silver"]),
        ({"tier": ["bronze", "gold"], "cost_center": []}, GOLD,
         ["tier bronze, gold instead of gold, silver"]),
        ({"tier": ["gold"]}, {"tier": ["gold"], "cost_center": []},
         ["cost_center not asked for instead of any value"]),
        ({"tier": ["gold"], "cost_center": ["7"], "desk": []},
         {"tier": ["gold"], "cost_center": ["7"], "desk": []}, []),
    ],
)  # fmt: skip
def test_tags_asked_less_of_stay_as_they_were_and_more_is_heeded(
    history: History, asked: dict[str, Json] | None, kept: dict[str, Json], asks: list[str]
) -> None:
    history.declare(asked=GOLD)
    for _ in range(2):  # repeating it wears nothing down
        history.declare(asked=asked)
        policy = in_force(history)
        assert {name: list(values) for name, values in policy.tags.items()} == kept
        assert sorted(policy.weaker) == sorted(f"tag {what}" for what in asks)
    history.declare(asked=kept)
    assert in_force(history).weaker == ()


class NeverLess(int):
    """A zero that no comparison finds smaller than anything."""

    def __lt__(self, other: object) -> bool:
        return False

    def __bool__(self) -> bool:
        return True


def test_a_number_is_compared_as_it_is_stored() -> None:
    strict = {"risk": "high", "approvals": 1, "roles": ["risk"], "suite": "s"}
    in_force = policy_in_force(strict, {**strict, "approvals": NeverLess(0)})
    assert (in_force["approvals"], in_force["weaker"]) == (1, ["approvals 0 instead of 1"])
    with pytest.raises(DeclarationError, match="approvals"):
        Promotion(risk="high", approvals=NeverLess(0))


def test_high_risk_takes_an_approval_whatever_is_written(history: History) -> None:
    declare_model(history.registry.backends, declare(promotion=Promotion(risk="high")), actor="a")
    assert replace(in_force(history), approvals=0).required_approvals == 1


def test_a_stricter_declaration_is_heeded_at_once(history: History) -> None:
    backends = history.registry.backends
    declare_model(backends, declare(), actor="ann")
    declare_model(backends, declare(promotion=HIGH), actor="ann")
    one_role = replace(HIGH, roles=("risk",))
    declare_model(backends, declare(promotion=one_role), actor="ann")
    policy = in_force(history)
    assert (policy.risk, policy.approvals, policy.roles) == ("high", 2, ("risk",))
    assert policy.weaker == ()


def test_the_checks_of_the_commit_have_digests_of_their_own() -> None:
    assert len({commit_check_digest(name) for name in COMMIT_CHECKS}) == len(COMMIT_CHECKS)
