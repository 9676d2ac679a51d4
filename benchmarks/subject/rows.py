"""Raw rows to train and predict on: made, so that both environments make the same."""

import numpy as np
import pandas as pd

ROWS = 2_000


def flights(rows: int = ROWS) -> pd.DataFrame:
    """Raw flights whose delay has something to do with what is known before."""
    rng = np.random.default_rng(7)
    hour = rng.integers(5, 23, rows)
    chance = 1 / (1 + np.exp(-(hour - 14) / 3 - rng.normal(0, 0.5, rows)))
    return pd.DataFrame(
        {
            "tailnum": rng.choice(["N1", "N2", "N3", "N4"], rows),
            "origin": rng.choice(["EWR", "JFK"], rows),
            "sched_dep_time": hour * 100,
            "distance": rng.uniform(100, 3000, rows),
            "late": rng.uniform(size=rows) < chance,
        }
    )


def planes() -> pd.DataFrame:
    """A reference table that does not know every plane."""
    return pd.DataFrame({"tailnum": ["N1", "N2", "N3"], "seats": [55.0, 140.0, 180.0]})
