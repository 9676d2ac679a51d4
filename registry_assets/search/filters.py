"""What a filter says: frozen values that write themselves as the text they were read from.

Pure values; `parsing` reads them, `conditions` looks up what their names mean.

Law: `parse(str(filter)) == filter`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as kept
from typing import Literal, TypeAlias

Operator = Literal["=", "!=", "<", "<=", ">", ">="]

_PLAIN = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Field:
    """A field such as `stage`, or one of a group of names such as `tags.team`.

    Args:
        group: what stands before the full stop; empty where there is none.
        at: where in the filter's text it stands.
    """

    group: str
    name: str
    at: int = kept(default=0, compare=False)

    def __str__(self) -> str:
        if not self.group:
            return self.name
        if _PLAIN.fullmatch(self.name):
            return f"{self.group}.{self.name}"
        return f"{self.group}.`{self.name.replace('`', '``')}`"


@dataclass(frozen=True, slots=True)
class Value:
    """Text, a number, or a truth value."""

    value: str | int | float | bool
    at: int = kept(default=0, compare=False)

    def __str__(self) -> str:
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return quoted(self.value) if isinstance(self.value, str) else repr(self.value)


@dataclass(frozen=True, slots=True)
class Compare:
    """`field = value`, or another operator."""

    field: Field
    operator: Operator
    value: Value

    def __str__(self) -> str:
        return f"{self.field} {self.operator} {self.value}"


@dataclass(frozen=True, slots=True)
class Among:
    """`field in (…)`, or `not in`."""

    field: Field
    values: tuple[Value, ...]
    negated: bool = False

    def __str__(self) -> str:
        word = "not in" if self.negated else "in"
        return f"{self.field} {word} ({', '.join(map(str, self.values))})"


@dataclass(frozen=True, slots=True)
class Like:
    """`field like 'pattern'`: `%` stands for any text, `_` for one character.

    Args:
        escape: the character after which `%`, `_` and itself stand for themselves.
    """

    field: Field
    pattern: str
    escape: str = ""
    negated: bool = False
    at: int = kept(default=0, compare=False)

    def __str__(self) -> str:
        word = "not like" if self.negated else "like"
        escape = f" escape {quoted(self.escape)}" if self.escape else ""
        return f"{self.field} {word} {quoted(self.pattern)}{escape}"


@dataclass(frozen=True, slots=True)
class Absent:
    """`field is null`: it has no such value; or `is not null`."""

    field: Field
    negated: bool = False

    def __str__(self) -> str:
        return f"{self.field} is {'not ' if self.negated else ''}null"


@dataclass(frozen=True, slots=True)
class Not:
    """What is true where another filter is not."""

    filter: "Filter"

    def __str__(self) -> str:
        return f"not {_inside(self.filter, And, Or)}"


@dataclass(frozen=True, slots=True)
class And:
    """Two filters or more that must all be true; none of them is an `And`."""

    filters: tuple["Filter", ...]

    def __str__(self) -> str:
        return " and ".join(_inside(part, Or) for part in self.filters)


@dataclass(frozen=True, slots=True)
class Or:
    """Two filters or more of which one must be true; none of them is an `Or`."""

    filters: tuple["Filter", ...]

    def __str__(self) -> str:
        return " or ".join(map(str, self.filters))


Leaf: TypeAlias = Compare | Among | Like | Absent
Filter: TypeAlias = Leaf | Not | And | Or


def both(*filters: Filter) -> Filter:
    """Join filters by `and`; what they join by `and` themselves becomes part of it."""
    parts = tuple(_flat(filters, And))
    return parts[0] if len(parts) == 1 else And(parts)


def either(*filters: Filter) -> Filter:
    """Join filters by `or`; what they join by `or` themselves becomes part of it."""
    parts = tuple(_flat(filters, Or))
    return parts[0] if len(parts) == 1 else Or(parts)


def quoted(text: str) -> str:
    """Write text as a filter has it, in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def _flat(filters: tuple[Filter, ...], kind: type[And] | type[Or]) -> Iterator[Filter]:
    for part in filters:
        if isinstance(part, kind):
            yield from part.filters
        else:
            yield part


def _inside(part: Filter, *looser: type) -> str:
    return f"({part})" if isinstance(part, looser) else str(part)
