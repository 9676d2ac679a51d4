"""Proposals to roll back: where a pointer stands on data that was recalled.

Nothing of them is kept. They are derived from the recalls in force whenever somebody asks, so
that one is gone as soon as its pointer has moved, or the recall was lifted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.catalog.models import get_model
from registry_assets.catalog.recalls import RecallRecord, list_recalls
from registry_assets.catalog.tables import pointers
from registry_assets.catalog.versions import get_version
from registry_assets.clock import timestamp
from registry_assets.errors import RollbackRefused
from registry_assets.governance.recalls import recalled_of_each
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.way_back import find_way_back


@dataclass(frozen=True, slots=True)
class RollbackProposal:
    """A pointer that stands on recalled data, and the version that it would go back to.

    Args:
        recalled: which data its version was made from that is wrong, a sentence each.
        to: None where there is no version to go back to.
        why_not: why there is none; empty where there is one.
    """

    model: str
    pointer: str
    version: int
    recalled: tuple[str, ...]
    to: int | None
    why_not: str = ""

    @property
    def reference(self) -> str:
        """`loan_approval@production`."""
        return f"{self.model}@{self.pointer}"


def proposals(backends: Backends, model: str | None = None) -> tuple[RollbackProposal, ...]:
    """Find the pointers that stand on recalled data, of one model if given, by name.

    Raises:
        NotFound: there is no such model.
    """
    with backends.catalog.read() as connection:
        in_force = list_recalls(connection, in_force=True)
        if model is not None:
            get_model(connection, model)
        now = timestamp(backends.clock())
        return tuple(find_proposals(connection, in_force, now=now, model=model))


def find_proposals(
    connection: sa.Connection,
    recalls: Sequence[RecallRecord],
    *,
    now: str,
    model: str | None = None,
) -> Iterator[RollbackProposal]:
    """Find the pointers that stand on what these recalls are about.

    Args:
        recalls: of those in force.
        now: the instant of the decisions on where to go back to.
    """
    if not recalls:
        return
    table = pointers
    query = sa.select(table.c.model, table.c.name, table.c.version)
    query = query.where(table.c.version.is_not(None)).order_by(table.c.model, table.c.name)
    if model is not None:
        query = query.where(table.c.model == model)
    held = connection.execute(query).all()
    versions = [get_version(connection, row.model, row.version) for row in held]
    recalled = recalled_of_each(connection, versions, recalls)
    for row, version in zip(held, versions, strict=True):
        said = recalled.get(version.reference)
        if said is not None:
            to, why_not = _back(connection, row.model, row.name, now=now)
            yield RollbackProposal(row.model, row.name, row.version, said, to, why_not)


def _back(
    connection: sa.Connection, model: str, pointer: str, *, now: str
) -> tuple[int | None, str]:
    # From this reading, and not by `plan_rollback`, which gives back one that was made already:
    # what a pointer went back to may itself have been recalled since.
    try:
        return find_way_back(connection, model, pointer, now=now).earlier.version, ""
    except RollbackRefused as refused:
        return None, refused.message
