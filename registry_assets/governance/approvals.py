"""Statements of people about versions: whether they count now.

A statement that counted goes stale by itself: it is judged anew at every decision, against the
evidence and the people of that moment. Pure, but for the look at a signature. What is said is
`approval_statement`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from registry_assets.canonical import Json
from registry_assets.catalog.approvals import ApprovalRecord
from registry_assets.clock import parse_timestamp
from registry_assets.decisions import DONE, Decided
from registry_assets.errors import CatalogError, SigningError, StatementInvalid
from registry_assets.governance.active import ActivePolicy
from registry_assets.governance.approval_statement import NAMESPACE, ApprovalStatement
from registry_assets.governance.binding import Bound

__all__ = [
    "NAMESPACE",
    "Approval",
    "ApprovalStatement",
    "describe_bound",
    "judge_approval",
    "signed_by",
    "signing_time",
    "why_not_theirs",
]

State = Literal["counts", "stale", "void"]

_DONE_AT_ONCE: tuple[Decided, ...] = ("reject", "rollback", "review")
"""What is decided when it is recorded; approvals and overrides are for what comes later."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A recorded statement, and whose key is behind it.

    Args:
        roles: of the person now.
        state: whether it counts now; `stale` where it counted once, `void` where it cannot.
        why: what keeps it from counting; empty where it does.
    """

    record: ApprovalRecord
    statement: ApprovalStatement
    roles: tuple[str, ...]
    state: State
    why: str = ""

    @property
    def counts(self) -> bool:
        """Whether it is worth anything now, whatever a pointer's rules say of it."""
        return self.state == "counts"

    @property
    def is_done(self) -> bool:
        """Whether it did what it was for: no later change takes back a rejection or a review."""
        return self.state == "stale" and self.record.decision in _DONE_AT_ONCE

    @property
    def sentence(self) -> str:
        """`ann approved it on 2026-03-01, unsigned: looks right (stale: …)`."""
        state = "" if self.counts or self.is_done else f" ({self.state}: {self.why})"
        return f"{self.said}{state}"

    @property
    def said(self) -> str:
        """The same without whether it counts now."""
        word = f"{DONE[self.record.decision]} it"
        unsigned = "" if self.record.signed else ", unsigned"
        why = f": {self.statement.reason}" if self.statement.reason else ""
        when = self.record.recorded_at[:10]
        return f"{self.record.person} {word} on {when}{unsigned}{why}"

    @property
    def evidence(self) -> dict[str, Json]:
        """What a promotion that rests on it says of it: whose it is, and in which roles."""
        record = self.record
        return {
            "person": record.person,
            "fingerprint": record.fingerprint,
            "digest": record.digest,
            "roles": list(self.roles),
            "signed": record.signed,
        }


def statement_of(record: ApprovalRecord) -> ApprovalStatement:
    """Give what a recorded statement says.

    Raises:
        CatalogError: the row is not what was recorded.
    """
    try:
        return ApprovalStatement.from_bytes(record.statement.encode())
    except StatementInvalid as error:
        raise CatalogError(
            f"the approval {record.digest[:19]} cannot be read: {error.message}",
            hint="run `registry verify`: it names everything that was changed",
        ) from error


def judge_approval(
    record: ApprovalRecord, *, bound: Bound | None, active: ActivePolicy | None, now: str
) -> Approval:
    """Judge what somebody said once by how things stand now.

    Args:
        bound: what would be signed now; None where there is nothing to sign, for want of an
            evaluation.
    """
    statement = statement_of(record)
    person = active.document.person(record.person) if active else None
    state, why = _state(record, statement, bound, active, now)
    return Approval(record, statement, person.roles if person else (), state, why)


def _state(
    record: ApprovalRecord,
    statement: ApprovalStatement,
    bound: Bound | None,
    active: ActivePolicy | None,
    now: str,
) -> tuple[State, str]:
    if not _is_row_of(record, statement):
        return "void", "its row says something else than was signed"
    if active is None:
        return "void", "no policy is in force that says who may sign"
    if record.signed:
        try:
            found = signed_by(record.envelope or "", payload=record.statement)
        except SigningError as error:
            return "void", error.message
        problem = why_not_theirs(active, found, record.person)
        if problem or found != record.fingerprint:
            return "void", problem or "it is signed with another key than is recorded"
    elif active.document.person(record.person) is None:
        return "void", f"{record.person} is none of the people of the policy in force"
    if now >= statement.expires_at:
        return "stale", f"it expired on {statement.expires_at[:16]}Z"
    if bound is None:
        return "stale", "there is no evaluation now under the suite in force"
    changes = list(bound.changed_since(statement.bound))
    return ("stale", " and ".join(changes)) if changes else ("counts", "")


def _is_row_of(record: ApprovalRecord, statement: ApprovalStatement) -> bool:
    """Whether a row says what the statement in it does: an approval is no override."""
    bound = statement.bound
    signed = (bound.model, bound.version, bound.pointer, statement.decision, statement.person)
    row = (record.model, record.version, record.pointer, record.decision, record.person)
    return (*signed, statement.nonce) == (*row, record.nonce)


def signed_by(envelope: str, *, payload: str | None = None) -> str:
    """Give the fingerprint of the one key that signed an envelope.

    Args:
        payload: what it must carry, where that is known.

    Raises:
        SigningError: it is damaged, not signed, not for this purpose, or carries another text.
    """
    from registry_assets.signing.dsse import Envelope, verify_envelope

    opened = Envelope.from_bytes(envelope.encode())
    if payload is not None and opened.payload != payload.encode():
        raise StatementInvalid("its envelope carries another statement than is recorded")
    keys = verify_envelope(opened, namespace=NAMESPACE)
    if len(keys) != 1:
        raise StatementInvalid("an approval is one person's: its envelope has several signatures")
    return keys[0].fingerprint


def why_not_theirs(active: ActivePolicy, fingerprint: str, person: str) -> str:
    """Say why a key is not that of a person; "" where it is."""
    owner = active.signer(fingerprint)
    if owner is not None:
        return "" if owner.name == person else f"it is signed with the key of {owner.name}"
    before = active.was_revoked(fingerprint)
    if before is not None:
        return f"the key {fingerprint} of {before.name} is revoked"
    return f"the key {fingerprint} is of none of the people of the policy in force"


def signing_time(statement: ApprovalStatement) -> datetime:
    """Give when a person says to have signed."""
    return parse_timestamp(statement.signed_at)


def describe_bound(bound: Bound) -> dict[str, Any]:
    """Give what was bound, for documents."""
    return {**bound.to_json(), "digest": bound.digest}
