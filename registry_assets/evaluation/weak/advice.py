"""Slices that nobody named and that are weaker than the rest, with the headline metric of each.

What the search looks at is the loss of each row: log loss, or the squared error. It is
advice: no gate reads it.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from registry_assets.declaration.evaluation import Evaluation
from registry_assets.evaluation.estimating import estimate
from registry_assets.evaluation.metrics.probabilities import row_log_loss
from registry_assets.evaluation.metrics.regression import errors
from registry_assets.evaluation.results.weak import WeakSlice, WeakSliceSearch
from registry_assets.evaluation.scored import FloatArray, Scored, why_unusable
from registry_assets.evaluation.weak.search import find_weak_slices, member


def weak_slices(
    scored: Scored, frame: pd.DataFrame, *, suite: Evaluation, target: str
) -> WeakSliceSearch | None:
    """Search for weak slices, unless the plan asks for none.

    Args:
        frame: n rows; neither the target nor the weight is looked at.
    """
    if not suite.weak_slices:
        return None
    outcomes = scored.outcomes
    if reason := why_unusable(outcomes, scored.predictions):
        return WeakSliceSearch(
            tried=0,
            rows=0,
            sampled_from=outcomes.rows,
            min_rows=suite.min_slice_rows,
            level=0.05,
            reason=reason,
        )
    found = find_weak_slices(
        frame,
        _losses(scored),
        weight=outcomes.weight,
        exclude=[name for name in (target, suite.weight) if name],
        min_rows=suite.min_slice_rows,
        most=suite.weak_slices,
        seed=suite.seed,
    )
    measured = (_measured(each, scored, frame, suite) for each in found.found)
    return replace(found, found=tuple(measured))


def _losses(scored: Scored) -> FloatArray:
    if scored.outcomes.task == "regression":
        with np.errstate(over="ignore"):
            return np.square(errors(scored))
    return row_log_loss(scored)


def _measured(weak: WeakSlice, scored: Scored, frame: pd.DataFrame, suite: Evaluation) -> WeakSlice:
    """Add the headline metric on all rows of the slice: the search may have seen a sample."""
    here = scored.take(np.flatnonzero(member(frame, weak)))
    headline = suite.measures[:1]
    found = estimate(
        here.outcomes,
        here.predictions,
        metrics=headline,
        resamples=suite.resamples,
        seed=suite.seed,
    )
    return replace(weak, estimates=found.metrics)
