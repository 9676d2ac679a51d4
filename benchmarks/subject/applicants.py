"""Rows to judge a model on, and two models of them: made, so that both sides judge the same.

Twenty features, eighteen numbers and two categories, and a target of two classes that they
have something to do with. What is done with them is in `evaluating`, here and in `peer`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

TARGET = "defaulted"
NUMBERS = 18
REGIONS = ["north", "east", "south", "west", "centre", "islands", "abroad", "unknown"]
CHANNELS = ["branch", "broker", "phone", "web"]
FITTED_ON = 20_000
"""Rows of the training that the models are fitted on at most: fitting is not measured."""

CANDIDATE, BASELINE = "candidate.skops", "baseline.skops"


def applicants(rows: int, *, seed: int) -> pd.DataFrame:
    """Give so many rows: features, and the target as the last column."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {
        f"number_{at:02}": rng.normal(size=rows) for at in range(NUMBERS - 4)
    }
    columns["income"] = rng.lognormal(10, 0.6, rows).round(2)
    columns["age"] = rng.integers(18, 90, rows)
    columns["loans"] = rng.poisson(1.2, rows)
    columns["debt"] = np.where(rng.random(rows) < 0.05, np.nan, rng.exponential(5_000, rows))
    for name, values in (("region", REGIONS), ("channel", CHANNELS)):
        codes = rng.integers(len(values), size=rows)
        columns[name] = pd.Categorical.from_codes(codes, pd.Index(values))
    strength = (
        columns["number_00"]
        + 0.7 * columns["number_01"] * columns["number_02"]
        - 0.5 * np.log(columns["income"] / 22_000)
        + 0.3 * columns["loans"]
        + 0.2 * (columns["region"].codes == 2)
        - 1.6
    )
    columns[TARGET] = rng.random(rows) < 1 / (1 + np.exp(-strength))
    return pd.DataFrame(columns)


def features_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the features of the rows."""
    return frame.drop(columns=[TARGET])


def training(rows: int) -> pd.DataFrame:
    """Give the rows that the models come from."""
    return applicants(rows, seed=11)


def holdout(rows: int) -> pd.DataFrame:
    """Give the rows that they are judged on."""
    return applicants(rows, seed=12)


def make_models(folder: str, rows: int) -> None:
    """Fit the candidate, and a weaker model beside it, and save both for either side."""
    import skops.io

    known = training(rows).head(FITTED_ON)
    for name, iterations in ((CANDIDATE, 100), (BASELINE, 40)):
        skops.io.dump(_fitted(known, iterations), Path(folder) / name)


def model(folder: Path, name: str) -> Any:
    """Load one of the two."""
    import skops.io

    file = folder / name
    return skops.io.load(file, trusted=skops.io.get_untrusted_types(file=file))


def _fitted(known: pd.DataFrame, iterations: int) -> "HistGradientBoostingClassifier":
    from sklearn.ensemble import HistGradientBoostingClassifier

    estimator = HistGradientBoostingClassifier(max_iter=iterations, random_state=0)
    return estimator.fit(features_of(known), known[TARGET])
