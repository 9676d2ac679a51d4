"""The policy of a pointer: which checks, and whose approvals, moving it takes.

Three sources make it: what is declared next to the training code, what was declared before and
asked for more, and the policy that people activated. The strictest of each holds.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.catalog.models import PRODUCTION
from registry_assets.declaration.promotion import RISKS
from registry_assets.governance.active import ActivePolicy
from registry_assets.governance.document import ModelRules, PointerRules
from registry_assets.governance.document.values import rules_json
from registry_assets.governance.pinning import Difference, differences

if TYPE_CHECKING:
    from registry_assets.catalog.models import ModelRecord
    from registry_assets.declaration import RegisteredModel

NO_RULES = PointerRules()

COMMIT_CHECKS = {
    "metadata_complete": "every required fact about the version is there",
    "loads_and_reproduces": "it loads in a fresh process and reproduces its sample",
}
"""Checks that every version passes when it is committed, whatever is declared."""


def commit_check_digest(name: str) -> str:
    """The definition digest of a check made at commit."""
    return sha256_digest(canonical_json({"check": name, "rule": COMMIT_CHECKS[name]}))


@dataclass(frozen=True, slots=True)
class RequiredCheck:
    """One check that must have passed: its name, and the digest of its definition.

    Args:
        first: what a relative check means on a pointer that never held anything.
        asset: what the user's own asset check of this name is on, `evaluation` or `model`; empty
            where the registry judges.
    """

    name: str
    digest: str
    sentence: str
    relative: bool = False
    first: str = "pass"
    asset: str = ""

    @property
    def of_version(self) -> bool:
        """Whether its verdict is on the version itself, and outlasts every evaluation."""
        return self.name in COMMIT_CHECKS or self.asset == "model"


@dataclass(frozen=True, slots=True)
class Policy:
    """What moving one pointer of one model takes.

    Args:
        risk: the tier in force.
        approvals: how many people must approve, as is declared.
        roles: whose approvals count, as is declared; none means everybody's.
        digest: of all that is asked for: what approvals are bound to and promotions name.
        declared_digest: of what the declarations ask for.
        target: what the model is declared to tell: a version that was trained to tell something
            else answers another question.
        weaker: what the newest declaration asks less of than was declared before.
        tags: those that a version must have, each with the values allowed; none means any.
        rules: what the active policy asks for.
        active: None where none was ever activated.
        differing: how the declaration differs from what the active policy pins; while there is
            anything, nothing is promoted.
        holdout: the rule by which rows are held out, as the active policy pins it; empty where
            it pins none.
    """

    risk: str
    approvals: int
    roles: tuple[str, ...]
    checks: tuple[RequiredCheck, ...]
    suite_digest: str
    digest: str
    declared_digest: str
    target: str
    pointer: str = PRODUCTION
    weaker: tuple[str, ...] = ()
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: PointerRules = NO_RULES
    active: ActivePolicy | None = None
    differing: tuple[Difference, ...] = ()
    holdout: Mapping[str, Any] = field(default_factory=dict)

    @property
    def required_approvals(self) -> int:
        """How many people must approve: for high risk at least one, whatever is written."""
        return max(self.approvals, self.rules.approvals, 1 if self.risk == "high" else 0)

    @property
    def role_sets(self) -> tuple[tuple[str, ...], ...]:
        """Of each of these an approver must have a role."""
        return tuple(dict.fromkeys(roles for roles in (self.rules.roles, self.roles) if roles))

    @classmethod
    def of(
        cls, model: "ModelRecord", active: ActivePolicy | None, pointer: str = PRODUCTION
    ) -> "Policy":
        """Give the policy in force for a pointer of a model of the catalog.

        Args:
            active: the policy that people activated, if any.
        """
        pinned = active.document.models.get(model.name) if active else None
        # People pinned what is asked of this model: what it was declared as before is past.
        declared = model.policy.get("declared", model.policy) if pinned else model.policy
        risk, rules = str(declared["risk"]), NO_RULES
        if active is not None:
            rules = active.document.rules(model.name, pointer, declared_tier=risk)
        tags = {name: tuple(values) for name, values in declared.get("tags", {}).items()}
        return cls(
            risk=pinned.tier if pinned else risk,
            approvals=declared["approvals"],
            roles=tuple(declared["roles"]),
            checks=_checks(model),
            suite_digest=model.suite_digest,
            digest=_digest(model, rules, pinned) if active else model.policy_digest,
            declared_digest=model.policy_digest,
            target=model.suite["target"],
            pointer=pointer,
            weaker=tuple(declared.get("weaker", ())),
            tags=_all_tags(rules.tags, tags),
            rules=rules,
            active=active,
            differing=tuple(differences(model, active, rules)) if active else (),
            holdout=_pinned_holdout(pinned),
        )


def _pinned_holdout(pinned: ModelRules | None) -> Mapping[str, Any]:
    found = pinned.plan.get("holdout") if pinned else None
    return found if isinstance(found, Mapping) else {}


def _checks(model: "ModelRecord") -> tuple[RequiredCheck, ...]:
    commit = tuple(
        RequiredCheck(name, commit_check_digest(name), rule) for name, rule in COMMIT_CHECKS.items()
    )
    return commit + tuple(_gate(gate) for gate in model.suite["gates"])


def _digest(model: "ModelRecord", rules: PointerRules, pinned: ModelRules | None) -> str:
    """Digest what is asked for of this pointer: another model's rules are none of it."""
    gates: dict[str, Json] = {n: dict(g) for n, g in pinned.gates.items()} if pinned else {}
    tier = pinned.tier if pinned else None
    asked: dict[str, Json] = {
        "declared": model.policy_digest,
        "tier": tier,
        "rules": rules_json(rules),
        "gates": gates,
        # Only where there is one: a policy of before has the digest it had.
        **({"plan": dict(pinned.plan)} if pinned and pinned.plan else {}),
    }
    return sha256_digest(canonical_json(asked))


