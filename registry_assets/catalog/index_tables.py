"""The tables of the index: derived from rows and manifests, by `indexing.py` alone.

Nothing vouches for them, `registry verify` compares them, and they can be made anew at any time.
"""

from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.tables import TEXT, metadata

indexed_models = sa.Table(
    "indexed_models",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", TEXT, nullable=False),
    sa.Column("task", TEXT, nullable=False),
    sa.Column("risk", TEXT, nullable=False),
    sa.Column("description", TEXT, nullable=False),
    sa.Column("tags", TEXT, nullable=False),
    sa.Column("created_at", TEXT, nullable=False),
    sa.UniqueConstraint("name"),
    sa.Index(None, "created_at", "id"),
    sa.Index(None, "risk", "created_at", "id"),
    sa.Index(None, "task", "created_at", "id"),
)

indexed_versions = sa.Table(
    "indexed_versions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("model", TEXT, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("stage", TEXT, nullable=False),
    sa.Column("digest", TEXT),
    sa.Column("description", TEXT, nullable=False),
    sa.Column("tags", TEXT, nullable=False),
    # Of the newest complete evaluation, under whatever suite: name → value.
    sa.Column("metrics", TEXT, nullable=False),
    sa.Column("code_commit", TEXT),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("created_at", TEXT, nullable=False),
    sa.UniqueConstraint("model", "number"),
    sa.Index(None, "created_at", "id"),
    sa.Index(None, "model", "created_at", "id"),
    sa.Index(None, "number", "id"),
    sa.Index(None, "stage", "created_at", "id"),
    sa.Index(None, "state", "created_at", "id"),
    sa.Index(None, "model", "stage", "created_at", "id"),
    sa.Index(None, "actor", "created_at", "id"),
    sa.Index(None, "code_commit", "created_at", "id"),
    sa.Index(None, "digest"),
)

indexed_evaluations = sa.Table(
    "indexed_evaluations",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("model", TEXT, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("digest", TEXT, nullable=False),
    sa.Column("suite_digest", TEXT, nullable=False),
    # Whether every gate passed when it was judged: `yes`, `no`, or `unknown`.
    sa.Column("passed", TEXT, nullable=False),
    sa.Column("metrics", TEXT, nullable=False),
    sa.Column("created_at", TEXT, nullable=False),
    sa.Index(None, "model", "version", "id"),
    sa.Index(None, "created_at", "id"),
    sa.Index(None, "model", "created_at", "id"),
    sa.Index(None, "passed", "created_at", "id"),
    sa.Index(None, "suite_digest", "created_at", "id"),
    sa.Index(None, "version", "id"),
    sa.Index(None, "digest"),
)


def _terms(name: str, value: "sa.types.TypeEngine[Any]") -> sa.Table:
    """A table of what can be asked about an entity (`model`, `version`, `evaluation`) by name.

    `created_at` is the entity's, so that an index gives the matches newest first.
    """
    return sa.Table(
        name,
        metadata,
        # The number first: it tells apart at the first look, and searches test terms by key.
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("entity", TEXT, primary_key=True),
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("value", value, primary_key=True),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Index(None, "entity", "name", "value", "created_at", "id"),
    )


text_terms = _terms("text_terms", TEXT)
number_terms = _terms("number_terms", sa.Float(53))

edges = sa.Table(
    "edges",
    metadata,
    sa.Column("child", TEXT, primary_key=True),
    sa.Column("role", TEXT, primary_key=True),
    sa.Column("parent", TEXT, primary_key=True),
    sa.Index(None, "parent", "child"),
)

INDEX = (
    indexed_models,
    indexed_versions,
    indexed_evaluations,
    text_terms,
    number_terms,
    edges,
)
