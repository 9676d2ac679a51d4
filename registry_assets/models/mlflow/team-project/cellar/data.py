"""Bottles of Piedmont, as a laboratory measured them, and the vine that each is of.

The wine data that scikit-learn ships: M. Forina et al., PARVUS, 178 bottles of three cultivars.
"""

import pandas as pd
from sklearn.datasets import load_wine

CULTIVARS = ("barolo", "grignolino", "barbera")
"""The source has them as 0, 1 and 2."""


def bottles() -> pd.DataFrame:
    """Give a row per bottle: what was measured, and its cultivar."""
    found = load_wine(as_frame=True)
    measured: pd.DataFrame = found.data.rename(columns={"od280/od315_of_diluted_wines": "dilution"})
    cultivar = found.target.map(dict(enumerate(CULTIVARS))).astype("str")
    return measured.assign(bottle=range(len(measured)), cultivar=cultivar)
