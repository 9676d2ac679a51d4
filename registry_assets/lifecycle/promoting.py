"""Promote: decide again inside the transaction that moves the pointer, then tell deployments.

The caller names a model, a pointer and a version, and is trusted with nothing else. What was
decided is signed before the move, by the registry's own key (`attesting`).
"""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from registry_assets.canonical import Json
from registry_assets.catalog.attestations import write_attestation
from registry_assets.catalog.ledger import Change, change
from registry_assets.catalog.models import PRODUCTION
from registry_assets.catalog.pointers import (
    PromotionRecord,
    move_pointer,
    newest_promotion,
)
from registry_assets.clock import parse_timestamp, timestamp
from registry_assets.errors import PromotionHeld
from registry_assets.faults import reached
from registry_assets.governance.agreement import count_approvals, valid_overrides
from registry_assets.governance.decide import Held
from registry_assets.governance.standing import Decision, read_decision
from registry_assets.lifecycle.attesting import Attested, Drafted, Move, draft_attestation
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.monitoring.telling import end_replaced
from registry_assets.lifecycle.moving import checkpoint, tell_deployments, verify_bytes
from registry_assets.lifecycle.pointer_files import require_current

_GOOD_FOR = timedelta(minutes=1)
"""After which a decision is made again although nothing was recorded: approvals expire."""


