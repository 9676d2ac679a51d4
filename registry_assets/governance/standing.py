"""Reads what the decision needs, and derives the stage of a version; writes nothing."""

from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.catalog import statements
from registry_assets.catalog.evaluations import newest_evaluation, read_verdicts
from registry_assets.catalog.indexing import Stage, effective_tags
from registry_assets.catalog.indexing import derive_stage as stage_of
from registry_assets.catalog.marks import read_mark
from registry_assets.catalog.models import PRODUCTION, ModelRecord, get_model
from registry_assets.catalog.pointers import PointerRecord, get_pointer
from registry_assets.catalog.tables import marks, promotions, versions
from registry_assets.catalog.versions import VersionRecord, get_version
from registry_assets.governance.decide import Held, Ready, Standing, decide, gates_passed
from registry_assets.governance.policy import Policy

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
    connection: sa.Connection, model: ModelRecord, number: int, pointer: str
) -> Standing:
    """Read everything known about one version before one pointer."""
    version = get_version(connection, model.name, number)
    evaluation = newest_evaluation(connection, model.name, number, suite_digest=model.suite_digest)
    found = read_verdicts(connection, model.name, number, evaluation_id=None)
    if evaluation is not None:
        found += read_verdicts(connection, model.name, number, evaluation_id=evaluation.id)
    mark = read_mark(connection, model.name, number)
    to_move = get_pointer(connection, model.name, pointer)
    return Standing(
        version=version,
        evaluation=evaluation,
        verdicts=found,
        approvals=(),  # no way to approve exists yet, so there are none to find
        pointer=to_move,
        baseline=baseline_of(connection, to_move),
        held=_held(connection, model.name, pointer, number),
        mark=mark if mark and mark.in_force else None,
        tags=effective_tags(connection, model.name, number, version.metadata.get("tags", {})),
    )


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


def read_decision(connection: sa.Connection, model: str, number: int, pointer: str) -> Decision:
    """Decide on one version and pointer, from one consistent reading."""
    record = get_model(connection, model)
    policy = Policy.of(record)
    standing = read_standing(connection, record, number, pointer)
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
    return gates_passed(Policy.of(record), read_standing(connection, record, number, PRODUCTION))


def derive_stage(connection: sa.Connection, version: VersionRecord) -> Stage:
    """Give a version's stage: always derived, never stored."""
    return stage_of(connection, version.model, version.number, state=version.state)
