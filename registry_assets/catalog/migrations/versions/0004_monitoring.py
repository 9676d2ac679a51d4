"""What is seen of deployments and found in it, alerts, and the post that tells of them."""

import sqlalchemy as sa
from alembic import op

from registry_assets.catalog.tables import TEXT

revision = "0004"
down_revision = "0003"


def _finite(column: str) -> str:
    bound = "1.7976931348623157e308"
    return f"{column} IS NULL OR ({column} >= -{bound} AND {column} <= {bound})"


def upgrade() -> None:
    """Create the tables; of a registry of before nothing was observed yet."""
    op.create_table(
        "monitored",
        sa.Column("model", TEXT, nullable=False),
        sa.Column("definition", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("set_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["model"], ["registered_models.name"], name=op.f("fk_monitored_model")
        ),
        sa.PrimaryKeyConstraint("model", name=op.f("pk_monitored")),
    )
    op.create_table(
        "observations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("partition", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("version_digest", TEXT, nullable=False),
        sa.Column("pointer", TEXT, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("summary", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('predictions', 'drift', 'performance')", name=op.f("ck_observations_kind")
        ),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["versions.model", "versions.number"],
            name=op.f("fk_observations_model_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observations")),
    )
    op.create_index(op.f("ix_observations_digest"), "observations", ["digest"], unique=False)
    op.create_index(
        op.f("ix_observations_model_kind_partition_id"),
        "observations",
        ["model", "kind", "partition", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_observations_model_version_id"),
        "observations",
        ["model", "version", "id"],
        unique=False,
    )
    op.create_table(
        "monitoring_results",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("observation_id", sa.Integer(), nullable=True),
        sa.Column("check_name", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("version_digest", TEXT, nullable=False),
        sa.Column("partition", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=True),
        sa.Column("low", sa.Float(precision=53), nullable=True),
        sa.Column("high", sa.Float(precision=53), nullable=True),
        sa.Column("threshold", sa.Float(precision=53), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("created_at", TEXT, nullable=False),
        sa.CheckConstraint(
            "outcome IN ('passed', 'failed', 'undecided')",
            name=op.f("ck_monitoring_results_outcome"),
        ),
        sa.CheckConstraint(
            _finite("high"),
            name=op.f("ck_monitoring_results_high_finite"),
        ),
        sa.CheckConstraint(
            _finite("low"),
            name=op.f("ck_monitoring_results_low_finite"),
        ),
        sa.CheckConstraint(
            _finite("threshold"),
            name=op.f("ck_monitoring_results_threshold_finite"),
        ),
        sa.CheckConstraint(
            _finite("value"),
            name=op.f("ck_monitoring_results_value_finite"),
        ),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["versions.model", "versions.number"],
            name=op.f("fk_monitoring_results_model_version"),
        ),
        sa.ForeignKeyConstraint(
            ["observation_id"],
            ["observations.id"],
            name=op.f("fk_monitoring_results_observation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitoring_results")),
    )
    op.create_index(
        op.f("ix_monitoring_results_model_check_name_version_id"),
        "monitoring_results",
        ["model", "check_name", "version", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_monitoring_results_observation_id"),
        "monitoring_results",
        ["observation_id"],
        unique=False,
    )
    op.create_table(
        "alerts",
        sa.Column("model", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("version_digest", TEXT, nullable=False),
        sa.Column("pointer", TEXT, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("check_name", TEXT, nullable=False),
        sa.Column("severity", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("partition", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("opened_at", TEXT, nullable=False),
        sa.Column("last_at", TEXT, nullable=False),
        sa.Column("acknowledged_by", TEXT, nullable=True),
        sa.Column("acknowledged_at", TEXT, nullable=True),
        sa.Column("acknowledged_why", TEXT, nullable=True),
        sa.Column("resolved_at", TEXT, nullable=True),
        sa.Column("resolved_why", TEXT, nullable=True),
        sa.CheckConstraint(
            "(state = 'resolved') = (resolved_at IS NOT NULL)", name=op.f("ck_alerts_resolved")
        ),
        sa.CheckConstraint(
            "severity IN ('info', 'warning', 'error', 'critical')", name=op.f("ck_alerts_severity")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'acknowledged', 'resolved')", name=op.f("ck_alerts_state")
        ),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["versions.model", "versions.number"],
            name=op.f("fk_alerts_model_version"),
        ),
        sa.PrimaryKeyConstraint("model", "number", name=op.f("pk_alerts")),
    )
    op.create_index(
        op.f("ix_alerts_state_opened_at"), "alerts", ["state", "opened_at"], unique=False
    )
    op.create_index(
        "uq_alerts_unresolved",
        "alerts",
        ["model", "pointer", "version", "check_name"],
        unique=True,
        sqlite_where=sa.text("state <> 'resolved'"),
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("alert", sa.Integer(), nullable=False),
        sa.Column("occasion", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("addressed_at", TEXT, nullable=True),
        sa.ForeignKeyConstraint(
            ["model", "alert"],
            ["alerts.model", "alerts.number"],
            name=op.f("fk_outbox_model_alert"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index(
        op.f("ix_outbox_addressed_at_id"), "outbox", ["addressed_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_outbox_model_alert_id"), "outbox", ["model", "alert", "id"], unique=False
    )
    op.create_table(
        "deliveries",
        sa.Column("outbox_id", sa.Integer(), nullable=False),
        sa.Column("sink", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", TEXT, nullable=False),
        sa.Column("error", TEXT, nullable=True),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'delivered', 'given_up')", name=op.f("ck_deliveries_state")
        ),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_deliveries_outbox_id")),
        sa.PrimaryKeyConstraint("outbox_id", "sink", name=op.f("pk_deliveries")),
    )
    op.create_index(
        op.f("ix_deliveries_state_next_at"), "deliveries", ["state", "next_at"], unique=False
    )
