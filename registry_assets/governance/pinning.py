"""How a declaration differs from what the active policy pins of its model.

Whoever writes the training code writes the declaration too, and the policy is not theirs to
change: a gate that is gone, a lower threshold, rows that are judged in another way or another
tier hold every version, and say so.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from registry_assets.declaration.promotion import RISKS
from registry_assets.governance.active import ActivePolicy
from registry_assets.governance.document import PointerRules
from registry_assets.governance.plans import plan_differing
from registry_assets.governance.strictness import gates_differing

if TYPE_CHECKING:
    from registry_assets.catalog.models import ModelRecord


class Difference(NamedTuple):
    """One thing in which a declaration is not what the active policy asks for."""

    code: str
    sentence: str


def differences(
    model: "ModelRecord", active: ActivePolicy, rules: PointerRules
) -> Iterator[Difference]:
    """Give everything in which a declaration differs from the active policy."""
    yield from _tier(model, active)
    declared = {gate["name"]: gate["definition"] for gate in model.suite["gates"]}
    pinned = active.document.models.get(model.name)
    if pinned is not None:
        for said in gates_differing(pinned.gates, declared):
            yield Difference("gate_differs", f"the gate {said}")
        for said in plan_differing(pinned.plan, model.suite):
            yield Difference("plan_differs", f"the evaluation plan: {said}")
    for name in rules.gates:
        if name not in declared and (pinned is None or name not in pinned.gates):
            yield Difference(
                "gate_differs", f"the gate {name}, which is asked for, is not declared"
            )
    named = model.policy.get("policy")
    if named is not None and named != active.digest:
        yield Difference(
            "policy_differs",
            f"{model.name} is declared for the policy {named[:19]}; in force is"
            f" {active.digest[:19]}",
        )


def _tier(model: "ModelRecord", active: ActivePolicy) -> Iterator[Difference]:
    document = active.document
    declared = str(model.policy.get("declared", model.policy)["risk"])
    pinned = document.models.get(model.name)
    if pinned is None:
        if document.unlisted == "hold":
            said = (
                f"the policy in force does not list {model.name}, and holds what it does not list"
            )
            yield Difference("not_listed", said)
        return
    # A tier of the policy's own naming is not one that a declaration could name.
    if pinned.tier in RISKS and RISKS.index(declared) < RISKS.index(pinned.tier):
        said = f"{model.name} is declared of {declared} risk; the policy in force has it as"
        yield Difference("tier_differs", f"{said} {pinned.tier}")
