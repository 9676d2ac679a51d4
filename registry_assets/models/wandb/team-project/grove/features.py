"""What the model sees of a flower, and how it is trained.

This file is packaged with every version, and runs wherever the model does.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

MEASURED = ("sepal_length", "sepal_width", "petal_length", "petal_width")


def make_features(flowers: pd.DataFrame) -> pd.DataFrame:
    """Give one row of features per flower, in the flowers' order."""
    measured = flowers[list(MEASURED)].astype("float64").reset_index(drop=True)
    return measured.assign(petal_area=measured["petal_length"] * measured["petal_width"])


def train(features: pd.DataFrame, target: pd.Series, params: Mapping[str, Any]) -> Pipeline:
    """Fit a logistic regression on features of one scale."""
    return make_pipeline(StandardScaler(), LogisticRegression(**params)).fit(features, target)
