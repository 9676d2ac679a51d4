"""Which files a version of another registry has, before any of them is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

LARGEST_UNSAID = 1 << 30
"""Bytes of a file whose size nobody says."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a version.

    Args:
        sizes: bytes of each, by path; None where nobody says.
        refused: why none can be read; "" where they can.
    """

    sizes: Mapping[str, int | None] = field(default_factory=dict)
    refused: str = ""

    @property
    def size(self) -> int:
        """Bytes of all; of one that is not said as many as would be read."""
        return sum(LARGEST_UNSAID if size is None else size for size in self.sizes.values())
