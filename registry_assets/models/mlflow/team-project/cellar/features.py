"""What the model sees of a bottle, and how it is trained.

This file is packaged with every version and runs wherever the model does, in MLflow as well.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

MEASURED = ("alcohol", "malic_acid", "ash", "flavanoids", "proanthocyanins", "hue", "proline")


def make_features(bottles: pd.DataFrame) -> pd.DataFrame:
    """Give one row of features per bottle, in the bottles' order."""
    measured = bottles[list(MEASURED)].astype("float64").reset_index(drop=True)
    return measured.assign(depth=bottles["color_intensity"].to_numpy() / measured["hue"])


def train(features: pd.DataFrame, target: pd.Series, params: Mapping[str, Any]) -> Pipeline:
    """Fit a logistic regression on features of one scale."""
    return make_pipeline(StandardScaler(), LogisticRegression(**params)).fit(features, target)
