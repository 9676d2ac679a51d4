"""The tables of what is seen of deployments, what is said about it, and who is to be told.

Events vouch for observations, results and alerts. Nothing vouches for the outbox and its
deliveries: they are post on its way, and what it tells of is in the rows beside it.
"""

import sqlalchemy as sa

from registry_assets.catalog.columns import TEXT, finite, metadata

# How a model is watched, as its declaration says: whoever tells of alerts does not import it.
monitored = sa.Table(
    "monitored",
    metadata,
    sa.Column("model", TEXT, sa.ForeignKey("registered_models.name"), primary_key=True),
    # JSON's null where it was watched once, and is no more.
    sa.Column("definition", TEXT, nullable=False),
    sa.Column("digest", TEXT, nullable=False),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("set_at", TEXT, nullable=False),
)

# A manifest of kind `predictions`, `drift` or `performance`: a row for every version in it.
observations = sa.Table(
    "observations",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("model", TEXT, nullable=False),
    sa.Column("kind", TEXT, nullable=False),
    sa.Column("partition", TEXT, nullable=False),
    sa.Column("digest", TEXT, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("version_digest", TEXT, nullable=False),
    sa.Column("pointer", TEXT, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("summary", TEXT, nullable=False),
    sa.Column("run_id", TEXT, nullable=False),
    sa.Column("created_at", TEXT, nullable=False),
    sa.ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.number"]),
    sa.CheckConstraint("kind IN ('predictions', 'drift', 'performance')", name="kind"),
    sa.Index(None, "model", "kind", "partition", "id"),
    sa.Index(None, "model", "version", "id"),
    sa.Index(None, "digest"),
)

# What a monitoring check found of a version. `check` is a word of SQL, so no name of a column.
monitoring_results = sa.Table(
    "monitoring_results",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("model", TEXT, nullable=False),
    # NULL where no data was looked at: that there is none is what `freshness` finds.
    sa.Column("observation_id", sa.Integer, sa.ForeignKey("observations.id")),
    sa.Column("check_name", TEXT, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("version_digest", TEXT, nullable=False),
    sa.Column("partition", TEXT, nullable=False),
    sa.Column("outcome", TEXT, nullable=False),
    sa.Column("why", TEXT, nullable=False),
    sa.Column("value", sa.Float(53)),
    sa.Column("low", sa.Float(53)),
    sa.Column("high", sa.Float(53)),
    sa.Column("threshold", sa.Float(53)),
    sa.Column("rows", sa.BigInteger),
    sa.Column("created_at", TEXT, nullable=False),
    sa.ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.number"]),
    sa.CheckConstraint("outcome IN ('passed', 'failed', 'undecided')", name="outcome"),
    *(finite(column) for column in ("value", "low", "high", "threshold")),
    sa.Index(None, "model", "check_name", "version", "id"),
    sa.Index(None, "observation_id"),
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("model", TEXT, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("version_digest", TEXT, nullable=False),
    sa.Column("pointer", TEXT, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("check_name", TEXT, nullable=False),
    sa.Column("severity", TEXT, nullable=False),
    sa.Column("state", TEXT, nullable=False),
    # How often it was found: the first time, and every repetition that was folded into it.
    sa.Column("count", sa.Integer, nullable=False),
    # Of what was found last.
    sa.Column("partition", TEXT, nullable=False),
    sa.Column("why", TEXT, nullable=False),
    sa.Column("body", TEXT, nullable=False),
    sa.Column("opened_at", TEXT, nullable=False),
    sa.Column("last_at", TEXT, nullable=False),
    sa.Column("acknowledged_by", TEXT),
    sa.Column("acknowledged_at", TEXT),
    sa.Column("acknowledged_why", TEXT),
    sa.Column("resolved_at", TEXT),
    sa.Column("resolved_why", TEXT),
    sa.ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.number"]),
    sa.CheckConstraint("severity IN ('info', 'warning', 'error', 'critical')", name="severity"),
    sa.CheckConstraint("state IN ('open', 'acknowledged', 'resolved')", name="state"),
    sa.CheckConstraint("(state = 'resolved') = (resolved_at IS NOT NULL)", name="resolved"),
    # What is found again folds into the alert that is not resolved: there is one at most.
    sa.Index(
        "uq_alerts_unresolved",
        "model",
        "pointer",
        "version",
        "check_name",
        unique=True,
        sqlite_where=sa.text("state <> 'resolved'"),
        postgresql_where=sa.text("state <> 'resolved'"),
    ),
    sa.Index(None, "state", "opened_at"),
)

# What became of alerts, to be told to whoever is to know: written with what it tells of.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", TEXT, nullable=False),
    sa.Column("model", TEXT, nullable=False),
    sa.Column("alert", sa.Integer, nullable=False),
    sa.Column("occasion", TEXT, nullable=False),
    sa.Column("body", TEXT, nullable=False),
    sa.Column("created_at", TEXT, nullable=False),
    # When it was settled which sinks get it; a sink of later gets none of what was before it.
    sa.Column("addressed_at", TEXT),
    sa.ForeignKeyConstraint(["model", "alert"], ["alerts.model", "alerts.number"]),
    sa.UniqueConstraint("key"),
    sa.Index(None, "addressed_at", "id"),
    sa.Index(None, "model", "alert", "id"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("outbox_id", sa.Integer, sa.ForeignKey("outbox.id"), primary_key=True),
    sa.Column("sink", TEXT, primary_key=True),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    # Not to be tried before: the next attempt's time, or the end of the one under way.
    sa.Column("next_at", TEXT, nullable=False),
    sa.Column("error", TEXT),
    sa.Column("updated_at", TEXT, nullable=False),
    sa.CheckConstraint("state IN ('waiting', 'delivered', 'given_up')", name="state"),
    sa.Index(None, "state", "next_at"),
)

POST = (outbox, deliveries)
"""Tables that nothing vouches for, of a registry and no other: an import brings none of them."""
