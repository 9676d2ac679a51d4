"""What changed between two sets of named values: the plain part of every comparison."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from registry_assets.canonical import Json

Kind = Literal["added", "removed", "changed", "same"]


@dataclass(frozen=True, slots=True)
class Absent:
    """Stands for a value that one side does not have: None is a value that it could have."""


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Change:
    """One named value before and after."""

    name: str
    before: "Json | Absent"
    after: "Json | Absent"

    @property
    def kind(self) -> Kind:
        """Whether it was added, removed or changed."""
        if isinstance(self.before, Absent):
            return "added"
        if isinstance(self.after, Absent):
            return "removed"
        return "same" if _equal(self.before, self.after) else "changed"


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs, by name, and what does not.

    Args:
        compared: False where one side could not be read, or has nothing to compare.
    """

    changed: tuple[Change, ...] = ()
    same: tuple[Change, ...] = ()
    compared: bool = True


def changes_between(before: Mapping[str, Json], after: Mapping[str, Json]) -> Changes:
    """Compare two sets of named values."""
    every = [
        Change(name, before.get(name, ABSENT), after.get(name, ABSENT))
        for name in sorted({*before, *after})
    ]
    return Changes(
        changed=tuple(change for change in every if change.kind != "same"),
        same=tuple(change for change in every if change.kind == "same"),
    )


def _equal(before: Json, after: Json) -> bool:
    # To a training 1, 1.0 and True are three values; to Python they are one.
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(_equal(before[k], after[k]) for k in before)
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(_equal, before, after))
    return type(before) is type(after) and before == after
