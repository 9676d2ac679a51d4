"""Whole numbers as few bytes: seven bits in each, the last one of a number below 128.

Counts and steps from cell to cell are small, so a cell takes about three bytes, without a
compressor whose output another release of it may change.
"""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint64]

_LONGEST = 10


def packed(numbers: Numbers) -> bytes:
    """Give (n,) numbers as bytes."""
    lengths = np.ones(len(numbers), dtype=np.int64)
    for place in range(1, _LONGEST):
        lengths += numbers >= np.uint64(1 << (7 * place))
    ends = np.cumsum(lengths)
    found = np.zeros(int(ends[-1]) if len(ends) else 0, dtype=np.uint8)
    starts = ends - lengths
    for place in range(_LONGEST):
        there = lengths > place
        bits = (numbers[there] >> np.uint64(7 * place)) & np.uint64(127)
        more = np.where(lengths[there] > place + 1, 128, 0)
        found[starts[there] + place] = bits.astype(np.uint8) | more.astype(np.uint8)
    return found.tobytes()


def unpacked(data: bytes) -> Numbers:
    """Give the numbers of what `packed` gave.

    Raises:
        ValueError: the bytes are cut off, or a number has more than 64 bits.
    """
    content = np.frombuffer(data, dtype=np.uint8)
    if not len(content):
        return np.zeros(0, dtype=np.uint64)
    ends = np.flatnonzero(content < 128)
    if not len(ends) or ends[-1] != len(content) - 1:
        raise ValueError("a number is cut off")
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    longest = int(lengths.max())
    if longest > _LONGEST or (content[ends[lengths == _LONGEST]] > 1).any():
        raise ValueError("a number has more than 64 bits")
    found = np.zeros(len(ends), dtype=np.uint64)
    for place in range(longest):
        there = lengths > place
        bits = (content[starts[there] + place] & 127).astype(np.uint64)
        found[there] |= bits << np.uint64(7 * place)
    return found
