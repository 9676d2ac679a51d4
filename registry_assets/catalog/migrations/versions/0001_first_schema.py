"""The first schema."""

import sqlalchemy as sa
from alembic import op

from registry_assets.catalog.tables import TEXT

revision = "0001"
down_revision = None


def _finite(column: str) -> str:
    bound = "1.7976931348623157e308"
    return f"{column} IS NULL OR ({column} >= -{bound} AND {column} <= {bound})"


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "events",
        sa.Column("chain", TEXT, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("previous", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("chain", "sequence", name=op.f("pk_events")),
    )
    op.create_table(
        "heads",
        sa.Column("chain", TEXT, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_heads")),
    )
    op.create_table(
        "registered_models",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("task", TEXT, nullable=False),
        sa.Column("owners", TEXT, nullable=False),
        sa.Column("tags", TEXT, nullable=False),
        sa.Column("suite", TEXT, nullable=False),
        sa.Column("suite_digest", TEXT, nullable=False),
        sa.Column("policy", TEXT, nullable=False),
        sa.Column("policy_digest", TEXT, nullable=False),
        sa.Column("next_version", sa.Integer(), nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_registered_models")),
    )
    op.create_table(
        "snapshots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asset", TEXT, nullable=False),
        sa.Column("partition", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshots")),
    )
    op.create_index(
        op.f("ix_snapshots_asset_partition_id"),
        "snapshots",
        ["asset", "partition", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_snapshots_digest"), "snapshots", ["digest"], unique=False)
    op.create_table(
        "pointers",
        sa.Column("model", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("digest", TEXT, nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("moved_at", TEXT, nullable=True),
        sa.ForeignKeyConstraint(
            ["model"], ["registered_models.name"], name=op.f("fk_pointers_model")
        ),
        sa.PrimaryKeyConstraint("model", "name", name=op.f("pk_pointers")),
    )
    op.create_table(
        "versions",
        sa.Column("model", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("recipe", TEXT, nullable=False),
        sa.Column("recipe_digest", TEXT, nullable=False),
        sa.Column("request", TEXT, nullable=False),
        sa.Column("trigger", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=True),
        sa.Column("metadata", TEXT, nullable=True),
        sa.Column("failure", TEXT, nullable=True),
        sa.Column("run_id", TEXT, nullable=True),
        sa.Column("reserved_at", TEXT, nullable=False),
        sa.Column("finished_at", TEXT, nullable=True),
        sa.CheckConstraint(
            "(state = 'committed') = (digest IS NOT NULL)", name=op.f("ck_versions_bound")
        ),
        sa.CheckConstraint(
            "state IN ('reserved', 'committed', 'failed')", name=op.f("ck_versions_state")
        ),
        sa.ForeignKeyConstraint(
            ["model"], ["registered_models.name"], name=op.f("fk_versions_model")
        ),
        sa.PrimaryKeyConstraint("model", "number", name=op.f("pk_versions")),
        sa.UniqueConstraint("digest", name=op.f("uq_versions_digest")),
        sa.UniqueConstraint("model", "request", name=op.f("uq_versions_model_request")),
    )
    op.create_index(
        op.f("ix_versions_model_recipe_digest"),
        "versions",
        ["model", "recipe_digest"],
        unique=False,
    )
    op.create_index(
        op.f("ix_versions_model_state_number"),
        "versions",
        ["model", "state", "number"],
        unique=False,
    )
    op.create_table(
        "evaluations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("suite_digest", TEXT, nullable=False),
        sa.Column("metrics", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["versions.model", "versions.number"],
            name=op.f("fk_evaluations_model_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluations")),
    )
    op.create_index(
        op.f("ix_evaluations_model_version_id"),
        "evaluations",
        ["model", "version", "id"],
        unique=False,
    )
    op.create_table(
        "promotions",
        sa.Column("model", TEXT, nullable=False),
        sa.Column("pointer", TEXT, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("from_version", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("evidence", TEXT, nullable=False),
        sa.Column("policy_digest", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["model", "pointer"],
            ["pointers.model", "pointers.name"],
            name=op.f("fk_promotions_model_pointer"),
        ),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["versions.model", "versions.number"],
            name=op.f("fk_promotions_model_version"),
        ),
        sa.PrimaryKeyConstraint("model", "pointer", "generation", name=op.f("pk_promotions")),
    )
    op.create_index(
        op.f("ix_promotions_model_version"), "promotions", ["model", "version"], unique=False
    )
    op.create_table(
        "verdicts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("version_digest", TEXT, nullable=False),
        sa.Column("evaluation_id", sa.Integer(), nullable=True),
        sa.Column("gate", TEXT, nullable=False),
        sa.Column("gate_digest", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=True),
        sa.Column("low", sa.Float(precision=53), nullable=True),
        sa.Column("high", sa.Float(precision=53), nullable=True),
        sa.Column("threshold", sa.Float(precision=53), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("pointer", TEXT, nullable=True),
        sa.Column("pointer_generation", sa.Integer(), nullable=True),
        sa.Column("baseline_digest", TEXT, nullable=True),
        sa.CheckConstraint(
            "outcome IN ('passed', 'failed', 'undecided', 'no_baseline')",
            name=op.f("ck_verdicts_outcome"),
        ),
        sa.CheckConstraint(
            _finite("high"),
            name=op.f("ck_verdicts_high_finite"),
        ),
        sa.CheckConstraint(
            _finite("low"),
            name=op.f("ck_verdicts_low_finite"),
        ),
        sa.CheckConstraint(
            _finite("threshold"),
            name=op.f("ck_verdicts_threshold_finite"),
        ),
        sa.CheckConstraint(
            _finite("value"),
            name=op.f("ck_verdicts_value_finite"),
        ),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name=op.f("fk_verdicts_evaluation_id")
        ),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["versions.model", "versions.number"],
            name=op.f("fk_verdicts_model_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
    )
    op.create_index(
        op.f("ix_verdicts_model_version_evaluation_id"),
        "verdicts",
        ["model", "version", "evaluation_id"],
        unique=False,
    )
