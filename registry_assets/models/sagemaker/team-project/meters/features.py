"""What the model sees of a reading, and how it is trained.

This file is packaged with every version, and runs wherever the model does: in SageMaker as well.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sklearn.linear_model import LogisticRegression

PIXELS = tuple(f"pixel_{row}_{column}" for row in range(8) for column in range(8))
BRIGHTEST = 16.0


def make_features(readings: pd.DataFrame) -> pd.DataFrame:
    """Give one row of features per reading, in their order."""
    pixels = readings[list(PIXELS)].astype("float64").reset_index(drop=True) / BRIGHTEST
    return pixels.assign(ink=pixels.sum(axis=1))


def train(features: pd.DataFrame, target: pd.Series, params: Mapping[str, Any]) -> Any:
    """Fit a logistic regression."""
    return LogisticRegression(**params).fit(features, target)
