"""Distances of profiles: Evidently's of the rows, within the error that they state."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from registry_assets.declaration.monitoring import Drift
from registry_assets.monitoring.drift import compare
from registry_assets.monitoring.drift.distances import jensen_shannon, shared, wasserstein
from registry_assets.monitoring.profile import ColumnProfile, profile_of
from registry_assets.monitoring.profile.labels import MOST_LABELS
from registry_assets.monitoring.results.drift import DriftResult
from registry_assets_tests.evaluation.data.frames import ordinary
from registry_assets_tests.monitoring.distributions import SHAPES, Floats, drawn
from registry_assets_tests.monitoring.drift.evidently import evidently

ONE = Drift(min_rows=2)


def column_of(values: object) -> ColumnProfile:
    return profile_of(pd.DataFrame({"x": values})).columns["x"]


def drift_of(reference: pd.DataFrame, current: pd.DataFrame) -> DriftResult:
    return compare(profile_of(reference), profile_of(current), rule=ONE)


def shifted(values: Floats, by: float) -> Floats:
    found: Floats = values + by * values.std()
    return found


# Evidently takes 0.001 for every smaller spread: of these no value of it is a distance.
_IN_UNITS = [shape for shape in SHAPES if shape != "small unit"]


@pytest.mark.parametrize("by", [0.0, 0.05, 0.1, 0.7])
def test_numbers_of_every_shape_are_as_far_apart_as_evidently_says(by: float) -> None:
    reference = pd.DataFrame({shape: drawn(shape, 12_000, seed=1) for shape in _IN_UNITS})
    current = pd.DataFrame({shape: shifted(drawn(shape, 7_000, seed=2), by) for shape in _IN_UNITS})
    theirs, ours = evidently(reference, current), drift_of(reference, current)
    for shape, (method, value) in theirs.items():
        found = ours.of(shape)
        assert found is not None
        assert found.method == method, shape
        assert found.value is not None
        assert found.error is not None
        assert abs(found.value - value) <= found.error, shape
        if abs(value - found.threshold) > found.error:
            assert (found.value >= found.threshold) is (value >= found.threshold), shape


def test_ordinary_columns_are_as_far_apart_as_evidently_says() -> None:
    for seed in range(4):
        reference, current = ordinary(3_000, seed=seed), ordinary(2_000, seed=seed + 50)
        current["normal"] += 0.05 * seed
        current.loc[current.index % 3 == 0, "few"] = 9
        current.loc[current.index % 4 == 0, "text"] = "other"
        current.loc[current.index % (seed + 2) == 0, "flag"] = True
        reference.loc[reference.index % 7 == 0, "skewed"] = np.inf
        reference["ratio"], current["ratio"] = reference["few"] / 4, current["few"] / 4
        reference["wide"] = np.arange(3_000) % 3_000  # many whole numbers, and then only few
        current["wide"] = np.arange(2_000) % 9
        columns = [name for name in reference.columns if name != "when"]  # it refuses times
        theirs = evidently(reference[columns], current[columns])
        ours = drift_of(reference, current)
        for name, (method, value) in theirs.items():
            found = ours.of(name)
            assert found is not None
            assert found.method == method, name
            assert found.value == pytest.approx(value, abs=found.error or 0), name


@pytest.mark.parametrize("shape", SHAPES)
def test_the_distance_is_that_of_the_rows_within_the_error(shape: str) -> None:
    for rows, by in ((60_000, 0.0), (60_000, 0.11), (300, 0.3), (30_000, 5.0)):
        before, after = drawn(shape, 50_000, seed=3), shifted(drawn(shape, rows, seed=4), by)
        found = wasserstein(column_of(before), column_of(after))
        unit = float(np.abs(before).max())
        exact = wasserstein_distance(before / unit, after / unit) / np.std(before / unit)
        assert abs(found.value - exact) <= found.error, (rows, by)
        # Small beside a threshold of 0.1, whatever the shape.
        assert found.error < 0.02 + 0.02 * found.value, (rows, by)


def test_numbers_on_which_a_grid_is_bad_say_so_in_their_error() -> None:
    generator = np.random.default_rng(0)
    # A narrow hill far from zero, and beside it a few numbers of every size there is.
    hill = 1e6 + generator.normal(size=100_000)
    sizes = 10.0 ** generator.uniform(-300, 5, 20_000)
    before = column_of(np.concatenate([hill, sizes]))
    after = np.concatenate([hill + 0.5, sizes])
    found = wasserstein(before, column_of(after))
    every = np.concatenate([hill, sizes])
    exact = wasserstein_distance(every, after) / np.std(every)
    assert abs(found.value - exact) <= found.error
    assert found.error > 0.001


@settings(max_examples=40, deadline=None)
@given(st.floats(1e-200, 1e200), st.integers(0, 1000))
def test_the_unit_of_a_number_does_not_matter(unit: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    before, after = generator.normal(size=6_000), generator.normal(0.2, size=200)
    first = wasserstein(column_of(before), column_of(after))
    second = wasserstein(column_of(before * unit), column_of(after * unit))
    assert abs(first.value - second.value) <= first.error + second.error


def test_the_largest_numbers_there_are_have_a_distance() -> None:
    generator = np.random.default_rng(0)
    before, after = generator.uniform(-1, 1, 20_000), generator.uniform(-0.8, 1, 20_000)
    expected = wasserstein_distance(before, after) / np.std(before)
    for unit in (1.7e308, 1e-290):
        found = wasserstein(column_of(before * unit), column_of(after * unit))
        assert abs(found.value - expected) <= found.error + 1e-6


def test_numbers_beyond_all_bounds_of_the_reference_are_told_exactly_enough() -> None:
    before = np.random.default_rng(0).normal(size=20_000)
    after = np.random.default_rng(1).normal(1e5, 300, size=20_000)
    found = wasserstein(column_of(before), column_of(after))
    exact = wasserstein_distance(before, after) / before.std()
    assert abs(found.value - exact) <= found.error
    assert found.error < 0.02 * found.value


def test_a_constant_has_no_distance_until_it_changes() -> None:
    same, other = column_of([0.1] * 200), column_of(np.linspace(0.1, 0.3, 200))
    assert wasserstein(same, same).value == 0
    # As Evidently: a spread of nothing counts as 0.001.
    assert wasserstein(same, other).value == pytest.approx(0.1 / 0.001)


def test_categories_that_share_nothing_are_as_far_apart_as_can_be() -> None:
    found = jensen_shannon(shared(column_of(["a", "b"] * 50), column_of(["c", "d"] * 50)))
    assert found.value == pytest.approx(math.sqrt(math.log(2)))
    same = column_of(["a", "b", "b"])
    assert jensen_shannon(shared(same, same)).value == 0


def test_too_many_categories_have_a_distance_that_is_not_too_large_and_an_error() -> None:
    names = [f"key {n}" for n in range(MOST_LABELS * 2)]
    before = pd.Series(names * 3)
    for after in (pd.Series(names[::2] * 6), pd.Series(names[:30] * 700)):
        shares = (each.value_counts(normalize=True).reindex(names) for each in (before, after))
        exact = float(jensenshannon(*(each.fillna(0) for each in shares)))
        found = jensen_shannon(shared(column_of(before), column_of(after)))
        assert found.value <= exact <= found.value + found.error
        assert found.value > 0
