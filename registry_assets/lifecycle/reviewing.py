"""Reviews: whether somebody else has looked at a rollback that one person made at once."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from registry_assets.catalog.approvals import ApprovalRecord, list_approvals
from registry_assets.catalog.pointers import PromotionRecord, get_pointer, newest_promotion
from registry_assets.clock import parse_timestamp, timestamp
from registry_assets.governance.policy import Policy


@dataclass(frozen=True, slots=True)
class Review:
    """That a rollback is to be reviewed, or was.

    Args:
        by: who made it.
        due: until when somebody else has to look at it.
        done: what somebody else signed; None while nobody has.
    """

    promotion: PromotionRecord
    by: str
    due: str
    done: ApprovalRecord | None

    @property
    def sentence(self) -> str:
        """What is to be done, or was."""
        made = self.promotion
        what = f"the rollback of {made.model}@{made.pointer} to version {made.version} by {self.by}"
        if self.done is not None:
            return f"{what} was reviewed by {self.done.person} on {self.done.recorded_at[:10]}"
        return f"{what} has to be reviewed by somebody else until {self.due[:16]}Z"


def review_of(
    connection: sa.Connection, policy: Policy, *, model: str, pointer: str
) -> Review | None:
    """Give the review that a pointer's last move asks for; None where it asks for none."""
    rule = policy.rules.rollback
    if (
        rule is None
        or rule.review is None
        or get_pointer(connection, model, pointer).version is None
    ):
        return None
    made = newest_promotion(connection, model, pointer)
    if not made.evidence.get("rollback"):
        return None
    named = made.evidence.get("authority") or [{"person": made.actor}]
    by = str(named[0]["person"])
    due = parse_timestamp(made.created_at) + timedelta(seconds=rule.review)
    return Review(made, by, timestamp(due), _done(connection, made, by))


def _done(connection: sa.Connection, made: PromotionRecord, by: str) -> ApprovalRecord | None:
    for record in list_approvals(connection, made.model, made.version):
        if (
            record.decision == "review"
            and record.pointer == made.pointer
            and record.person != by
            and record.recorded_at >= made.created_at
        ):
            return record
    return None
