"""The catalog's tables. Timestamps are text in UTC; JSON is canonical text.

Change a table only together with a migration: a test compares the two. Those of the index are in
`index_tables`, those of monitoring in `monitoring_tables`, of mirrors in `mirror_tables`, of
versions that came from elsewhere in `imported_tables`.
"""

import sqlalchemy as sa

from registry_assets.catalog import columns
from registry_assets.catalog.imported_tables import imported_aliases, imported_versions
from registry_assets.catalog.mirror_tables import mirror_receipts, mirror_states, mirrors
from registry_assets.catalog.monitoring_tables import (
    alerts,
    monitored,
    monitoring_results,
    observations,
)

metadata = columns.metadata
TEXT = columns.TEXT

registered_models = sa.Table(
    "registered_models",
    metadata,
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("description", TEXT, nullable=False),
    sa.Column("task", TEXT, nullable=False),
    sa.Column("owners", TEXT, nullable=False),
    sa.Column("tags", TEXT, nullable=False),
    sa.Column("suite", TEXT, nullable=False),
    sa.Column("suite_digest", TEXT, nullable=False),
    sa.Column("policy", TEXT, nullable=False),
    sa.Column("policy_digest", TEXT, nullable=False),
    sa.Column("next_version", sa.Integer, nullable=False),
    sa.Column("created_at", TEXT, nullable=False),
)

snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("asset", TEXT, nullable=False),
    sa.Column("partition", TEXT, nullable=False),
    sa.Column("digest", TEXT, nullable=False),
    sa.Column("kind", TEXT, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("run_id", TEXT, nullable=False),
    sa.Column("created_at", TEXT, nullable=False),
    sa.Index(None, "asset", "partition", "id"),
    sa.Index(None, "digest"),
)

