"""Who may roll a pointer back: the policy's rule, and what somebody signed for this very move.

A statement is worth one rollback: once a promotion names it, it is used up. It is bound to the
version that is gone back to, and to the evidence by which the pointer held it before.
"""

from dataclasses import replace

import sqlalchemy as sa

from registry_assets.canonical import Json
from registry_assets.catalog.approvals import ApprovalRecord, list_approvals
from registry_assets.catalog.pointers import as_promotion
from registry_assets.catalog.tables import promotions
from registry_assets.errors import RollbackRefused
from registry_assets.governance.agreement import unfit
from registry_assets.governance.approvals import Approval, judge_approval
from registry_assets.governance.standing import bound_by_promotion
from registry_assets.lifecycle.way_back import WayBack

LASTS = 3600
"""Seconds that a statement about a rollback counts: it is made at once, or not at all."""


def authorized(connection: sa.Connection, way: WayBack, *, now: str) -> WayBack:
    """Give a way back with the statement that allows it, where the policy asks for one.

    Raises:
        RollbackRefused: it asks for one, and nobody who may has signed.
    """
    rule = way.decision.policy.rules.rollback
    if rule is None:
        return way
    bound = bound_by_promotion(connection, way.decision.policy, way.earlier)
    why: list[str] = []
    for record in reversed(list_approvals(connection, bound.model, bound.version)):
        if record.decision != "rollback" or record.pointer != way.pointer.name:
            continue
        judged = judge_approval(record, bound=bound, active=way.decision.policy.active, now=now)
        problem = _problem(connection, way, judged)
        if not problem:
            return replace(way, authority=(judged,))
        why.append(f"what {record.person} signed does not count: {problem}")
    where, target = f"{way.pointer.model}@{way.pointer.name}", way.earlier.version
    raise RollbackRefused(
        f"by the policy in force {where} is rolled back by one of the role"
        f" {' or '.join(rule.roles)}, who signs it" + "".join(f"\n  - {each}" for each in why),
        hint=f"`registry rollback {where} --to {target} --reason … --key KEY` signs and does it;"
        " nothing was changed",
    )


def authority_evidence(way: WayBack) -> dict[str, Json]:
    """Give what a promotion says of the statement that allowed it."""
    if not way.authority:
        return {}
    named: list[Json] = [each.evidence for each in way.authority]
    return {"authority": named}


def _problem(connection: sa.Connection, way: WayBack, judged: Approval) -> str:
    if not judged.counts:
        return judged.why
    if not judged.record.signed:
        return "nobody signed it"
    if _is_used(connection, judged.record):
        return "it was used for a rollback before"
    return unfit(way.decision.policy, way.decision.standing, judged)


def _is_used(connection: sa.Connection, record: ApprovalRecord) -> bool:
    """Tell whether a promotion names a statement already."""
    rows = connection.execute(
        sa.select(promotions).where(
            promotions.c.model == record.model,
            promotions.c.pointer == record.pointer,
            promotions.c.created_at >= record.recorded_at,
        )
    )
    made = (as_promotion(row._asdict()) for row in rows)
    named = (each for promotion in made for each in promotion.evidence.get("authority", ()))
    return any(each.get("digest") == record.digest for each in named)
