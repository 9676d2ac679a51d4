"""The tables of other registries that versions are published to: what went there, and how it is.

Events vouch for all of them. No address with a password, and no token, is ever in a row.
"""

import sqlalchemy as sa

from registry_assets.catalog.columns import TEXT, metadata

# The mirrors of a model, as its declaration says: whoever lists them does not import it.
mirrors = sa.Table(
    "mirrors",
    metadata,
    sa.Column("model", TEXT, sa.ForeignKey("registered_models.name"), primary_key=True),
    sa.Column("mirror", TEXT, primary_key=True),
    # JSON's null where it was declared once, and is no more.
    sa.Column("definition", TEXT, nullable=False),
    sa.Column("digest", TEXT, nullable=False),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("set_at", TEXT, nullable=False),
)

# That a version is there, and what it is called there: the last receipt of each.
mirror_receipts = sa.Table(
    "mirror_receipts",
    metadata,
    sa.Column("model", TEXT, primary_key=True),
    sa.Column("mirror", TEXT, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version_digest", TEXT, nullable=False),
    sa.Column("foreign_name", TEXT, nullable=False),
    sa.Column("foreign_number", TEXT, nullable=False),
    sa.Column("url", TEXT, nullable=False),
    sa.Column("sent_digest", TEXT, nullable=False),
    sa.Column("receipt", TEXT, nullable=False),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("run_id", TEXT, nullable=False),
    sa.Column("published_at", TEXT, nullable=False),
    sa.ForeignKeyConstraint(["model", "mirror"], ["mirrors.model", "mirrors.mirror"]),
    sa.ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.number"]),
    sa.Index(None, "model", "version"),
)

# How a mirror was found last, and what its pointers were set to; changed where that is news.
mirror_states = sa.Table(
    "mirror_states",
    metadata,
    sa.Column("model", TEXT, primary_key=True),
    sa.Column("mirror", TEXT, primary_key=True),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("differences", TEXT, nullable=False),
    # Since when it is found so.
    sa.Column("since", TEXT),
    # When every byte was compared last.
    sa.Column("verified_at", TEXT),
    # What the pointers there were set to last, by their names.
    sa.Column("pointers", TEXT, nullable=False),
    sa.Column("pointed_at", TEXT),
    # Publications that failed since the last one that did not, and what the last one said.
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("error", TEXT),
    sa.Column("failed_at", TEXT),
    # Not to be tried before, by itself.
    sa.Column("next_at", TEXT),
    sa.ForeignKeyConstraint(["model", "mirror"], ["mirrors.model", "mirrors.mirror"]),
    sa.CheckConstraint(
        "state IN ('unknown', 'in_step', 'out_of_step', 'unreachable')", name="state"
    ),
)
