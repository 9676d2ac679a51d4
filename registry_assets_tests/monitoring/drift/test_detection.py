"""Shifts that were made: how many are seen, and how many alarms there are without one.

Every rate is of a hundred tables or two of ten independent columns, with fixed seeds, so it is
the same each time. The shifts are in standard deviations, and shares of the rows.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from registry_assets.declaration.monitoring import Drift
from registry_assets.monitoring.drift import compare
from registry_assets.monitoring.profile import Profile, profile_of
from registry_assets_tests.sometimes import some

RULE = Drift(share=0.05)
TABLES = 200
SHIFTED = 100


def table(rows: int, seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    letters = np.array(list("abcdefghij"))
    columns: dict[str, object] = {"normal": generator.normal(size=rows)}
    columns |= {f"normal {n}": generator.normal(size=rows) for n in range(2)}
    columns |= {f"skewed {n}": generator.lognormal(size=rows) for n in range(2)}
    columns |= {f"count {n}": generator.poisson(20, rows) for n in range(2)}
    columns |= {name: letters[generator.integers(0, 10, rows)] for name in ("text", "text 2")}
    columns["flag"] = generator.random(rows) < 0.1
    return pd.DataFrame(columns)


@cache
def profile(rows: int, seed: int) -> Profile:
    return profile_of(table(rows, seed), threads=1)


def drifted(rows: int, seed: int, **changed: pd.Series) -> set[str]:
    """The columns that drifted in a table of which some are others."""
    changes = profile_of(pd.DataFrame(changed), threads=1).columns
    current = Profile(rows, {**profile(rows, seed).columns, **changes})
    found = compare(profile(20_000, 10_000), current, rule=RULE)
    return {each.column for each in found.columns if each.drifted}


@pytest.mark.parametrize("rows", some([100, 300, 1_000, 5_000], always=[100]))
def test_at_most_one_table_in_twenty_without_a_shift_has_an_alarm(rows: int) -> None:
    alarms = sum(bool(drifted(rows, seed)) for seed in range(TABLES))
    assert alarms / TABLES <= 0.05


@pytest.mark.parametrize(("rows", "by"), [(100, 0.6), (300, 0.35), (1_000, 0.2), (5_000, 0.13)])
def test_a_shift_of_one_column_is_seen_in_ninety_five_tables_of_a_hundred(
    rows: int, by: float
) -> None:
    moved = (table(rows, seed)["normal"] + by for seed in range(SHIFTED))
    seen = sum("normal" in drifted(rows, seed, normal=each) for seed, each in enumerate(moved))
    assert seen / SHIFTED >= 0.95


@pytest.mark.parametrize(("rows", "share"), [(100, 0.08), (300, 0.06), (1_000, 0.05)])
def test_a_category_that_came_up_is_seen_in_ninety_five_tables_of_a_hundred(
    rows: int, share: float
) -> None:
    seen = 0
    for seed in range(SHIFTED):
        text = table(rows, seed)["text"]
        text.iloc[: int(rows * share)] = "new"
        seen += "text" in drifted(rows, seed, text=text)
    assert seen / SHIFTED >= 0.95


def test_a_shift_below_the_threshold_is_no_drift_however_many_rows_show_it() -> None:
    generator = np.random.default_rng(0)
    before = pd.DataFrame({"x": generator.normal(size=300_000)})
    after = pd.DataFrame({"x": generator.normal(0.05, size=300_000)})
    [found] = compare(profile_of(before), profile_of(after), rule=RULE).columns
    assert found.adjusted_p is not None
    assert found.adjusted_p < 1e-6
    assert found.finding == "stable"
