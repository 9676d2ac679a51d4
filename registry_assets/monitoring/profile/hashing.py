"""Texts as numbers: the same text has the same number, on every machine and in every release."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from registry_assets.evaluation.mixing import GOLDEN, Bits, mixed
from registry_assets.monitoring.profile.ordering import IntArray

_BYTES = 1 << 21
"""Bytes that are hashed at once: each takes forty of memory meanwhile."""


def hashes_of(texts: pa.Array) -> Bits:
    """Give (n,) hashes of 63 bits of large strings without nulls."""
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int64)
    offsets = offsets[texts.offset : texts.offset + len(texts) + 1]
    data = texts.buffers()[2]
    content = np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, np.uint8)
    found = np.zeros(len(texts), dtype=np.uint64)
    first = 0
    while first < len(texts):
        # At least one text, however long it is.
        end = int(np.searchsorted(offsets, offsets[first] + _BYTES, side="right")) - 1
        end = min(max(end, first + 1), len(texts))
        found[first:end] = _hashes(content, offsets[first : end + 1])
        first = end
    return found >> np.uint64(1)


def _hashes(content: NDArray[np.uint8], offsets: IntArray) -> Bits:
    lengths = np.diff(offsets)
    part = content[offsets[0] : offsets[-1]].astype(np.uint64)
    starts = offsets[:-1] - offsets[0]
    places = np.arange(len(part), dtype=np.int64) - np.repeat(starts, lengths)
    part |= places.astype(np.uint64) << np.uint64(8)
    sums = np.zeros(len(lengths), dtype=np.uint64)
    filled = lengths > 0
    if filled.any():
        sums[filled] = np.add.reduceat(mixed(part), starts[filled])
    return mixed(sums + lengths.astype(np.uint64) * GOLDEN)
