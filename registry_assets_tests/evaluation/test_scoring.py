"""The metrics' arithmetic, beside scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from registry_assets.evaluation.scoring import ScoredRows, scorer, why_unusable
from registry_assets_tests.evaluation.rows import METRICS, breast_cancer

REFERENCE = {
    "roc_auc": roc_auc_score,
    "average_precision": average_precision_score,
    "log_loss": log_loss,
}


@pytest.mark.parametrize("name", METRICS)
def test_values_equal_those_of_scikit_learn_on_tied_scores(name: str) -> None:
    y, p = breast_cancer()
    assert len(np.unique(p)) < len(p)
    [value] = scorer(name)(ScoredRows.of(y, p).tally())
    assert_allclose(value, REFERENCE[name](y, p), rtol=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_a_resample_equals_scikit_learn_with_the_counts_as_sample_weights(name: str) -> None:
    y, p = breast_cancer()
    drawn = np.random.default_rng(3).integers(len(y), size=(20, len(y)))
    values = scorer(name)(ScoredRows.of(y, p).tally(drawn))
    weights = [np.bincount(row, minlength=len(y)) for row in drawn]
    assert_allclose(values, [REFERENCE[name](y, p, sample_weight=w) for w in weights], rtol=1e-12)


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1]), st.sampled_from([0, 0.25, 0.5, 1])), min_size=2
    ).filter(lambda rows: len({y for y, _ in rows}) == 2)
)
def test_values_equal_those_of_scikit_learn_on_few_coarse_scores(
    rows: list[tuple[int, float]],
) -> None:
    y, p = map(np.array, zip(*rows, strict=True))
    tally = ScoredRows.of(y, p).tally()
    for name in METRICS:
        [value] = scorer(name)(tally)
        assert_allclose(value, REFERENCE[name](y, p), rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("target", [0, 1])
def test_ranking_one_class_is_not_defined_but_its_log_loss_is(target: int) -> None:
    y, p = np.full(3, target), np.array([0.1, 0.5, 0.5])
    tally = ScoredRows.of(y, p).tally()
    assert np.isnan(scorer("roc_auc")(tally)).all()
    assert np.isnan(scorer("average_precision")(tally)).all()
    assert_allclose(scorer("log_loss")(tally), log_loss(y, p, labels=[0, 1]), rtol=1e-12)


def test_certain_and_wrong_scores_have_a_finite_log_loss() -> None:
    y, p = np.array([0, 1]), np.array([1.0, 0.0])
    assert_allclose(scorer("log_loss")(ScoredRows.of(y, p).tally()), log_loss(y, p), rtol=1e-12)


@pytest.mark.parametrize(
    ("y", "p", "why"),
    [
        ([], [], "no rows"),
        ([0, 2, 1], [0.1, 0.2, 0.3], "1 of 3 targets"),
        ([0.0, np.nan], [0.1, 0.2], "1 of 2 targets"),
        (["no", "yes"], [0.1, 0.2], "2 of 2 targets"),
        ([0, 1, 1], [0.1, np.nan, np.inf], "2 of 3 scores are not finite"),
        ([0, 1], [0.1, 1.5], "1 of 2 scores are no probabilities"),
        ([0, 1], [0.1], "shape (1,) for 2 rows"),
    ],
)
def test_unusable_rows_are_told_apart(y: list[float], p: list[float], why: str) -> None:
    assert why in why_unusable(y, p)


def test_usable_rows_have_no_reason() -> None:
    assert why_unusable([True, False], [0.0, 1 + 1e-15], [0.5, 0.5]) == ""
