"""Words that people add, imports, and the index that searches go by."""

import uuid

import sqlalchemy as sa
from alembic import op

from registry_assets.catalog.tables import TEXT

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables, and name this catalog; `reindex` fills the index afterwards."""
    op.create_table(
        "edges",
        sa.Column("child", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("child", "role", "parent", name=op.f("pk_edges")),
    )
    op.create_index(op.f("ix_edges_parent_child"), "edges", ["parent", "child"], unique=False)
    op.create_table(
        "imported_rows",
        sa.Column("table_name", TEXT, nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("original_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("table_name", "id", name=op.f("pk_imported_rows")),
        sa.UniqueConstraint(
            "table_name",
            "origin",
            "original_id",
            name=op.f("uq_imported_rows_table_name_origin_original_id"),
        ),
    )
    op.create_table(
        "indexed_evaluations",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("suite_digest", TEXT, nullable=False),
        sa.Column("passed", TEXT, nullable=False),
        sa.Column("metrics", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indexed_evaluations")),
    )
    op.create_index(
        op.f("ix_indexed_evaluations_created_at_id"),
        "indexed_evaluations",
        ["created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_indexed_evaluations_digest"), "indexed_evaluations", ["digest"], unique=False
    )
    op.create_index(
        op.f("ix_indexed_evaluations_model_created_at_id"),
        "indexed_evaluations",
        ["model", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_indexed_evaluations_model_version_id"),
        "indexed_evaluations",
        ["model", "version", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_indexed_evaluations_passed_created_at_id"),
        "indexed_evaluations",
        ["passed", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_indexed_evaluations_suite_digest_created_at_id"),
        "indexed_evaluations",
        ["suite_digest", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_indexed_evaluations_version_id"),
        "indexed_evaluations",
        ["version", "id"],
        unique=False,
    )
    op.create_table(
        "indexed_models",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("task", TEXT, nullable=False),
        sa.Column("risk", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("tags", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indexed_models")),
        sa.UniqueConstraint("name", name=op.f("uq_indexed_models_name")),
    )
    op.create_index(
        op.f("ix_indexed_models_created_at_id"),
        "indexed_models",
        ["created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_indexed_models_risk_created_at_id"),
        "indexed_models",
        ["risk", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_indexed_models_task_created_at_id"),
        "indexed_models",
        ["task", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "indexed_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=True),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("tags", TEXT, nullable=False),
        sa.Column("metrics", TEXT, nullable=False),
        sa.Column("code_commit", TEXT, nullable=True),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indexed_versions")),
        sa.UniqueConstraint("model", "number", name=op.f("uq_indexed_versions_model_number")),
    )
    op.create_index(
        op.f("ix_indexed_versions_actor_created_at_id"),
        "indexed_versions",
        ["actor", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_indexed_versions_code_commit_created_at_id"),
        "indexed_versions",
        ["code_commit", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_indexed_versions_created_at_id"),
        "indexed_versions",
        ["created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_indexed_versions_digest"), "indexed_versions", ["digest"], unique=False
    )
    op.create_index(
        op.f("ix_indexed_versions_model_created_at_id"),
        "indexed_versions",
        ["model", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_indexed_versions_model_stage_created_at_id"),
        "indexed_versions",
        ["model", "stage", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_indexed_versions_number_id"),
        "indexed_versions",
        ["number", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_indexed_versions_stage_created_at_id"),
        "indexed_versions",
        ["stage", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_indexed_versions_state_created_at_id"),
        "indexed_versions",
        ["state", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "number_terms",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", "entity", "name", "value", name=op.f("pk_number_terms")),
    )
    op.create_index(
        op.f("ix_number_terms_entity_name_value_created_at_id"),
        "number_terms",
        ["entity", "name", "value", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "settings",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_settings")),
    )
    op.create_table(
        "text_terms",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", "entity", "name", "value", name=op.f("pk_text_terms")),
    )
    op.create_index(
        op.f("ix_text_terms_entity_name_value_created_at_id"),
        "text_terms",
        ["entity", "name", "value", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "descriptions",
        sa.Column("model", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("set_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["model"], ["registered_models.name"], name=op.f("fk_descriptions_model")
        ),
        sa.PrimaryKeyConstraint("model", "number", name=op.f("pk_descriptions")),
    )
    op.create_table(
        "imports",
        sa.Column("model", TEXT, nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("imported_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["model"], ["registered_models.name"], name=op.f("fk_imports_model")
        ),
        sa.PrimaryKeyConstraint("model", "sequence", name=op.f("pk_imports")),
    )
    op.create_table(
        "tags",
        sa.Column("model", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=True),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("set_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["model"], ["registered_models.name"], name=op.f("fk_tags_model")),
        sa.PrimaryKeyConstraint("model", "number", "name", name=op.f("pk_tags")),
    )
    op.create_table(
        "marks",
        sa.Column("model", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mark", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("marked_at", TEXT, nullable=False),
        sa.CheckConstraint("mark IN ('none', 'archived', 'rejected')", name=op.f("ck_marks_mark")),
        sa.ForeignKeyConstraint(
            ["model", "number"],
            ["versions.model", "versions.number"],
            name=op.f("fk_marks_model_number"),
        ),
        sa.PrimaryKeyConstraint("model", "number", name=op.f("pk_marks")),
    )
    settings = sa.table("settings", sa.column("name"), sa.column("value"))
    op.bulk_insert(settings, [{"name": "registry", "value": uuid.uuid4().hex}])
