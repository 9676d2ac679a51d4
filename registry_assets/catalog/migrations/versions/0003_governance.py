"""Policies and people, signed approvals, attestations, holds after a rollback, recalls."""

import sqlalchemy as sa
from alembic import op

from registry_assets.catalog.tables import TEXT

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables; a registry of before has no policy of its own, and nothing signed."""
    op.create_table(
        "policies",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("envelope", TEXT, nullable=False),
        sa.Column("person", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("activated_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_policies")),
    )
    op.create_table(
        "recalls",
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("asset", TEXT, nullable=False),
        sa.Column("partition", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("set_at", TEXT, nullable=False),
        sa.CheckConstraint("state IN ('recalled', 'lifted')", name=op.f("ck_recalls_state")),
        sa.PrimaryKeyConstraint("digest", "asset", "partition", name=op.f("pk_recalls")),
    )
    op.create_table(
        "registry_keys",
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("line", TEXT, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("added_at", TEXT, nullable=False),
        sa.CheckConstraint(
            "purpose IN ('owner', 'attestation')", name=op.f("ck_registry_keys_purpose")
        ),
        sa.PrimaryKeyConstraint("purpose", "fingerprint", name=op.f("pk_registry_keys")),
    )
    op.create_table(
        "approvals",
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("pointer", TEXT, nullable=False),
        sa.Column("decision", TEXT, nullable=False),
        sa.Column("person", TEXT, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=True),
        sa.Column("nonce", TEXT, nullable=False),
        sa.Column("expires_at", TEXT, nullable=False),
        sa.Column("statement", TEXT, nullable=False),
        sa.Column("envelope", TEXT, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("recorded_at", TEXT, nullable=False),
        sa.CheckConstraint(
            "decision IN ('approve', 'reject', 'override', 'rollback', 'review')",
            name=op.f("ck_approvals_decision"),
        ),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["versions.model", "versions.number"],
            name=op.f("fk_approvals_model_version"),
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_approvals")),
        sa.UniqueConstraint("model", "nonce", name=op.f("uq_approvals_model_nonce")),
    )
    op.create_index(
        op.f("ix_approvals_model_version"), "approvals", ["model", "version"], unique=False
    )
    op.create_table(
        "pointer_holds",
        sa.Column("model", TEXT, nullable=False),
        sa.Column("pointer", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("set_at", TEXT, nullable=False),
        sa.CheckConstraint("state IN ('held', 'released')", name=op.f("ck_pointer_holds_state")),
        sa.ForeignKeyConstraint(
            ["model", "number"],
            ["versions.model", "versions.number"],
            name=op.f("fk_pointer_holds_model_number"),
        ),
        sa.ForeignKeyConstraint(
            ["model", "pointer"],
            ["pointers.model", "pointers.name"],
            name=op.f("fk_pointer_holds_model_pointer"),
        ),
        sa.PrimaryKeyConstraint("model", "pointer", "number", name=op.f("pk_pointer_holds")),
    )
    op.create_table(
        "attestations",
        sa.Column("model", TEXT, nullable=False),
        sa.Column("pointer", TEXT, nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["model", "pointer", "generation"],
            ["promotions.model", "promotions.pointer", "promotions.generation"],
            name=op.f("fk_attestations_model_pointer_generation"),
        ),
        sa.PrimaryKeyConstraint("model", "pointer", "generation", name=op.f("pk_attestations")),
    )
