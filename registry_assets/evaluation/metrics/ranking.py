"""Metrics of the order that scores put rows in.

They depend only on how many rows of the class and not of it have each distinct score. The
value is computed on exactly those counts. On resamples the scores are put into at most 256
bins first, and what a resample differs by is added to the value: the bins are as narrow as
the rows are dense, so a pair within one bin is rare, and counts as a tie. With 4,096 bins an
interval is as wide within 1 % for the ROC AUC and 3 % for the average precision, 6 % where
hardly a score is on the wrong side; 1,000 resamples leave 3 % open by themselves.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from registry_assets.evaluation.metrics.arithmetic import mean_where, ratio
from registry_assets.evaluation.resampling import Reduce, Resampler, Sampled
from registry_assets.evaluation.scored import BoolArray, FloatArray, IntArray, Scored, remembered

_BINS_BY_CLASS = 112  # of each of the two: by the rows of the class, and by those not of it
_BINS_FROM_TOP = 32


def tally(
    scores: FloatArray, positive: BoolArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give the distinct scores, ascending, and the positive and negative weight at each."""
    distinct, position = np.unique(scores, return_inverse=True)
    cell = 2 * position + positive
    flat = np.bincount(cell, weights=weight, minlength=2 * len(distinct))
    table = flat.astype(np.float64, copy=False).reshape(-1, 2)
    return distinct, table[:, 1], table[:, 0]


@remembered
def tallied(scored: Scored) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give what `tally` does, of a binary task's positive class."""
    return tally(scored.scores, scored.positive, scored.weight)


def _roc_auc(counts: FloatArray) -> FloatArray:
    negative, positive = counts[:, ::2], counts[:, 1::2]
    below = np.cumsum(negative, axis=1) - negative / 2
    won = (positive * below).sum(axis=1)
    return ratio(won, positive.sum(axis=1) * negative.sum(axis=1))


def _average_precision(counts: FloatArray) -> FloatArray:
    # From the highest score down; above the highest drawn score the precision is 0 of 0.
    hits, misses = counts[:, ::-2], counts[:, -2::-2]
    found = hits.cumsum(axis=1)
    called = (hits + misses).cumsum(axis=1)
    precision = np.divide(found, called, out=np.zeros_like(found), where=called > 0)
    # Where all rows are positive any order of them is perfect: that says nothing.
    informative = np.where(misses.any(axis=1), found[:, -1], 0)
    return ratio((hits * precision).sum(axis=1), informative)


def _ranked(scored: Scored, at: int, resampler: Resampler, *reduces: Reduce) -> tuple[Sampled, ...]:
    """Give metrics of how a class is ranked against all others.

    All of them from one product of draws and counts: it takes most of the time.

    Args:
        at: the class's position.
    """
    scores, positive = scored.probabilities[:, at], np.equal(scored.outcomes.y, at)
    weight = scored.weight

    def reduce(sums: FloatArray) -> FloatArray:
        return np.stack([each(sums) for each in reduces], axis=1)

    # Of two classes it is what the curves are drawn from.
    binary = scored.outcomes.task == "binary"
    distinct, hits, misses = tallied(scored) if binary else tally(scores, positive, weight)
    exact = reduce(np.stack([misses, hits], axis=1).reshape(1, -1))
    edges = _edges(distinct, hits, misses)
    cells = 2 * (len(edges) + 1)
    cell: IntArray = 2 * np.searchsorted(edges, scores, side="right") + positive
    binned = resampler.sums_by(cell, weight, cells=cells)
    about = reduce(binned.sum(axis=0)[np.newaxis])
    replicates = resampler.replicate(binned, reduce) + (exact - about)
    return tuple(
        Sampled(float(value), drawn) for value, drawn in zip(exact[0], replicates.T, strict=True)
    )


def _edges(distinct: FloatArray, hits: FloatArray, misses: FloatArray) -> FloatArray:
    """Give where one bin of scores ends and the next begins, ascending.

    Most of them by the scores of the positives and by those of the others: where one of them
    is rare, its few rows would share the last bin otherwise. The rest from the highest score
    down, ever wider: a precision of few rows hangs on the order of the first.
    """
    if len(distinct) <= 2 * _BINS_BY_CLASS + _BINS_FROM_TOP:
        return distinct[1:]
    shares = np.linspace(0, 1, _BINS_BY_CLASS + 1)[1:-1]
    at = [
        np.searchsorted(np.cumsum(each), shares * each.sum())
        for each in (hits, misses)
        if each.any()
    ]
    called = np.cumsum((hits + misses)[::-1])
    depths = np.geomspace(called[called > 0][0], called[-1], _BINS_FROM_TOP, endpoint=False)
    at.append(len(distinct) - 1 - np.searchsorted(called, depths))
    chosen = np.unique(np.concatenate(at))
    edges: FloatArray = distinct[chosen[chosen > 0]]
    return edges


def _binary(place: int) -> Any:
    def kernel(scored: Scored, resampler: Resampler) -> Sampled:
        both = resampler.once(
            (_ranked, scored), lambda: _ranked(scored, 1, resampler, _roc_auc, _average_precision)
        )
        return both[place]

    return kernel


def _one_vs_rest(*, by_frequency: bool) -> Any:
    """The mean ROC AUC over the classes that occur, each against all others."""

    def kernel(scored: Scored, resampler: Resampler) -> Sampled:
        y = scored.outcomes.y.astype(np.int64)
        occur = [at for at in range(len(scored.outcomes.classes)) if (y == at).any()]
        if len(occur) < 2:
            return Sampled(np.nan, np.full(resampler.resamples, np.nan))
        each = resampler.once(
            (_ranked, scored),
            lambda: [_ranked(scored, at, resampler, _roc_auc)[0] for at in occur],
        )
        values = np.array([[found.value for found in each]])
        replicates = np.stack([found.replicates for found in each], axis=1)
        there, drawn = np.ones_like(values), np.ones_like(replicates)
        if by_frequency:
            totals = resampler.sums_by(y, scored.weight, cells=len(scored.outcomes.classes))
            there = totals.sum(axis=0, keepdims=True)[:, occur]
            # Each resample has frequencies of its own.
            drawn = resampler.replicate(totals, lambda sums: sums[:, occur])
        # A class that a resample lacks has no value in it.
        drawn = np.where(np.isnan(replicates), 0, drawn)
        value = mean_where(values, there=there)[0]
        return Sampled(float(value), mean_where(replicates, there=drawn))

    return kernel


KERNELS: Mapping[str, Any] = {
    "roc_auc": _binary(0),
    "average_precision": _binary(1),
    "roc_auc_ovr": _one_vs_rest(by_frequency=False),
    "roc_auc_ovr_weighted": _one_vs_rest(by_frequency=True),
}
