"""Which registry made what: history that was imported keeps its events, byte for byte.

A model's events up to some sequence were made in one registry, and those after them in
another: `imports` has these segments. Rows of tables that number their rows have another
number here than where they were made: `imported_rows` has both. So whatever an event of
another registry vouches for can be found here, and what is here be held against its event.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog import statements
from registry_assets.catalog.ledger import REGISTRY, chain_origin, foreign_chain
from registry_assets.catalog.tables import VOUCHED, imported_rows, imports, settings
from registry_assets.errors import CatalogError

NUMBERED = frozenset(
    table.name for table in VOUCHED if [column.name for column in table.primary_key] == ["id"]
)
"""Tables whose rows are known by a number that every registry gives for itself."""

SNAPSHOTS_IMPORTED = "snapshots_imported"
"""The kind of the event that says which snapshots came: a registry's own chain names all."""

REFERS = {
    "verdicts": ("evaluation_id", "evaluations"),
    "monitoring_results": ("observation_id", "observations"),
}
"""Columns of these tables that hold such a number, and of which table."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a model's chain, up to an event, and the registry in which it was made."""

    sequence: int
    digest: str
    origin: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where everything in a catalog was made.

    Args:
        registry: this catalog's own identity.
        segments: of each model with imported history, in their order.
        rows: table and number here → the registry that made the row, and its number there.
    """

    registry: str
    segments: Mapping[str, tuple[Segment, ...]]
    rows: Mapping[tuple[str, int], tuple[str, int]]

    def maker(self, chain: str, sequence: int) -> str:
        """Give the registry in which an event was made."""
        origin = chain_origin(chain)
        if origin is not None:
            return origin
        for segment in self.segments.get(chain, ()):
            if sequence <= segment.sequence:
                return segment.origin
        return self.registry

    def founder(self, model: str) -> str:
        """Give the registry in which a model was first declared."""
        segments = self.segments.get(model, ())
        return segments[0].origin if segments else self.registry

    def own_chain(self, registry: str) -> str:
        """Give the name that a registry's own chain has here."""
        return REGISTRY if registry == self.registry else foreign_chain(registry)

    def made(self, table: str, number: int) -> tuple[str, int]:
        """Give the registry that made a numbered row, and the number that it has there."""
        return self.rows.get((table, number), (self.registry, number))

    def as_made(self, table: str, row: Mapping[Any, Any]) -> tuple[str, dict[str, Any]]:
        """Give the registry that made a row of a numbered table, and the row as it is there."""
        maker, number = self.made(table, row["id"])
        original = {str(name): value for name, value in row.items()} | {"id": number}
        if table in REFERS:
            column, other = REFERS[table]
            if original[column] is not None:
                original[column] = self.made(other, original[column])[1]
        return maker, original


def read_identity(connection: sa.Connection) -> str:
    """Give a catalog's own identity: 32 hexadecimal digits that no other registry has.

    Raises:
        CatalogError: it has none any more.
    """
    found = statements.find(connection, settings, "value", name="registry").scalar()
    if found is None:
        raise CatalogError(
            "the catalog does not say which registry it is",
            hint="it is damaged: restore it from a backup",
        )
    return str(found)


def read_segments(connection: sa.Connection, model: str | None = None) -> dict[str, list[Segment]]:
    """Give the segments of every model that has any, or of one model, in their order."""
    query = sa.select(imports).order_by(imports.c.model, imports.c.sequence)
    if model is not None:
        query = query.where(imports.c.model == model)
    found: dict[str, list[Segment]] = {}
    for row in connection.execute(query):
        found.setdefault(row.model, []).append(Segment(row.sequence, row.digest, row.origin))
    return found


def read_provenance(connection: sa.Connection) -> Provenance:
    """Read where everything in a catalog was made."""
    rows = connection.execute(sa.select(imported_rows))
    return Provenance(
        registry=read_identity(connection),
        segments={model: tuple(found) for model, found in read_segments(connection).items()},
        rows={(row.table_name, row.id): (row.origin, row.original_id) for row in rows},
    )
