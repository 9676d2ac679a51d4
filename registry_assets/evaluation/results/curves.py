"""Curves as tables of a few rows; `registry_assets.evaluation.plots` draws them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RocPoint:
    """What calling every row at or above a threshold positive does, as shares of 0 to 1."""

    threshold: float
    false_positive_rate: float
    true_positive_rate: float


@dataclass(frozen=True, slots=True)
class PrecisionRecallPoint:
    """The same, as precision and recall."""

    threshold: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Rows of similar score: the mean that was claimed, and the share in which it held.

    Args:
        low: lower end of the observed share's 95 % interval.
        high: upper end of the observed share's 95 % interval.
    """

    rows: int
    predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """How many rows of each class were called what.

    Args:
        rows: the weight of the rows, one line per true class, one column per predicted one.
        others: classes that were put together into the last one, because there are many.
    """

    classes: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]
    others: int = 0


@dataclass(frozen=True, slots=True)
class ResidualBin:
    """Rows of similar prediction: how far predicted minus observed spreads.

    Args:
        predicted: the mean prediction.
        low: the 5 % quantile of the residuals.
        high: the 95 % quantile.
    """

    rows: int
    predicted: float
    mean: float
    low: float
    high: float
