"""Functions that make features: without Dagster, as packaged code must be. Not a test."""

import pandas as pd


def seats_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Seats, in hundreds."""
    return pd.DataFrame({"seats": rows["seats"] / 100})


def needing_more(rows: pd.DataFrame) -> pd.DataFrame:
    """Columns, some of which nobody delivers."""
    return rows[["seats", "wings", "engines"]]


def half_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Every other row."""
    return rows[["seats"]].iloc[::2]


def with_the_target(rows: pd.DataFrame) -> pd.DataFrame:
    """The answer among the questions."""
    return rows[["tailnum", "seats"]]
