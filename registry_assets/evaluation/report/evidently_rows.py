"""The rows of an evaluation in the form that Evidently accepts: numbers, text, and no gaps.

Here belongs what is known of Evidently's data without importing it. What pandas' types come
down to is `registry_assets.evaluation.data.pairs`; the page is `evidently_report`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from registry_assets.evaluation.data.pairs import (
    Column,
    as_numbers,
    as_text,
    kind_of,
    named_columns,
    written,
)

Task: TypeAlias = Literal["binary", "multiclass", "regression"]
Frames: TypeAlias = tuple[pd.DataFrame, ...]

# The columns of scored rows, beside one for each class.
TARGET, PREDICTION = "target", "prediction"

# Evidently's own habit: whole numbers of so few values are categories.
_CATEGORICAL_INTEGERS = 10

# Evidently takes a Jensen-Shannon distance of 0.1 for drift. Without any drift, k categories in
# two samples of n rows lie about sqrt(k / 4n) apart: 0.07 at k = n / 50.
_ROWS_PER_CATEGORY = 50
_FEW_CATEGORIES = 30

# A column is 45 kB of the page, and 0.06 s.
_MAX_COLUMNS = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rows say and what was predicted: the columns of the quality part."""

    task: Task
    target: str
    prediction: str
    probabilities: Mapping[Any, str]

    @property
    def classes(self) -> dict[Any, str]:
        """Give each class the model knows the name it bears on the page."""
        names: dict[Any, str] = {}
        for label in self.probabilities:
            name = _class_name(label, {})
            names[label] = repr(label) if name in names.values() else name
        return names


def scored(frame: pd.DataFrame, outcome: Outcome) -> pd.DataFrame | str:
    """Give target, prediction and probabilities where all are there, or the absent column."""
    columns = dict(named_columns(frame))
    needed = (outcome.target, outcome.prediction, *outcome.probabilities.values())
    for name in needed:
        if name not in columns:
            return name
    pair = {TARGET: columns[outcome.target], PREDICTION: columns[outcome.prediction]}
    if outcome.task == "regression":
        found = {name: _finite(values) for name, values in pair.items()}
    else:
        names = outcome.classes
        found = {name: _class_names(values, names) for name, values in pair.items()}
        for label, column in outcome.probabilities.items():
            found[names[label]] = _finite(columns[column])
    rows = pd.DataFrame(found).dropna(ignore_index=True)
    # Evidently's table of classes has the reference's in the order of a set, under the current
    # names: where two hashes collide that is the order in which the classes come.
    return rows.sort_values(TARGET, kind="stable", ignore_index=True)


def found_in(frames: Frames, columns: tuple[str, ...]) -> set[str]:
    """Give the classes that occur."""
    return {name for each in frames for column in columns for name in each[column].unique()}


def threshold_of(rows: pd.DataFrame, *, positive: str) -> tuple[float | None, str]:
    """Give the probability from which the rows were predicted positive, if one tells them apart.

    Evidently does not look at the predictions if it has probabilities: it cuts them, at one half
    unless it is told where.
    """
    p, predicted = rows[positive].to_numpy(), (rows[PREDICTION] == positive).to_numpy()
    differing = int((predicted != (p >= 0.5)).sum())
    if not differing:
        return None, ""
    low = float(p[predicted].min(initial=np.inf))
    high = float(p[~predicted].max(initial=-np.inf))
    if high < low:
        cut = low if np.isfinite(low) else float(np.nextafter(high, np.inf))
        return cut, f"{positive} is predicted from a probability of {cut:.4g} on, as the model did"
    return None, (
        f"{positive} is predicted from a probability of 0.5 on; in {differing:,} of "
        f"{len(rows):,} rows the model decided otherwise"
    )


def disagreement(rows: pd.DataFrame, classes: Sequence[str]) -> str:
    """Say in how many rows the prediction is not the class of the largest probability."""
    likeliest = rows[list(classes)].idxmax(axis=1)
    differing = int((likeliest != rows[PREDICTION]).sum())
    if not differing:
        return ""
    return (
        "Evidently predicts the likeliest class; in "
        f"{differing:,} of {len(rows):,} rows the model decided otherwise"
    )