def _all_tags(
    asked: Mapping[str, tuple[str, ...]], declared: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Give the tags that either asks for; where both do, the values that both allow."""
    found = {**declared, **asked}
    for name in asked.keys() & declared.keys():
        if asked[name] and declared[name]:
            both = tuple(value for value in declared[name] if value in asked[name])
            # Nothing that both allow: then only what the active policy does.
            found[name] = both or asked[name]
        else:
            found[name] = asked[name] or declared[name]
    return found


def declared_policy(model: "RegisteredModel") -> dict[str, Json]:
    """Give a declaration's policy as JSON; it names the suite it is about."""
    tags: dict[str, Json] = {name: list(values) for name, values in model.promotion.tags.items()}
    return {
        "risk": model.promotion.risk,
        "approvals": model.promotion.required_approvals,
        "roles": list(model.promotion.roles),
        "suite": model.suite_digest,
        # Only where there are any: a policy of before has the digest it had.
        **({"tags": tags} if tags else {}),
        **({"policy": model.promotion.policy} if model.promotion.policy else {}),
    }


def policy_in_force(
    before: Mapping[str, Any] | None, declared: Mapping[str, Any]
) -> dict[str, Json]:
    """Give the policy after a declaration: stricter is heeded at once, weaker never is.

    Whoever writes the training code writes the declaration too; were a weaker one heeded,
    one changed line would lift the approval that a version waits for.
    """
    # As it will be stored: what is compared must be what is kept, whatever the declaration
    # made its numbers of.
    declared = json.loads(canonical_json(dict(declared)))
    if before is None:
        return dict(declared)
    kept = {
        asked: before[asked]
        for asked, is_weaker in _WEAKER.items()
        if is_weaker(before[asked], declared[asked])
    }
    weaker = [
        f"{asked} {_shown(declared[asked])} instead of {_shown(value)}"
        for asked, value in kept.items()
    ]
    tags = {**declared.get("tags", {}), **_weaker_tags(before, declared)}
    weaker += _tags_asked_less(before, declared)
    return {
        **declared,
        **kept,
        **({"tags": tags} if tags else {}),
        # What is asked for now is kept beside it, for a policy that people activate may allow it.
        **({"weaker": weaker, "declared": declared} if weaker else {}),
    }


def _weaker_tags(before: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give the tags that a declaration asks less of, as they stay in force."""
    asked: Mapping[str, list[str]] = declared.get("tags", {})
    return {
        name: values
        for name, values in before.get("tags", {}).items()
        if name not in asked
        # No value at all means any.
        or (values and not (asked[name] and set(asked[name]) <= set(values)))
    }


def _tags_asked_less(before: Mapping[str, Any], declared: Mapping[str, Any]) -> Iterator[str]:
    asked = declared.get("tags", {})
    for name, values in _weaker_tags(before, declared).items():
        now = allowed_values(asked[name]) if name in asked else "not asked for"
        yield f"tag {name} {now} instead of {allowed_values(values)}"


def allowed_values(values: Sequence[str]) -> str:
    """Give the values that a tag may have, in words."""
    return ", ".join(values) or "any value"


_WEAKER: Mapping[str, Callable[[Any, Any], bool]] = {
    "risk": lambda before, declared: RISKS.index(declared) < RISKS.index(before),
    "approvals": lambda before, declared: declared < before,
    # No role at all means anybody's approval.
    "roles": lambda before, declared: (
        bool(before) and not (declared and set(declared) <= set(before))
    ),
}


def _shown(value: Any) -> str:
    return (", ".join(value) or "none") if isinstance(value, list) else str(value)


def _gate(gate: Mapping[str, Any]) -> RequiredCheck:
    definition = gate["definition"]
    return RequiredCheck(
        name=gate["name"],
        digest=gate["digest"],
        sentence=gate["sentence"],
        relative=gate["relative"],
        first=definition.get("first", "pass"),
        asset=definition["on"] if definition.get("gate") == "asset_check" else "",
    )
