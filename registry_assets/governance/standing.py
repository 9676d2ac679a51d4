"""Reads what the decision needs, and derives the stage of a version; writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from registry_assets.catalog import statements
from registry_assets.catalog.approvals import ApprovalRecord, list_approvals
from registry_assets.catalog.evaluations import evaluations_of, newest_evaluation, read_verdicts
from registry_assets.catalog.holds import read_hold
from registry_assets.catalog.indexing import Stage, effective_tags
from registry_assets.catalog.indexing import derive_stage as stage_of
from registry_assets.catalog.marks import read_mark
from registry_assets.catalog.models import PRODUCTION, ModelRecord, get_model
from registry_assets.catalog.pointers import PointerRecord, PromotionRecord, get_pointer
from registry_assets.catalog.provenance import read_identity
from registry_assets.catalog.recalls import list_recalls
from registry_assets.catalog.tables import marks, promotions, versions
from registry_assets.catalog.tenures import Tenure, version_tenures
from registry_assets.catalog.versions import VersionRecord, get_version
from registry_assets.governance.active import read_active
from registry_assets.governance.approvals import judge_approval
from registry_assets.governance.binding import Bound, upstream_digest
from registry_assets.governance.decide import Held, Ready, Standing, decide, gates_passed
from registry_assets.governance.policy import Policy
from registry_assets.governance.recalls import recalled_of
from registry_assets.governance.separation import trainers_of

NEVER = "0001-01-01T00:00:00.000000Z"
"""For what is read without asking the time."""

# A sort, and no max(): by the index, it looks at one row however often the pointer moved.
_NEWEST = promotions.c.version.desc()


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one version and pointer, with what it was reached on."""

    policy: Policy
    standing: Standing
    answer: Ready | Held

    @property
    def ready(self) -> bool:
        """Whether nothing holds the version."""
        return isinstance(self.answer, Ready)


def read_standing(
    connection: sa.Connection, policy: Policy, model: ModelRecord, number: int, *, now: str
) -> Standing:
    """Read everything known about one version before the pointer that a policy is about.

    Args:
        now: the instant of the decision, as the catalog writes it.
    """
    version = get_version(connection, model.name, number)
    evaluation = newest_evaluation(connection, model.name, number, suite_digest=model.suite_digest)
    found = read_verdicts(connection, model.name, number, evaluation_id=None)
    if evaluation is not None:
        found += read_verdicts(connection, model.name, number, evaluation_id=evaluation.id)
    mark = read_mark(connection, model.name, number)
    pointer = get_pointer(connection, model.name, policy.pointer)
    standing = Standing(
        now=now,
        version=version,
        evaluation=evaluation,
        verdicts=found,
        approvals=(),
        pointer=pointer,
        baseline=baseline_of(connection, pointer),
        held=_held(connection, model.name, policy.pointer, number),
        hold=read_hold(connection, model.name, policy.pointer, number),
        mark=mark if mark and mark.in_force else None,
        tags=effective_tags(connection, model.name, number, version.metadata.get("tags", {})),
    )
    return with_policy(
        connection,
        policy,
        standing,
        approvals=list_approvals(connection, model.name, number),
        recalled=recalled_of(connection, version, list_recalls(connection, in_force=True)),
    )


def with_policy(
    connection: sa.Connection,
    policy: Policy,
    standing: Standing,
    *,
    approvals: Sequence[ApprovalRecord],
    recalled: tuple[str, ...],
    registry: str | None = None,
) -> Standing:
    """Add what people said about a version and its data, judged as things stand now.

    Args:
        approvals: everything that was signed about it.
        recalled: which of its data is recalled, in words.
        registry: the identity of this one, where it was read already.
    """
    version, rules, active = standing.version, policy.rules, policy.active
    if active is None and not approvals and not recalled:
        return standing
    bound = bound_now(connection, policy, standing, registry=registry) if approvals else None
    return replace(
        standing,
        approvals=tuple(
            judge_approval(record, bound=bound, active=active, now=standing.now)
            for record in approvals
        ),
        trainers=trainers_of(version, policy.pointer, active) if active else None,
        staging_since=(
            staging_since(connection, policy, standing, until=standing.now)
            if rules.min_staging is not None
            else None
        ),
        elsewhere=tenures_elsewhere(connection, version, rules.after) if rules.after else (),
        recalled=recalled,
    )


def bound_now(
    connection: sa.Connection, policy: Policy, standing: Standing, *, registry: str | None = None
) -> Bound | None:
    """Give what somebody who signs now is bound to; None where there is nothing to look at."""
    version, evaluation = standing.version, standing.evaluation
    if version.digest is None or evaluation is None:
        return None
    return Bound(
        registry=registry or read_identity(connection),
        model=version.model,
        version=version.number,
        digest=version.digest,
        pointer=policy.pointer,
        evaluation=evaluation.digest,
        policy=policy.digest,
        gates=policy.suite_digest,
        upstream=upstream_digest(version.recipe),
    )


