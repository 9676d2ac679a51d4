"""Rows that came as JSON, or through MLflow, in the types that a version takes."""

from collections.abc import Sequence
from typing import Any, cast

import pandas as pd

from registry_assets.packaging.signature import ColumnSpec

# Types of pandas that have a value for what is missing; JSON and MLflow give objects.
_WITH_GAPS = ("Int", "UInt", "boolean")


def typed(frame: pd.DataFrame, specs: Sequence[ColumnSpec]) -> pd.DataFrame:
    """Give columns back the types that JSON has no word for, and that MLflow takes apart.

    Where a column cannot be of its type it stays as it is: the signature's own check, which
    comes after, says what is wrong with it.
    """
    converted = {
        spec.name: found
        for spec in specs
        if spec.name in frame.columns
        and (found := _of_objects(frame[spec.name], spec.type)) is not None
    }
    return frame.assign(**converted) if converted else frame


def _of_objects(values: "pd.Series[Any]", wanted: str) -> "pd.Series[Any] | None":
    types = pd.api.types
    loose = types.is_string_dtype(values.dtype) or types.is_object_dtype(values.dtype)
    found: pd.Series[Any] | None = None
    try:
        if wanted.startswith("datetime64[") and loose:
            times = pd.to_datetime(values, utc="," in wanted, format="ISO8601")
            found = times.astype(cast("Any", wanted))
        elif wanted.startswith("timedelta64[") and loose:
            found = pd.to_timedelta(values).astype(cast("Any", wanted))
        elif wanted.startswith(_WITH_GAPS) and (loose or types.is_float_dtype(values.dtype)):
            found = values.astype(cast("Any", wanted))
    except (ValueError, TypeError):
        return None
    return found
