"""The pictures of an evaluation on a page: what each shows in words, and its numbers.

They were drawn by `registry_assets.evaluation.plots` when the evaluation was made; here they
are only given a title and a text for those who cannot see them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from registry_assets.evaluation.report.texts import count, estimate, number, plural, share
from registry_assets.evaluation.results import EvaluationResult

Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with its title, what it shows in words, and the numbers it was drawn from.

    Args:
        png: None where there is no picture, and only the numbers are left.
    """

    name: str
    title: str
    alt: str
    png: bytes | None
    columns: tuple[str, ...] = ()
    rows: Rows = ()


def pictures_of(result: EvaluationResult) -> dict[str, Picture]:
    """Give every picture, and every curve that has numbers but no picture, by name."""
    found = {}
    for name in dict.fromkeys([*_KNOWN, *result.pictures]):
        title, about, columns, rows = _KNOWN.get(name, (name, _nothing, (), _no_rows))
        numbers = rows(result)
        if name in result.pictures or numbers:
            png = result.pictures.get(name)
            found[name] = Picture(name, title, about(result), png, columns, numbers)
    return found


def _nothing(result: EvaluationResult) -> str:
    return f"A picture of the evaluation on {plural(result.rows, 'held-out row')}."


def _no_rows(result: EvaluationResult) -> Rows:
    return ()


def _metric(result: EvaluationResult, name: str, called: str) -> str:
    found = result.metrics.get(name)
    return f" {called} {estimate(found)}." if found is not None else ""


def _roc(result: EvaluationResult) -> str:
    said = "ROC curve: the share of positive rows that are found, over the share of negative"
    return f"{said} rows that are taken for them.{_metric(result, 'roc_auc', 'Area')}"


def _precision_recall(result: EvaluationResult) -> str:
    said = "Precision over recall, for every threshold."
    return said + _metric(result, "average_precision", "Average precision")


def _calibration(result: EvaluationResult) -> str:
    said = "Observed shares over predicted probabilities; on the diagonal both are the same."
    return said + _metric(result, "calibration_error", "Calibration error")


def _confusion(result: EvaluationResult) -> str:
    found = result.confusion
    if found is None:
        return "What each true class was called."
    total = sum(map(sum, found.rows))
    right = sum(row[at] for at, row in enumerate(found.rows) if at < len(row))
    said = "What each true class was called"
    return f"{said}: {share(right / total)} of the rows by their own name." if total else said


def _residuals(result: EvaluationResult) -> str:
    return "Predicted minus observed, over the prediction: the mean and the middle 90 %."


def _slices(result: EvaluationResult) -> str:
    headline = next(iter(result.metrics), "the headline metric")
    said = f"{headline} of each slice with its 95 % interval, the weakest first."
    return f"{said} The table has the numbers."


def _difference(result: EvaluationResult) -> str:
    said = "Each metric's difference to production with its 95 % interval."
    return f"{said} The table has the numbers."


def _roc_rows(result: EvaluationResult) -> Rows:
    return tuple(
        (number(p.threshold), share(p.false_positive_rate), share(p.true_positive_rate))
        for p in result.roc
    )


def _precision_recall_rows(result: EvaluationResult) -> Rows:
    return tuple(
        (number(p.threshold), share(p.recall), share(p.precision)) for p in result.precision_recall
    )


def _calibration_rows(result: EvaluationResult) -> Rows:
    return tuple(
        (count(b.rows), share(b.predicted), share(b.observed), f"{share(b.low)} – {share(b.high)}")
        for b in result.calibration
    )


def _residual_rows(result: EvaluationResult) -> Rows:
    return tuple(
        (count(b.rows), number(b.predicted), number(b.mean), f"{number(b.low)} – {number(b.high)}")
        for b in result.residuals
    )


_Known = tuple[
    str, Callable[[EvaluationResult], str], tuple[str, ...], Callable[[EvaluationResult], Rows]
]
_KNOWN: Mapping[str, _Known] = {
    "roc": (
        "ROC",
        _roc,
        ("threshold", "false positive rate", "true positive rate"),
        _roc_rows,
    ),
    "precision_recall": (
        "Precision and recall",
        _precision_recall,
        ("threshold", "recall", "precision"),
        _precision_recall_rows,
    ),
    "calibration": (
        "Calibration",
        _calibration,
        ("rows", "predicted", "observed", "95 % interval"),
        _calibration_rows,
    ),
    "residuals": (
        "Residuals",
        _residuals,
        ("rows", "predicted", "mean residual", "middle 90 %"),
        _residual_rows,
    ),
    "confusion": ("Confusion", _confusion, (), _no_rows),
    "slices": ("Slices", _slices, (), _no_rows),
    "difference": ("Difference to production", _difference, (), _no_rows),
}
