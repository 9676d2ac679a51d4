"""The tables of versions that were made in another kind of registry, and came as history.

What comes from a registry of our own kind is no such thing: it is told by `imports`. Events vouch
for both tables. No address with a password, and no token, is ever in a row.
"""

import sqlalchemy as sa

from registry_assets.catalog.columns import TEXT, metadata

# A version there and what became of it here. It is named by what it is there, so that the same
# one never comes twice; where the server is may change.
imported_versions = sa.Table(
    "imported_versions",
    metadata,
    sa.Column("model", TEXT, sa.ForeignKey("registered_models.name"), primary_key=True),
    sa.Column("identity", TEXT, primary_key=True),
    sa.Column("source", TEXT, nullable=False),
    sa.Column("address", TEXT, nullable=False),
    sa.Column("foreign_name", TEXT, nullable=False),
    sa.Column("foreign_number", TEXT, nullable=False),
    # Its own, which `versions` does not have; or that of the version of ours that it is.
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("digest", TEXT, nullable=False),
    sa.Column("state", TEXT, nullable=False),
    # Whether its files came: what could not be read is tried again.
    sa.Column("files", TEXT, nullable=False),
    sa.Column("said", TEXT, nullable=False),
    sa.Column("said_digest", TEXT, nullable=False),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("run_id", TEXT, nullable=False),
    sa.Column("imported_at", TEXT, nullable=False),
    sa.CheckConstraint("state IN ('imported', 'linked')", name="state"),
    sa.CheckConstraint("files IN ('whole', 'absent')", name="files"),
    sa.Index(None, "model", "number"),
)

# Where an alias there was found last: history, and no pointer of ours.
imported_aliases = sa.Table(
    "imported_aliases",
    metadata,
    sa.Column("model", TEXT, sa.ForeignKey("registered_models.name"), primary_key=True),
    sa.Column("source", TEXT, primary_key=True),
    sa.Column("foreign_name", TEXT, primary_key=True),
    sa.Column("alias", TEXT, primary_key=True),
    # NULL where it was there once, and is no more.
    sa.Column("foreign_number", TEXT),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("seen_at", TEXT, nullable=False),
)
