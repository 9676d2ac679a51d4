"""The index of what is imported, made beside the export's rows and then copied.

Judging a version takes milliseconds, and nobody else may write while an import does. Which
rows a model has is the same on both sides, and so is all that is derived from them, apart
from the numbers.
"""

from collections.abc import Mapping

import sqlalchemy as sa

from registry_assets.catalog.index_tables import (
    edges,
    indexed_evaluations,
    indexed_models,
    indexed_versions,
    number_terms,
    text_terms,
)
from registry_assets.catalog.numbering import next_number, numbers_taken
from registry_assets.lifecycle.reindexing import forget
from registry_assets.transfer.rows import batches, insert_all

_ENTITIES: tuple[tuple[str, sa.Table], ...] = (
    ("model", indexed_models),
    ("version", indexed_versions),
    ("evaluation", indexed_evaluations),
)


def copy_index(
    theirs: sa.Connection, ours: sa.Connection, model: str, evaluated: Mapping[int, int]
) -> None:
    """Put a model's index in the place of what is here of it.

    Args:
        evaluated: the number of each of its evaluations there → its number here.
    """
    forget(ours, model)
    for entity, table in _ENTITIES:
        of_model = (table.c.name if entity == "model" else table.c.model) == model
        query = sa.select(table).where(of_model).order_by(table.c.id)
        rows = [dict(row) for row in theirs.execute(query).mappings()]
        first = next_number(ours, table)
        numbers = {row["id"]: number for number, row in enumerate(rows, start=first)}
        if entity == "evaluation":
            numbers = dict(evaluated)
        insert_all(ours, table, ({**row, "id": numbers[row["id"]]} for row in rows))
        if entity != "evaluation":
            numbers_taken(ours, table)
        _copy_terms(theirs, ours, entity, numbers)


def _copy_terms(
    theirs: sa.Connection, ours: sa.Connection, entity: str, numbers: Mapping[int, int]
) -> None:
    for table in (text_terms, number_terms):
        for some in batches(sorted(numbers)):
            of_entity = (table.c.entity == entity) & table.c.id.in_(some)
            rows = theirs.execute(sa.select(table).where(of_entity)).mappings()
            insert_all(ours, table, ({**row, "id": numbers[row["id"]]} for row in rows))


def copy_edges(theirs: sa.Connection, ours: sa.Connection) -> None:
    """Copy what manifests were made from; what is known already is the same."""
    key = (edges.c.child, edges.c.role, edges.c.parent)
    for some in batches(theirs.execute(sa.select(edges)).mappings().all()):
        children = {row["child"] for row in some}
        query = sa.select(*key).where(edges.c.child.in_(children))
        known = {tuple(row) for row in ours.execute(query)}
        fresh = (row for row in some if (row["child"], row["role"], row["parent"]) not in known)
        insert_all(ours, edges, map(dict, fresh))
