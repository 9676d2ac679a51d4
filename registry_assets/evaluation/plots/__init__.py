"""Small PNG pictures, for places where people look: Dagster's metadata, the card, pages.

    panel     what they are all drawn on
    classes   ROC, precision and recall, calibration, confusion
    numbers   residuals
    parts     slices, differences to production

Each stays under 50 kB, because Dagster stores pictures inside its events, and stands on a
white panel of its own, so that it reads the same on a light and a dark page. Equal input
gives equal bytes under one matplotlib. The tables are in `registry_assets.evaluation.curves`.
"""

from registry_assets.evaluation.plots.classes import (
    Beside,
    calibration_png,
    confusion_png,
    precision_recall_png,
    roc_png,
)
from registry_assets.evaluation.plots.numbers import residuals_png
from registry_assets.evaluation.plots.parts import difference_png, slices_png
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.scored import Scored

__all__ = [
    "calibration_png",
    "confusion_png",
    "difference_png",
    "pictures",
    "precision_recall_png",
    "residuals_png",
    "roc_png",
    "slices_png",
]


def pictures(
    result: EvaluationResult, scored: Scored, *, baseline: Beside = None
) -> dict[str, bytes]:
    """Draw everything that can be seen of an evaluation: PNG by name."""
    drawn: dict[str, bytes] = {}
    if result.task == "binary":
        metrics = result.metrics
        drawn["roc"] = roc_png(scored, auc=metrics.get("roc_auc"), baseline=baseline)
        drawn["precision_recall"] = precision_recall_png(
            scored, average=metrics.get("average_precision"), baseline=baseline
        )
    if result.task == "regression":
        drawn["residuals"] = residuals_png(scored, seed=result.seed)
    else:
        drawn["calibration"] = calibration_png(scored, baseline=baseline)
        drawn["confusion"] = confusion_png(scored)
    headline = next(iter(result.metrics))
    if result.slices:
        drawn["slices"] = slices_png(
            result.slices,
            headline,
            overall=result.metrics[headline],
            greater_is_better=headline not in result.less_is_better,
        )
    if result.comparison is not None and result.comparison.differences:
        drawn["difference"] = difference_png(result.comparison, result.less_is_better)
    return drawn
