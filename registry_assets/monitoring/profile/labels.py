"""How many rows have each text: exactly, or, of too many texts, by their hashes.

Law: what is counted depends on the texts and not on their order, as `cells` has it. Which of
many texts are common is not kept: to know that in one pass depends on the order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from registry_assets.evaluation.mixing import Bits
from registry_assets.monitoring.profile.cells import Cells
from registry_assets.monitoring.profile.hashing import hashes_of
from registry_assets.monitoring.profile.ordering import IntArray

MOST_LABELS = 10_000
"""Texts that are counted one by one; above it, only their hashes are."""

LONGEST_LABEL = 200
"""Characters of a text that are kept."""

LEAST = 512
"""Smallest hashes that are kept where there are too many texts."""

_HASHES = 2.0**63


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Counts of texts.

    Args:
        counts: how many rows have each, in the order of the texts; None where there are too many.
        cells: of the hashes, where there are too many.
        least: (n,) the smallest hashes, ascending, from which the number of texts is estimated.
    """

    counts: Mapping[str, int] | None = field(default_factory=dict)
    cells: Cells = field(default_factory=Cells.none)
    least: Bits = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))

    @staticmethod
    def of(texts: pa.Array, counts: IntArray) -> "Labels":
        """Count (n,) different large strings, of which each occurs so often."""
        if len(texts) > MOST_LABELS:
            return _hashed(texts, counts)
        pairs = zip(texts.to_pylist(), counts.tolist(), strict=True)
        return Labels(dict(sorted(pairs)))

    def __add__(self, other: "Labels") -> "Labels":
        """Give the counts of both together."""
        if self.counts is not None and other.counts is not None:
            both = dict(self.counts)
            for text, count in other.counts.items():
                both[text] = both.get(text, 0) + count
            found = Labels(dict(sorted(both.items())))
            return found if len(both) <= MOST_LABELS else found.hashed()
        first, second = self.hashed(), other.hashed()
        least = np.unique(np.concatenate([first.least, second.least]))[:LEAST]
        return Labels(None, first.cells + second.cells, least)

    def hashed(self) -> "Labels":
        """Give the counts by hash only."""
        if self.counts is None:
            return self
        texts = pa.array(self.counts, type=pa.large_string())
        return _hashed(texts, np.fromiter(self.counts.values(), np.int64, len(self.counts)))

    @property
    def total(self) -> int:
        """How many rows were counted."""
        return self.cells.total if self.counts is None else sum(self.counts.values())

    @property
    def distinct(self) -> int:
        """How many different texts there are; of too many an estimate, within some 15 %."""
        if self.counts is not None:
            return len(self.counts)
        return round((LEAST - 1) / ((float(self.least[-1]) + 1) / _HASHES))


def _hashed(texts: pa.Array, counts: IntArray) -> Labels:
    hashes = hashes_of(texts)
    order = np.argsort(hashes, kind="stable")
    keys = hashes[order].astype(np.int64)
    cells = Cells.of_counted(keys, counts[order])
    return Labels(None, cells, np.unique(hashes)[:LEAST])
