"""Whether what a log says can be what a model said: what cannot be is counted, and never mended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import nan
from typing import TYPE_CHECKING, Any

from registry_assets.errors import DataUnusable
from registry_assets.lifecycle.predicted import PREDICTION, PROBABILITY
from registry_assets.monitoring.results.quality import QualityProblem

if TYPE_CHECKING:
    import pandas as pd

_ROUNDED = 1e-3
"""By how much probabilities may miss 1: some are logged with three or four digits."""

_MOST_CLASSES = 5
"""Classes that are named, where a prediction is none of them."""


class LogUnusable(DataUnusable):
    """A log whose rows cannot be taken for predictions.

    Args:
        kind: of the problem that it is: one of `monitoring.results.quality.PROBLEMS`.
    """

    def __init__(self, message: str, *, kind: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind


@dataclass(slots=True)
class SaidCount:
    """What was counted so far of what rows say.

    Args:
        missing: rows without a prediction; of a regression, without a finite one.
        impossible: rows whose probabilities are none, or do not add up to 1.
        strange: rows whose prediction is none of the classes of their version.
        example: one of these, and what was expected.
    """

    missing: int = 0
    impossible: int = 0
    strange: int = 0
    example: str = ""

    def add(self, rows: "pd.DataFrame", *, task: str) -> None:
        """Count some rows, whose numbers are such."""
        import numpy as np

        said = rows[PREDICTION]
        sound = np.isfinite(said) if task == "regression" else said.notna()
        self.missing += int((~sound).sum())
        names = [name for name in rows.columns if str(name).startswith(PROBABILITY)]
        if names:
            self.impossible += int(_impossible(rows[names].to_numpy()).sum())

    def add_classes(self, said: "pd.Series[Any]", classes: Sequence[Any]) -> None:
        """Count predictions of one version that are none of its classes."""
        import numpy as np

        from registry_assets.evaluation.report.texts import named
        from registry_assets.evaluation.scored import positions

        there = said[said.notna()].tolist()
        strange = np.flatnonzero(positions(there, classes) < 0)
        self.strange += len(strange)
        if len(strange) and not self.example:
            expected = named([repr(each) for each in classes], most=_MOST_CLASSES)
            self.example = f"{there[strange[0]]!r:.80}; expected {expected}"

    def problems(self, rows: int) -> Iterator[QualityProblem]:
        """Name what is wrong with what so many rows say."""
        if self.missing:
            said = f"{self.missing:,} of {rows:,} rows have no prediction"
            yield QualityProblem("no_prediction", PREDICTION, self.missing, said)
        if self.strange:
            said = (
                f"{self.strange:,} of {rows:,} rows have a prediction that is none of the classes"
                f" of their version, such as {self.example}"
            )
            yield QualityProblem("unknown_class", PREDICTION, self.strange, said)
        if self.impossible:
            said = (
                f"the probabilities of {self.impossible:,} of {rows:,} rows are missing, outside"
                " 0 to 1, or do not add up to 1"
            )
            yield QualityProblem("no_probabilities", "", self.impossible, said)


def check_plain(rows: "pd.DataFrame", names: Sequence[str]) -> None:
    """Refuse rows with a list, a record or the like where one value belongs.

    Raises:
        LogUnusable: says in which column.
    """
    for name in names:
        column = rows[name]
        if column.dtype == "object" and column.map(_is_nested).any():
            raise LogUnusable(
                f"{name} holds values of another type than one: lists or records",
                kind="changed_type",
                hint=f"log one text, number or date in each row's {name}",
            )


def as_numbers(column: "pd.Series[Any]") -> Any:
    """Give (n,) floats, of which what is missing is NaN.

    Raises:
        LogUnusable: they are no numbers.
    """
    import numpy as np
    import pandas as pd

    # Of nothing but missing values there is no type that could be wrong.
    if not pd.api.types.is_numeric_dtype(column.dtype) and column.notna().any():
        decimals = column[column.notna()].map(lambda each: isinstance(each, Decimal))
        if not decimals.all():
            raise LogUnusable(
                f"{column.name} is of another type than numbers: {column.dtype}",
                kind="changed_type",
                hint=f"log {column.name} as a number",
            )
        return np.array([nan if each is None else float(each) for each in column])
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _is_nested(value: Any) -> bool:
    import numpy as np

    return isinstance(value, list | tuple | set | dict | np.ndarray)


def _impossible(every: Any) -> Any:
    """Tell of (rows, columns) of probabilities which rows cannot be any.

    A class that the version of a row does not know is missing there.
    """
    import numpy as np

    outside = (every < 0) | (every > 1)
    none = np.isnan(every).all(axis=1)
    found = outside.any(axis=1) | none
    if every.shape[1] > 1:
        # Not of those that are infinite, whose sum warns and which are found already.
        total = np.where(np.isfinite(every), every, 0.0).sum(axis=1)
        found |= np.abs(total - 1) > _ROUNDED
    return found
