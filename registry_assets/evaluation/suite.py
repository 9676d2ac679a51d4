"""The whole evaluation of one version on its holdout, in one call.

It is given scores, not a model: loading, predicting and storing the result are the
caller's. Whether the figures suffice is for gates to say.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from registry_assets.errors import DataUnusable
from registry_assets.evaluation.bootstrap import estimates
from registry_assets.evaluation.comparison import Baseline, compare
from registry_assets.evaluation.curves import calibration_bins, operating_points
from registry_assets.evaluation.plots import calibration_png, roc_png
from registry_assets.evaluation.results import EvaluationResult, SliceResult
from registry_assets.evaluation.slices import slice_estimates

if TYPE_CHECKING:
    # Only for its type: declarations check their metrics' names against this package.
    from registry_assets.declaration.evaluation import Evaluation


def evaluate(
    *,
    y: ArrayLike,
    p: ArrayLike,
    frame: pd.DataFrame,
    suite: "Evaluation",
    baseline: Baseline | None = None,
) -> EvaluationResult:
    """Evaluate scores as the plan asks; numbers that cannot be computed say why.

    Args:
        y: (n,) of 0 and 1.
        p: (n,) probability of 1.
        frame: n rows, with the columns to slice by; its index is not read.
        baseline: what to compare with; None when no comparison is wanted.

    Raises:
        DataUnusable: rows do not match, or columns to slice by are not there.
    """
    _check_rows(y, p, frame, suite)
    metrics = estimates(y, p, metrics=suite.metrics, resamples=suite.resamples, seed=suite.seed)
    comparison = None
    if baseline is not None:
        comparison = compare(
            y, p, baseline, metrics=suite.metrics, resamples=suite.resamples, seed=suite.seed
        )
    beside = None
    if baseline is not None and baseline.p is not None:
        beside = (f"{baseline.pointer}, version {baseline.version}", baseline.p)
    return EvaluationResult(
        rows=len(np.asarray(y)),
        positives=int((np.asarray(y) == 1).sum()),
        seed=suite.seed,
        resamples=suite.resamples,
        metrics=metrics,
        slices=_slices(y, p, frame, suite),
        comparison=comparison,
        roc=operating_points(y, p),
        calibration=calibration_bins(y, p),
        pictures={
            "roc": roc_png(y, p, auc=metrics.get("roc_auc"), baseline=beside),
            "calibration": calibration_png(y, p, baseline=beside),
        },
    )


def _slices(
    y: ArrayLike, p: ArrayLike, frame: pd.DataFrame, suite: "Evaluation"
) -> tuple[SliceResult, ...]:
    return tuple(
        part
        for column in suite.slices
        for part in slice_estimates(
            frame[column],
            y,
            p,
            metrics=suite.metrics,
            min_rows=suite.min_slice_rows,
            resamples=suite.resamples,
            seed=suite.seed,
        )
    )


def _check_rows(y: ArrayLike, p: ArrayLike, frame: pd.DataFrame, suite: "Evaluation") -> None:
    shape = np.shape(y)
    if not (len(shape) == 1 and np.shape(p) == shape and len(frame) == shape[0]):
        raise DataUnusable(
            f"targets of shape {shape}, scores of shape {np.shape(p)} and a frame of"
            f" {len(frame)} rows: expected one of each per row",
            hint="features and predictions have one row per input row, in the same order",
        )
    absent = [column for column in suite.slices if column not in frame.columns]
    if absent:
        raise DataUnusable(
            f"the holdout has no column {', '.join(absent)} to slice by;"
            f" it has {', '.join(map(str, frame.columns))}",
            hint="correct Evaluation(slices=…), or keep the column in the data",
        )
