"""Irises of three species, as they were measured.

The iris data that scikit-learn ships: R. A. Fisher, 1936, 150 flowers.
"""

import pandas as pd
from sklearn.datasets import load_iris

SPECIES = ("setosa", "versicolor", "virginica")
"""The source has them as 0, 1 and 2."""


def flowers() -> pd.DataFrame:
    """Give a row per flower: what was measured in centimetres, and its species."""
    found = load_iris(as_frame=True)
    names = {name: name.removesuffix(" (cm)").replace(" ", "_") for name in found.data.columns}
    measured: pd.DataFrame = found.data.rename(columns=names)
    species = found.target.map(dict(enumerate(SPECIES))).astype("str")
    return measured.assign(flower=range(len(measured)), species=species)
