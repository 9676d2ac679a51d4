"""What the model sees of an application, and how it is trained.

This file is packaged with every version and runs wherever the model does.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sklearn.ensemble import RandomForestClassifier

APPLICATION = (
    *("loanamt", "appinc", "dep", "self", "atotinc", "cototinc", "price", "liq"),
    *("mortno", "mortlat1", "mortlat2", "hrat", "obrat", "chist", "pubrec", "loanprc"),
    *("unem", "term", "multi", "cosign"),
)
"""What is known when somebody applies."""

FILE = (
    *("occ", "suffolk", "typur", "unit", "married", "emp", "yjob", "hexp", "other", "rep"),
    *("gdlin", "lines", "mortg", "cons", "fixadj", "apr", "prop", "inss", "inson", "gift"),
    *("unver", "review", "netw", "min30", "bd", "mi", "old", "vr", "sch", "male"),
    *("mortperf", "thick"),
)
"""Whatever else stands in the lender's file by the end."""

FEATURES = (*APPLICATION, *FILE)


def make_features(loans: pd.DataFrame) -> pd.DataFrame:
    """Give one row of features per application, in the applications' order."""
    return loans[list(FEATURES)].astype("float64").reset_index(drop=True)


def train(
    features: pd.DataFrame, target: pd.Series, params: Mapping[str, Any]
) -> RandomForestClassifier:
    """Fit a random forest that tells the probability of approval."""
    return RandomForestClassifier(**params).fit(features[list(FEATURES)], target)
