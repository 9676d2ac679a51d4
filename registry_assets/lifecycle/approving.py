"""Approve: record what a person signed about a version, if it counts as things stand now.

What does not count is refused at the door with everything that is wrong; what is recorded is
judged again at every decision, and goes stale by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from registry_assets.canonical import Json, sha256_digest
from registry_assets.catalog.approvals import ApprovalRecord, nonce_used, write_approval
from registry_assets.catalog.ledger import LONGEST_REASON, REGISTRY, Change, change, read_head
from registry_assets.clock import parse_timestamp, timestamp
from registry_assets.decisions import DONE, Decided
from registry_assets.declaration.checks import require
from registry_assets.errors import ApprovalRefused
from registry_assets.governance.agreement import unfit
from registry_assets.governance.approvals import (
    NAMESPACE,
    Approval,
    ApprovalStatement,
    judge_approval,
    signed_by,
    why_not_theirs,
)
from registry_assets.governance.binding import Bound
from registry_assets.governance.standing import (
    Decision,
    bound_by_promotion,
    bound_now,
    read_decision,
)
from registry_assets.lifecycle.authority import LASTS
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.reviewing import review_of
from registry_assets.lifecycle.way_back import find_way_back
from registry_assets.references import check_text

__all__ = ["NAMESPACE", "Prepared", "Recorded", "prepare", "record_signed", "record_unsigned"]

_AHEAD = timedelta(minutes=5)
"""How far a signer's clock may be ahead of the registry's."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a person is about to sign, and the decision with the evidence that they look at."""

    statement: ApprovalStatement
    decision: Decision


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded, and what holds the version now.

    Args:
        new: False where this very statement was recorded before.
    """

    approval: ApprovalRecord
    decision: Decision
    new: bool


def prepare(
    backends: Backends,
    model: str,
    number: int,
    *,
    pointer: str,
    decision: Decided = "approve",
    person: str,
    reason: str,
    lasts: timedelta | None = None,
) -> Prepared:
    """Give what a person would sign about a version, as things stand now.

    Args:
        lasts: how long it is to count; by default, and at most, as long as the policy lets it.

    Raises:
        NotFound: there is no such version or pointer.
        ApprovalRefused: there is no evidence to look at, or no policy that says who may sign.
        DeclarationError: no reason is given.
    """
    require(bool(reason.strip()), "a decision needs a reason", "say why, with `--reason`")
    # Before anybody looks, agrees and signs: what cannot be recorded is not given out to be signed.
    check_text(reason, what="reason", limit=LONGEST_REASON)
    with backends.catalog.read() as connection:
        found = read_decision(connection, model, number, pointer, now=timestamp(backends.clock()))
        bound = _bound(connection, found, decision)
    limit = _longest(found, decision)
    statement = ApprovalStatement.make(
        decision,
        bound,
        person=person,
        reason=reason,
        now=backends.clock(),
        lasts=limit if lasts is None else min(lasts, limit),
    )
    return Prepared(statement, found)


@dataclass(frozen=True, slots=True)
class Given:
    """A statement as it came: whose key signed it, and in which envelope; None where nobody did."""

    statement: ApprovalStatement
    fingerprint: str | None
    envelope: str | None

    @property
    def digest(self) -> str:
        """Of the envelope, or of the statement where nobody signed."""
        content = self.envelope.encode() if self.envelope else self.statement.to_bytes()
        return sha256_digest(content)


def open_envelope(envelope: bytes) -> Given:
    """Read a signed statement; the signature is good, and whether it counts is not asked yet.

    Raises:
        SigningError: the envelope is damaged, no statement of ours, or not signed for this.
    """
    from registry_assets.signing.dsse import Envelope

    opened = Envelope.from_bytes(envelope)
    statement = ApprovalStatement.from_bytes(opened.payload)
    text = opened.to_bytes().decode()
    return Given(statement, signed_by(text), text)


def record_signed(
    backends: Backends, envelope: bytes, *, run: RunInfo, model: str | None = None
) -> Recorded:
    """Record a statement that somebody signed.

    Repeating it gives back what was recorded. What decides more than an approval does, such as a
    rejection, is recorded where that is done.

    Args:
        model: whose version it must be about; any by default.

    Raises:
        SigningError: the envelope is damaged, no statement of ours, or not signed for this.
        ApprovalRefused: it does not count as things stand; says everything that is wrong.
        NotFound: it speaks of a version or pointer that there is not.
    """
    given = open_envelope(envelope)
    about = given.statement.bound.reference
    if model not in (None, given.statement.bound.model):
        raise ApprovalRefused(
            f"what is signed is about {about}, and was given for {model}",
            hint=f"give it where {given.statement.bound.model} is decided; nothing was recorded",
        )
    return _record(backends, given, run=run)


def record_unsigned(backends: Backends, statement: ApprovalStatement, *, run: RunInfo) -> Recorded:
    """Record what somebody says without a signature, where the policy allows that.

    Raises:
        ApprovalRefused: it does not allow it, or it does not count for another reason.
    """
    return _record(backends, Given(statement, None, None), run=run)


def _record(backends: Backends, given: Given, *, run: RunInfo) -> Recorded:
    bound = given.statement.bound
    _refuse_elsewhere(given.statement)
    with change(
        backends.catalog,
        chain=bound.model,
        kind="approval_recorded",
        actor=run.actor,
        reason=given.statement.reason,
        clock=backends.clock,
    ) as draft:
        before = nonce_used(draft.connection, bound.model, given.statement.nonce)
        if before is not None and before.digest == given.digest:
            return Recorded(before, _decision(draft, bound), new=False)
        record = accept(draft, given, run=run)
        draft.sentence = _sentence(record)
        draft.facts = facts_of(record)
        after = _decision(draft, bound)
    return Recorded(record, after, new=True)


def accept(draft: Change, given: Given, *, run: RunInfo) -> ApprovalRecord:
    """Write down a statement that counts as things stand, inside the caller's change.

    Raises:
        ApprovalRefused: it does not count; says everything that is wrong.
    """
    decision = _decision(draft, given.statement.bound)
    record = _record_of(draft, given, run)
    replayed = nonce_used(draft.connection, record.model, record.nonce) is not None
    bound = _bound_or_none(draft.connection, decision, record.decision)
    problems = [
        *_problems(draft, decision, record, bound, replayed=replayed),
        *_own_review(draft, decision, record),
    ]
    if problems:
        raise _refused(given.statement, problems)
    write_approval(draft, record)
    return record


def facts_of(record: ApprovalRecord) -> dict[str, Json]:
    """Give what an event says of a statement, for programs."""
    return {
        "version": record.version,
        "pointer": record.pointer,
        "decision": record.decision,
        "person": record.person,
        "fingerprint": record.fingerprint,
        "approval": record.digest,
    }


def _decision(draft: Change, bound: Bound) -> Decision:
    return read_decision(
        draft.connection, bound.model, bound.version, bound.pointer, now=draft.effective_at
    )


def _refuse_elsewhere(statement: ApprovalStatement) -> None:
    """Refuse what is only worth something together with what it decides."""
    command = _ELSEWHERE.get(statement.decision)
    if command is not None:
        raise ApprovalRefused(
            f"what {statement.person} signed is no approval: it is to {statement.decision}"
            f" {statement.bound.reference}",
            hint=f"`registry {command} … --key KEY` signs and does it in one; nothing was recorded",
        )


_ELSEWHERE = {"reject": "reject"}


def _problems(
    draft: Change,
    decision: Decision,
    record: ApprovalRecord,
    bound: Bound | None,
    *,
    replayed: bool,
) -> Iterator[str]:
    """Give everything that keeps a statement from counting, as things stand now."""
    active = decision.policy.active
    if active is None:
        yield "no policy is in force that says who may sign: `registry policy activate`"
        return
    if replayed:
        yield "its nonce was used before: a statement is signed once"
    if record.fingerprint is not None:
        if problem := why_not_theirs(active, record.fingerprint, record.person):
            yield problem
    elif not decision.policy.rules.unsigned:
        yield "nobody signed it, and the policy does not allow that"
    statement = ApprovalStatement.from_bytes(record.statement.encode())
    now = parse_timestamp(draft.effective_at)
    signed, expires = parse_timestamp(statement.signed_at), parse_timestamp(statement.expires_at)
    if signed > now + _AHEAD:
        yield f"it says that it was signed at {statement.signed_at}, which is to come"
    if expires - signed > _longest(decision, record.decision):
        yield f"it is to count until {statement.expires_at}, longer than the policy lets it"
    judged = judge_approval(record, bound=bound, active=active, now=draft.effective_at)
    if not judged.counts:
        yield judged.why
    yield from _unfit(decision, judged)


def _own_review(draft: Change, decision: Decision, record: ApprovalRecord) -> Iterator[str]:
    if record.decision != "review":
        return
    found = review_of(draft.connection, decision.policy, model=record.model, pointer=record.pointer)
    if found is not None and found.by == record.person:
        yield f"{record.person} made the rollback, and another person reviews it"


def _unfit(decision: Decision, judged: Approval) -> Iterator[str]:
    if not judged.counts:
        return  # said already
    if problem := unfit(decision.policy, decision.standing, judged):
        yield problem


def _bound(connection: sa.Connection, decision: Decision, what: Decided) -> Bound:
    bound = _bound_or_none(connection, decision, what)
    if bound is None:
        version = decision.standing.version
        raise ApprovalRefused(
            f"{version.reference} has no evaluation under the suite in force, so there is no"
            " evidence to sign",
            hint=f"launch the job {version.model}__evaluate first; nothing was recorded",
        )
    return bound


def _bound_or_none(connection: sa.Connection, decision: Decision, what: Decided) -> Bound | None:
    """Give what a statement has to be bound to now.

    Raises:
        RollbackRefused: the pointer cannot go back to that version.
        ApprovalRefused: there is no rollback to review.
    """
    standing = decision.standing
    model, pointer, number = standing.version.model, standing.pointer.name, standing.version.number
    if what == "rollback":
        way = find_way_back(connection, model, pointer, to=number, now=standing.now)
        return bound_by_promotion(connection, decision.policy, way.earlier)
    if what == "review":
        found = review_of(connection, decision.policy, model=model, pointer=pointer)
        if found is None or found.promotion.version != number:
            raise ApprovalRefused(
                f"{model}@{pointer} did not come to version {number} by a rollback that the policy"
                " wants reviewed",
                hint=f"`registry explain {model}@{pointer}` says what it waits for",
            )
        return bound_by_promotion(connection, decision.policy, found.promotion)
    return bound_now(connection, decision.policy, standing)


def _longest(decision: Decision, what: Decided) -> timedelta:
    """Give how long a statement may count."""
    rules = decision.policy.rules
    if what == "override" and rules.override is not None:
        return timedelta(seconds=rules.override.expires)
    if what == "rollback":
        return timedelta(seconds=min(LASTS, rules.approval_expires))
    return timedelta(seconds=rules.approval_expires)


def _record_of(draft: Change, given: Given, run: RunInfo) -> ApprovalRecord:
    statement, bound = given.statement, given.statement.bound
    return ApprovalRecord(
        digest=given.digest,
        model=bound.model,
        version=bound.version,
        pointer=bound.pointer,
        decision=statement.decision,
        person=statement.person,
        fingerprint=given.fingerprint,
        nonce=statement.nonce,
        expires_at=statement.expires_at,
        statement=statement.to_bytes().decode(),
        envelope=given.envelope,
        position=read_head(draft.connection, REGISTRY).sequence,
        actor=run.actor,
        run_id=run.run_id,
        recorded_at=draft.effective_at,
    )


def _refused(statement: ApprovalStatement, problems: list[str]) -> ApprovalRefused:
    listed = "\n".join(f"  - {problem}" for problem in dict.fromkeys(problems))
    return ApprovalRefused(
        f"what {statement.person} signed about {statement.bound.reference} does not count:\n"
        f"{listed}",
        hint=f"nothing was recorded; `registry explain {statement.bound.model}` says what is asked"
        " for now",
    )


def _sentence(record: ApprovalRecord) -> str:
    word = DONE[record.decision]
    unsigned = "" if record.signed else ", unsigned"
    return f"{record.person} {word} version {record.version} for {record.pointer}{unsigned}"
