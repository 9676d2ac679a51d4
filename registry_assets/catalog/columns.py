"""What every table is made of: where all of them are listed, texts, and finite numbers."""

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


# Compared and ordered by its bytes, as SQLite does: another order would be another answer,
# and a language's own order takes no index for what begins with a prefix.
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def finite(column: str) -> sa.CheckConstraint:
    """Give the constraint that a column holds a finite number, or none."""
    # PostgreSQL holds 'NaN' >= 0.8 for true and SQLite stores NaN as NULL: neither
    # database may be the judge of a number, so none but finite ones get in.
    bound = "1.7976931348623157e308"
    return sa.CheckConstraint(
        f"{column} IS NULL OR ({column} >= -{bound} AND {column} <= {bound})",
        name=f"{column}_finite",
    )
