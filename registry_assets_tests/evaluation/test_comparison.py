"""A candidate beside production: the figures, or why there are none."""

import numpy as np
import pytest

from registry_assets.evaluation.bootstrap import paired_differences
from registry_assets.evaluation.comparison import Baseline, compare
from registry_assets.evaluation.scoring import FloatArray
from registry_assets_tests.evaluation.rows import METRICS, bernoulli

DIGEST = "sha256:" + "a" * 64


def test_a_pointer_that_never_held_a_version_leaves_nothing_to_compare_with() -> None:
    y, p = bernoulli(50, seed=0)
    found = compare(y, p, Baseline.absent(pointer="production"), metrics=METRICS)
    assert found.outcome == "no_baseline"
    assert (found.pointer, found.generation, found.baseline_version) == ("production", 0, None)
    assert not found.differences


def test_a_comparison_names_what_it_compared_with() -> None:
    y, p = bernoulli(300, seed=0)
    baseline = Baseline("production", generation=4, version=3, digest=DIGEST, p=p[::-1])
    found = compare(y, p, baseline, metrics=METRICS, seed=7)
    assert found.outcome == "compared"
    assert (found.generation, found.baseline_version, found.baseline_digest) == (4, 3, DIGEST)
    assert found.rows == 300
    assert found.differences == paired_differences(y, p, p[::-1], metrics=METRICS, seed=7)


def test_a_baseline_trained_on_the_holdout_proves_nothing_and_keeps_its_reason() -> None:
    y, p = bernoulli(50, seed=0)
    reason = "holdout partitions 2013-05 were in the training of production"
    baseline = Baseline("production", generation=1, version=1, digest=DIGEST, undecided=reason)
    found = compare(y, p, baseline, metrics=METRICS)
    assert (found.outcome, found.undecided) == ("undecided", reason)
    assert not found.differences


def test_a_candidate_trained_on_the_holdout_is_undecided_even_without_a_baseline() -> None:
    reason = "holdout partitions 2013-05 were in the training of the candidate"
    baseline = Baseline.absent(pointer="production", undecided=reason)
    found = compare([0, 1], [0.1, 0.7], baseline, metrics=METRICS)
    assert (found.outcome, found.undecided) == ("undecided", reason)


@pytest.mark.parametrize("scores", [[0.5, np.nan, 0.1], [0.5, 0.1], [0.5, 3.0, 0.1]])
def test_a_baseline_with_unusable_scores_proves_nothing(scores: list[float]) -> None:
    baseline = Baseline("production", 1, version=1, digest=DIGEST, p=np.array(scores))
    found = compare([0, 1, 1], [0.1, 0.7, 0.4], baseline, metrics=METRICS)
    assert found.outcome == "undecided"
    assert "the scores of production cannot be used" in str(found.undecided)
    assert not any(difference.defined for difference in found.differences.values())


def test_a_candidate_with_unusable_scores_has_undefined_differences() -> None:
    baseline = Baseline("production", 1, version=1, digest=DIGEST, p=np.array([0.1, 0.7, 0.4]))
    found = compare([0, 1, 1], [0.1, np.nan, 0.4], baseline, metrics=METRICS)
    assert not any(difference.defined for difference in found.differences.values())


@pytest.mark.parametrize(
    ("version", "digest", "scores", "undecided", "message"),
    [
        (1, None, np.zeros(2), None, "both or neither"),
        (None, DIGEST, None, None, "both or neither"),
        (1, DIGEST, None, None, "either scores or a reason"),
        (1, DIGEST, np.zeros(2), "seen in training", "either scores or a reason"),
        (None, None, np.zeros(2), None, "no version that made them"),
        (None, None, np.zeros(2), "seen in training", "no version that made them"),
    ],
)
def test_a_baseline_that_contradicts_itself_is_refused(
    version: int | None,
    digest: str | None,
    scores: FloatArray | None,
    undecided: str | None,
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        Baseline("production", 1, version=version, digest=digest, p=scores, undecided=undecided)
