"""How well each column alone decides the target: one that tells the outcome stands out.

A number's rows are grouped by a small tree, a category's by its values. Each group predicts
what its training rows had, and is scored on the holdout, so that a key, which fits training
perfectly, has no power. Rows that occur twice are `leakage`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from registry_assets.evaluation.data.pairs import (
    Column,
    FloatArray,
    IntArray,
    Pair,
    as_column,
    as_numbers,
    kind_of,
    paired,
)
from registry_assets.evaluation.data.sampling import MAX_ROWS, drawn, frame_hashes
from registry_assets.evaluation.results.data import ColumnPower
from registry_assets.packaging.signature import Task

DECIDES: Mapping[Task, float] = {"binary": 0.98, "multiclass": 0.98, "regression": 0.99}
"""The power from which on a column is taken to tell the outcome.

Honest columns of real data stay below: ROC AUC 0.96 in breast_cancer, 0.94 in wine, 0.93 for
the delay at departure of flights that arrive late; R² 0.38 in diabetes, 0.978 for the distance
of a flight and its time in the air. Only the petals of iris reach it, with 0.987. A copy of
the outcome with one label in a hundred changed has 0.991; a number with an error of a tenth
of its standard deviation has 0.990.
"""

# Up to 256 groups. On 50,000 rows they follow a copy of the target closely enough, and as
# they are scored on other rows, groups of noise cost nothing but their noise.
_DEPTH = 8
_LEAF_ROWS = 5
# A useless column puts the only row of a class among the top 2 % in one case of 50, but
# five rows in fewer than one of a million.
_SCORED_ROWS = 5
_MOST_CLASSES = 1000
# Standard deviations whose squares can still be added up.
_FARTHEST = 1e150

_NOTHING: tuple[IntArray, IntArray] = (np.zeros(0, np.int64), np.zeros(0, np.int64))
_METRICS: dict[Task, str] = {"binary": "roc_auc", "multiclass": "roc_auc_ovr", "regression": "r2"}


@dataclass(frozen=True, slots=True, eq=False)
class _Goal:
    """What is to be told, in the rows that have a target.

    Args:
        training: (n,) class codes, or numbers in training's standard deviations.
        holdout: (m,) likewise.
        classes: how many there are in training; 0 in a regression.
        scored: codes of the classes that have enough rows to be scored.
        reason: why no column can tell it; "" if one can.
    """

    training: NDArray[Any]
    holdout: NDArray[Any]
    classes: int = 0
    scored: tuple[int, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Groups:
    """Rows put together by one column, as codes from 0.

    Args:
        prior: how many rows of the average target each group has beside its own.
    """

    training: IntArray
    holdout: IntArray
    prior: float


def deciding_columns(
    training: pd.DataFrame,
    y_training: ArrayLike,
    holdout: pd.DataFrame,
    y_holdout: ArrayLike,
    *,
    task: Task,
    threshold: float | None = None,
    max_rows: int = MAX_ROWS,
    seed: int = 0,
) -> tuple[ColumnPower, ...]:
    """Give the power of every column that both frames have, strongest first.

    It is the ROC AUC of a binary target, the mean over classes, each against the rest, of
    several, and R² of a number. A class of fewer than five rows in the holdout does not count.

    Args:
        y_training: one target per row of `training`; labels may be text.
        y_holdout: likewise.
        threshold: None is the one of `DECIDES`.
        max_rows: of each frame; of more, that many are drawn by content.
    """
    limit = DECIDES[task] if threshold is None else threshold
    target = Pair.of("target", as_column(y_training), as_column(y_holdout))
    first = _rows(training, target.training, task, max_rows=max_rows, seed=seed)
    second = _rows(holdout, target.holdout, task, max_rows=max_rows, seed=seed)
    goal = _goal(target.taken(first, second), task)
    found = []
    for pair in paired(training, holdout):
        value, reason = None, goal.reason
        if not reason:
            value, reason = _power(pair.taken(first, second), goal)
        found.append(
            ColumnPower(
                column=pair.name,
                metric=_METRICS[task],
                value=value,
                threshold=limit,
                decides=value is not None and value >= limit,
                training_rows=len(first),
                holdout_rows=len(second),
                reason=reason,
            )
        )
    return tuple(sorted(found, key=lambda each: math.inf if each.value is None else -each.value))


def _rows(frame: pd.DataFrame, target: Column, task: Task, *, max_rows: int, seed: int) -> IntArray:
    """Draw rows that have a target; the others say nothing about any column."""
    known = target.notna().to_numpy()
    if task == "regression" and kind_of(target) != "text":
        known = np.isfinite(as_numbers(target))
    places = np.flatnonzero(known)
    content = frame_hashes(frame, target)[places]
    return places[drawn(content, rows=max_rows, seed=seed)]


def _goal(target: Pair, task: Task) -> _Goal:
    for values, where in ((target.training, "training"), (target.holdout, "the holdout")):
        if not len(values):
            return _Goal(*_NOTHING, reason=f"{where} has no row with a target")
    return _number_goal(target) if task == "regression" else _class_goal(target)


def _number_goal(target: Pair) -> _Goal:
    if target.kind == "text":
        return _Goal(*_NOTHING, reason="the target is text, not a number")
    training, holdout = target.numbers()
    # In training's own scale, for the square of 1e200 is infinite.
    scale = float(np.abs(training).max()) or 1.0
    training = training / scale
    centre, spread = training.mean(), training.std()
    reason = ""
    if len(holdout) < _SCORED_ROWS:
        reason = f"the holdout has {len(holdout)} rows with a target, {_SCORED_ROWS} are needed"
    elif np.ptp(training) == 0 or np.ptp(holdout / 2) == 0:
        where = "training" if np.ptp(training) == 0 else "the holdout"
        reason = f"the target is the same in every row of {where}"
    if reason:
        return _Goal(*_NOTHING, reason=reason)
    with np.errstate(over="ignore"):
        holdout = (holdout / scale - centre) / spread
    if np.abs(holdout).max() > _FARTHEST or np.ptp(holdout) == 0:
        return _Goal(*_NOTHING, reason="the two targets are of sizes too far apart")
    return _Goal((training - centre) / spread, holdout)


def _class_goal(target: Pair) -> _Goal:
    training, holdout = target.comparable()
    codes, labels = pd.factorize(pd.concat([training, holdout], ignore_index=True), sort=True)
    first, second = codes[: len(training)], codes[len(training) :]
    # Only what training knows can be told: its classes come first, and the others are one.
    classes = np.unique(first)
    lookup = np.full(len(labels), len(classes))
    lookup[classes] = np.arange(len(classes))
    first, second = lookup[first], lookup[second]
    counts = np.bincount(second, minlength=len(classes) + 1)
    enough = (counts >= _SCORED_ROWS) & (len(second) - counts >= _SCORED_ROWS)
    scored = tuple(np.flatnonzero(enough[:-1]).tolist())
    reason = ""
    if len(classes) == 1:
        reason = "training has one class only"
    elif len(classes) > min(_MOST_CLASSES, len(first) // 2):
        reason = f"the target has {len(classes):,} classes in {len(first):,} rows"
    elif not scored:
        reason = f"no class has {_SCORED_ROWS} rows in the holdout and as many against it"
    return _Goal(first, second, classes=len(classes), scored=scored, reason=reason)


def _power(pair: Pair, goal: _Goal) -> tuple[float | None, str]:
    """Give one column's power, or the reason why it has none."""
    if pair.training.isna().all():
        return None, "missing in every row of training"
    groups = _by_value(pair) if pair.kind == "text" else _by_tree(pair, goal)
    if groups is None:
        return None, "the same in every row of training"
    if goal.classes:
        return _mean_auc(groups, goal), ""
    predictions = [_group_means(groups, goal)]
    if pair.kind != "text":
        # A tree cuts a number into steps, which is not close to a copy with a long tail.
        predictions.append(_line(*pair.numbers(), goal.training))
    return max(_r2(goal.holdout, each) for each in predictions), ""


