"""Calling the user's `make_features`, and holding it to its contract.

One row of features per row of input, in the same order, whatever the other rows are:
only then does a prediction for one flight today mean what training on a month meant.
"""

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from registry_assets.errors import DataUnusable, PackagingRefused
from registry_assets.packaging.frames import first_difference
from registry_assets.packaging.signature import ColumnSpec, columns_of, conform

MakeFeatures = Callable[..., pd.DataFrame]
Frames = Mapping[str, pd.DataFrame]


def compute_features(
    make_features: MakeFeatures, inputs: Frames, *, columns: Sequence[ColumnSpec]
) -> pd.DataFrame:
    """Give the features of the rows, the first of `inputs`, in the order and types `columns`.

    Raises:
        DataUnusable: the result is not one row of these features per row of input.
    """
    # Shallow copies: with copy-on-write, what make_features assigns stays its own.
    given = {name: frame.reset_index(drop=True) for name, frame in inputs.items()}
    rows = next(iter(given.values()))
    result = make_features(**given)
    if not isinstance(result, pd.DataFrame):
        raise DataUnusable(
            f"make_features must return a pandas DataFrame; it returned {type(result).__name__}."
        )
    if len(result) != len(rows):
        raise DataUnusable(
            f"make_features must return one row per row of input; it was given {len(rows)} "
            f"and returned {len(result)}.",
            hint="Filter rows in the asset, before make_features; keep merges many-to-one.",
        )
    if not result.index.equals(rows.index):
        raise DataUnusable(
            "make_features must return rows in the order of its input, under the same index; "
            "the index it returned is another.",
            hint="Avoid sorting and grouping, or end with `.sort_index()`.",
        )
    try:
        return conform(result, [_or_decimal(column, result) for column in columns])
    except DataUnusable as error:
        raise DataUnusable(f"make_features returned other features: {error.message}.") from error


def _or_decimal(column: ColumnSpec, result: pd.DataFrame) -> ColumnSpec:
    """Let a whole-number feature be decimal: it is, as soon as one row has no value.

    The sample may know every plane and the next flight may not; estimators take both.
    """
    found = result.dtypes.get(column.name)
    if found is not None and pd.api.types.is_float_dtype(found) and "int" in column.type.lower():
        return ColumnSpec(column.name, str(found))
    return column


def check_parameters(make_features: MakeFeatures, inputs: Frames) -> None:
    """Refuse inputs that are not the parameters of `make_features`, in their order.

    Raises:
        PackagingRefused: naming both.
    """
    parameters = inspect.signature(make_features).parameters
    needed = [name for name, each in parameters.items() if each.default is inspect.Parameter.empty]
    given = list(inputs)
    in_order = [name for name in parameters if name in inputs]
    if given != in_order or not set(needed) <= set(given):
        raise PackagingRefused(
            f"make_features takes ({', '.join(parameters)}), and the inputs are "
            f"({', '.join(given)}).",
            hint="Name its parameters as the inputs, the rows first.",
        )


def check_row_wise(make_features: MakeFeatures, inputs: Frames, *, features: pd.DataFrame) -> None:
    """Compare the features of each row taken alone with those it got among the others.

    Args:
        features: as the snapshot has them, for exactly the rows in `inputs`.

    Raises:
        PackagingRefused: naming the first column and row that differ.
    """
    (rows_name, rows), *references = inputs.items()
    columns = columns_of(features)
    alone: list[pd.DataFrame] = []
    for row in range(len(rows)):
        given = {rows_name: rows.iloc[[row]], **dict(references)}
        try:
            alone.append(compute_features(make_features, given, columns=columns))
        except Exception as error:
            raise PackagingRefused(
                f"make_features fails on row {row} taken alone: {type(error).__name__}: {error}"
            ) from error
    found = pd.concat(alone, ignore_index=True)
    difference = first_difference(features.reset_index(drop=True), found)
    if difference:
        raise PackagingRefused(
            f"The feature {difference.column!r} of row {difference.row} is {difference.found} "
            f"alone and {difference.expected} in the snapshot: make_features must be row-wise.",
            hint="Move what is learned from other rows (means, ranks, encodings) into the "
            "estimator, as a step of its pipeline; or materialize the features again if "
            "make_features has changed since.",
        )


def unneeded_columns(
    make_features: MakeFeatures, inputs: Frames, *, columns: Sequence[ColumnSpec]
) -> dict[str, tuple[str, ...]]:
    """Find the input columns without which the features of these rows stay the same.

    Raw tables carry more than a model reads, above all what is only known afterwards; who
    asks for a prediction need not have it. Found by leaving out one column after another.
    """
    kept = dict(inputs)
    unneeded: dict[str, tuple[str, ...]] = {}
    expected = compute_features(make_features, kept, columns=columns)
    for name, frame in inputs.items():
        dropped: list[str] = []
        for column in frame.columns:
            rest = kept[name].drop(columns=column)
            if rest.shape[1] and _same_features(
                make_features, {**kept, name: rest}, expected=expected, columns=columns
            ):
                kept[name] = rest
                dropped.append(str(column))
        unneeded[name] = tuple(dropped)
    return unneeded


def _same_features(
    make_features: MakeFeatures,
    inputs: Frames,
    *,
    expected: pd.DataFrame,
    columns: Sequence[ColumnSpec],
) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = compute_features(make_features, inputs, columns=columns)
        except Exception:  # noqa: BLE001  # the user's code, without a column: anything
            return False
    return first_difference(expected, found) is None
