"""Rows drawn by their content, not by where they stand: equal rows in, equal rows out.

A draw depends on what the rows hold and on the seed, and on nothing else, so a figure made
from a sample is the same whichever order a snapshot was written in.
"""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from registry_assets.evaluation.data.pairs import Column, IntArray, Pair, named_columns
from registry_assets.evaluation.mixing import GOLDEN, mixed

HashArray = NDArray[np.uint64]

MAX_ROWS = 50_000
"""Rows of each frame that distances and powers are found from; more change little.

Two samples of one source are then 0.01 to 0.02 standard deviations apart, and an AUC of 0.98
is known to 0.003 if one row in ten is of the rarer class.
"""


def frame_hashes(frame: pd.DataFrame, *beside: Column) -> HashArray:
    """Give a hash of each row's content, (n,), taking columns that lie beside the frame with it."""
    found = np.zeros(len(frame), dtype=np.uint64)
    columns = [values for _, values in named_columns(frame)]
    for values in (*columns, *beside):
        found = _with(found, Pair.of("", values, values).comparable()[0])
    return found


def pair_hashes(pairs: Sequence[Pair]) -> tuple[HashArray, HashArray]:
    """Give a hash of each row's content in training and in the holdout, by the same columns."""
    training = np.zeros(len(pairs[0].training), dtype=np.uint64)
    holdout = np.zeros(len(pairs[0].holdout), dtype=np.uint64)
    for pair in pairs:
        first, second = pair.comparable()
        training, holdout = _with(training, first), _with(holdout, second)
    return training, holdout


def drawn(content: HashArray, *, rows: int, seed: int) -> IntArray:
    """Give the positions of `rows` rows, or of all if there are fewer, in a seeded order.

    Args:
        content: (n,) what `frame_hashes` gave.
    """
    order = np.argsort(content, kind="stable")
    ordered = content[order]
    # Rows of equal content are numbered, so that each has its own chance. By the hash alone
    # a frame of three truth values, eight different rows, would give a sample of one or two.
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    if not len(content):
        return order
    lengths = np.diff(np.append(starts, len(content)))
    number = (np.arange(len(content)) - np.repeat(starts, lengths)).astype(np.uint64)
    salt = mixed(np.full(1, seed % 2**64, dtype=np.uint64) + GOLDEN)
    keys = mixed(mixed(ordered ^ salt) + number)
    return order[np.argsort(keys, kind="stable")[:rows]]


def sampled(
    frame: pd.DataFrame, *, rows: int, seed: int, columns: Collection[str] | None = None
) -> pd.DataFrame:
    """Give `rows` rows of a frame, or all if there are fewer, in a seeded order.

    Args:
        columns: names of those by whose content rows are told apart; None for all.
    """
    telling = frame
    if columns is not None:
        telling = frame.iloc[:, [at for at, name in enumerate(frame) if name in columns]]
    return frame.iloc[drawn(frame_hashes(telling), rows=rows, seed=seed)]


def _with(found: HashArray, values: Column) -> HashArray:
    hashed = np.asarray(pd.util.hash_pandas_object(values, index=False), dtype=np.uint64)
    return mixed(found + hashed)
