"""How many there are: versions, by stage or trigger; observations of a partition."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.catalog.imported_tables import imported_versions
from registry_assets.catalog.index_tables import indexed_versions
from registry_assets.catalog.indexing import Stage
from registry_assets.catalog.monitoring_tables import observations
from registry_assets.catalog.tables import pointers, registered_models, versions


@dataclass(frozen=True, slots=True)
class ModelCounts:
    """What a list says of a model beside its declaration.

    Args:
        versions: how many there are, which is also the newest one's number.
        newest: the newest one's stage; None without any.
        version: what the pointer that was asked about holds, and since when.
    """

    name: str
    versions: int
    newest: Stage | None
    version: int | None
    moved_at: str | None


def count_models(connection: sa.Connection) -> int:
    """Give how many registered models there are."""
    query = sa.select(sa.func.count()).select_from(registered_models)
    return connection.execute(query).scalar_one()


def has_model(connection: sa.Connection, name: str) -> bool:
    """Tell whether there is a registered model of this name."""
    table = registered_models
    query = sa.select(sa.literal(1)).where(table.c.name == name)
    return connection.execute(query).scalar() is not None


def count_versions(connection: sa.Connection, model: str) -> int:
    """Give how many versions a model has: numbers are given out one by one, and never freed."""
    table = registered_models
    query = sa.select(table.c.next_version).where(table.c.name == model)
    return int(connection.execute(query).scalar_one()) - 1


def count_asked(connection: sa.Connection, model: str, *, trigger: str, since: str) -> int:
    """Give how many versions of a model were asked for by a trigger since an instant."""
    table = versions
    query = sa.select(sa.func.count()).where(
        table.c.model == model, table.c.trigger == trigger, table.c.reserved_at >= since
    )
    return int(connection.execute(query).scalar_one())


def count_stages(
    connection: sa.Connection, *, first: str, last: str
) -> dict[str, dict[Stage, int]]:
    """Give how many versions of each stage the models of these names, and between, have."""
    table = indexed_versions
    rows = connection.execute(
        sa.select(table.c.model, table.c.stage, sa.func.count())
        .where(table.c.model.between(first, last))
        .group_by(table.c.model, table.c.stage)
    )
    found: dict[str, dict[Stage, int]] = {}
    for model, stage, count in rows:
        found.setdefault(model, {})[stage] = count
    return found


def count_imported(connection: sa.Connection, *, first: str, last: str) -> dict[str, int]:
    """Give how many versions came as history to the models of these names, and between."""
    table = imported_versions
    rows = connection.execute(
        sa.select(table.c.model, sa.func.count().label("found"))
        .where(table.c.model.between(first, last), table.c.state == "imported")
        .group_by(table.c.model)
    )
    return {row.model: row.found for row in rows}


def count_by_model(
    connection: sa.Connection, *, first: str, last: str, pointer: str
) -> Mapping[str, ModelCounts]:
    """Give what a list says of the models of these names, and between."""
    model, version, held = registered_models, indexed_versions, pointers
    rows = connection.execute(
        sa.select(
            model.c.name,
            model.c.next_version - 1,
            version.c.stage,
            held.c.version,
            held.c.moved_at,
        )
        .select_from(
            model.outerjoin(
                version,
                sa.and_(
                    version.c.model == model.c.name, version.c.number == model.c.next_version - 1
                ),
            ).outerjoin(held, sa.and_(held.c.model == model.c.name, held.c.name == pointer))
        )
        .where(model.c.name.between(first, last))
    )
    return {row.name: ModelCounts(*row) for row in rows}


def read_stages(
    connection: sa.Connection, model: str, *, first: int, last: int
) -> dict[int, Stage]:
    """Give the stages of a model's versions of these numbers, and between."""
    table = indexed_versions
    rows = connection.execute(
        sa.select(table.c.number, table.c.stage).where(
            table.c.model == model, table.c.number.between(first, last)
        )
    )
    return {row.number: row.stage for row in rows}


def repeated_partitions(connection: sa.Connection, model: str, kind: str) -> frozenset[str]:
    """Give the partitions of which more than one manifest of a kind was ever recorded."""
    table = observations
    query = (
        sa.select(table.c.partition)
        .where(table.c.model == model, table.c.kind == kind)
        .group_by(table.c.partition)
        .having(sa.func.count(table.c.digest.distinct()) > 1)
    )
    return frozenset(connection.execute(query).scalars())
