"""Simulate: hold every past promotion against a policy that is not in force.

Each is decided again on what was known then: the evaluation that it rested on, what had been
signed by then, where the pointers stood. Nothing is written, and no model code runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog import statements
from registry_assets.catalog.evaluations import EvaluationRecord, as_evaluation
from registry_assets.catalog.models import ModelRecord, get_model, list_models
from registry_assets.catalog.pointers import PromotionRecord, list_promotions
from registry_assets.catalog.tables import evaluations
from registry_assets.declaration.promotion import RISKS
from registry_assets.errors import RegistryError
from registry_assets.governance.active import ActivePolicy
from registry_assets.governance.decide import Held, Reason, decide
from registry_assets.governance.document import PolicyDocument
from registry_assets.governance.policy import Policy
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.past_standing import read_past_standing
from registry_assets.store.manifests import read_manifest

PROPOSED = "the proposed policy"


@dataclass(frozen=True, slots=True)
class Simulated:
    """A past promotion, and what would have held it; nothing where it would have been made.

    Args:
        gaps: what could not be known any more, so that the answer leaves it out.
    """

    promotion: PromotionRecord
    reasons: tuple[Reason, ...]
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a policy would have made of the past."""

    digest: str
    promotions: tuple[Simulated, ...]

    @property
    def held(self) -> tuple[Simulated, ...]:
        """Those that would not have been made."""
        return tuple(each for each in self.promotions if each.reasons)


def simulate_policy(
    backends: Backends, document: PolicyDocument, *, model: str | None = None
) -> Simulation:
    """Decide every past promotion again, under another policy.

    Args:
        model: only its promotions.

    Raises:
        NotFound: there is no such model.
    """
    proposed = ActivePolicy(0, document.digest, document, PROPOSED, "")
    found: list[Simulated] = []
    with backends.catalog.read() as connection:
        models = [get_model(connection, model)] if model else list_models(connection)
        for each in models:
            past = list_promotions(connection, each.name)
            in_order = sorted(past, key=lambda made: (made.created_at, made.generation))
            found += [_simulated(backends, connection, each, it, proposed) for it in in_order]
    return Simulation(document.digest, tuple(found))


def _simulated(
    backends: Backends,
    connection: sa.Connection,
    model: ModelRecord,
    promotion: PromotionRecord,
    proposed: ActivePolicy,
) -> Simulated:
    gaps: list[str] = []
    evaluation = _evaluation(connection, promotion)
    then = _as_declared_then(backends, model, promotion, evaluation, gaps)
    policy = Policy.of(then, proposed, promotion.pointer)
    if promotion.evidence.get("rollback"):
        return Simulated(promotion, tuple(_of_rollback(policy, promotion)), tuple(gaps))
    standing = read_past_standing(connection, policy, promotion, evaluation)
    answer = decide(policy, standing)
    reasons = answer.reasons if isinstance(answer, Held) else ()
    return Simulated(promotion, tuple(_of_proposed(each) for each in reasons), tuple(gaps))


def _of_proposed(reason: Reason) -> Reason:
    """Give a reason that speaks of the policy that is tried out: in force is another one."""
    return replace(reason, sentence=reason.sentence.replace("the policy in force", PROPOSED))


def _of_rollback(policy: Policy, promotion: PromotionRecord) -> Iterator[Reason]:
    """Judge a rollback by the rule for rollbacks alone."""
    rule = policy.rules.rollback
    if rule is None:
        return
    named = promotion.evidence.get("authority") or [{}]
    signed = str(named[0].get("fingerprint"))
    person = policy.active.signer(signed) if policy.active else None
    if person is None or not set(person.roles) & set(rule.roles):
        said = f"nobody of the role {' or '.join(rule.roles)} signed the rollback"
        yield Reason("rollback_unsigned", promotion.pointer, said)


def _evaluation(connection: sa.Connection, promotion: PromotionRecord) -> EvaluationRecord | None:
    row = statements.newest(
        connection,
        evaluations,
        "id",
        model=promotion.model,
        version=promotion.version,
        digest=promotion.evidence.get("evaluation"),
    )
    return None if row is None else as_evaluation(row)


def _as_declared_then(
    backends: Backends,
    model: ModelRecord,
    promotion: PromotionRecord,
    evaluation: EvaluationRecord | None,
    gaps: list[str],
) -> ModelRecord:
    """Give a model with the suite and the risk of that moment, as far as they are on record."""
    risk = promotion.evidence.get("risk")
    # A tier of a policy's own naming was none that a declaration names.
    risk = risk if risk in RISKS else model.policy["risk"]
    # What else was declared at that moment was met then: here the policy alone asks.
    declared: dict[str, Any] = {"risk": risk, "approvals": 0, "roles": []}
    if evaluation is None or evaluation.suite_digest == model.suite_digest:
        return replace(model, policy=declared)
    try:
        suite: Any = read_manifest(backends.store, evaluation.digest).facts.get("suite")
    except RegistryError as error:
        suite = None
        gaps.append(f"the gates of that moment cannot be read: {error.message}")
    if not isinstance(suite, dict):
        gaps.append("the gates of that moment are not on record: those of today were taken")
        return replace(model, policy=declared)
    return replace(model, suite=suite, suite_digest=evaluation.suite_digest, policy=declared)
