"""The target column: what a model is to tell, in the form that training and judging take it.

binary, positive=True   booleans, from booleans or 0 and 1
binary                  one of two values, `positive` and another, as they are
multiclass              texts, whole numbers or booleans, as they are
regression              finite numbers, as float64
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from registry_assets.declaration import RegisteredModel
from registry_assets.declaration.metrics import Task
from registry_assets.errors import DataUnusable
from registry_assets.recipe import Recipe

if TYPE_CHECKING:
    import pandas as pd

Label = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Target:
    """What a version tells: the column its recipe names, as the declared task takes it.

    Args:
        positive: of a binary task; True for a target of booleans, or of 0 and 1.
    """

    name: str
    task: Task
    positive: bool | int | str = True

    @classmethod
    def of(cls, model: RegisteredModel, recipe: Recipe) -> Self:
        """Give the target of a version: today's declaration may name another column."""
        return cls(recipe.target, model.task, model.positive)

    @property
    def boolean(self) -> bool:
        """Whether it is told as True and False."""
        return self.task == "binary" and self.positive is True

    @property
    def fixed(self) -> tuple[Label, ...] | None:
        """The classes, where the declaration says both of them; else the rows say them."""
        return (False, True) if self.boolean else None

    def classes(self, known: tuple[Label, ...]) -> tuple[Label, ...]:
        """Give a model's classes; of a binary one the negative, then the positive."""
        if self.task != "binary":
            return known
        others = [label for label in known if label != self.positive]
        return (*others[:1], self.positive)


def target_of(kept: "pd.DataFrame", target: Target, *, where: str) -> "pd.Series[Any]":
    """Give the target as the task takes it.

    Args:
        where: which snapshot it is of, to say so.

    Raises:
        DataUnusable: it is absent, has missing values, or is not what the task takes.
    """
    name = target.name
    if name not in kept.columns:
        raise DataUnusable(
            f"{where} has no column {name!r}; kept are {', '.join(kept.columns)}",
            hint=f"keep it: features_asset(..., keep=[{name!r}])",
        )
    column = kept[name]
    missing = int(column.isna().sum())
    if missing:
        raise DataUnusable(
            f"{name!r} is missing in {missing:,} of {len(column):,} rows of {where}",
            hint="leave rows without an outcome out of the dataset",
        )
    if target.task == "regression":
        return _numbers(column, where=where)
    if target.boolean:
        return _booleans(column, where=where)
    return _labels(column, target, where=where)


def _some(values: Iterable[Any]) -> list[str]:
    """Give a few of some values as they are shown to people: some texts are pages long."""
    return [f"{each:.80}" for each in sorted(map(str, values))[:5]]


def _booleans(column: "pd.Series[Any]", *, where: str) -> "pd.Series[Any]":
    found = set(column.unique().tolist())
    if not found <= {0, 1}:
        raise DataUnusable(
            f"{column.name!r} holds {_some(found)} in {where}",
            hint="a binary target is boolean, or 0 and 1; of two other values, name the one to"
            " be told: RegisteredModel(positive=…)",
        )
    return column.astype(bool)


def _labels(column: "pd.Series[Any]", target: Target, *, where: str) -> "pd.Series[Any]":
    # A category is what it says: its codes are of one partition, and differ in the next.
    plain = column.astype(column.cat.categories.dtype) if column.dtype == "category" else column
    found = plain.unique().tolist()
    odd = [value for value in found if not isinstance(value, bool | int | str)]
    if odd:
        raise DataUnusable(
            f"{column.name!r} holds {_some(odd)} in {where}",
            hint="the classes of a target are texts, whole numbers or booleans",
        )
    others = sorted((value for value in found if value != target.positive), key=str)
    if target.task == "binary" and len(others) > 1:
        raise DataUnusable(
            f"{column.name!r} holds {', '.join(_some(others))} beside the positive"
            f" {target.positive!r} in {where}",
            hint="a binary target has two values; of more, task='multiclass' tells which",
        )
    return plain


def _numbers(column: "pd.Series[Any]", *, where: str) -> "pd.Series[Any]":
    import numpy as np
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(column.dtype):
        raise DataUnusable(
            f"{column.name!r} is of type {column.dtype} in {where}",
            hint="the target of a regression is numbers",
        )
    numbers = column.astype("float64")
    infinite = int((~np.isfinite(numbers)).sum())
    if infinite:
        raise DataUnusable(
            f"{column.name!r} is infinite in {infinite:,} of {len(column):,} rows of {where}",
            hint="leave rows without a finite outcome out of the dataset",
        )
    return numbers


def check_trained_on(column: "pd.Series[Any]", target: Target, *, where: str) -> None:
    """Refuse rows to train on that have one class only.

    Raises:
        DataUnusable: says which, and in which partitions.
    """
    if target.task == "regression" or column.nunique() > 1:
        return
    raise DataUnusable(
        f"{target.name!r} has one class only, {column.unique().tolist()}, in the"
        f" {len(column):,} rows to train on ({where})",
        hint="train on partitions in which "
        + ("both outcomes occur" if target.task == "binary" else "several classes occur"),
    )


FIT_AS_GIVEN = (
    "fit it on the target as train receives it; what knows numbered classes only, as XGBoost does,"
    " is fitted by NamedClasses(estimator)"
)


def why_other_classes(
    found: list[Any], target: Target, *, trained_on: "list[Any] | None" = None
) -> str:
    """Say how the classes of an estimator differ from the target's; "" where they do not.

    Args:
        trained_on: the classes of the rows it was trained on, where they are known.
    """
    if target.task == "regression":
        return ""
    expected = [False, True] if target.boolean else trained_on
    if expected is not None:
        wrong = _kinds(found) != _kinds(expected)
        right = " and ".join(map(str, sorted(expected, key=str)))
    else:
        wrong = target.task == "binary" and target.positive not in found
        right = f"{target.positive!r} and another"
    if not wrong:
        return ""
    return f"the classes of the estimator are {found}, those of {target.name!r} are {right}"


def _kinds(labels: list[Any]) -> set[tuple[str, Any]]:
    # True equals 1, and a model that answers 1 where True is meant is another model.
    return {(type(label).__name__, label) for label in labels}
