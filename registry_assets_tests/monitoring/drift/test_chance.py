"""Chances: those of scipy's tests, never too small, and with all columns allowed for."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, ks_2samp

from registry_assets.monitoring.drift.chance import chi_squared, holm, kolmogorov, of_categories
from registry_assets.monitoring.drift.distances import Shared, shared
from registry_assets.monitoring.profile import profile_of


def both(before: object, after: object) -> Shared:
    first, second = (profile_of(pd.DataFrame({"x": each})).columns["x"] for each in (before, after))
    return shared(first, second)


@pytest.mark.parametrize("by", [0.0, 0.01, 0.03])
def test_numbers_have_the_chance_of_the_kolmogorov_smirnov_test(by: float) -> None:
    before = np.random.default_rng(0).normal(size=20_000)
    after = np.random.default_rng(1).normal(by, size=15_000)
    exact = float(ks_2samp(before, after, method="asymp").pvalue)
    found = kolmogorov(both(before, after))
    assert found == pytest.approx(exact, rel=0.25, abs=1e-4)
    # Few values are in cells of their own.
    few = kolmogorov(both(before[:1000], after[:900]))
    assert few == pytest.approx(
        float(ks_2samp(before[:1000], after[:900], method="asymp").pvalue), rel=0.1
    )


def test_the_grid_never_makes_a_chance_smaller() -> None:
    for seed in range(20):
        generator = np.random.default_rng(seed)
        before, after = generator.lognormal(size=9_000), generator.lognormal(0.02, size=9_000)
        gaps = ks_2samp(before, after, method="asymp").statistic
        counts = both(before, after)
        seen = np.cumsum(counts.before) / 9_000 - np.cumsum(counts.after) / 9_000
        assert np.abs(seen).max() <= gaps + 1e-12


def test_categories_have_the_chance_of_the_chi_squared_test() -> None:
    before, after = np.array([500, 300, 200]), np.array([270, 140, 90])
    exact = chi2_contingency([before, after], correction=False).pvalue
    assert chi_squared(Shared(before, after, exact=True)) == pytest.approx(exact)
    assert of_categories(Shared(before, after, exact=True)) == pytest.approx(exact)


def test_rare_categories_are_taken_together_and_raise_no_alarm() -> None:
    names = np.array([f"plane {n}" for n in range(3_000)])
    chances = []
    for seed in range(200):
        generator = np.random.default_rng(seed)
        before, after = (
            names[generator.integers(0, 3_000, 9_000)],
            names[generator.integers(0, 3_000, 400)],
        )
        chances.append(of_categories(both(before, after)))
    assert sum(chance < 0.05 for chance in chances) <= 20  # 5 % of 200, three standard errors
    assert len(set(chances)) > 100


def test_a_category_that_came_up_is_seen_in_a_hundred_rows_beside_a_million() -> None:
    before, after = np.array([900_000, 100_000, 0]), np.array([60, 10, 30])
    assert of_categories(Shared(before, after, exact=True)) < 1e-6


def test_one_category_has_no_chance_to_speak_of() -> None:
    assert of_categories(Shared(np.array([90]), np.array([10]), exact=True)) == 1
    # A rare one that is gone is no alarm.
    assert of_categories(Shared(np.array([90, 2]), np.array([10, 0]), exact=True)) == 1


def test_all_columns_are_allowed_for() -> None:
    assert holm([]) == []
    assert holm([0.04]) == [0.04]
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8, 0.001]) == pytest.approx([1, 1, 0.003])
