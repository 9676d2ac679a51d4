"""Whether a declaration asks for no less than the policy in force pins of its model.

Gates are compared by their definitions. A limit may be tighter than the one that is pinned; in
everything else a gate must be the very one, for nobody can tell which of two functions or of
two slices asks for more.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from registry_assets.declaration.gates.kinds import CODE, KINDS

LIMITS = {
    "at_least": ("threshold", "up"),
    "at_most": ("threshold", "down"),
    "calibration_at_most": ("limit", "down"),
    "slice_floor": ("floor", "up"),
    "slice_gap": ("limit", "down"),
    "fairness_at_most": ("limit", "down"),
    "fairness_at_least": ("floor", "up"),
    "not_worse_than_production": ("margin", "down"),
    "better_than_production": ("by", "up"),
    "latency_at_most": ("milliseconds", "down"),
    "latency_not_worse": ("margin", "down"),
    "size_at_most": ("megabytes", "down"),
    "no_leakage": ("shared", "down"),
}
"""By kind of gate the field that is its limit, and which way it becomes stricter."""


def gates_differing(
    pinned: Mapping[str, Mapping[str, Any]], declared: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Say of every pinned gate in which way the declaration asks for less, or for something else.

    Args:
        pinned, declared: definitions by name.
    """
    for name, wanted in pinned.items():
        found = declared.get(name)
        if found is None:
            yield f"{name} is not declared"
            continue
        for problem in _fields_differing(wanted, found):
            yield f"{name}: {problem}"


def _fields_differing(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    kind = wanted.get("gate")
    for field in sorted(wanted.keys() | found.keys()):
        asked, declared = wanted.get(field), found.get(field)
        if asked == declared or _is_stricter(str(kind), field, asked, declared):
            continue
        if field == CODE and asked is None and kind not in KINDS:
            continue  # pinned before the code of a user's own kind was part of its rule
        yield f"{field} is {_shown(declared)}, and the policy in force pins {_shown(asked)}"


def _is_stricter(kind: str, field: str, asked: Any, declared: Any) -> bool:
    if field == "first":
        return (asked, declared) == ("pass", "hold")
    limit, way = LIMITS.get(kind, ("", ""))
    if field != limit or not (_is_number(asked) and _is_number(declared)):
        return False
    return bool(declared > asked if way == "up" else declared < asked)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    return "left out" if value is None else str(value)
