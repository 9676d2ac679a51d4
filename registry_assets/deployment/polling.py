"""What everyone who follows a pointer shares: which references move, and when to ask again."""

import math
from dataclasses import dataclass

from registry_assets.errors import InvalidReference, RegistryError
from registry_assets.references import Reference

# However often it fails, a store that is well again is noticed within ten minutes.
_LONGEST_PAUSE = 600.0


@dataclass(slots=True)
class Pauses:
    """How long to wait before the pointer is read again: longer with every failure in a row."""

    every: float
    _failures: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.every) and self.every > 0):
            raise RegistryError(
                f"a pointer cannot be read every {self.every} seconds",
                hint="give a number of seconds above 0, such as 30",
            )

    def next(self, *, failed: bool) -> float:
        """Give the seconds to wait now."""
        self._failures = self._failures + 1 if failed else 0
        # The exponent is bounded: a store may be away for weeks.
        doubled = self.every * 2.0 ** min(max(self._failures - 1, 0), 30)
        return min(doubled, max(self.every, _LONGEST_PAUSE))


def parse_pointer(text: str) -> Reference:
    """Read a reference that can be followed: `name@pointer`.

    Raises:
        InvalidReference: it is none, or one that never moves.
    """
    reference = Reference.parse(text)
    if reference.pointer is None:
        raise InvalidReference(
            f"{reference} cannot be followed: only what a pointer holds ever changes",
            hint=f"follow {reference.model}@production; pull or load {reference} once",
        )
    return reference