def bound_by_promotion(connection: sa.Connection, policy: Policy, made: PromotionRecord) -> Bound:
    """Give what somebody is bound to who signs about a move that was made: to go back, to review.

    The evidence is that move's own: it may be of a suite that is in force no longer.
    """
    version = get_version(connection, made.model, made.version)
    return Bound(
        registry=read_identity(connection),
        model=made.model,
        version=made.version,
        digest=made.digest,
        pointer=made.pointer,
        evaluation=str(made.evidence.get("evaluation") or made.digest),
        policy=policy.digest,
        gates=str(made.evidence.get("suite") or policy.suite_digest),
        upstream=upstream_digest(version.recipe),
    )


def tenures_elsewhere(
    connection: sa.Connection, version: VersionRecord, pointer: str
) -> tuple[Tenure, ...]:
    """Give when another pointer held a version; nothing where it was rolled back from it since."""
    hold = read_hold(connection, version.model, pointer, version.number)
    if hold is not None and hold.in_force:
        return ()
    number = version.number
    found = version_tenures(connection, version.model, first=number, last=number)
    return tuple(tenure for tenure in found if tenure.promotion.pointer == pointer)


def staging_since(
    connection: sa.Connection, policy: Policy, standing: Standing, *, until: str
) -> str | None:
    """Give since when a version has passed every gate of the suite in force, without a break.

    Args:
        until: evaluations after this instant do not count.
    """
    version, since = standing.version, None
    for evaluation in evaluations_of(
        connection, version.model, version.number, suite_digest=policy.suite_digest
    ):
        if evaluation.created_at > until:
            continue
        at_commit = read_verdicts(connection, version.model, version.number, evaluation_id=None)
        then = read_verdicts(connection, version.model, version.number, evaluation_id=evaluation.id)
        judged = replace(standing, evaluation=evaluation, verdicts=at_commit + then)
        if gates_passed(policy, judged) is not True:
            break
        since = evaluation.created_at
    return since


def baseline_of(connection: sa.Connection, pointer: PointerRecord) -> PointerRecord:
    """Give what a version is compared with before it takes a pointer: production, always.

    An evaluation has one baseline, and one that every pointer had would be as many evaluations.
    """
    if pointer.name == PRODUCTION:
        return pointer
    return get_pointer(connection, pointer.model, PRODUCTION)


def _held(connection: sa.Connection, model: str, pointer: str, number: int) -> frozenset[int]:
    """Give the highest version that the pointer has held and, if it was held, this one.

    No others matter to a decision, and a pointer may have moved 10,000 times.
    """
    key = {"model": model, "pointer": pointer}
    highest = statements.newest(connection, promotions, "version", "version", **key)
    this = statements.find(connection, promotions, "version", **key, version=number).first()
    return frozenset(row.version for row in (highest, this) if row is not None)


def read_decision(
    connection: sa.Connection, model: str, number: int, pointer: str, *, now: str
) -> Decision:
    """Decide on one version and pointer, from one consistent reading."""
    record = get_model(connection, model)
    policy = Policy.of(record, read_active(connection), pointer)
    standing = read_standing(connection, policy, record, number, now=now)
    return Decision(policy, standing, decide(policy, standing))


def find_candidate(connection: sa.Connection, model: str, pointer: str) -> int | None:
    """Give the one version that may be promoted without being asked for.

    It is the highest committed number above every version that the pointer has ever held,
    so what a person rolled back from never returns by itself. A version that a person archived
    or rejected is passed over for the next one below: whoever sets the newest aside wants to go
    on with what was there before it, not to stand still. One that a gate rejected is not: only
    a person can know that an older one will do.
    """
    get_pointer(connection, model, pointer)
    highest_held = (
        sa.select(promotions.c.version)
        .where(promotions.c.model == model, promotions.c.pointer == pointer)
        .order_by(_NEWEST)
        .limit(1)
    )
    set_aside = (
        sa.select(sa.literal(1))
        .where(
            marks.c.model == model,
            marks.c.number == versions.c.number,
            marks.c.mark.in_(("archived", "rejected")),
        )
        .exists()
    )
    # A sort, and no max(): by the index, it looks at the versions set aside above the candidate
    # and at no others; 10,000 of those take 8 ms.
    return connection.execute(
        sa.select(versions.c.number)
        .where(
            versions.c.model == model,
            versions.c.state == "committed",
            versions.c.number > sa.func.coalesce(highest_held.scalar_subquery(), 0),
            ~set_aside,
        )
        .order_by(versions.c.number.desc())
        .limit(1)
    ).scalar()


def read_passed(connection: sa.Connection, model: str, number: int) -> bool | None:
    """Tell whether the newest evaluation of a version passed every gate; None: not known."""
    record = get_model(connection, model)
    policy = Policy.of(record, None)
    # No gate asks what time it is, nor who has signed.
    return gates_passed(policy, read_standing(connection, policy, record, number, now=NEVER))


def derive_stage(connection: sa.Connection, version: VersionRecord) -> Stage:
    """Give a version's stage: always derived, never stored."""
    return stage_of(connection, version.model, version.number, state=version.state)
