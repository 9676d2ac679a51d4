"""What people decided about versions, as they signed it: the rows as they stand.

Whether an approval counts is judged anew at each decision, in `governance.approvals`: it goes
stale by itself when anything changes that it was bound to.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from registry_assets.catalog import statements
from registry_assets.catalog.ledger import Change
from registry_assets.catalog.tables import approvals
from registry_assets.decisions import Decided


@dataclass(frozen=True, slots=True)
class ApprovalRecord:
    """One statement of a person about one version.

    Args:
        digest: of the envelope, or of the statement where nobody signed.
        fingerprint: of the key; None where nobody signed.
        statement: the payload, as it was signed.
        position: where the registry's own chain stood when it was recorded.
    """

    digest: str
    model: str
    version: int
    pointer: str
    decision: Decided
    person: str
    fingerprint: str | None
    nonce: str
    expires_at: str
    statement: str
    envelope: str | None
    position: int
    actor: str
    run_id: str
    recorded_at: str

    @property
    def signed(self) -> bool:
        """Whether a key stands behind it."""
        return self.envelope is not None


def list_approvals(
    connection: sa.Connection, model: str, number: int
) -> tuple[ApprovalRecord, ...]:
    """Give what was decided about a version, in the order in which it was recorded."""
    rows = statements.find(connection, approvals, model=model, version=number)
    found = (ApprovalRecord(**row._asdict()) for row in rows)
    return tuple(sorted(found, key=lambda approval: (approval.recorded_at, approval.digest)))


def approvals_between(
    connection: sa.Connection, model: str, *, first: int, last: int
) -> tuple[ApprovalRecord, ...]:
    """Give what was decided about the versions of these numbers, and between."""
    rows = connection.execute(
        sa.select(approvals)
        .where(approvals.c.model == model, approvals.c.version.between(first, last))
        .order_by(approvals.c.recorded_at, approvals.c.digest)
    )
    return tuple(ApprovalRecord(**row._asdict()) for row in rows)


def find_approvals(connection: sa.Connection, digests: Sequence[str]) -> dict[str, ApprovalRecord]:
    """Give approvals by digest."""
    rows = connection.execute(sa.select(approvals).where(approvals.c.digest.in_(digests)))
    return {row.digest: ApprovalRecord(**row._asdict()) for row in rows}


def nonce_used(connection: sa.Connection, model: str, nonce: str) -> ApprovalRecord | None:
    """Give the approval of a model that has this nonce, if there is one."""
    row = statements.find(connection, approvals, model=model, nonce=nonce).one_or_none()
    return None if row is None else ApprovalRecord(**row._asdict())


def write_approval(draft: Change, record: ApprovalRecord) -> None:
    """Record what somebody decided, inside the caller's change of the model's chain."""
    draft.insert(approvals, **asdict(record))
