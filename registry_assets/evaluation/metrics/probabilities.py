"""Metrics of the predicted probabilities: losses, and how far they are from what happens."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from registry_assets.evaluation.metrics.arithmetic import of_sums, ratio
from registry_assets.evaluation.resampling import Resampler, Sampled
from registry_assets.evaluation.scored import FloatArray, IntArray, Scored

BINS = 10


def row_log_loss(scored: Scored) -> FloatArray:
    """Give the log loss of each row, in nats: (n,)."""
    tiny = np.finfo(np.float64).eps
    at = np.arange(scored.rows), scored.outcomes.y.astype(np.int64)
    # Clipped on both sides, as scikit-learn does: a certainty that was wrong costs 36 nats.
    return -np.log(np.clip(scored.probabilities[at], tiny, 1 - tiny))


def row_brier(scored: Scored) -> FloatArray:
    """Give the squared distance of each row from its outcome: (n,).

    Of two classes that of the positive alone, 0 to 1; of more the sum over them, 0 to 2.
    """
    if scored.outcomes.task == "binary":
        return np.square(scored.scores - scored.positive)
    happened = np.eye(len(scored.outcomes.classes))[scored.outcomes.y.astype(np.int64)]
    distance: FloatArray = np.square(scored.probabilities - happened).sum(axis=1)
    return distance


def confidence(scored: Scored) -> tuple[FloatArray, FloatArray]:
    """Give what was claimed of each row and whether it held: (n,) each, 0 to 1.

    Of two classes the probability of the positive; of more that of the predicted class.
    """
    if scored.outcomes.task == "binary":
        return scored.scores, scored.positive.astype(np.float64)
    called = scored.predictions.predicted.astype(np.int64)
    claimed = scored.probabilities[np.arange(scored.rows), called]
    return claimed, np.equal(scored.outcomes.y, called).astype(np.float64)


def equal_bins(claimed: FloatArray) -> IntArray:
    """Give each row's bin of about equally many rows: (n,), 0 to 9.

    Rows of equal score are never parted, so coarse scores give fewer bins.
    """
    edges = np.quantile(claimed, np.linspace(0, 1, BINS + 1)[1:-1])
    return np.searchsorted(edges, claimed).astype(np.int64)


def _losses(row_loss: Any) -> Any:
    def sums(scored: Scored, resampler: Resampler) -> FloatArray:
        return resampler.sums(scored.weight * row_loss(scored), scored.weight)

    return sums


def _mean(sums: FloatArray) -> FloatArray:
    return ratio(sums[:, 0], sums[:, 1])


def _gaps(scored: Scored, resampler: Resampler) -> FloatArray:
    """Give the sum of claimed minus observed in each bin, and the weight of all."""
    claimed, held = confidence(scored)
    gap = resampler.sums_by(equal_bins(claimed), scored.weight * (claimed - held), cells=BINS)
    return np.concatenate([gap, resampler.sums(scored.weight)], axis=1)


def _calibration_error(scored: Scored, resampler: Resampler) -> Sampled:
    sums = _gaps(scored, resampler)
    whole = sums.sum(axis=0, keepdims=True)
    drawn = resampler.replicate(sums, lambda each: each)
    noise = np.concatenate([drawn[:, :BINS] - whole[:, :BINS], drawn[:, BINS:]], axis=1)
    # Chance alone parts claimed from observed a little in every bin, and resampling does so
    # once more.
    return Sampled(
        float(_mean_gap(whole)[0]),
        _mean_gap(drawn),
        "raised",
        limits=(0.0, 1.0),
        noise=_mean_gap(noise),
    )


def _mean_gap(sums: FloatArray) -> FloatArray:
    return ratio(np.abs(sums[:, :BINS]).sum(axis=1), sums[:, BINS])


KERNELS: Mapping[str, Any] = {
    "log_loss": of_sums(_losses(row_log_loss), _mean),
    "brier_score": of_sums(_losses(row_brier), _mean),
    "calibration_error": _calibration_error,
}
