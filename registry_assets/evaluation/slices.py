"""The metrics for each value of a column: where a model is weaker than its average."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from registry_assets.evaluation.bootstrap import estimates
from registry_assets.evaluation.results import SliceResult


def slice_estimates(
    values: "pd.Series[Any]",
    y: ArrayLike,
    p: ArrayLike,
    *,
    metrics: Sequence[str],
    min_rows: int,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[SliceResult, ...]:
    """Give the metrics for each distinct value of a named column, in the order of the values.

    Rows in which the column is null are a slice of their own, the last. A slice of fewer
    than `min_rows` rows is listed without estimates.

    Args:
        values: the column, one value per row of `y`.
    """
    targets, scores = np.asarray(y), np.asarray(p)
    # Grouped by what is shown, so that no two slices bear the same label.
    codes, labels = pd.factorize(values.astype("string"), sort=True)
    found = []
    for code in (*range(len(labels)), -1):
        member = codes == code
        rows = int(member.sum())
        if rows == 0:
            continue
        supported = rows >= min_rows
        found.append(
            SliceResult(
                column=str(values.name),
                value=None if code == -1 else str(labels[code]),
                rows=rows,
                positives=int((targets[member] == 1).sum()),
                supported=supported,
                estimates=estimates(
                    targets[member], scores[member], metrics=metrics, resamples=resamples, seed=seed
                )
                if supported
                else {},
            )
        )
    return tuple(found)