versions = sa.Table(
    "versions",
    metadata,
    sa.Column("model", TEXT, sa.ForeignKey("registered_models.name"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("recipe", TEXT, nullable=False),
    sa.Column("recipe_digest", TEXT, nullable=False),
    sa.Column("request", TEXT, nullable=False),
    sa.Column("trigger", TEXT, nullable=False),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("reason", TEXT, nullable=False),
    sa.Column("digest", TEXT),
    sa.Column("metadata", TEXT),
    sa.Column("failure", TEXT),
    sa.Column("run_id", TEXT),
    sa.Column("reserved_at", TEXT, nullable=False),
    sa.Column("finished_at", TEXT),
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
    sa.Column("model", TEXT, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("digest", TEXT, nullable=False),
    sa.Column("suite_digest", TEXT, nullable=False),
    sa.Column("metrics", TEXT, nullable=False),
    sa.Column("run_id", TEXT, nullable=False),
    sa.Column("created_at", TEXT, nullable=False),
    sa.ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.number"]),
    sa.Index(None, "model", "version", "id"),
)

verdicts = sa.Table(
    "verdicts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("model", TEXT, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("version_digest", TEXT, nullable=False),
    sa.Column("evaluation_id", sa.Integer, sa.ForeignKey("evaluations.id")),
    sa.Column("gate", TEXT, nullable=False),
    sa.Column("gate_digest", TEXT, nullable=False),
    sa.Column("outcome", TEXT, nullable=False),
    sa.Column("why", TEXT, nullable=False),
    sa.Column("value", sa.Float(53)),
    sa.Column("low", sa.Float(53)),
    sa.Column("high", sa.Float(53)),
    sa.Column("threshold", sa.Float(53)),
    sa.Column("rows", sa.Integer),
    # A relative verdict (against production) holds for one state of one pointer only.
    sa.Column("pointer", TEXT),
    sa.Column("pointer_generation", sa.Integer),
    sa.Column("baseline_digest", TEXT),
    sa.ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.number"]),
    sa.CheckConstraint(
        "outcome IN ('passed', 'failed', 'undecided', 'no_baseline')", name="outcome"
    ),
    *(columns.finite(column) for column in ("value", "low", "high", "threshold")),
    sa.Index(None, "model", "version", "evaluation_id"),
)

pointers = sa.Table(
    "pointers",
    metadata,
    sa.Column("model", TEXT, sa.ForeignKey("registered_models.name"), primary_key=True),
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("version", sa.Integer),
    sa.Column("digest", TEXT),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("moved_at", TEXT),
)

promotions = sa.Table(
    "promotions",
    metadata,
    sa.Column("model", TEXT, primary_key=True),
    sa.Column("pointer", TEXT, primary_key=True),
    sa.Column("generation", sa.Integer, primary_key=True),
    sa.Column("from_version", sa.Integer),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("digest", TEXT, nullable=False),
    sa.Column("evidence", TEXT, nullable=False),
    sa.Column("policy_digest", TEXT, nullable=False),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("reason", TEXT, nullable=False),
    sa.Column("run_id", TEXT, nullable=False),
    sa.Column("created_at", TEXT, nullable=False),
    sa.ForeignKeyConstraint(["model", "pointer"], ["pointers.model", "pointers.name"]),
    sa.ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.number"]),
    sa.Index(None, "model", "version"),
)

# What people say about models and versions after they were made; number 0 is the model itself.

tags = sa.Table(
    "tags",
    metadata,
    sa.Column("model", TEXT, sa.ForeignKey("registered_models.name"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", TEXT, primary_key=True),
    # NULL where it was taken away: a tag that the declaration gives is hidden by that, too.
    sa.Column("value", TEXT),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("set_at", TEXT, nullable=False),
)

descriptions = sa.Table(
    "descriptions",
    metadata,
    sa.Column("model", TEXT, sa.ForeignKey("registered_models.name"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("text", TEXT, nullable=False),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("set_at", TEXT, nullable=False),
)

marks = sa.Table(
    "marks",
    metadata,
    sa.Column("model", TEXT, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("mark", TEXT, nullable=False),
    sa.Column("reason", TEXT, nullable=False),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("marked_at", TEXT, nullable=False),
    sa.ForeignKeyConstraint(["model", "number"], ["versions.model", "versions.number"]),
    sa.CheckConstraint("mark IN ('none', 'archived', 'rejected')", name="mark"),
)

# Who agrees to what, and under which rules. What people sign is kept as it was signed.

# Number is the position of its event in the registry's own chain: the newest is in force.
policies = sa.Table(
    "policies",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", TEXT, nullable=False),
    sa.Column("document", TEXT, nullable=False),
    sa.Column("envelope", TEXT, nullable=False),
    sa.Column("person", TEXT, nullable=False),
    sa.Column("reason", TEXT, nullable=False),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("activated_at", TEXT, nullable=False),
)

# The owner's key, which the first policy is signed with, and those of attestations.
registry_keys = sa.Table(
    "registry_keys",
    metadata,
    sa.Column("purpose", TEXT, primary_key=True),
    sa.Column("fingerprint", TEXT, primary_key=True),
    sa.Column("line", TEXT, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("added_at", TEXT, nullable=False),
    sa.CheckConstraint("purpose IN ('owner', 'attestation')", name="purpose"),
)

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("digest", TEXT, primary_key=True),
    sa.Column("model", TEXT, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("pointer", TEXT, nullable=False),
    sa.Column("decision", TEXT, nullable=False),
    sa.Column("person", TEXT, nullable=False),
    # NULL where nobody signed: a policy may allow that.
    sa.Column("fingerprint", TEXT),
    sa.Column("nonce", TEXT, nullable=False),
    sa.Column("expires_at", TEXT, nullable=False),
    sa.Column("statement", TEXT, nullable=False),
    sa.Column("envelope", TEXT),
    # Where the registry's own chain stood: the people of then are who could sign.
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("run_id", TEXT, nullable=False),
    sa.Column("recorded_at", TEXT, nullable=False),
    sa.ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.number"]),
    sa.CheckConstraint(
        "decision IN ('approve', 'reject', 'override', 'rollback', 'review')", name="decision"
    ),
    sa.UniqueConstraint("model", "nonce"),
    sa.Index(None, "model", "version"),
)

# Versions that a pointer was rolled back from: held there until a person releases them.
pointer_holds = sa.Table(
    "pointer_holds",
    metadata,
    sa.Column("model", TEXT, primary_key=True),
    sa.Column("pointer", TEXT, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("reason", TEXT, nullable=False),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("set_at", TEXT, nullable=False),
    sa.ForeignKeyConstraint(["model", "pointer"], ["pointers.model", "pointers.name"]),
    sa.ForeignKeyConstraint(["model", "number"], ["versions.model", "versions.number"]),
    sa.CheckConstraint("state IN ('held', 'released')", name="state"),
)

# The manifest of what was signed about each promotion.
attestations = sa.Table(
    "attestations",
    metadata,
    sa.Column("model", TEXT, primary_key=True),
    sa.Column("pointer", TEXT, primary_key=True),
    sa.Column("generation", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", TEXT, nullable=False),
    sa.ForeignKeyConstraint(
        ["model", "pointer", "generation"],
        ["promotions.model", "promotions.pointer", "promotions.generation"],
    ),
)

# Snapshots whose data was found to be wrong.
recalls = sa.Table(
    "recalls",
    metadata,
    sa.Column("digest", TEXT, primary_key=True),
    sa.Column("asset", TEXT, primary_key=True),
    sa.Column("partition", TEXT, primary_key=True),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("reason", TEXT, nullable=False),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("set_at", TEXT, nullable=False),
    sa.CheckConstraint("state IN ('recalled', 'lifted')", name="state"),
)

# Which part of a model's history was made in which registry: its events up to `sequence`.
imports = sa.Table(
    "imports",
    metadata,
    sa.Column("model", TEXT, sa.ForeignKey("registered_models.name"), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", TEXT, nullable=False),
    sa.Column("origin", TEXT, nullable=False),
    sa.Column("imported_at", TEXT, nullable=False),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("chain", TEXT, primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("digest", TEXT, nullable=False),
    sa.Column("previous", TEXT, nullable=False),
    sa.Column("kind", TEXT, nullable=False),
    sa.Column("body", TEXT, nullable=False),
)

heads = sa.Table(
    "heads",
    metadata,
    sa.Column("chain", TEXT, primary_key=True),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("digest", TEXT, nullable=False),
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
    tags,
    descriptions,
    marks,
    imports,
    approvals,
    pointer_holds,
    attestations,
    policies,
    registry_keys,
    recalls,
    monitored,
    observations,
    monitoring_results,
    alerts,
    mirrors,
    mirror_receipts,
    mirror_states,
    imported_versions,
    imported_aliases,
)

# Of these, what is about the registry itself and no single model.
OF_THE_REGISTRY = (policies, registry_keys, recalls)

# Rows that came from another registry have another number here than the events of that
# registry vouch for. Insert-only, and proven by what it makes agree.
imported_rows = sa.Table(
    "imported_rows",
    metadata,
    sa.Column("table_name", TEXT, primary_key=True),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("origin", TEXT, nullable=False),
    sa.Column("original_id", sa.Integer, nullable=False),
    sa.UniqueConstraint("table_name", "origin", "original_id"),
)

# Facts about this catalog: `registry`, its identity; `collections`, how often blobs were
# collected; `indexed`, the release that made the index; `lineage …`, how much of the ledger was
# told to whom as events of lineage.
settings = sa.Table(
    "settings",
    metadata,
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("value", TEXT, nullable=False),
)
