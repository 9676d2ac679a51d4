"""Resampling: which rows are drawn together, in what order, and what becomes of the draws."""

import math
from typing import Any, ClassVar

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
    _product,
    _summable,
    canonical_order,
)
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.scored import FloatArray
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


@pytest.mark.parametrize("rows", [7, GROUPS, GROUPS + 1])
def test_a_part_is_drawn_as_often_as_it_comes_when_all_are_drawn(rows: int) -> None:
    [all_drawn] = Resampler(25_001, resamples=50, seed=1).draws()
    part = Resampler(rows, resamples=50, seed=1, among=25_001)
    [drawn] = part.draws()
    assert (drawn == all_drawn[:, : min(rows, GROUPS)]).all()
    assert part.sums(np.ones(rows)).shape == (min(rows, GROUPS), 1)


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
    exact, _ = _summable(sums)
    assert_allclose(exact, sums, rtol=0, atol=np.abs(sums).max() * len(sums) * 2.0**-40 + 1e-300)
    found = resampler.replicate(sums, lambda each: each)
    assert (found == drawn[:, ::-1] @ exact[::-1]).all()
    assert (found == np.array([[math.fsum(row * each) for each in exact.T] for row in drawn])).all()


class _Watched(np.ndarray[Any, np.dtype[Any]]):
    """Draws that write down in which precision they were multiplied with every sum."""

    multiplied: ClassVar[list[str]] = []

    def __matmul__(self, other: Any) -> Any:
        self.multiplied.append(self.dtype.name)
        return np.asarray(self) @ other


@pytest.mark.parametrize(
    ("share", "unit", "ways"),
    [(0.01, 0.1, []), (0.01, 1.0, []), (1.0, 1.0, ["float32"]), (1.0, 0.1, ["float64"])],
    ids=["few that are not 0", "few counts", "counts", "any numbers"],
)
def test_every_way_of_multiplying_gives_the_very_same(
    share: float, unit: float, ways: list[str]
) -> None:
    generator = np.random.default_rng(0)
    counts = generator.integers(1, 50, size=(500, 40)) * (generator.random((500, 40)) < share)
    exact, precision = _summable((counts * unit).astype(np.float64))
    [drawn] = Resampler(500, resamples=200, seed=0).draws(precision)
    _Watched.multiplied.clear()
    found = _product(drawn.view(_Watched), exact)
    # Neither precision: only what is not 0 was multiplied.
    assert _Watched.multiplied == ways
    assert found.dtype == np.float64
    assert (found == drawn.astype(np.float64) @ exact.astype(np.float64)).all()


REPLICATES = np.linspace(0.5, 0.7, 1001)


def test_a_percentile_interval_is_the_middle_95_percent() -> None:
    found = Sampled(0.62, REPLICATES).estimate(rows=9, undefined="")
    assert_allclose([found.value, found.low, found.high], [0.62, 0.505, 0.695])
    assert found.rows == 9


NOISE = np.linspace(0, 0.2, 1001)  # 97.5 % of it is below 0.195


def _raised(value: float, replicates: FloatArray = REPLICATES) -> Estimate:
    sampled = Sampled(value, replicates, "raised", (0, 1), NOISE)
    return sampled.estimate(rows=9, undefined="")


@pytest.mark.parametrize("value", [0.3, 0.55, 0.68])
def test_a_raised_interval_ends_above_as_far_off_as_the_farther_quantile(value: float) -> None:
    assert_allclose(_raised(value).high, value + max(0.695 - value, value - 0.505))


def test_a_raised_interval_ends_below_where_chance_would_make_of_it_what_was_found() -> None:
    found = _raised(0.55)
    # Of a share s of 0.55 chance makes up to 0.195 + s * (0.695 - 0.195).
    assert_allclose(found.low / 0.55, (0.55 - 0.195) / (0.695 - 0.195))
    # Of the whole, where chance does nothing.
    same = np.full(100, 0.55)
    assert (_raised(0.55, same).low, _raised(0.55, same).high) == (0.55, 0.55)


def test_a_raised_interval_reaches_its_limit_without_a_leap() -> None:
    assert _raised(0.1).low == _raised(0.19).low == 0
    assert 0 < _raised(0.196).low < 0.002


def test_a_raised_interval_stays_within_its_limits() -> None:
    assert _raised(0.9, np.linspace(0.5, 1, 101)).high == 1


@pytest.mark.parametrize("value", [0.1, 0.3, 0.55, 0.9])
def test_a_lowered_interval_is_a_raised_one_seen_from_the_other_side(value: float) -> None:
    raised = _raised(value)
    sampled = Sampled(1 - value, 1 - REPLICATES, "lowered", (0, 1), 1 - NOISE)
    lowered = sampled.estimate(rows=9, undefined="")
    assert_allclose([lowered.low, lowered.high], [1 - raised.high, 1 - raised.low], atol=1e-12)


def test_a_normal_interval_has_1_96_standard_errors_on_both_sides() -> None:
    found = Sampled(0.6, REPLICATES, "normal").estimate(rows=9, undefined="")
    assert_allclose(found.high - 0.6, 1.959964 * np.std(REPLICATES, ddof=1), rtol=1e-6)
    assert_allclose(found.high - 0.6, 0.6 - found.low)


def test_a_difference_is_taken_resample_by_resample() -> None:
    found = Sampled(0.6, REPLICATES) - Sampled(0.5, REPLICATES[::-1])
    assert_allclose(found.value, 0.1)
    assert_allclose(found.replicates, np.linspace(-0.2, 0.2, 1001), atol=1e-12)
    raised = Sampled(0.6, REPLICATES, "raised", (0, 1), NOISE)
    assert (raised - raised).interval == "percentile"
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
