"""What the loan approval model sees of an application, and how it is trained.

This file is packaged with every version and runs wherever the model does: it imports the
model's own libraries and nothing else. Where its table comes from is in `data.py`.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sklearn.ensemble import RandomForestClassifier

FEATURES = (
    *("loanamt", "appinc", "dep", "self", "atotinc", "cototinc", "price", "liq"),
    *("mortno", "mortlat1", "mortlat2", "hrat", "obrat", "chist", "pubrec", "loanprc"),
    *("unem", "term", "multi", "cosign"),
)


def make_features(loans: pd.DataFrame) -> pd.DataFrame:
    """Give one row of features per application, in the applications' order.

    All are float64, as on the application; what is not known stays missing. Neither race
    nor the decision is among them.

    Raises:
        KeyError: a column is missing.
    """
    return loans[list(FEATURES)].astype("float64").reset_index(drop=True)


def train(
    features: pd.DataFrame, target: pd.Series, params: Mapping[str, Any]
) -> RandomForestClassifier:
    """Fit a random forest that tells the probability of approval.

    Forests take missing values as they are. Over thirty splits this one ordered
    applications better (AUC .778) than boosted trees (.760) or a logistic regression (.758).

    Args:
        features: as `make_features` gives them.
        target: bool, one value per row.
        params: arguments of RandomForestClassifier; a wrong name is refused there.
    """
    return RandomForestClassifier(**params).fit(features[list(FEATURES)], target)
