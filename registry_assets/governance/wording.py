"""Times and names in the words of a sentence."""

from collections.abc import Mapping, Sequence
from typing import Any

_MANY = 100
_UNITS = (("week", 604_800), ("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


def in_words(seconds: float) -> str:
    """Give seconds as `30 days` or `12 hours`: in the largest unit that says enough."""
    whole = round(seconds)
    exact = [(unit, size) for unit, size in _UNITS if whole >= size and whole % size == 0]
    # Days are the largest that people count in, where no unit fits.
    about = [(unit, size) for unit, size in _UNITS[1:] if whole >= size]
    for unit, size in exact[:1] if exact and whole < _MANY * exact[0][1] else about:
        count = whole // size
        return f"{count:,} {unit}{'' if count == 1 else 's'}"
    return "no time"


def exactly(seconds: int) -> str:
    """Give seconds as `30 days` or `6 days and 6 hours`: nothing of a limit is rounded away."""
    if any(seconds % size == 0 and seconds < _MANY * size for _, size in _UNITS):
        return in_words(seconds)
    left, parts = seconds, []
    for unit, size in _UNITS[1:]:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count:,} {unit}{'' if count == 1 else 's'}")
    return listed(parts)


def listed(names: Sequence[str]) -> str:
    """Give `ann`, `ann and bob`, `ann, bob and cleo`."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def approvers(evidence: Mapping[str, Any]) -> str:
    """Give `ann and bob (unsigned)`: whose approvals a promotion rests on; "" if on nobody's."""
    names = [
        each["person"] + ("" if each["signed"] else " (unsigned)")
        for each in evidence.get("approvals", ())
    ]
    return listed(names) if names else ""
