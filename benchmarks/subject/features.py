"""Features of flights, from raw rows and a reference table."""

import pandas as pd


def make_features(flights: pd.DataFrame, planes: pd.DataFrame) -> pd.DataFrame:
    """Give hour, distance and seats of each flight."""
    known = flights[["tailnum"]].merge(planes, on="tailnum", how="left")
    return pd.DataFrame(
        {
            "hour": flights["sched_dep_time"].to_numpy() // 100,
            "distance": flights["distance"].to_numpy() / 1000.0,
            "seats": known["seats"].fillna(0.0).to_numpy(),
        }
    )
