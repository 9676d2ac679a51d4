"""The target in training and in the holdout: how often each class, or which numbers."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from registry_assets.evaluation.data.pairs import (
    Column,
    FloatArray,
    Pair,
    as_column,
    as_numbers,
    as_text,
    kind_of,
    written,
)
from registry_assets.evaluation.results.data import Balance, ClassBalance, TargetSummary
from registry_assets.packaging.signature import Label, Task

_QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)


def balance(
    y_training: ArrayLike,
    y_holdout: ArrayLike,
    *,
    task: Task,
    classes: Sequence[Label] = (),
) -> Balance:
    """Describe the target of training and of the holdout.

    Args:
        classes: the model's, in their order. Others that occur are listed after them. A
            truth value equals 0 or 1, as it does in Python.
    """
    target = Pair.of("target", as_column(y_training), as_column(y_holdout))
    if task == "regression":
        return _of_numbers(target)
    return Balance(
        task=task,
        training_rows=len(target.training),
        holdout_rows=len(target.holdout),
        training_missing=int(target.training.isna().sum()),
        holdout_missing=int(target.holdout.isna().sum()),
        classes=_class_balances(target, classes),
    )


def _of_numbers(target: Pair) -> Balance:
    training, holdout = _finite(target.training), _finite(target.holdout)
    return Balance(
        task="regression",
        training_rows=len(target.training),
        holdout_rows=len(target.holdout),
        training_missing=len(target.training) - len(training),
        holdout_missing=len(target.holdout) - len(holdout),
        training=_summary(training),
        holdout=_summary(holdout),
    )


def _finite(values: Column) -> FloatArray:
    numbers = as_numbers(values) if kind_of(values) != "text" else np.zeros(0)
    return np.sort(numbers[np.isfinite(numbers)])


def _summary(values: FloatArray) -> TargetSummary:
    if not len(values):
        return TargetSummary(rows=0, reason="no row has a finite number")
    # Scaled by a power of 2, which loses nothing: the square of 1e200 is infinite.
    exponent = math.frexp(float(np.abs(values).max()))[1]
    scaled = np.ldexp(values, -exponent)
    quantiles = np.quantile(scaled, _QUANTILES).tolist()
    low, p05, median, p95, high = (math.ldexp(each, exponent) for each in quantiles)
    std, reason = None, "one row has no standard deviation"
    if len(values) > 1:
        try:
            std, reason = math.ldexp(float(np.std(scaled, ddof=1)), exponent), ""
        except OverflowError:
            reason = "the standard deviation is too large for a number"
    return TargetSummary(
        rows=len(values),
        mean=math.ldexp(float(scaled.mean()), exponent),
        std=std,
        minimum=low,
        p05=p05,
        median=median,
        p95=p95,
        maximum=high,
        reason=reason,
    )


def _class_balances(target: Pair, classes: Sequence[Label]) -> tuple[ClassBalance, ...]:
    names = {float(label): written(label) for label in classes if not isinstance(label, str)}
    training, holdout = _counts(target.training, names), _counts(target.holdout, names)
    expected = tuple(written(label) for label in classes)
    others = sorted({*training, *holdout} - {*expected})
    rows, holdout_rows = sum(training.values()), sum(holdout.values())
    return tuple(
        ClassBalance(
            label=label,
            expected=label in expected,
            training=training.get(label, 0),
            holdout=holdout.get(label, 0),
            training_share=training.get(label, 0) / rows if rows else None,
            holdout_share=holdout.get(label, 0) / holdout_rows if holdout_rows else None,
        )
        for label in (*expected, *others)
    )


def _counts(values: Column, names: Mapping[float, str]) -> dict[str, int]:
    """Count each class by its name; a number without one is written without its `.0`."""
    kind = kind_of(values)
    if kind == "number" or (kind == "truth" and names):
        numbers = as_numbers(values)
        found, counts = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
        labels = [names.get(each) or f"{each:.17g}" for each in found.tolist()]
        return dict(zip(labels, counts.tolist(), strict=True))
    return {str(label): int(rows) for label, rows in as_text(values).value_counts().items()}
