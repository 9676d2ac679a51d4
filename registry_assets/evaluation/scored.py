"""Rows with their outcomes, and what one model says of them: the arrays behind every figure.

Classes are numbered here: a target or a predicted label is a position in `classes`, so that
text, booleans and numbers are counted alike. What becomes of the arrays is in `metrics`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, Self, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from registry_assets.declaration.metrics import Task

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Label = bool | int | float | str

# Ensembles that average probabilities can pass 1 by a rounding error, and those of float32
# add up to 1 within a few of its steps.
_ROUNDING = 1e-9
_SUM_ROUNDING = 1e-4
# Beyond it a sum of squares, or of weights, may be no number any more.
_LARGEST = 1e140


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What happened in n rows, and how much each of them counts.

    Args:
        y: (n,), a number per row; for classes their position in `classes`, -1 for none of them.
        classes: of a binary task the negative, then the positive; none for a regression.
        weight: (n,), 0 or more; None counts every row once.
    """

    task: Task
    y: FloatArray | IntArray
    classes: tuple[Label, ...] = ()
    weight: FloatArray | None = None

    @classmethod
    def of_labels(
        cls,
        task: Task,
        labels: ArrayLike,
        *,
        classes: Sequence[Label],
        weight: FloatArray | None = None,
    ) -> Self:
        """Number the labels by their position in the classes."""
        return cls(task, positions(labels, classes), tuple(classes), weight)

    @classmethod
    def of_numbers(cls, values: ArrayLike, *, weight: FloatArray | None = None) -> Self:
        """Give the outcomes of a regression."""
        return cls("regression", np.asarray(values, dtype=np.float64), (), weight)

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.y)

    def take(self, index: IntArray | BoolArray) -> "Outcomes":
        """Give some of the rows, or all in another order."""
        weight = None if self.weight is None else self.weight[index]
        return Outcomes(self.task, self.y[index], self.classes, weight)


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What one model says of n rows.

    Args:
        predicted: (n,), a number per row; for classes their position.
        probabilities: (n, classes), in the order of the outcomes' classes; None for a
            regression.
        refused: why the model says nothing of these rows; "" if it does.
    """

    predicted: FloatArray | IntArray
    probabilities: FloatArray | None = None
    refused: str = ""

    @classmethod
    def none(cls, rows: int, *, reason: str) -> Self:
        """Give those of a model that says nothing of these rows."""
        return cls(np.full(rows, np.nan), None, reason)

    @classmethod
    def of_labels(
        cls,
        labels: ArrayLike,
        probabilities: ArrayLike,
        *,
        known: Sequence[Label],
        classes: Sequence[Label],
    ) -> Self:
        """Number the labels, and give every class a column.

        A class that the model does not know has probability 0: it will never predict it. One
        that only the model knows has no column, so that such rows do not add up to 1.

        Args:
            known: the model's classes, one per column of `probabilities`.
        """
        found = np.asarray(probabilities, dtype=np.float64)
        spread = np.zeros((len(found), len(classes)))
        at = positions(list(known), classes)
        spread[:, at[at >= 0]] = found[:, at >= 0]
        return cls(positions(labels, classes), spread)

    def take(self, index: IntArray | BoolArray) -> "Predictions":
        """Give some of the rows, or all in another order."""
        found = None if self.probabilities is None else self.probabilities[index]
        return Predictions(self.predicted[index], found, self.refused)


@dataclass(frozen=True, eq=False)
class Scored:
    """Rows as one model scored them."""

    outcomes: Outcomes
    predictions: Predictions

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.outcomes.rows

    @cached_property
    def weight(self) -> FloatArray:
        """How much each row counts: (n,)."""
        given = self.outcomes.weight
        return np.ones(self.rows) if given is None else given

    @cached_property
    def unusable(self) -> str:
        """Why no metric can be computed from these rows; "" if it can."""
        return why_unusable(self.outcomes, self.predictions)

    @property
    def positive(self) -> BoolArray:
        """Whether each row is of the second class: (n,), of a binary task."""
        return np.equal(self.outcomes.y, 1)

    @property
    def scores(self) -> FloatArray:
        """The probability of the second class: (n,), of a binary task."""
        return self.probabilities[:, 1]

    @property
    def probabilities(self) -> FloatArray:
        """The probability of each class: (n, classes)."""
        assert self.predictions.probabilities is not None
        return self.predictions.probabilities

    def take(self, index: IntArray | BoolArray) -> "Scored":
        """Give some of the rows, or all in another order."""
        return Scored(self.outcomes.take(index), self.predictions.take(index))


_Made = TypeVar("_Made")


def remembered(make: Callable[[Scored], _Made]) -> Callable[[Scored], _Made]:
    """Compute it once of the same rows: what is told in a table is drawn in a picture too."""
    made: WeakKeyDictionary[Scored, _Made] = WeakKeyDictionary()

    @wraps(make)
    def once(scored: Scored) -> _Made:
        if scored not in made:
            made[scored] = make(scored)
        return made[scored]

    return once


def positions(labels: ArrayLike, classes: Sequence[Label]) -> IntArray:
    """Give each label's position in the classes, -1 where it is none of them."""
    at = {label: position for position, label in enumerate(classes)}
    # Looked up once for each that occurs: a million one by one take half a second.
    codes, occurring = pd.factorize(np.asarray(labels))
    found: list[Any] = occurring.tolist()
    # The last is that of a missing value, whose code is -1.
    of_code = np.array([*(at.get(label, -1) for label in found), -1], dtype=np.int64)
    return of_code[codes]


