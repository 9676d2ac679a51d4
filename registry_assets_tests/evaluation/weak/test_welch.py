"""Tests from sums are those from rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from registry_assets.evaluation.scored import FloatArray
from registry_assets.evaluation.weak.welch import Loss, difference, effective, holm, mean


def _groups(loss: FloatArray, codes: FloatArray, weight: FloatArray | None = None) -> FloatArray:
    return Loss(loss, weight).sums(codes.astype(np.int64), groups=2)


@pytest.mark.parametrize("spreads", [(1.0, 3.0), (3.0, 1.0), (0.01, 1.0)])
def test_the_less_certain_of_welch_and_student_counts(spreads: tuple[float, float]) -> None:
    generator = np.random.default_rng(0)
    upper, lower = generator.normal(0.5, spreads[0], 30), generator.normal(0, spreads[1], 200)
    loss = Loss(np.concatenate([upper, lower]), None)
    sums = loss.sums(np.repeat([1, 0], [30, 200]), groups=2)
    found = difference(sums[:, 1:], sums[:, :1])
    welch = stats.ttest_ind(upper, lower, equal_var=False, alternative="greater")
    student = stats.ttest_ind(upper, lower, equal_var=True, alternative="greater")
    assert found.p[0] == pytest.approx(max(welch.pvalue, student.pvalue), rel=1e-6)
    assert found.value[0] * loss.spread == pytest.approx(upper.mean() - lower.mean())
    interval = stats.ttest_ind(upper, lower, equal_var=False).confidence_interval()
    margin = (interval.high - interval.low) / 2
    assert found.margin[0] * loss.spread == pytest.approx(margin)


def test_groups_in_which_nothing_varies_are_told_apart_for_certain() -> None:
    sums = _groups(np.repeat([2.0, 1.0], 50), np.repeat([1.0, 0.0], 50))
    assert difference(sums[:, 1:], sums[:, :1]).p[0] == pytest.approx(0, abs=1e-100)
    assert difference(sums[:, :1], sums[:, 1:]).p[0] == pytest.approx(1)
    assert difference(sums, sums).p.tolist() == [0.5, 0.5]


def test_a_difference_of_rounding_is_none() -> None:
    loss = np.array([0.1 + 0.2, 0.3] * 50 + [7.0])
    sums = Loss(loss, None).sums(np.array([0, 1] * 50 + [2]), groups=3)
    assert difference(sums[:, :1], sums[:, 1:2]).p[0] == 0.5


def test_weighted_tests_hold_their_level() -> None:
    # Many groups of 40 rows, of which no one differs, with weights of a wide spread.
    generator = np.random.default_rng(1)
    loss, weight = generator.normal(size=80_000), generator.gamma(1, size=80_000)
    sums = Loss(loss, weight).sums(np.arange(80_000) % 2000, groups=2000)
    below = difference(sums[:, ::2], sums[:, 1::2]).p < 0.05
    assert stats.binom.cdf(below.sum(), 1000, 0.05) == pytest.approx(0.5, abs=0.49)


def test_effective_rows_are_rows_where_weights_are_equal_and_fewer_elsewhere() -> None:
    codes = np.repeat([0.0, 1.0], 50)
    loss = np.arange(100.0)
    assert effective(_groups(loss, codes)).tolist() == [50, 50]
    assert effective(_groups(loss, codes, np.full(100, 0.3))) == pytest.approx([50, 50])
    weight = np.where(np.arange(100) % 2, 1.0, 1e-6)
    assert effective(_groups(loss, codes, weight)) == pytest.approx([25, 25], rel=1e-4)


def test_means_are_weighted_and_in_standard_deviations() -> None:
    loss, weight = np.array([1.0, 2.0, 3.0, 7.0]), np.array([1.0, 3.0, 1.0, 1.0])
    scale = Loss(loss, weight)
    found = mean(scale.sums(np.array([0, 0, 1, 1]), groups=2))
    assert found * scale.spread + scale.centre == pytest.approx([1.75, 5.0])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_between_one_p_value_and_bonferroni(p: list[float]) -> None:
    values = np.array(p)
    adjusted = holm(values)
    assert (adjusted >= values).all()
    assert (adjusted <= np.minimum(values * len(p), 1)).all()
    order = np.argsort(values)
    assert (np.diff(adjusted[order]) >= 0).all()


def test_holm_adjusts_as_in_his_paper() -> None:
    # Rejected one after another: 4 p1, then 3 p2, and nothing below what was before it.
    adjusted = holm(np.array([0.04, 0.01, 0.03, 0.02]))
    assert adjusted == pytest.approx([0.06, 0.04, 0.06, 0.06])
