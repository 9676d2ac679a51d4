"""What a column holds before and after, in people's own units."""

from collections.abc import Iterator

import numpy as np

from registry_assets.monitoring.drift.distances import Shared
from registry_assets.monitoring.profile.columns import NUMERIC, ColumnProfile
from registry_assets.monitoring.profile.ordering import keys_of
from registry_assets.monitoring.results.drift import CategoryShare, Side

_MOVED = 5


def side_of(column: ColumnProfile) -> Side:
    """Describe a column as it is on one side."""
    common = (column.rows, column.values, column.missing_share, column.infinite)
    if column.kind not in NUMERIC or not column.values:
        return Side(*common, distinct=column.distinct if column.values else 0)
    points = column.points()
    return Side(
        *common,
        distinct=column.distinct,
        mean=points.mean,
        std=points.std,
        minimum=column.minimum,
        p05=points.quantile(0.05),
        median=points.quantile(0.5),
        p95=points.quantile(0.95),
        maximum=column.maximum,
    )


def unseen_share(reference: ColumnProfile, current: ColumnProfile) -> float | None:
    """Give the share of rows whose text the reference never has; None where that is not known."""
    known, found = reference.counts, current.counts
    if known is None or found is None or not current.rows:
        return None
    return sum(count for text, count in found.items() if text not in known) / current.rows


def outside_share(reference: ColumnProfile, current: ColumnProfile) -> float | None:
    """Give the share of rows whose number, to its cell's middle, is beyond the reference's."""
    if reference.minimum is None or reference.maximum is None or not current.values:
        return None
    points = current.points()
    beyond = (points.values < reference.minimum) | (points.values > reference.maximum)
    return int(points.counts[beyond].sum()) / current.rows


def moved_categories(
    both: Shared, reference: ColumnProfile, current: ColumnProfile
) -> tuple[CategoryShare, ...]:
    """Give the categories whose share moved most."""
    names = both.names or tuple(_numbers(reference, current))
    if not both.exact or not names:
        return ()
    before, after = both.before / both.before.sum(), both.after / both.after.sum()
    order = np.argsort(-np.abs(after - before), kind="stable")[:_MOVED]
    return tuple(
        CategoryShare(names[at], float(before[at]), float(after[at]))
        for at in order.tolist()
        if before[at] != after[at]
    )


def _numbers(reference: ColumnProfile, current: ColumnProfile) -> Iterator[str]:
    """Write the numbers of both, in order: the cells of exact profiles are single numbers."""
    values = np.concatenate([reference.points().values, current.points().values])
    truths = {reference.kind, current.kind} == {"truth"}
    for value in values[np.unique(keys_of(values), return_index=True)[1]].tolist():
        yield str(bool(value)) if truths else f"{value:.15g}"
