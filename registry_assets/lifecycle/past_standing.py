"""What was known of a version at the moment of a past promotion, for a policy that is tried out.

Read from what has not changed since: promotions, evaluations, approvals, and the ledger where
only it knows what was there before. `governance.standing` reads the same of this moment.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.approvals import list_approvals
from registry_assets.catalog.evaluations import EvaluationRecord, read_verdicts
from registry_assets.catalog.holds import read_hold
from registry_assets.catalog.indexing import effective_tags
from registry_assets.catalog.log import read_backwards
from registry_assets.catalog.models import PRODUCTION
from registry_assets.catalog.pointers import PointerRecord, PromotionRecord, list_promotions
from registry_assets.catalog.tenures import Tenure, tenure_at, version_tenures
from registry_assets.catalog.versions import VersionRecord, get_version
from registry_assets.governance.approvals import Approval, judge_approval, statement_of
from registry_assets.governance.binding import Bound
from registry_assets.governance.decide import Standing
from registry_assets.governance.policy import Policy
from registry_assets.governance.separation import trainers_of
from registry_assets.governance.standing import bound_now, staging_since


def read_past_standing(
    connection: sa.Connection,
    policy: Policy,
    promotion: PromotionRecord,
    evaluation: EvaluationRecord | None,
) -> Standing:
    """Read what was known of the version that a promotion brought to its pointer, before it was.

    Args:
        evaluation: the one that the promotion rested on.
    """
    model, number, now = promotion.model, promotion.version, promotion.created_at
    version = get_version(connection, model, number)
    verdicts = read_verdicts(connection, model, number, evaluation_id=None)
    if evaluation is not None:
        verdicts += read_verdicts(connection, model, number, evaluation_id=evaluation.id)
    pointer = _pointer_before(connection, promotion)
    standing = Standing(
        now=now,
        version=version,
        evaluation=evaluation,
        verdicts=verdicts,
        approvals=(),
        pointer=pointer,
        baseline=_baseline(connection, pointer, now),
        # That it went forward then is not what a policy says.
        held=frozenset(),
        hold=None,
        mark=None,
        tags=_tags_then(connection, version, now),
    )
    assert policy.active is not None
    rules = policy.rules
    known = replace(
        standing,
        approvals=tuple(_approvals(connection, policy, standing)),
        trainers=trainers_of(version, policy.pointer, policy.active),
        elsewhere=tuple(_elsewhere_then(connection, version, rules.after, now)),
    )
    if rules.min_staging is None:
        return known
    return replace(known, staging_since=staging_since(connection, policy, known, until=now))


def _tags_then(connection: sa.Connection, version: VersionRecord, now: str) -> dict[str, str]:
    """Give a version's tags without what people changed in them since."""
    model, number = version.model, version.number
    declared = version.metadata.get("tags", {})
    tags: dict[str, Any] = dict(effective_tags(connection, model, number, declared))
    for event in read_backwards(connection, model, kind="tags_changed"):
        if event.effective_at <= now:
            break
        if event.facts.get("version") == number:
            changed = event.facts["tags"]
            tags.update({name: edit["before"] for name, edit in changed.items()})
    return {name: value for name, value in tags.items() if value is not None}


def _pointer_before(connection: sa.Connection, promotion: PromotionRecord) -> PointerRecord:
    digest = None
    if promotion.from_version is not None:
        digest = get_version(connection, promotion.model, promotion.from_version).digest
    return PointerRecord(
        promotion.model,
        promotion.pointer,
        promotion.from_version,
        digest,
        promotion.generation - 1,
        None,
    )


def _baseline(connection: sa.Connection, pointer: PointerRecord, now: str) -> PointerRecord:
    if pointer.name == PRODUCTION:
        return pointer
    held = tenure_at(connection, pointer.model, PRODUCTION, now)
    if held is None:
        return PointerRecord(pointer.model, PRODUCTION, None, None, 0, None)
    made = held.promotion
    return PointerRecord(
        made.model, made.pointer, made.version, made.digest, made.generation, made.created_at
    )


def _approvals(connection: sa.Connection, policy: Policy, standing: Standing) -> Iterator[Approval]:
    """Judge what had been signed by then by the people of the policy that is tried out."""
    bound = bound_now(connection, policy, standing)
    for record in list_approvals(connection, standing.version.model, standing.version.number):
        if record.recorded_at > standing.now:
            continue
        statement = statement_of(record)
        # It was signed under the policy of its day; that this is another one is the question.
        asked: Bound | None = replace(bound, policy=statement.bound.policy) if bound else None
        yield judge_approval(record, bound=asked, active=policy.active, now=standing.now)


def _elsewhere_then(
    connection: sa.Connection, version: VersionRecord, pointer: str | None, now: str
) -> Iterator[Tenure]:
    """Give when another pointer had held a version by then; nothing where it was held off it."""
    if pointer is None or _held_off(connection, version, pointer, now):
        return
    number = version.number
    for tenure in version_tenures(connection, version.model, first=number, last=number):
        made = tenure.promotion
        if made.pointer == pointer and made.created_at <= now:
            until = tenure.until if tenure.until and tenure.until <= now else None
            yield Tenure(made, until)


def _held_off(connection: sa.Connection, version: VersionRecord, pointer: str, now: str) -> bool:
    """Whether a pointer had been rolled back from a version by then, and was not released."""
    left = [
        made.created_at
        for made in list_promotions(connection, version.model, pointer)
        if made.created_at <= now
        and (made.evidence.get("rollback") or {}).get("from") == version.number
    ]
    if not left:
        return False
    hold = read_hold(connection, version.model, pointer, version.number)
    # Only the last of what happened to a hold is on record: a release before that is not seen.
    return hold is None or hold.in_force or not max(left) <= hold.set_at <= now
