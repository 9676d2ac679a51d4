"""The decisions that change: rows for which it matters which of two models is asked."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from registry_assets.evaluation.data.sampling import frame_hashes
from registry_assets.evaluation.results.comparison import (
    ChangedDecisions,
    ChangedRow,
    ChangedSlice,
    Flow,
)
from registry_assets.evaluation.scored import (
    BoolArray,
    FloatArray,
    IntArray,
    Outcomes,
    Predictions,
    why_unusable,
)
from registry_assets.evaluation.slices import Slice

# Of a regression: closer than a tenth of the targets' spread is the same answer.
_TOLERANCE = 0.1
_MOST_FLOWS = 50
_MOST_SLICES = 50
_LONGEST = 100


def changed_decisions(
    outcomes: Outcomes,
    candidate: Predictions,
    baseline: Predictions,
    *,
    frame: pd.DataFrame,
    slices: Sequence[Slice] = (),
    examples: int = 5,
) -> ChangedDecisions | None:
    """Count the rows that two models decide differently; None where they cannot be used.

    Args:
        frame: n rows, of which examples are shown.
    """
    if why_unusable(outcomes, candidate, baseline):
        return None
    if outcomes.task == "regression":
        # Sorted, because a spread depends in its last digit on the order of its rows.
        tolerance: float | None = _TOLERANCE * float(np.std(np.sort(outcomes.y)))
        distance = np.abs(candidate.predicted - baseline.predicted)
        changed = distance > tolerance
        before = np.abs(baseline.predicted - outcomes.y)
        after = np.abs(candidate.predicted - outcomes.y)
        corrected, broken = changed & (after < before), changed & (after > before)
        flows: tuple[Flow, ...] = ()
    else:
        tolerance = None
        changed = np.not_equal(candidate.predicted, baseline.predicted)
        distance = _distance(candidate, baseline)
        corrected = changed & np.equal(candidate.predicted, outcomes.y)
        broken = changed & np.equal(baseline.predicted, outcomes.y)
        flows = _flows(outcomes, candidate, baseline, changed)
    return ChangedDecisions(
        rows=outcomes.rows,
        changed=int(changed.sum()),
        corrected=int(corrected.sum()),
        broken=int(broken.sum()),
        flows=flows,
        slices=_by_slice(changed, slices),
        examples=tuple(
            _example(int(row), outcomes, candidate, baseline, frame)
            for row in _farthest(changed, distance, outcomes, frame, examples)
        ),
        tolerance=tolerance,
    )


def _distance(candidate: Predictions, baseline: Predictions) -> FloatArray:
    """Give how much of the probability moved: (n,), 0 to 1."""
    p, q = candidate.probabilities, baseline.probabilities
    assert p is not None
    assert q is not None
    moved: FloatArray = np.abs(p - q).sum(axis=1) / 2
    return moved


def _flows(
    outcomes: Outcomes, candidate: Predictions, baseline: Predictions, changed: BoolArray
) -> tuple[Flow, ...]:
    classes = len(outcomes.classes)
    cell = (baseline.predicted * classes + candidate.predicted)[changed].astype(np.int64)
    right = np.equal(candidate.predicted, outcomes.y)[changed]
    rows = np.bincount(cell, minlength=classes**2)
    rightly = np.bincount(cell, weights=right, minlength=classes**2)
    # Equal ones in the order of the classes.
    largest = np.argsort(-rows, kind="stable")[:_MOST_FLOWS]
    return tuple(
        Flow(
            str(outcomes.classes[at // classes]),
            str(outcomes.classes[at % classes]),
            int(rows[at]),
            int(rightly[at]),
        )
        for at in largest
        if rows[at]
    )


def _by_slice(changed: BoolArray, slices: Sequence[Slice]) -> tuple[ChangedSlice, ...]:
    found = [
        ChangedSlice(
            each.label,
            each.rows,
            int(changed[each.index].sum()),
        )
        for each in slices
    ]
    there = [each for each in found if each.changed]
    return tuple(sorted(there, key=lambda each: -each.changed / each.rows)[:_MOST_SLICES])


def _farthest(
    changed: BoolArray, distance: FloatArray, outcomes: Outcomes, frame: pd.DataFrame, count: int
) -> IntArray:
    at = np.flatnonzero(changed)
    if not (count and len(at)):
        return at[:0]
    # Of equally far rows those are shown that their content says, not where they stand.
    least = np.sort(distance[at])[-min(count, len(at))]
    at = at[distance[at] >= least]
    content = frame_hashes(frame.iloc[at])
    farthest: IntArray = at[np.lexsort((content, outcomes.y[at], -distance[at]))]
    return farthest[:count]


def _example(
    row: int,
    outcomes: Outcomes,
    candidate: Predictions,
    baseline: Predictions,
    frame: pd.DataFrame,
) -> ChangedRow:
    return ChangedRow(
        row=row,
        target=_said(outcomes, outcomes.y[row]),
        before=_said(outcomes, baseline.predicted[row]),
        after=_said(outcomes, candidate.predicted[row]),
        before_score=_score(baseline, row),
        after_score=_score(candidate, row),
        values={str(name): _shown(frame.iat[row, at]) for at, name in enumerate(frame.columns)},
    )


def _said(outcomes: Outcomes, value: float) -> str:
    return f"{value:.6g}" if outcomes.task == "regression" else str(outcomes.classes[int(value)])


def _score(predictions: Predictions, row: int) -> float | None:
    p = predictions.probabilities
    return None if p is None else float(p[row, int(predictions.predicted[row])])


def _shown(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
