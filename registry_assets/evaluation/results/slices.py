"""The metrics on some of the rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from registry_assets.evaluation.results.estimates import Estimate


@dataclass(frozen=True, slots=True)
class SliceResult:
    """The rows that share one value of a column, one bin of it, or a named condition.

    Args:
        column: the column, or what its bins or a condition are called.
        value: as text; None stands for the rows in which the column is null, and "" for those
            that meet a named condition.
        positives: rows of the positive class; None where the task has none.
        supported: whether there are enough rows for a verdict. Without, no estimates.
    """

    column: str
    value: str | None
    rows: int
    positives: int | None
    supported: bool
    estimates: Mapping[str, Estimate]

    @property
    def label(self) -> str:
        """The slice, as people say it."""
        return slice_label(self.column, self.value)


def slice_label(column: str, value: str | None) -> str:
    """Say which rows these are: the value of a column, its absence, or a named condition."""
    return f"{column} is missing" if value is None else f"{column} {value}".strip()
