"""How far each column's distribution in the holdout is from the one in training.

The distances are those Evidently takes by default for more than a thousand rows, so that a
value here can be held against its report. What makes a column drifted is stricter: the
distance must also be more than two samples of this size differ by anyway.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pandas.api import types

from registry_assets.evaluation.data.pairs import FloatArray, Pair, paired
from registry_assets.evaluation.data.sampling import MAX_ROWS, drawn, frame_hashes
from registry_assets.evaluation.results.data import ColumnDrift

THRESHOLD = 0.1
"""The distance from which on Evidently, too, calls a column drifted."""

_SPLITS = 19
"""Random splits: above all 19, with its own the highest of 20, is a test at the 5 % level."""

# Evidently's limits: whole numbers of up to ten values are categories, any numbers of up to
# five are compared as such, and text of which more than half is distinct is free text.
_CATEGORY_NUMBERS = 10
_FEW_NUMBERS = 5
_FREE_TEXT = 0.5
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class _Distance:
    method: Literal["wasserstein", "jensenshannon", ""] = ""
    value: float | None = None
    noise: float | None = None
    reason: str = ""


def drift(
    training: pd.DataFrame,
    holdout: pd.DataFrame,
    *,
    threshold: float = THRESHOLD,
    max_rows: int = MAX_ROWS,
    seed: int = 0,
) -> tuple[ColumnDrift, ...]:
    """Give the distance of every column that both frames have, in their order.

    Numbers, and times as seconds, are compared by the Wasserstein distance in standard
    deviations of training; categories, text, truth values and numbers of few values by the
    Jensen-Shannon distance (natural logarithm). Missing and infinite values do not count.

    Args:
        max_rows: of each frame; of more, that many are drawn by content.
    """
    first = drawn(frame_hashes(training), rows=max_rows, seed=seed)
    second = drawn(frame_hashes(holdout), rows=max_rows, seed=seed)
    return tuple(
        _column(pair.taken(first, second), threshold=threshold, seed=seed)
        for pair in paired(training, holdout)
    )


def _column(pair: Pair, *, threshold: float, seed: int) -> ColumnDrift:
    reference, current = _values(pair)
    found = _distance(pair, reference, current, seed)
    value, noise = found.value, found.noise
    return ColumnDrift(
        column=pair.name,
        method=found.method,
        value=value,
        noise=noise,
        threshold=threshold,
        drifted=value is not None and noise is not None and value >= threshold and value > noise,
        training_rows=len(reference),
        holdout_rows=len(current),
        reason=found.reason,
    )


def _values(pair: Pair) -> tuple[FloatArray, FloatArray]:
    """Give the values that count, as numbers in ascending order; texts by their place in it."""
    if pair.kind == "text":
        first, second = pair.texts()
        both = pd.concat([first, second], ignore_index=True)
        codes = pd.factorize(both, sort=True)[0].astype(np.float64)
        codes[codes < 0] = np.nan
        reference, current = codes[: len(first)], codes[len(first) :]
    else:
        reference, current = pair.numbers()
    # Sorted, so that sums come out the same whatever order the rows are in.
    return np.sort(reference[np.isfinite(reference)]), np.sort(current[np.isfinite(current)])


def _distance(pair: Pair, reference: FloatArray, current: FloatArray, seed: int) -> _Distance:
    if not len(reference) or not len(current):
        return _Distance(reason=f"no value in {'the holdout' if len(reference) else 'training'}")
    kinds, holdout_kinds = _distinct(np.concatenate([reference, current])), _distinct(current)
    categories = isinstance(pair.holdout.dtype, pd.CategoricalDtype)
    if pair.kind == "text" and not categories and holdout_kinds > _FREE_TEXT * len(current):
        reason = f"free text or a key: {holdout_kinds:,} values in {len(current):,} rows"
        return _Distance(reason=reason)
    whole = types.is_integer_dtype(pair.holdout.dtype) and holdout_kinds <= _CATEGORY_NUMBERS
    if pair.kind in ("text", "truth") or whole or kinds <= _FEW_NUMBERS:
        return _jensen_shannon(reference, current, np.random.default_rng(seed))
    return _wasserstein(reference, current, np.random.default_rng(seed))


def _distinct(values: FloatArray) -> int:
    return len(np.unique(values))


def _jensen_shannon(
    reference: FloatArray, current: FloatArray, generator: np.random.Generator
) -> _Distance:
    from scipy.spatial.distance import jensenshannon

    _, codes = np.unique(np.concatenate([reference, current]), return_inverse=True)
    total = np.bincount(codes)
    counts = np.bincount(codes[len(reference) :], minlength=len(total))
    splits = generator.multivariate_hypergeometric(
        total, len(current), size=_SPLITS, method="marginals"
    )
    holdout = np.vstack([counts, splits])
    # Rounding can leave the square of a distance of 0 below 0.
    with np.errstate(invalid="ignore"):
        found = np.nan_to_num(jensenshannon(total - holdout, holdout, axis=1))
    return _Distance("jensenshannon", float(found[0]), float(found[1:].max()))


def _wasserstein(
    reference: FloatArray, current: FloatArray, generator: np.random.Generator
) -> _Distance:
    """Give the area between the two cumulative distributions, over training's spread."""
    # Scaled, for the square of 1e200 is infinite.
    own = float(np.abs(reference).max())
    scale = max(own, float(np.abs(current).max()))
    spread = float(np.std(reference / own)) if own else 0.0
    # What is left of a constant is rounding. Evidently takes 0.001 for every spread below,
    # so that a column in small units never drifts.
    ratio = scale / own / spread if spread > _ROUNDING else scale / 0.001
    values = np.concatenate([reference, current]) / scale
    order = np.argsort(values, kind="stable")
    gaps = np.diff(values[order])
    steps = np.where(order < len(reference), 1 / len(reference), -1 / len(current))

    def distance(steps: FloatArray) -> float:
        return float((np.abs(np.cumsum(steps)[:-1]) * gaps).sum()) * ratio

    value = distance(steps)
    noise = max(distance(generator.permutation(steps)) for _ in range(_SPLITS))
    if not (math.isfinite(value) and math.isfinite(noise)):
        return _Distance(reason="its numbers are too large for a distance")
    return _Distance("wasserstein", value, noise)
