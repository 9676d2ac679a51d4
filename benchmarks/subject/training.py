"""Training on these features."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler


def train(features: pd.DataFrame, target: "pd.Series[bool]", params: Mapping[str, Any]) -> Pipeline:
    """Fit a logistic regression on filled and scaled features."""
    model = LogisticRegression(C=params["C"], max_iter=params["max_iter"])
    return make_pipeline(SimpleImputer(), StandardScaler(), model).fit(features, target)
