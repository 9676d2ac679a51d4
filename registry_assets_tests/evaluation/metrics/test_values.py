"""The metrics' values and resamples, beside scikit-learn's."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.metrics import log_loss

from registry_assets.declaration.metrics import METRICS, metric
from registry_assets.evaluation.metrics import kernel
from registry_assets.evaluation.resampling import Resampler, Sampled
from registry_assets.evaluation.scored import Outcomes, Predictions, Scored
from registry_assets_tests.evaluation.reference import REFERENCE
from registry_assets_tests.evaluation.rows import (
    TASKS,
    binary,
    breast_cancer,
    diabetes,
    digits,
    measures,
    multiclass,
    regression,
    synthetic,
    weighted,
    wine,
)

DATA: dict[str, Callable[[], Scored]] = {
    "breast cancer": breast_cancer,
    "wine": wine,
    "digits": digits,
    "diabetes": diabetes,
    "3,000 synthetic rows of two classes": lambda: synthetic("binary", 3000, seed=1),
    "3,000 synthetic rows of four classes": lambda: synthetic("multiclass", 3000, seed=1),
    "3,000 synthetic numbers": lambda: synthetic("regression", 3000, seed=1),
}
CASES = [
    (data, each.name) for data, rows in DATA.items() for each in measures(rows().outcomes.task)
]
# Metrics that resamples compute on bins of the scores or of the errors.
BINNED = ("roc_auc", "average_precision", "roc_auc_ovr", "roc_auc_ovr_weighted")


def _sampled(name: str, scored: Scored, *, resamples: int = 100) -> Sampled:
    resampler = Resampler(scored.rows, resamples=resamples, seed=3)
    return kernel(metric(name))(scored, resampler)


def test_every_metric_is_part_of_these_tests() -> None:
    assert {name for _, name in CASES} == set(METRICS) == set(REFERENCE)
    tied = np.unique(breast_cancer().scores)
    assert len(tied) < breast_cancer().rows / 2


@pytest.mark.parametrize(("data", "name"), CASES)
def test_a_value_is_that_of_scikit_learn(data: str, name: str) -> None:
    scored = DATA[data]()
    found = _sampled(name, scored).value
    assert_allclose(found, REFERENCE[name](scored, None), rtol=1e-12)


@pytest.mark.parametrize(("data", "name"), CASES)
def test_a_weighted_value_is_that_of_scikit_learn(data: str, name: str) -> None:
    scored = weighted(DATA[data](), seed=5)
    found = _sampled(name, scored).value
    assert_allclose(found, REFERENCE[name](scored, scored.weight), rtol=1e-12)


@pytest.mark.parametrize("task", TASKS)
def test_equal_weights_are_as_good_as_none(task: str) -> None:
    scored = synthetic(task, 300, seed=0)  # type: ignore[arg-type]
    outcomes = scored.outcomes
    weight = np.full(300, 0.5)
    same = Scored(Outcomes(outcomes.task, outcomes.y, outcomes.classes, weight), scored.predictions)
    for each in measures(outcomes.task):
        ours, theirs = _sampled(each.name, same), _sampled(each.name, scored)
        assert_allclose(ours.value, theirs.value, rtol=1e-12, err_msg=each.name)
        assert_allclose(ours.replicates, theirs.replicates, rtol=1e-9, err_msg=each.name)


@pytest.mark.parametrize("weights", [False, True], ids=["each row once", "weighted"])
@pytest.mark.parametrize(
    ("data", "name"), [(data, name) for data, name in CASES if "3,000" not in data]
)
def test_a_resample_is_scikit_learn_s_with_the_draws_as_weights(
    data: str, name: str, weights: bool
) -> None:
    scored = weighted(DATA[data]()) if weights else DATA[data]()
    found = _sampled(name, scored, resamples=6).replicates
    [drawn] = Resampler(scored.rows, resamples=6, seed=3).draws()
    assert drawn.shape == (6, scored.rows)
    assert (drawn.sum(axis=1) == scored.rows).all()
    expected = [REFERENCE[name](scored, counts * scored.weight) for counts in drawn]
    if name in BINNED and len(np.unique(scored.probabilities[:, 1])) > 512:
        assert_allclose(found, expected, atol=1e-3)
    elif name == "calibration_error":
        assert_allclose(found, expected, rtol=1e-8)
    else:
        assert_allclose(found, expected, rtol=1e-9)


def test_a_ranking_of_2000_distinct_scores_is_binned_within_a_few_thousandths() -> None:
    scored = synthetic("binary", 2000, seed=6)
    [drawn] = Resampler(2000, resamples=10, seed=3).draws()
    for name in ("roc_auc", "average_precision"):
        found = _sampled(name, scored, resamples=10).replicates
        expected = [REFERENCE[name](scored, counts) for counts in drawn]
        assert_allclose(found, expected, atol=2e-3, err_msg=name)


def test_a_median_of_2000_distinct_errors_is_binned_within_a_bin() -> None:
    scored = synthetic("regression", 2000, seed=6)
    [drawn] = Resampler(2000, resamples=10, seed=3).draws()
    found = _sampled("median_absolute_error", scored, resamples=10).replicates
    expected = [REFERENCE["median_absolute_error"](scored, counts) for counts in drawn]
    # 512 bins of errors up to 20: about 0.03 each around the median of 3.4.
    assert_allclose(found, expected, atol=0.05)


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1]), st.sampled_from([0, 0.25, 0.5, 1])), min_size=2
    ).filter(lambda rows: len({y for y, _ in rows}) == 2)
)
def test_few_coarse_scores_rank_as_scikit_learn_ranks_them(
    rows: list[tuple[int, float]],
) -> None:
    y, p = map(np.array, zip(*rows, strict=True))
    scored = binary(y, p)
    for name in ("roc_auc", "average_precision", "log_loss", "brier_score", "accuracy"):
        found = _sampled(name, scored).value
        assert_allclose(found, REFERENCE[name](scored, None), rtol=1e-9, err_msg=name)


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=2, max_size=9))
def test_few_whole_numbers_are_measured_as_by_scikit_learn(rows: list[tuple[int, int]]) -> None:
    y, said = map(np.array, zip(*rows, strict=True))
    scored = regression(y, said)
    for each in measures("regression"):
        found = _sampled(each.name, scored).value
        if each.name in ("r2", "explained_variance") and len(set(y.tolist())) == 1:
            assert np.isnan(found)
        else:
            expected = REFERENCE[each.name](scored, None)
            assert_allclose(found, expected, rtol=1e-9, atol=1e-12, err_msg=each.name)


@pytest.mark.parametrize("target", [0, 1])
def test_ranking_one_class_is_not_defined_but_its_losses_are(target: int) -> None:
    scored = binary(np.full(3, target), [0.1, 0.5, 0.5])
    for name in ("roc_auc", "average_precision", "balanced_accuracy", "matthews_corrcoef"):
        assert np.isnan(_sampled(name, scored).value), name
    for name in ("log_loss", "brier_score", "calibration_error", "accuracy"):
        assert np.isfinite(_sampled(name, scored).value), name


def test_a_share_of_nothing_is_not_defined_where_scikit_learn_says_zero() -> None:
    nothing_called = binary([0, 1, 1], [0.1, 0.2, 0.3])
    assert np.isnan(_sampled("precision", nothing_called).value)
    assert _sampled("recall", nothing_called).value == 0
    nothing_positive = binary([0, 0, 0], [0.1, 0.2, 0.7])
    assert np.isnan(_sampled("recall", nothing_positive).value)
    assert _sampled("precision", nothing_positive).value == 0
    assert np.isnan(_sampled("f1", binary([0, 0], [0.1, 0.2])).value)


def test_a_class_that_does_not_occur_takes_no_part_in_a_mean_over_classes() -> None:
    p = [[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.5, 0.4, 0.1], [0.1, 0.8, 0.1]]
    three = multiclass([0, 1, 0, 0], p, classes=("a", "b", "c"))
    two = binary([0, 1, 0, 0], [0.3, 0.7, 0.4, 0.8])
    for name in ("precision_macro", "recall_macro", "f1_macro", "f1_weighted", "accuracy"):
        assert_allclose(_sampled(name, three).value, _sampled(name, two).value, rtol=1e-12)
    assert 0.5 < _sampled("roc_auc_ovr", three).value < 1


@pytest.mark.parametrize("p", [[1.0, 0.0], [1.0 + 1e-12, -1e-12]])
def test_certain_and_wrong_scores_have_a_finite_log_loss(p: list[float]) -> None:
    found = _sampled("log_loss", binary([0, 1], p)).value
    assert_allclose(found, log_loss([0, 1], [1.0, 0.0]), rtol=1e-12)


@pytest.mark.parametrize("large", [1e6, 1e9])
def test_squares_of_large_targets_keep_their_digits(large: float) -> None:
    small = diabetes()
    moved = regression(small.outcomes.y + large, small.predictions.predicted + large)
    for name in ("r2", "explained_variance"):
        found = _sampled(name, moved).value
        assert_allclose(found, _sampled(name, small).value, rtol=1e-6)


def test_text_and_boolean_labels_are_measured_as_numbers_are() -> None:
    numbers = breast_cancer()
    y, p = numbers.outcomes.y, numbers.probabilities
    for negative, positive in ((False, True), ("benign", "malignant"), (0, 1), (2, 7)):
        names = np.array([negative, positive])
        scored = Scored(
            Outcomes.of_labels("binary", names[y.astype(int)], classes=(negative, positive)),
            Predictions.of_labels(
                names[numbers.predictions.predicted.astype(int)],
                p,
                known=(negative, positive),
                classes=(negative, positive),
            ),
        )
        for each in measures("binary"):
            found, expected = _sampled(each.name, scored), _sampled(each.name, numbers)
            assert found.value == expected.value
            assert (found.replicates == expected.replicates).all()