def _by_value(pair: Pair) -> _Groups | None:
    first, second = pair.texts()
    codes, _ = pd.factorize(pd.concat([first, second], ignore_index=True), use_na_sentinel=False)
    training, holdout = codes[: len(first)], codes[len(first) :]
    if (training == training[0]).all():
        return None
    # A value counts as if it had been seen once more, with the average target: one that
    # training has few rows of says little.
    return _Groups(training, holdout, prior=1.0)


def _by_tree(pair: Pair, goal: _Goal) -> _Groups | None:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    first, second = pair.numbers()
    steps = np.unique(first[~np.isnan(first)])
    if len(steps) == 1 and not np.isnan(first).any():
        return None
    # Trees hold single-precision numbers, of which two days' seconds are one, and refuse
    # infinities. They need the order only.
    tree_type = DecisionTreeClassifier if goal.classes else DecisionTreeRegressor
    tree = tree_type(max_depth=_DEPTH, min_samples_leaf=_LEAF_ROWS, random_state=0)
    tree.fit(_places(first, steps), goal.training)
    return _Groups(tree.apply(_places(first, steps)), tree.apply(_places(second, steps)), prior=0.0)


def _places(values: FloatArray, steps: FloatArray) -> NDArray[np.float32]:
    """Give each value's place among the steps, (n, 1): halves between two, -1 for missing."""
    after = np.searchsorted(steps, values, side="left").astype(np.float32)
    exact = steps[np.minimum(after.astype(np.int64), len(steps) - 1)] == values
    places = np.where(exact, after, after - np.float32(0.5))
    return np.where(np.isnan(values), np.float32(-1), places)[:, np.newaxis].astype(np.float32)