def compared(
    current: pd.DataFrame, reference: pd.DataFrame, outcome: Outcome
) -> tuple[dict[str, tuple[Column, Column]], dict[str, str]]:
    """Give the columns to look for drift in, as both have them, and why the others are not."""
    kept: dict[str, tuple[Column, Column]] = {}
    left_out: dict[str, str] = {}
    first, second = dict(named_columns(current)), dict(named_columns(reference))
    # What the model was to say, and said, comes first: the page has an end.
    wanted = dict.fromkeys((outcome.target, outcome.prediction, *first, *second))
    for name in wanted:
        if name not in first and name not in second:
            continue
        if name not in first or name not in second:
            where = "reference" if name in first else "current"
            left_out[name] = f"absent from the {where} rows"
            continue
        if len(kept) == _MAX_COLUMNS:
            left_out[name] = f"beyond the first {_MAX_COLUMNS} columns"
            continue
        pair = (first[name], second[name])
        if outcome.task != "regression" and name in (outcome.target, outcome.prediction):
            names = outcome.classes
            pair = (_class_names(pair[0], names), _class_names(pair[1], names))
        found = _comparable(*pair)
        if isinstance(found, str):
            left_out[name] = found
        else:
            kept[name] = found
    return kept, left_out


def _comparable(current: Column, reference: Column) -> tuple[Column, Column] | str:
    """Give a column of both as numbers or as text, or why Evidently cannot compare it."""
    kinds = {kind_of(current), kind_of(reference)}
    if "time" in kinds:
        return "a time, which differs without any drift"
    numeric = kinds == {"number"} or kinds == {"number", "truth"}
    plain = _finite if numeric else as_text
    pair = plain(current), plain(reference)
    for values, name in zip(pair, ("current", "reference"), strict=True):
        if values.isna().all():
            return f"no values in the {name} rows"
    distinct = pd.concat(pair).dropna().drop_duplicates()
    if numeric:
        if len(distinct) > _CATEGORICAL_INTEGERS or (distinct.astype("float64") % 1).any():
            return pair
        return _whole(pair[0]), _whole(pair[1])
    most = max(_FEW_CATEGORIES, min(len(current), len(reference)) // _ROWS_PER_CATEGORY)
    if len(distinct) > most:
        return f"{len(distinct):,} different values, more than these rows can compare ({most:,})"
    return pair


def _finite(values: Column) -> Column:
    """Give a column as floats in which what is missing, infinite or not a number is NaN."""
    if kind_of(values) not in ("number", "truth"):
        return pd.Series(np.nan, index=range(len(values)), dtype="float64")
    numbers = as_numbers(values)
    return pd.Series(np.where(np.isfinite(numbers), numbers, np.nan))


def _whole(values: Column) -> Column:
    texts = [None if np.isnan(each) else str(int(each)) for each in values]
    return pd.Series(texts, dtype="str")


def _class_names(values: Column, names: Mapping[Any, str]) -> Column:
    missing = values.isna().to_numpy()
    texts = [
        None if absent else _class_name(value, names)
        for value, absent in zip(values.array, missing, strict=True)
    ]
    return pd.Series(texts, dtype="str")


def _class_name(value: Any, names: Mapping[Any, str]) -> str:
    """Give a class one name, whether it is stored as 1, 1.0, True or "1"."""
    try:
        # By equality, so that a truth value finds the whole number that the model knows.
        if value in names:
            return names[value]
    except TypeError:
        return written(value)
    truths = any(isinstance(label, bool | np.bool_) for label in names)
    if truths and value in (0, 1):
        value = bool(value)
    elif isinstance(value, bool | np.bool_):
        value = int(value) if names and not truths else value
    elif isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    text = written(value)
    return f"{text} (class)" if text in (TARGET, PREDICTION) else text
