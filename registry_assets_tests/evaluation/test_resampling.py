"""Resampling: which rows are drawn together, in what order, and what becomes of the draws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.testing import assert_allclose

from registry_assets.declaration.metrics import Task
from registry_assets.evaluation.resampling import (
    GROUPS,
    Resampler,
    Sampled,
    _summable,
    canonical_order,
)
from registry_assets_tests.evaluation.rows import (
    TASKS,
    binary,
    permuted,
    shifted,
    synthetic,
    weighted,
)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("seed", range(3))
def test_rows_stand_in_an_order_of_their_contents(task: Task, seed: int) -> None:
    scored = weighted(synthetic(task, 500, seed=0))
    other = shifted(scored)
    _, again, moved = permuted(scored, other, seed=seed)
    first = canonical_order(scored.outcomes, [scored.predictions, other])
    second = canonical_order(again.outcomes, [again.predictions, moved])
    for one, two in (
        (scored.outcomes.y, again.outcomes.y),
        (scored.weight, again.weight),
        (scored.predictions.predicted, again.predictions.predicted),
        (other.predicted, moved.predicted),
    ):
        assert (one[first] == two[second]).all()


def test_a_model_s_order_does_not_depend_on_what_it_is_compared_with() -> None:
    scored = binary(np.arange(200) % 2, np.repeat([0.1, 0.3, 0.6, 0.9], 50))
    alone = scored.take(canonical_order(scored.outcomes, [scored.predictions]))
    both = [scored.predictions, shifted(scored)]
    beside = scored.take(canonical_order(scored.outcomes, both))
    assert (alone.outcomes.y == beside.outcomes.y).all()
    assert (alone.scores == beside.scores).all()


def test_the_two_zeros_are_one_number() -> None:
    scored = binary([0, 1, 0, 1], [0.0, 0.0, 0.0, 0.0])
    negative = binary([0, 1, 0, 1], [-0.0, 0.0, 0.0, -0.0])
    assert (
        canonical_order(scored.outcomes, [scored.predictions]).tolist()
        == canonical_order(negative.outcomes, [negative.predictions]).tolist()
    )


@pytest.mark.parametrize("rows", [1, 7, GROUPS])
def test_few_rows_are_drawn_one_by_one(rows: int) -> None:
    resampler = Resampler(rows, resamples=50, seed=1)
    [drawn] = resampler.draws()
    assert drawn.shape == (50, rows)
    assert (drawn.sum(axis=1) == rows).all()
    values = np.random.default_rng(0).normal(size=rows)
    assert_allclose(resampler.sums(values)[:, 0], values)


@pytest.mark.parametrize("rows", [GROUPS + 1, 3 * GROUPS, 25_001])
def test_many_rows_are_drawn_in_2000_groups_of_equal_size(rows: int) -> None:
    resampler = Resampler(rows, resamples=10, seed=1)
    sizes = resampler.sums(np.ones(rows))[:, 0]
    assert len(sizes) == GROUPS
    assert sizes.sum() == rows
    assert sizes.max() - sizes.min() <= 1
    neighbours = np.abs(np.diff(resampler.group))
    assert np.median(neighbours) > 100


def test_sums_by_cell_are_those_of_the_rows_of_each_group() -> None:
    generator = np.random.default_rng(0)
    cell, weight = generator.integers(3, size=5000), generator.random(5000)
    resampler = Resampler(5000, resamples=1, seed=0)
    found = resampler.sums_by(cell, weight, cells=3)
    for group, at in ((0, 0), (999, 1), (1999, 2)):
        expected = weight[(resampler.group == group) & (cell == at)].sum()
        assert_allclose(found[group, at], expected, rtol=1e-12)


def test_more_resamples_than_a_batch_holds_are_drawn_batch_by_batch() -> None:
    batches = list(Resampler(20, resamples=2500, seed=0).draws())
    assert [len(each) for each in batches] == [1000, 1000, 500]
    assert not (batches[0] == batches[1]).all()


@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(1, 40), st.integers(1, 3)),
        elements=st.floats(-1e9, 1e9, width=32),
    )
)
def test_replicates_do_not_depend_on_the_order_in_which_they_are_added(
    sums: np.ndarray,
) -> None:
    resampler = Resampler(len(sums), resamples=20, seed=0)
    [drawn] = resampler.draws()
    exact = _summable(sums)
    assert_allclose(exact, sums, rtol=0, atol=np.abs(sums).max() * len(sums) * 2.0**-40 + 1e-300)
    found = resampler.replicate(sums, lambda each: each)
    assert (found == drawn[:, ::-1] @ exact[::-1]).all()
    assert (found == np.array([[math.fsum(row * each) for each in exact.T] for row in drawn])).all()


REPLICATES = np.linspace(0.5, 0.7, 1001)


def test_a_percentile_interval_is_the_middle_95_percent() -> None:
    found = Sampled(0.62, REPLICATES).estimate(rows=9, undefined="")
    assert_allclose([found.value, found.low, found.high], [0.62, 0.505, 0.695])
    assert found.rows == 9


def test_a_reflected_interval_is_mirrored_at_the_value_and_stays_within_its_limits() -> None:
    found = Sampled(0.55, REPLICATES, "reflected", (0, 1)).estimate(rows=9, undefined="")
    assert_allclose([found.low, found.high], [0.405, 0.595])
    near = Sampled(0.3, REPLICATES, "reflected", (0, 1)).estimate(rows=9, undefined="")
    # 0.6 - 0.695 is below 0; 0.6 - 0.505 is below the value, which stays in sight.
    assert (near.low, near.high) == (0, 0.3)


def test_a_normal_interval_has_1_96_standard_errors_on_both_sides() -> None:
    found = Sampled(0.6, REPLICATES, "normal").estimate(rows=9, undefined="")
    assert_allclose(found.high - 0.6, 1.959964 * np.std(REPLICATES, ddof=1), rtol=1e-6)
    assert_allclose(found.high - 0.6, 0.6 - found.low)


def test_a_difference_is_taken_resample_by_resample() -> None:
    found = Sampled(0.6, REPLICATES) - Sampled(0.5, REPLICATES[::-1])
    assert_allclose(found.value, 0.1)
    assert_allclose(found.replicates, np.linspace(-0.2, 0.2, 1001), atol=1e-12)
    reflected = Sampled(0.6, REPLICATES, "reflected", (0, 1))
    assert (reflected - reflected).interval == "percentile"
    normal = Sampled(0.6, REPLICATES, "normal")
    assert (normal - normal).interval == "normal"


@pytest.mark.parametrize(("missing", "defined"), [(0, True), (50, True), (51, False)])
def test_up_to_one_in_twenty_resamples_may_be_undefined(missing: int, defined: bool) -> None:
    replicates = np.linspace(0, 1, 1000)
    replicates[:missing] = math.nan
    found = Sampled(0.5, replicates).estimate(rows=9, undefined="")
    assert found.defined == defined
    if not defined:
        assert found.reason == (
            f"too few rows for an interval: undefined in {missing} of 1000 resamples"
        )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_undefined_with_the_reason_given(value: float) -> None:
    found = Sampled(value, REPLICATES).estimate(rows=9, undefined="one class only")
    assert (found.defined, found.reason, found.rows) == (False, "one class only", 9)
