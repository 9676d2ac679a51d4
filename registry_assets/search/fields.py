"""What can be asked about each entity: the one table behind checks, errors and the manual.

A field is a column of the entity's row in the index, or a group of names: `tags.team` is one
of the group `tags`. Names of a group stand in the tables of terms, and are whatever people
and declarations gave.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import sqlalchemy as sa

from registry_assets.catalog.index_tables import (
    indexed_evaluations,
    indexed_models,
    indexed_versions,
)

Entity = Literal["versions", "models", "evaluations"]
Kind = Literal["text", "whole number", "instant", "number", "text, number or truth value"]
Index: TypeAlias = tuple[str, ...]

NEWEST: Index = ("created_at", "id")


@dataclass(frozen=True, slots=True)
class Known:
    """One field, or one group of names, of an entity.

    Args:
        column: of the entity's row; empty where its values are terms.
        index: the columns of the index that begins with it; none where it has none.
        choices: the only values there are.
        names: it is a group of names.
    """

    name: str
    kind: Kind
    sentence: str
    column: str = ""
    index: Index = ()
    choices: tuple[str, ...] = ()
    nullable: bool = False
    names: bool = False

    @property
    def said(self) -> str:
        """Its name, as in the manual."""
        return f"{self.name}.*" if self.names else self.name


@dataclass(frozen=True, slots=True)
class Searched:
    """One entity: its row in the index, what can be asked about it, what it is ordered by.

    Args:
        term: the entity's name in the tables of terms.
        orders: field → the columns behind it, which have an index and are unique together.
    """

    entity: Entity
    term: str
    table: sa.Table
    fields: tuple[Known, ...]
    orders: Mapping[str, Index]

    def find(self, name: str) -> Known | None:
        """Give the field, or group, of that name."""
        return next((known for known in self.fields if known.name == name), None)

    def indexes(self) -> Mapping[Index, str]:
        """Give the names of the row's indexes by their columns; empty where SQLite chose it."""
        found = {
            tuple(column.name for column in index.columns): str(index.name)
            for index in self.table.indexes
        }
        for constraint in self.table.constraints:
            if isinstance(constraint, sa.UniqueConstraint):
                columns = tuple(column.name for column in constraint.columns)
                # What is unique is in order by whatever comes after it, too.
                found |= {columns: "", (*columns, "id"): ""}
        return found


def _ordered(column: str) -> Index:
    return (column, *NEWEST)


_CREATED = Known("created_at", "instant", "when it was reserved", "created_at", NEWEST)
_DESCRIPTION = Known("description", "text", "its description in force", "description")
_TAGS = Known("tags", "text", "a tag in force, such as `tags.team`", names=True)
_OWNER = Known("owner", "text", "one of its owners")
_STAGES = ("development", "staging", "production", "archived", "rejected", "failed")
_MIXED: Kind = "text, number or truth value"

VERSIONS = Searched(
    "versions",
    "version",
    indexed_versions,
    (
        Known("model", "text", "its registered model", "model", _ordered("model")),
        Known("version", "whole number", "its number", "number", ("number", "id")),
        Known("stage", "text", "its stage", "stage", _ordered("stage"), choices=_STAGES),
        Known(
            "state",
            "text",
            "whether its number is bound to a manifest",
            "state",
            _ordered("state"),
            choices=("reserved", "committed", "failed"),
        ),
        Known("digest", "text", "its manifest's digest", "digest", ("digest",), nullable=True),
        Known(
            "commit",
            "text",
            "the commit of its training code",
            "code_commit",
            _ordered("code_commit"),
            nullable=True,
        ),
        Known("actor", "text", "who reserved it", "actor", _ordered("actor")),
        _OWNER,
        _DESCRIPTION,
        _CREATED,
        _TAGS,
        Known("params", _MIXED, "a training parameter", names=True),
        Known("metrics", "number", "a metric of its newest evaluation", names=True),
        Known("properties", _MIXED, "a property of its metadata", names=True),
    ),
    {"created_at": NEWEST, "version": ("number", "id"), "model": ("model", "number")},
)

MODELS = Searched(
    "models",
    "model",
    indexed_models,
    (
        Known("name", "text", "its name", "name", ("name",)),
        Known("task", "text", "what it is for: `binary`", "task", _ordered("task")),
        Known("risk", "text", "its risk, as the policy has it", "risk", _ordered("risk")),
        _OWNER,
        _DESCRIPTION,
        Known("created_at", "instant", "when it was registered", "created_at", NEWEST),
        _TAGS,
    ),
    {"created_at": NEWEST, "name": ("name",)},
)

EVALUATIONS = Searched(
    "evaluations",
    "evaluation",
    indexed_evaluations,
    (
        Known("model", "text", "its registered model", "model", _ordered("model")),
        Known("version", "whole number", "the number it is about", "version", ("version", "id")),
        Known(
            "passed",
            "text",
            "whether every gate passed when it was judged; `passed = true` is `'yes'`",
            "passed",
            _ordered("passed"),
            choices=("yes", "no", "unknown"),
        ),
        Known(
            "suite",
            "text",
            "the digest of the evaluation plan and gates",
            "suite_digest",
            _ordered("suite_digest"),
        ),
        Known("digest", "text", "its manifest's digest", "digest", ("digest",)),
        Known("created_at", "instant", "when it was made", "created_at", NEWEST),
        Known("metrics", "number", "a metric", names=True),
        Known(
            "gates",
            "text",
            "a gate's outcome: passed, failed, undecided or no_baseline",
            names=True,
        ),
    ),
    {
        "created_at": NEWEST,
        "version": ("version", "id"),
        "model": ("model", "version", "id"),
    },
)

SEARCHED: Mapping[Entity, Searched] = {
    "versions": VERSIONS,
    "models": MODELS,
    "evaluations": EVALUATIONS,
}
