"""Reads what the decision needs, and derives the stage of a version; writes nothing."""

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from registry_assets.catalog.evaluations import newest_evaluation, read_verdicts
from registry_assets.catalog.models import ModelRecord, get_model
from registry_assets.catalog.pointers import get_pointer, list_pointers, list_promotions
from registry_assets.catalog.tables import promotions, versions
from registry_assets.catalog.versions import VersionRecord, get_version
from registry_assets.governance.decide import Held, Ready, Standing, decide, gates_passed
from registry_assets.governance.policy import Policy

Stage = Literal["development", "staging", "production", "archived", "rejected", "failed"]


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
    return Standing(
        version=version,
        evaluation=evaluation,
        verdicts=found,
        approvals=(),  # no way to approve exists yet, so there are none to find
        pointer=get_pointer(connection, model.name, pointer),
        held=frozenset(p.version for p in list_promotions(connection, model.name, pointer)),
    )


def read_decision(connection: sa.Connection, model: str, number: int, pointer: str) -> Decision:
    """Decide on one version and pointer, from one consistent reading."""
    record = get_model(connection, model)
    policy = Policy.of(record)
    standing = read_standing(connection, record, number, pointer)
    return Decision(policy, standing, decide(policy, standing))


def find_candidate(connection: sa.Connection, model: str, pointer: str) -> int | None:
    """Give the one version that may be promoted without being asked for.

    It is the highest committed number above every version that the pointer has ever held,
    so what a person rolled back from never returns by itself.
    """
    get_pointer(connection, model, pointer)
    highest_held = sa.select(sa.func.coalesce(sa.func.max(promotions.c.version), 0)).where(
        promotions.c.model == model, promotions.c.pointer == pointer
    )
    return connection.execute(
        sa.select(sa.func.max(versions.c.number)).where(
            versions.c.model == model,
            versions.c.state == "committed",
            versions.c.number > highest_held.scalar_subquery(),
        )
    ).scalar()


def derive_stage(connection: sa.Connection, version: VersionRecord) -> Stage:
    """Give a version's stage: always derived, never stored."""
    if version.state == "failed":
        return "failed"
    held_now = {p.version for p in list_pointers(connection, version.model)}
    if version.number in held_now:
        return "production"
    held_ever = {p.version for p in list_promotions(connection, version.model)}
    if version.number in held_ever:
        return "archived"
    model = get_model(connection, version.model)
    pointer = list_pointers(connection, version.model)[0]
    standing = read_standing(connection, model, version.number, pointer.name)
    match gates_passed(Policy.of(model), standing):
        case True:
            return "staging"
        case False:
            return "rejected"
        case None:
            return "development"
