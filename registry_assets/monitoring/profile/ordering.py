"""Numbers as whole numbers in the same order, so that a grid over them is made by shifting bits.

The bits of a positive double, read as a whole number, rise with it; those of a negative one fall.
A cell of the grid is all numbers whose first bits are alike: near zero cells are narrow, far from
it they are wide, and each is about the same part of the numbers in it.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_SIGN_BIT = np.int64(63)
_ALL_BUT_SIGN = np.int64(2**63 - 1)


def keys_of(values: FloatArray) -> IntArray:
    """Give (n,) finite numbers as whole numbers in the same order; both zeros are one."""
    bits = (values + 0.0).view(np.int64)
    return bits ^ ((bits >> _SIGN_BIT) & _ALL_BUT_SIGN)


def values_of(keys: IntArray) -> FloatArray:
    """Give the numbers of what `keys_of` gave."""
    return (keys ^ ((keys >> _SIGN_BIT) & _ALL_BUT_SIGN)).view(np.float64)


SMALLEST, LARGEST = (int(key) for key in keys_of(np.array([-np.inf, np.inf])) + np.array([1, -1]))
"""The keys of the least and the greatest number that is not infinite."""


def bounds_of(cells: IntArray, *, shift: int) -> tuple[FloatArray, FloatArray]:
    """Give the least and the greatest number of each cell, (n,) each.

    Args:
        cells: keys without their last `shift` bits.
    """
    first = cells << np.int64(shift)
    last = first | np.int64((1 << shift) - 1)
    return values_of(np.maximum(first, SMALLEST)), values_of(np.minimum(last, LARGEST))