@dataclass(frozen=True, slots=True)
class Promoted:
    """A promotion; `moved` is False where the pointer held the version already."""

    promotion: PromotionRecord
    moved: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for, and by whom."""

    model: str
    number: int
    pointer: str
    reason: str
    run: RunInfo


def promote_version(
    backends: Backends,
    model: str,
    number: int,
    *,
    run: RunInfo,
    pointer: str = PRODUCTION,
    reason: str = "",
) -> Promoted:
    """Move a pointer to a version, if the one decision says that nothing holds it.

    Repeating a promotion that was made gives it back, and writes the pointer file again in
    case the first try died before it.

    Raises:
        PromotionHeld: with every reason; nothing was changed.
        SigningError: it cannot be signed on this machine; nothing was changed.
        BlobMissing, BlobCorrupt: the bytes of the version or of its evaluation do not verify;
            nothing was changed.
        CatalogBehind: the catalog is older than the store; nothing was changed.
        Conflict: somebody else moved the pointer meanwhile.
        OutcomeUnknown: the pointer was moved, and its file in the store was not written.
    """
    asked = _Asked(model, number, pointer, reason, run)
    told = backends.store.read_pointer(model, pointer)
    asked_at = timestamp(backends.clock())
    with backends.catalog.read() as connection:
        require_current(connection, told, model, pointer)
        decision = read_decision(connection, model, number, pointer, now=asked_at)
        made = _made_already(connection, decision)
        seen = checkpoint(connection, model)
        drafted = None if made else _draft(connection, backends, decision, seen, asked)
    attested = None if drafted is None else _publish(backends, decision, drafted)
    reached("promote.verified")
    with change(
        backends.catalog,
        chain=model,
        kind="pointer_moved",
        actor=run.actor,
        reason=reason,
        clock=backends.clock,
    ) as draft:
        now = checkpoint(draft.connection, model)
        # Nothing that is decided by changes without an event in one of these chains, or with
        # time: where both end as they did a moment ago, so does the decision.
        if now != seen or not _still_good(asked_at, draft.effective_at):
            at = draft.effective_at
            decision = read_decision(draft.connection, model, number, pointer, now=at)
            made = _made_already(draft.connection, decision)
            if made is None:
                attested = _draft(draft.connection, backends, decision, now, asked).publish()
        promotion = made or _move(draft, decision, now, attested, asked)
    tell_deployments(backends, model, pointer, version=number, again="promote it again")
    return Promoted(promotion, moved=made is None)


def _draft(
    connection: sa.Connection,
    backends: Backends,
    decision: Decision,
    ledger: dict[str, Json],
    asked: _Asked,
) -> Drafted:
    """Draft what is signed about the move, if nothing holds the version."""
    _refuse_if_held(decision)
    evidence, at = _evidence(decision, ledger), decision.standing.now
    return draft_attestation(
        connection, backends, Move(decision, evidence, at, asked.reason, asked.run)
    )


def _publish(backends: Backends, decision: Decision, drafted: Drafted) -> Attested:
    """Make sure of the bytes that it is about, and sign it.

    Hashing takes as long as the version is large, so not under the write lock.
    """
    verify_bytes(backends, str(decision.standing.version.digest))
    if decision.standing.evaluation is not None:
        verify_bytes(backends, decision.standing.evaluation.digest)
    return drafted.publish()


def _still_good(decided_at: str, now: str) -> bool:
    return parse_timestamp(now) - parse_timestamp(decided_at) < _GOOD_FOR


def _move(
    draft: Change,
    decision: Decision,
    ledger: dict[str, Json],
    attested: Attested | None,
    asked: _Asked,
) -> PromotionRecord:
    """Move the pointer, now that the write lock is held and nothing holds the version."""
    assert attested is not None, "nothing moves that was not signed before"
    attested.confirm(draft.connection)
    version, pointer = decision.standing.version, decision.standing.pointer
    promotion = move_pointer(
        draft,
        pointer,
        version=version.number,
        digest=str(version.digest),
        evidence={**_evidence(decision, ledger), "attestation": attested.digest},
        policy_digest=decision.policy.digest,
        actor=asked.run.actor,
        reason=asked.reason,
        run_id=asked.run.run_id,
    )
    write_attestation(draft, promotion, attested.digest)
    draft.sentence = _sentence(promotion)
    draft.facts = {
        "pointer": pointer.name,
        "version": version.number,
        "generation": promotion.generation,
    }
    end_replaced(draft, pointer.model, pointer.name, version=version.number)
    return promotion


def _made_already(connection: sa.Connection, decision: Decision) -> PromotionRecord | None:
    pointer = decision.standing.pointer
    if pointer.version != decision.standing.version.number:
        return None
    return newest_promotion(connection, pointer.model, pointer.name)


def _refuse_if_held(decision: Decision) -> None:
    answer = decision.answer
    if not isinstance(answer, Held):
        return
    version, pointer = decision.standing.version, decision.standing.pointer
    raise PromotionHeld(
        f"{version.reference} may not take {pointer.name}:\n"
        + "\n".join(f"  - {reason.sentence}" for reason in answer.reasons),
        reasons=answer.reasons,
        hint=f"nothing was changed; `registry explain {pointer.model}` says what it waits for",
    )


def _evidence(decision: Decision, ledger: dict[str, Json]) -> dict[str, Json]:
    policy, standing, answer = decision.policy, decision.standing, decision.answer
    evaluation = standing.evaluation
    asked: dict[str, Json] = {name: standing.tags[name] for name in policy.tags}
    counted = [each.approval for each in count_approvals(policy, standing) if each.counts]
    overrides: list[Json] = [each.evidence for each in valid_overrides(policy, standing)]
    waived: list[Json] = [
        {"code": reason.code, "subject": reason.subject, "sentence": reason.sentence}
        for reason in (() if isinstance(answer, Held) else answer.waived)
    ]
    return {
        "evaluation": evaluation.digest if evaluation else None,
        "suite": policy.suite_digest,
        "risk": policy.risk,
        "approvals": [each.evidence for each in counted],
        "verdicts": [
            {
                "gate": verdict.finding.gate,
                "digest": verdict.finding.gate_digest,
                "outcome": verdict.finding.outcome,
                "why": verdict.finding.why,
            }
            for verdict in standing.verdicts
        ],
        **({"tags": asked} if asked else {}),
        **({"overrides": overrides} if overrides else {}),
        **({"waived": waived} if waived else {}),
        "decided_at": standing.now,
        "ledger": ledger,
    }


def _sentence(promotion: PromotionRecord) -> str:
    before = f"version {promotion.from_version}" if promotion.from_version else "nothing"
    return f"{promotion.pointer} moved from {before} to version {promotion.version}"
