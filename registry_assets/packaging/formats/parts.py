"""Estimators of other frameworks inside one of scikit-learn: cut out, and put back.

A pipeline whose last step is an XGBClassifier is written as two files: what scikit-learn defines
as a skops file, with a placeholder where the classifier was, and the classifier in its own format.
So neither file holds anything that the other's reader would have to trust.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from registry_assets.errors import PackagingRefused

PLACEHOLDER = f"{__name__}.Part"

# Tables and arrays hold no estimators, and would be walked through element by element.
_CLOSED = ("numpy", "pandas", "pyarrow", "scipy")
_CLOSED_TYPES = (
    *(str, bytes, bytearray, int, float, complex, bool, type(None), type, range),
    *(FunctionType, BuiltinFunctionType, ModuleType, partial),
)


class Part:
    """Stands where an estimator of another framework belongs."""

    def __init__(self, number: int) -> None:
        self.number = number


def cut_out(estimator: Any, is_foreign: Callable[[object], bool]) -> tuple[Any, list[Any]]:
    """Give a copy with placeholders, and what they stand for; where there is none, no copy.

    The estimator itself stays as it is: whoever fitted it may go on with it.
    """
    parts = find_parts(estimator, is_foreign)
    if not parts:
        return estimator, parts
    # A copy takes what its memo has for an object as the copy of that object.
    memo: dict[int, Any] = {id(each): Part(number) for number, each in enumerate(parts)}
    return copy.deepcopy(estimator, memo), parts


def find_parts(estimator: Any, is_foreign: Callable[[object], bool]) -> list[Any]:
    """Find the outermost estimators of other frameworks in one, each once."""
    found: list[Any] = []
    seen: dict[int, Any] = {}
    pending = [estimator]
    while pending:
        each = pending.pop()
        if isinstance(each, _CLOSED_TYPES) or id(each) in seen:
            continue
        seen[id(each)] = each  # kept: another object must not get its number meanwhile
        if is_foreign(each):
            found.append(each)
        else:
            pending.extend(reversed([child for _, child in _children(each)]))
    return found


def put_back(estimator: Any, parts: Sequence[Any]) -> Any:
    """Put parts where their placeholders are, in place.

    Raises:
        PackagingRefused: a placeholder is of a part that is not there.
    """
    return _Exchange(parts).of(estimator)


class _Exchange:
    def __init__(self, parts: Sequence[Any]) -> None:
        self._parts = parts
        self._seen: dict[int, Any] = {}

    def of(self, value: Any) -> Any:
        if isinstance(value, _CLOSED_TYPES):
            return value
        if isinstance(value, Part):
            return self._part(value)
        if id(value) in self._seen:
            return value
        self._seen[id(value)] = value
        changed = [
            (place, new)
            for place, child in _children(value)
            if (new := self.of(child)) is not child
        ]
        return _with(value, changed) if changed else value

    def _part(self, part: Part) -> Any:
        number = getattr(part, "number", None)
        if type(number) is not int or not 0 <= number < len(self._parts):
            raise PackagingRefused(
                f"The estimator file wants part {number!r}, and the package has "
                f"{len(self._parts)} of them.",
                hint="The package was put together by something else; make the version again.",
            )
        return self._parts[number]


def _children(value: Any) -> Iterator[tuple[Any, Any]]:
    """Give what an object holds, each with the place it has in it."""
    if isinstance(value, dict):
        yield from list(value.items())
    elif isinstance(value, list | tuple):
        yield from enumerate(value)
    elif _is_array(value):
        if value.dtype.kind == "O":
            yield from ((place, value.flat[place]) for place in range(value.size))
    elif not type(value).__module__.startswith(_CLOSED):
        yield from list(getattr(value, "__dict__", {}).items())


def _is_array(value: Any) -> bool:
    """Say whether it is an array of numpy's, which what only reads does not import."""
    kind = type(value)
    return (kind.__module__, kind.__qualname__) == ("numpy", "ndarray")


def _with(value: Any, changed: Iterable[tuple[Any, Any]]) -> Any:
    if isinstance(value, tuple):
        items = list(value)
        for place, new in changed:
            items[place] = new
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    for place, new in changed:
        if _is_array(value):
            value.flat[place] = new
        elif isinstance(value, dict | list):
            value[place] = new
        else:
            vars(value)[place] = new
    return value