def why_unusable(outcomes: Outcomes, *models: Predictions) -> str:
    """Say why no metric can be computed from these outcomes and predictions; "" if it can."""
    if outcomes.rows == 0:
        return "there are no rows"
    if reason := _unusable_targets(outcomes) or _unusable_weights(outcomes):
        return reason
    return next(filter(None, (_unusable_predictions(outcomes, each) for each in models)), "")


def _unusable_targets(outcomes: Outcomes) -> str:
    if outcomes.task == "regression":
        return _unusable_numbers(outcomes.y, "targets")
    if odd := int(np.sum(outcomes.y < 0)):
        classes = ", ".join(map(str, outcomes.classes))
        return f"{odd} of {outcomes.rows} targets are none of the classes {classes}"
    return ""


def _unusable_numbers(values: FloatArray | IntArray, what: str) -> str:
    if odd := int(np.sum(~np.isfinite(values))):
        return f"{odd} of {len(values)} {what} are not finite"
    if odd := int(np.sum(np.abs(values) > _LARGEST)):
        return f"{odd} of {len(values)} {what} are beyond {_LARGEST:g}: too large to be squared"
    return ""


def _unusable_weights(outcomes: Outcomes) -> str:
    if outcomes.weight is None:
        return ""
    bad = ~np.isfinite(outcomes.weight) | (outcomes.weight < 0)
    if odd := int(np.sum(bad)):
        return f"{odd} of {outcomes.rows} weights are negative or not finite"
    if outcomes.weight.max() > _LARGEST / outcomes.rows:
        return f"the weights are too large to be added up: the largest is {outcomes.weight.max():g}"
    return "" if outcomes.weight.any() else f"all {outcomes.rows} weights are 0"


def _unusable_predictions(outcomes: Outcomes, predictions: Predictions) -> str:
    rows = outcomes.rows
    if predictions.refused:
        return predictions.refused
    if predictions.predicted.shape != (rows,):
        return f"predictions of shape {predictions.predicted.shape} for {rows} rows"
    if outcomes.task == "regression":
        return _unusable_numbers(predictions.predicted, "predictions")
    if odd := int(np.sum(predictions.predicted < 0)):
        return f"{odd} of {rows} predictions are none of the classes"
    p = predictions.probabilities
    if p is None:
        return "there are no probabilities"
    if p.shape != (rows, len(outcomes.classes)):
        return f"probabilities of shape {p.shape} for {rows} rows"
    finite = np.isfinite(p)
    if not finite.all():
        return f"{int(np.sum(~finite.all(axis=1)))} of {rows} scores are not finite"
    if p.min() < -_ROUNDING or p.max() > 1 + _ROUNDING:
        odd = int(np.sum(((p < -_ROUNDING) | (p > 1 + _ROUNDING)).any(axis=1)))
        return f"{odd} of {rows} scores are no probabilities: they lie outside 0 to 1"
    # A product with ones adds up short rows in a tenth of a sum's time.
    if odd := int(np.sum(np.abs(p @ np.ones(p.shape[1]) - 1) > _SUM_ROUNDING)):
        return f"{odd} of {rows} scores are no probabilities: they do not add up to 1"
    return ""
