"""How many of some keys lie in each cell of a grid: exactly, or in cells just wide enough.

Law: the cells depend on what was counted, and not on the order or the portions it came in. The
grid is as fine as it can be with at most so many cells that hold something: merging can only
make it coarser, and the coarsest that any order takes is the one that all of it needs.
"""

from dataclasses import dataclass

import numpy as np

from registry_assets.monitoring.profile.ordering import IntArray

MOST_CELLS = 4_096
"""Cells that hold something. Of a normal distribution each is then below 1 % of its spread wide."""

COARSEST = 52
"""Bits that are dropped at most: sign and exponent alone make fewer cells than there may be."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Counts on a grid.

    Args:
        shift: how many last bits of a key do not matter; 0 where each cell is one key.
        keys: (n,) the cells that hold something, ascending: keys without these bits.
        counts: (n,) how many there are in each, above 0.
    """

    shift: int
    keys: IntArray
    counts: IntArray

    @staticmethod
    def none() -> "Cells":
        """Give cells that hold nothing."""
        nothing = np.zeros(0, dtype=np.int64)
        return Cells(0, nothing, nothing)

    @staticmethod
    def of_sorted(keys: IntArray, *, shift: int = 0) -> "Cells":
        """Count (n,) ascending keys, on a grid that is at least as coarse as `shift`."""
        cells = keys >> np.int64(shift)
        starts = _starts(cells)
        counts = np.diff(starts, append=len(cells))
        return _fitting(Cells(shift, cells[starts], counts.astype(np.int64)))

    @staticmethod
    def of_counted(keys: IntArray, counts: IntArray) -> "Cells":
        """Give the counts of (n,) ascending keys, of which each occurs so often."""
        return _fitting(_merged(Cells(0, keys, counts)))

    def __add__(self, other: "Cells") -> "Cells":
        """Give the counts of both together."""
        if not len(other.keys):
            return self
        shift = max(self.shift, other.shift)
        first, second = self.coarsened(shift), other.coarsened(shift)
        keys = np.concatenate([first.keys, second.keys])
        order = np.argsort(keys, kind="stable")
        counts = np.concatenate([first.counts, second.counts])[order]
        return _fitting(_merged(Cells(shift, keys[order], counts)))

    def coarsened(self, shift: int) -> "Cells":
        """Give the counts on the grid of `shift`, which is not finer than this one."""
        if shift == self.shift:
            return self
        keys = self.keys >> np.int64(shift - self.shift)
        return _merged(Cells(shift, keys, self.counts))

    @property
    def total(self) -> int:
        """How many were counted."""
        return int(self.counts.sum())

    @property
    def exact(self) -> bool:
        """Whether each cell is one key."""
        return self.shift == 0


def _starts(cells: IntArray) -> IntArray:
    """Give the positions in ascending cells at which another one begins."""
    if not len(cells):
        return np.zeros(0, dtype=np.int64)
    changes = np.flatnonzero(cells[1:] != cells[:-1]) + 1
    return np.concatenate([np.zeros(1, dtype=np.int64), changes])


def _merged(cells: Cells) -> Cells:
    starts = _starts(cells.keys)
    if len(starts) == len(cells.keys):
        return cells
    counts = np.add.reduceat(cells.counts, starts) if len(starts) else cells.counts
    return Cells(cells.shift, cells.keys[starts], counts)


def _fitting(cells: Cells) -> Cells:
    """Give the finest grid on which there are not too many cells."""
    if len(cells.keys) <= MOST_CELLS:
        return cells
    # Two neighbours fall into one cell where their first differing bit is dropped.
    differing = cells.keys[1:] ^ cells.keys[:-1]
    low, high = 1, COARSEST - cells.shift
    while low < high:
        middle = (low + high) // 2
        if np.count_nonzero(differing >> np.int64(middle)) < MOST_CELLS:
            high = middle
        else:
            low = middle + 1
    return cells.coarsened(cells.shift + low)
