"""The whole evaluation of one version on its holdout, in one call.

It is given predictions, not a model: loading, predicting and storing the result are the
caller's. Whether the figures suffice is for gates to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from registry_assets.declaration.evaluation import Evaluation
from registry_assets.errors import DataUnusable
from registry_assets.evaluation.changes import changed_decisions
from registry_assets.evaluation.comparison import Baseline, compare
from registry_assets.evaluation.curves import (
    calibration_bins,
    confusion,
    operating_points,
    precision_points,
    residual_bins,
)
from registry_assets.evaluation.estimating import estimate_ordered, in_order
from registry_assets.evaluation.fairness import fairness_results
from registry_assets.evaluation.plots import pictures
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.results.backtest import BacktestResult
from registry_assets.evaluation.results.data import DataResult
from registry_assets.evaluation.results.speed import SpeedResult
from registry_assets.evaluation.scored import Outcomes, Predictions, Scored
from registry_assets.evaluation.slices import find_slices, slice_results
from registry_assets.evaluation.weak.advice import weak_slices


@dataclass(frozen=True, slots=True, eq=False)
class Holdout:
    """The rows that a version is judged on.

    Args:
        frame: n rows, with the columns to slice by; its index is not read.
        target: the column of the frame that is the target, if it has it.
    """

    outcomes: Outcomes
    frame: pd.DataFrame
    target: str = ""


def evaluate(
    holdout: Holdout,
    predictions: Predictions,
    *,
    suite: Evaluation,
    baseline: Baseline | None = None,
    margins: Mapping[str, float] | None = None,
    data: DataResult | None = None,
    speed: SpeedResult | None = None,
    backtest: BacktestResult | None = None,
) -> EvaluationResult:
    """Evaluate predictions as the plan asks; numbers that cannot be computed say why.

    Args:
        baseline: what to compare with; None when no comparison is wanted.
        margins: by metric, how much worse than the baseline still counts as not worse.
        data: what was found out about the rows.
        speed: what was measured of the artifact.
        backtest: how the recipe would have done before.

    Raises:
        DataUnusable: rows do not match, or columns to slice by are not there.
    """
    outcomes = holdout.outcomes
    frame = holdout.frame.reset_index(drop=True)
    _check_rows(outcomes, predictions, frame, suite)
    how = {"resamples": suite.resamples, "seed": suite.seed}
    measures = suite.measures
    beside = baseline.predictions if baseline else None
    scored, other = in_order(outcomes, predictions, beside)
    estimates = estimate_ordered(scored, other, metrics=measures, **how)
    slices = find_slices(frame, suite.slicings)
    comparison = None
    if baseline is not None:
        changes = None
        if beside is not None:
            changes = changed_decisions(
                outcomes,
                predictions,
                beside,
                # What happened is told beside the row, and is none of its values.
                frame=frame.drop(columns=[holdout.target], errors="ignore"),
                slices=slices,
                examples=suite.examples,
            )
        comparison = compare(
            outcomes,
            baseline,
            estimates,
            metrics=measures,
            margins=margins or {},
            changes=changes,
        )
    result = EvaluationResult(
        task=outcomes.task,
        rows=outcomes.rows,
        seed=suite.seed,
        resamples=suite.resamples,
        metrics=estimates.metrics,
        less_is_better=tuple(each.name for each in measures if not each.greater_is_better),
        classes=tuple(map(str, outcomes.classes)),
        class_rows=tuple(int((outcomes.y == at).sum()) for at, _ in enumerate(outcomes.classes)),
        weight=suite.weight,
        slices=slice_results(
            slices,
            outcomes,
            predictions,
            metrics=measures,
            min_rows=suite.min_slice_rows,
            **how,
        ),
        weak_slices=weak_slices(
            Scored(outcomes, predictions), frame, suite=suite, target=holdout.target
        ),
        fairness=fairness_results(frame, outcomes, predictions, plan=suite.fairness, **how)
        if suite.fairness
        else (),
        comparison=comparison,
        roc=operating_points(scored),
        precision_recall=precision_points(scored),
        calibration=calibration_bins(scored),
        confusion=confusion(scored),
        residuals=residual_bins(scored),
        data=data,
        speed=speed,
        backtest=backtest,
    )
    drawn_beside = (baseline.label, other) if baseline and other else None
    return replace(result, pictures=pictures(result, scored, baseline=drawn_beside))


def _check_rows(
    outcomes: Outcomes, predictions: Predictions, frame: pd.DataFrame, suite: Evaluation
) -> None:
    shape = outcomes.y.shape
    found = predictions.predicted.shape
    if not (len(shape) == 1 and found == shape and len(frame) == shape[0]):
        raise DataUnusable(
            f"targets of shape {shape}, predictions of shape {found} and a frame of"
            f" {len(frame)} rows: expected one of each per row",
            hint="features and predictions have one row per input row, in the same order",
        )
    twice = frame.columns[frame.columns.duplicated()]
    if ambiguous := [column for column in suite.columns if column in twice]:
        raise DataUnusable(
            f"the holdout has a column {', '.join(ambiguous)} twice, which the evaluation reads",
            hint="keep it under another name than that of the feature",
        )
    absent = [column for column in suite.columns if column not in frame.columns]
    if absent:
        raise DataUnusable(
            f"the holdout has no column {', '.join(absent)} that the evaluation reads;"
            f" it has {', '.join(map(str, frame.columns))}",
            hint="correct Evaluation(…), or keep the column in the data",
        )
