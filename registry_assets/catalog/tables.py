"""The catalog's tables. Timestamps are text in UTC; JSON is canonical text.

Change a table only together with a migration: a test compares the two.
"""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _finite(column: str) -> sa.CheckConstraint:
    # PostgreSQL holds 'NaN' >= 0.8 for true and SQLite stores NaN as NULL: neither
    # database may be the judge of a number, so none but finite ones get in.
    bound = "1.7976931348623157e308"
    return sa.CheckConstraint(
        f"{column} IS NULL OR ({column} >= -{bound} AND {column} <= {bound})",
        name=f"{column}_finite",
    )


registered_models = sa.Table(
    "registered_models",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("task", sa.Text, nullable=False),
    sa.Column("owners", sa.Text, nullable=False),
    sa.Column("tags", sa.Text, nullable=False),
    sa.Column("suite", sa.Text, nullable=False),
    sa.Column("suite_digest", sa.Text, nullable=False),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("policy_digest", sa.Text, nullable=False),
    sa.Column("next_version", sa.Integer, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
)

snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("asset", sa.Text, nullable=False),
    sa.Column("partition", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Index(None, "asset", "partition", "id"),
    sa.Index(None, "digest"),
)

versions = sa.Table(
    "versions",
    metadata,
    sa.Column("model", sa.Text, sa.ForeignKey("registered_models.name"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("recipe", sa.Text, nullable=False),
    sa.Column("recipe_digest", sa.Text, nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("trigger", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("digest", sa.Text),
    sa.Column("metadata", sa.Text),
    sa.Column("failure", sa.Text),
    sa.Column("run_id", sa.Text),
    sa.Column("reserved_at", sa.Text, nullable=False),
    sa.Column("finished_at", sa.Text),
    sa.CheckConstraint("state IN ('reserved', 'committed', 'failed')", name="state"),
    sa.CheckConstraint("(state = 'committed') = (digest IS NOT NULL)", name="bound"),
    sa.UniqueConstraint("model", "request"),
    sa.UniqueConstraint("digest"),
    sa.Index(None, "model", "recipe_digest"),
    sa.Index(None, "model", "state", "number"),
)

evaluations = sa.Table(
    "evaluations",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("suite_digest", sa.Text, nullable=False),
    sa.Column("metrics", sa.Text, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.number"]),
    sa.Index(None, "model", "version", "id"),
)

verdicts = sa.Table(
    "verdicts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("version_digest", sa.Text, nullable=False),
    sa.Column("evaluation_id", sa.Integer, sa.ForeignKey("evaluations.id")),
    sa.Column("gate", sa.Text, nullable=False),
    sa.Column("gate_digest", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("value", sa.Float(53)),
    sa.Column("low", sa.Float(53)),
    sa.Column("high", sa.Float(53)),
    sa.Column("threshold", sa.Float(53)),
    sa.Column("rows", sa.Integer),
    # A relative verdict (against production) holds for one state of one pointer only.
    sa.Column("pointer", sa.Text),
    sa.Column("pointer_generation", sa.Integer),
    sa.Column("baseline_digest", sa.Text),
    sa.ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.number"]),
    sa.CheckConstraint(
        "outcome IN ('passed', 'failed', 'undecided', 'no_baseline')", name="outcome"
    ),
    *(_finite(column) for column in ("value", "low", "high", "threshold")),
    sa.Index(None, "model", "version", "evaluation_id"),
)

pointers = sa.Table(
    "pointers",
    metadata,
    sa.Column("model", sa.Text, sa.ForeignKey("registered_models.name"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer),
    sa.Column("digest", sa.Text),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("moved_at", sa.Text),
)

promotions = sa.Table(
    "promotions",
    metadata,
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("pointer", sa.Text, primary_key=True),
    sa.Column("generation", sa.Integer, primary_key=True),
    sa.Column("from_version", sa.Integer),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("policy_digest", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["model", "pointer"], ["pointers.model", "pointers.name"]),
    sa.ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.number"]),
    sa.Index(None, "model", "version"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("chain", sa.Text, primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)

heads = sa.Table(
    "heads",
    metadata,
    sa.Column("chain", sa.Text, primary_key=True),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
)

# Tables whose rows the ledger vouches for: every row's digest stands in the event that
# wrote it last.
VOUCHED = (
    registered_models,
    snapshots,
    versions,
    evaluations,
    verdicts,
    pointers,
    promotions,
)