def _mean_auc(groups: _Groups, goal: _Goal) -> float:
    size = int(max(groups.training.max(), groups.holdout.max())) + 1
    seen = _table(groups.training, goal.training, (size, goal.classes))
    asked = _table(groups.holdout, goal.holdout, (size, goal.classes + 1))
    average = seen.sum(axis=0) / seen.sum()
    rows = seen.sum(axis=1, keepdims=True) + groups.prior
    scores = np.divide(seen + groups.prior * average, rows, out=seen * 0.0, where=rows > 0)
    total = asked.sum(axis=1)
    aucs = [_auc(scores[:, code], asked[:, code], total - asked[:, code]) for code in goal.scored]
    return float(np.mean(aucs))


def _table(groups: IntArray, codes: NDArray[Any], shape: tuple[int, int]) -> FloatArray:
    """Count the rows of each group and class."""
    cells = np.bincount(groups * shape[1] + codes, minlength=shape[0] * shape[1])
    return cells.reshape(shape).astype(np.float64)


def _auc(scores: FloatArray, positive: FloatArray, negative: FloatArray) -> float:
    """Give the ROC AUC of rows that come counted: how many of each sort have each score."""
    _, rank = np.unique(scores, return_inverse=True)
    hits, misses = np.bincount(rank, positive), np.bincount(rank, negative)
    below = np.cumsum(misses) - misses
    return float((hits * (below + misses / 2)).sum() / (hits.sum() * misses.sum()))


def _group_means(groups: _Groups, goal: _Goal) -> FloatArray:
    size = int(max(groups.training.max(), groups.holdout.max())) + 1
    rows = np.bincount(groups.training, minlength=size) + groups.prior
    sums = np.bincount(groups.training, goal.training, minlength=size)
    means = np.divide(sums, rows, out=np.zeros(size), where=rows > 0)
    predicted: FloatArray = means[groups.holdout]
    return predicted


def _line(x: FloatArray, asked: FloatArray, y: FloatArray) -> FloatArray:
    """Predict by the straight line through training's finite numbers; elsewhere the mean, 0."""
    finite = np.isfinite(x)
    scale = np.abs(x[finite]).max(initial=0.0) or 1.0
    centred = x[finite] / scale
    centre = centred.mean() if len(centred) else 0.0
    centred = centred - centre
    spread = float((centred * centred).sum())
    slope = float((centred * y[finite]).sum()) / spread if spread > 0 else 0.0
    level = float(y[finite].mean()) if len(centred) else 0.0
    known = np.isfinite(asked)
    with np.errstate(over="ignore"):
        beyond = level + slope * (np.where(known, asked, 0.0) / scale - centre)
    return np.where(known & np.isfinite(beyond), beyond, 0.0)


def _r2(y: FloatArray, predicted: FloatArray) -> float:
    with np.errstate(over="ignore"):
        return float(1 - ((y - predicted) ** 2).sum() / ((y - y.mean()) ** 2).sum())
