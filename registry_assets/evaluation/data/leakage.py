"""Rows of the holdout that training has seen: a model may know them by heart.

It is no proof of a leak: two customers may be alike in every column. Columns that tell the
outcome are `power`.
"""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from registry_assets.evaluation.data.pairs import Column, IntArray, Pair, paired
from registry_assets.evaluation.data.sampling import HashArray, pair_hashes
from registry_assets.evaluation.results.data import SharedRows

_EXAMPLES = 5


def shared_rows(
    training: pd.DataFrame, holdout: pd.DataFrame, *, ignore: Collection[str] = ()
) -> SharedRows:
    """Count the holdout's rows whose content also occurs in training.

    Two rows are the same if they agree in every column that both frames have: missing cells
    agree with each other, categories with equal text, 1 with 1.0. The count is exact: rows
    are found by a hash, and then compared.

    Args:
        ignore: names of columns that are not content, such as a key.
    """
    pairs = paired(training, holdout, ignore=ignore)
    reason = ""
    if not pairs:
        reason = "training and the holdout have no column in common"
    elif training.empty or holdout.empty:
        reason = f"{'training' if training.empty else 'the holdout'} has no rows"
    shared: IntArray = np.zeros(0, dtype=np.int64)
    first: list[int] = []
    if not reason:
        known, asked = pair_hashes(pairs)
        shared = _shared(pairs, known, asked)
        first = shared[np.argsort(asked[shared], kind="stable")[:_EXAMPLES]].tolist()
    return SharedRows(
        training_rows=len(training),
        holdout_rows=len(holdout),
        columns=len(pairs),
        shared=len(shared),
        share=None if reason else len(shared) / len(holdout),
        examples=tuple(first),
        reason=reason,
    )


def _shared(pairs: Sequence[Pair], known: HashArray, asked: HashArray) -> IntArray:
    """Give the positions in the holdout of the rows that training has, in their order."""
    order = np.argsort(known, kind="stable")
    ordered = known[order]
    starts = np.searchsorted(ordered, asked)
    candidates = np.flatnonzero(ordered[np.minimum(starts, len(known) - 1)] == asked)
    found = _equal(pairs, order[starts[candidates]], candidates)
    # Nearly always every candidate equals the first training row of its hash. For the others
    # look at all rows of that hash.
    for place in np.flatnonzero(~found):
        row = candidates[place]
        alike = order[starts[row] : np.searchsorted(ordered, asked[row], side="right")]
        found[place] = _equal(pairs, alike, np.full(len(alike), row)).any()
    return candidates[found]


def _equal(
    pairs: Sequence[Pair], training_rows: IntArray, holdout_rows: IntArray
) -> NDArray[np.bool_]:
    """Tell which rows, of two equally long lists of positions, agree in every column."""
    equal = np.ones(len(holdout_rows), dtype=bool)
    for pair in pairs:
        equal &= _agree(*pair.taken(training_rows, holdout_rows).comparable())
    return equal


def _agree(first: Column, second: Column) -> NDArray[np.bool_]:
    absent, also_absent = first.isna().to_numpy(), second.isna().to_numpy()
    same = (first == second).to_numpy(dtype=bool, na_value=False)
    return np.where(absent | also_absent, absent & also_absent, same)
