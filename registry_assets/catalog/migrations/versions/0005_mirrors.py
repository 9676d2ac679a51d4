"""Other registries: what versions were published there, how it is, and what came from there."""

import sqlalchemy as sa
from alembic import op

from registry_assets.catalog.tables import TEXT

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables; a registry of before published to none."""
    op.create_table(
        "mirrors",
        sa.Column("model", TEXT, nullable=False),
        sa.Column("mirror", TEXT, nullable=False),
        sa.Column("definition", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("set_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["model"], ["registered_models.name"], name=op.f("fk_mirrors_model")
        ),
        sa.PrimaryKeyConstraint("model", "mirror", name=op.f("pk_mirrors")),
    )
    op.create_table(
        "mirror_receipts",
        sa.Column("model", TEXT, nullable=False),
        sa.Column("mirror", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version_digest", TEXT, nullable=False),
        sa.Column("foreign_name", TEXT, nullable=False),
        sa.Column("foreign_number", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("sent_digest", TEXT, nullable=False),
        sa.Column("receipt", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("published_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["model", "mirror"],
            ["mirrors.model", "mirrors.mirror"],
            name=op.f("fk_mirror_receipts_model_mirror"),
        ),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["versions.model", "versions.number"],
            name=op.f("fk_mirror_receipts_model_version"),
        ),
        sa.PrimaryKeyConstraint("model", "mirror", "version", name=op.f("pk_mirror_receipts")),
    )
    op.create_index(
        op.f("ix_mirror_receipts_model_version"),
        "mirror_receipts",
        ["model", "version"],
        unique=False,
    )
    op.create_table(
        "mirror_states",
        sa.Column("model", TEXT, nullable=False),
        sa.Column("mirror", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("differences", TEXT, nullable=False),
        sa.Column("since", TEXT, nullable=True),
        sa.Column("verified_at", TEXT, nullable=True),
        sa.Column("pointers", TEXT, nullable=False),
        sa.Column("pointed_at", TEXT, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", TEXT, nullable=True),
        sa.Column("failed_at", TEXT, nullable=True),
        sa.Column("next_at", TEXT, nullable=True),
        sa.CheckConstraint(
            "state IN ('unknown', 'in_step', 'out_of_step', 'unreachable')",
            name=op.f("ck_mirror_states_state"),
        ),
        sa.ForeignKeyConstraint(
            ["model", "mirror"],
            ["mirrors.model", "mirrors.mirror"],
            name=op.f("fk_mirror_states_model_mirror"),
        ),
        sa.PrimaryKeyConstraint("model", "mirror", name=op.f("pk_mirror_states")),
    )
    _create_imported()


def _create_imported() -> None:
    op.create_table(
        "imported_versions",
        sa.Column("model", TEXT, nullable=False),
        sa.Column("identity", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("foreign_name", TEXT, nullable=False),
        sa.Column("foreign_number", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("files", TEXT, nullable=False),
        sa.Column("said", TEXT, nullable=False),
        sa.Column("said_digest", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("imported_at", TEXT, nullable=False),
        sa.CheckConstraint(
            "state IN ('imported', 'linked')", name=op.f("ck_imported_versions_state")
        ),
        sa.CheckConstraint("files IN ('whole', 'absent')", name=op.f("ck_imported_versions_files")),
        sa.ForeignKeyConstraint(
            ["model"], ["registered_models.name"], name=op.f("fk_imported_versions_model")
        ),
        sa.PrimaryKeyConstraint("model", "identity", name=op.f("pk_imported_versions")),
    )
    op.create_index(
        op.f("ix_imported_versions_model_number"),
        "imported_versions",
        ["model", "number"],
        unique=False,
    )
    op.create_table(
        "imported_aliases",
        sa.Column("model", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("foreign_name", TEXT, nullable=False),
        sa.Column("alias", TEXT, nullable=False),
        sa.Column("foreign_number", TEXT, nullable=True),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("seen_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["model"], ["registered_models.name"], name=op.f("fk_imported_aliases_model")
        ),
        sa.PrimaryKeyConstraint(
            "model", "source", "foreign_name", "alias", name=op.f("pk_imported_aliases")
        ),
    )
