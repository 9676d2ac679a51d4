"""Promote: decide again inside the transaction that moves the pointer, then tell deployments.

The caller names a model, a pointer and a version, and is trusted with nothing else.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.canonical import Json
from registry_assets.catalog.ledger import REGISTRY, Change, change, read_head
from registry_assets.catalog.models import PRODUCTION
from registry_assets.catalog.pointers import (
    PromotionRecord,
    move_pointer,
    newest_promotion,
)
from registry_assets.errors import CatalogError, OutcomeUnknown, PromotionHeld, StoreError
from registry_assets.faults import reached
from registry_assets.governance.decide import Held
from registry_assets.governance.standing import Decision, read_decision
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.pointer_files import require_current, write_pointer_file
from registry_assets.store.manifests import read_manifest


@dataclass(frozen=True, slots=True)
class Promoted:
    """A promotion; `moved` is False where the pointer held the version already."""

    promotion: PromotionRecord
    moved: bool


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
        BlobMissing, BlobCorrupt: the bytes of the version or of its evaluation do not verify;
            nothing was changed.
        CatalogBehind: the catalog is older than the store; nothing was changed.
        Conflict: somebody else moved the pointer meanwhile.
        OutcomeUnknown: the pointer was moved, and its file in the store was not written.
    """
    told = backends.store.read_pointer(model, pointer)
    with backends.catalog.read() as connection:
        require_current(connection, told, model, pointer)
        decision = read_decision(connection, model, number, pointer)
        made = _made_already(connection, decision)
        seen = _checkpoint(connection, model)
    if made is None:
        _refuse_if_held(decision)
        # Hashing takes as long as the version is large, so not under the write lock.
        verify_bytes(backends, str(decision.standing.version.digest))
        if decision.standing.evaluation is not None:
            verify_bytes(backends, decision.standing.evaluation.digest)
    reached("promote.verified")
    with change(
        backends.catalog,
        chain=model,
        kind="pointer_moved",
        actor=run.actor,
        reason=reason,
        clock=backends.clock,
    ) as draft:
        now = _checkpoint(draft.connection, model)
        # Nothing that is decided by changes without an event in one of these chains: where
        # both end as they did, so does the decision.
        if now != seen:
            decision = read_decision(draft.connection, model, number, pointer)
            made = _made_already(draft.connection, decision)
        promotion = made or _move(draft, decision, now, run=run, reason=reason)
    try:
        write_pointer_file(backends, model, pointer)
    except (StoreError, CatalogError) as error:
        raise OutcomeUnknown(
            f"{model}@{pointer} holds version {number} in the catalog, but deployments may not"
            f" have been told: {error.message}",
            hint="promote it again once that is mended: it is the same promotion, and writes"
            " the pointer file",
        ) from error
    return Promoted(promotion, moved=made is None)


def _move(
    draft: Change, decision: Decision, ledger: dict[str, Json], *, run: RunInfo, reason: str
) -> PromotionRecord:
    """Move the pointer, if nothing holds the version now that the write lock is held."""
    _refuse_if_held(decision)
    version, pointer = decision.standing.version, decision.standing.pointer
    promotion = move_pointer(
        draft,
        pointer,
        version=version.number,
        digest=str(version.digest),
        evidence={**_evidence(decision), "ledger": ledger},
        policy_digest=decision.policy.digest,
        actor=run.actor,
        reason=reason,
        run_id=run.run_id,
    )
    draft.sentence = _sentence(promotion)
    draft.facts = {
        "pointer": pointer.name,
        "version": version.number,
        "generation": promotion.generation,
    }
    return promotion


def verify_bytes(backends: Backends, digest: str) -> None:
    """Hash every file of a manifest.

    Raises:
        BlobMissing, BlobCorrupt: naming the blob.
    """
    for file in read_manifest(backends.store, digest).files:
        backends.store.verify(file.sha256)


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


def _evidence(decision: Decision) -> dict[str, Json]:
    standing = decision.standing
    evaluation = standing.evaluation
    asked: dict[str, Json] = {name: standing.tags[name] for name in decision.policy.tags}
    return {
        "evaluation": evaluation.digest if evaluation else None,
        "suite": decision.policy.suite_digest,
        "risk": decision.policy.risk,
        "approvals": [],
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
    }


def _sentence(promotion: PromotionRecord) -> str:
    before = f"version {promotion.from_version}" if promotion.from_version else "nothing"
    return f"{promotion.pointer} moved from {before} to version {promotion.version}"


def _checkpoint(connection: sa.Connection, model: str) -> dict[str, Json]:
    """Give the heads of a model's chain and of the registry's.

    It leaves with the pointer file: whoever kept one finds out when the past is rewritten.
    """
    return {
        chain: {"sequence": head.sequence, "digest": head.digest}
        for chain, head in ((c, read_head(connection, c)) for c in (model, REGISTRY))
    }
