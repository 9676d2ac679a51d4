"""What each column holds in both frames, and how features differ from those recorded.

All rows are looked at. Whether the values that are there are distributed alike is `drift`.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas.api import types

from registry_assets.evaluation.data.pairs import (
    Column,
    Pair,
    as_numbers,
    kind_of,
    named_columns,
)
from registry_assets.evaluation.results.data import ColumnProfile
from registry_assets.packaging.signature import ColumnSpec


def column_profiles(training: pd.DataFrame, holdout: pd.DataFrame) -> tuple[ColumnProfile, ...]:
    """Describe every column: training's in their order, then those that only the holdout has."""
    first, second = dict(named_columns(training)), dict(named_columns(holdout))
    return tuple(_profile(name, first.get(name), second.get(name)) for name in {**first, **second})


def schema_problems(features: pd.DataFrame, expected: Sequence[ColumnSpec]) -> tuple[str, ...]:
    """Say in sentences how a frame's columns differ from the expected ones; none, if they do not.

    They differ in that one is missing, is extra, has another type, or that those which both
    have are in another order.
    """
    found = {name: str(values.dtype) for name, values in named_columns(features)}
    wanted = {spec.name: spec.type for spec in expected}
    both = [name for name in wanted if name in found]
    problems = [
        f"{name} is missing, expected {wanted[name]}." for name in wanted if name not in found
    ]
    problems += [f"{name} ({found[name]}) is not expected." for name in found if name not in wanted]
    problems += [
        f"{name} is {found[name]}, expected {wanted[name]}."
        for name in both
        if found[name] != wanted[name]
    ]
    order = [name for name in found if name in wanted]
    moved = next((pair for pair in zip(order, both, strict=True) if pair[0] != pair[1]), None)
    if moved:
        problems.append(f"The order is another: {moved[0]} is where {moved[1]} is expected.")
    return tuple(problems)


def _profile(name: str, training: Column | None, holdout: Column | None) -> ColumnProfile:
    unseen_values, unseen_share = None, None
    if training is not None and holdout is not None:
        unseen_values, unseen_share = _unseen(Pair.of(name, training, holdout))
    return ColumnProfile(
        column=name,
        training_type=None if training is None else str(training.dtype),
        holdout_type=None if holdout is None else str(holdout.dtype),
        training_missing=_missing(training),
        holdout_missing=_missing(holdout),
        constant=training is not None and _constant(training),
        training_infinite=_infinite(training),
        holdout_infinite=_infinite(holdout),
        unseen_values=unseen_values,
        unseen_share=unseen_share,
    )


def _missing(values: Column | None) -> float | None:
    if values is None or not len(values):
        return None
    return float(values.isna().mean())


def _constant(values: Column) -> bool:
    absent = values.isna()
    if not len(values) or absent.any():
        return bool(len(values) and absent.all())
    alike, _ = Pair.of("", values, values).comparable()
    return bool((alike == alike.iloc[0]).all())


def _infinite(values: Column | None) -> int:
    if values is None or types.is_integer_dtype(values.dtype) or kind_of(values) != "number":
        return 0
    return int(np.isinf(as_numbers(values)).sum())


def _unseen(pair: Pair) -> tuple[int | None, float | None]:
    """Count the holdout's categories that training lacks, and give their share of its rows."""
    if pair.kind in ("number", "time"):
        return None, None
    training, holdout = pair.comparable()
    unseen = holdout[holdout.notna() & ~holdout.isin(training.dropna().unique())]
    return unseen.nunique(), len(unseen) / len(holdout) if len(holdout) else None
