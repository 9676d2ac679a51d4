"""The policy of a model: which checks, and whose approvals, a promotion takes."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.declaration.model import RISKS

if TYPE_CHECKING:
    from registry_assets.catalog.models import ModelRecord
    from registry_assets.declaration import RegisteredModel

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
    """What moving a pointer of one model takes.

    `target` is what the model is declared to tell: a version that was trained to tell
    something else answers another question. `weaker` lists what the newest declaration asks
    less of than is in force: while it is not empty, nothing is promoted. `tags` are the ones
    that a version must have, each with the values allowed; none means any.
    """

    risk: str
    approvals: int
    roles: tuple[str, ...]
    checks: tuple[RequiredCheck, ...]
    suite_digest: str
    digest: str
    target: str
    weaker: tuple[str, ...] = ()
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def required_approvals(self) -> int:
        """How many people must approve: for high risk at least one, whatever is written."""
        return max(self.approvals, 1 if self.risk == "high" else 0)

    @classmethod
    def of(cls, model: "ModelRecord") -> "Policy":
        """Give the policy in force for a model of the catalog."""
        gates = tuple(_gate(gate) for gate in model.suite["gates"])
        commit = tuple(
            RequiredCheck(name, commit_check_digest(name), rule)
            for name, rule in COMMIT_CHECKS.items()
        )
        return cls(
            risk=model.policy["risk"],
            approvals=model.policy["approvals"],
            roles=tuple(model.policy["roles"]),
            checks=commit + gates,
            suite_digest=model.suite_digest,
            digest=model.policy_digest,
            target=model.suite["target"],
            weaker=tuple(model.policy.get("weaker", ())),
            tags={name: tuple(values) for name, values in model.policy.get("tags", {}).items()},
        )


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
        **({"weaker": weaker} if weaker else {}),
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
