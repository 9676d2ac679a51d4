"""What one person states and signs about a version: the value and its bytes, alone.

Whoever has no catalog reads it with these very lines. Whether it counts is `approvals`.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from registry_assets.canonical import Json
from registry_assets.clock import parse_timestamp, timestamp
from registry_assets.decisions import DECISIONS, Decided
from registry_assets.errors import RegistryError, StatementInvalid
from registry_assets.governance.binding import Bound
from registry_assets.references import check_digest, check_name, check_text

NAMESPACE = "registry_assets/approval"
"""What signatures of people are for: one made for something else is none of ours."""

PREDICATE = "https://registry-assets.invalid/approval/v1"
"""The type of the statement: a name alone, under which nothing is to be found."""

LONGEST_REASON = 10_000

_OWN = ("decision", "person", "reason", "signed_at", "expires_at", "nonce")
_NONCE_LENGTH = 32


@dataclass(frozen=True, slots=True)
class ApprovalStatement:
    """What one person says about one version before one pointer.

    Law: `ApprovalStatement.from_bytes(statement.to_bytes()) == statement`.

    Args:
        nonce: 32 hexadecimal digits, so that no statement can be recorded twice.
    """

    decision: Decided
    bound: Bound
    person: str
    reason: str
    signed_at: str
    expires_at: str
    nonce: str

    @classmethod
    def make(
        cls,
        decision: Decided,
        bound: Bound,
        *,
        person: str,
        reason: str,
        now: datetime,
        lasts: timedelta,
    ) -> "ApprovalStatement":
        """Give what a person is to sign."""
        return cls(
            decision=decision,
            bound=bound,
            person=person,
            reason=reason,
            signed_at=timestamp(now),
            expires_at=timestamp(now + lasts),
            nonce=secrets.token_hex(_NONCE_LENGTH // 2),
        )

    def to_bytes(self) -> bytes:
        """Write it as the in-toto statement that is signed."""
        from registry_assets.signing.statement import Statement, Subject

        subject = Subject(self.bound.reference, self.bound.digest)
        own: dict[str, Json] = {name: getattr(self, name) for name in _OWN}
        return Statement((subject,), PREDICATE, {**self.bound.to_json(), **own}).to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "ApprovalStatement":
        """Read what was signed.

        Raises:
            StatementInvalid: it is no statement of ours, or not in its one form.
        """
        from registry_assets.signing.statement import Statement

        statement = Statement.from_bytes(data)
        said = statement.expect(PREDICATE)
        try:
            (subject,) = statement.subjects
            found = cls(
                bound=Bound.from_json(dict(said), digest=subject.digest),
                **{name: said[name] for name in _OWN},  # type: ignore[arg-type]
            )
            found._check()
            if subject.name != found.bound.reference:
                raise ValueError(f"it speaks of {found.bound.reference}, of the bytes of another")
            if found.to_bytes() != data:
                raise ValueError("it says more than an approval does")
        except (KeyError, TypeError, ValueError, RegistryError) as error:
            raise StatementInvalid(
                f"This is no approval: {_said(error)}.",
                hint="`registry approve REF --to-sign FILE` writes what is to be signed",
            ) from error
        return found

    def _check(self) -> None:
        if self.decision not in DECISIONS:
            raise ValueError(f"it decides {self.decision!r:.50}")
        bound = self.bound
        for name in (bound.model, bound.pointer, self.person):
            check_name(name)
        for digest in (bound.digest, bound.evaluation, bound.policy, bound.gates, bound.upstream):
            check_digest(digest)
        if type(bound.version) is not int or bound.version < 1:
            raise ValueError(f"its version is {bound.version!r:.50}")
        check_text(bound.registry, what="registry", limit=64)
        check_text(self.reason, what="reason", limit=LONGEST_REASON)
        for instant in (self.signed_at, self.expires_at):
            # In its one form: `2013-9-1` would sort after `2013-10-01`, and never be over.
            if timestamp(parse_timestamp(instant)) != instant:
                raise ValueError(f"{instant!r:.50} is no instant in the form of the catalog")
        if len(self.nonce) != _NONCE_LENGTH or not set(self.nonce) <= set("0123456789abcdef"):
            raise ValueError(f"its nonce is not {_NONCE_LENGTH} hexadecimal digits")


def _said(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it has no {error.args[0]}"
    return getattr(error, "message", str(error)).rstrip(".")
