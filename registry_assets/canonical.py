"""JSON in its one canonical form (RFC 8785), and the sha256 that names bytes.

Every digest of the registry is one of canonical JSON, so a commit writes a dozen of them.
`rfc8785` writes any value, in pure Python; where Python's own encoder, in C, writes the same
bytes, it does so in a fifth of the time. A test of arbitrary values holds the two together.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, cast

import rfc8785

from registry_assets.errors import DeclarationError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

LARGEST_INTEGER = 2**53 - 1
"""JSON numbers are doubles to most readers: beyond this two integers read as one."""

# Far below every JSON reader's recursion limit: what is written here can be read there.
_DEEPEST = 100

_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256_digest(data: bytes) -> str:
    """Name bytes by their content: `sha256:` and 64 hexadecimal digits."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def canonical_json(value: Json) -> bytes:
    """Write the one canonical form (RFC 8785) of a JSON value.

    Raises:
        DeclarationError: some value inside is not JSON; the message says where.
    """
    copier = _Copier()
    plain = _copied(copier, value, root="$")
    return rfc8785.dumps(plain) if copier.peculiar else _ENCODER.encode(plain).encode()


def plain_json(value: object, *, root: str) -> Json:
    """Copy a value into nothing but JSON's own types, as a reader of the JSON gets it back.

    A float without a fraction comes back as an integer, as JSON knows one kind of number.

    Args:
        root: what the value is called in an error.

    Raises:
        DeclarationError: some value inside is not JSON; the message says where.
    """
    return _copied(_Copier(), value, root=root)


class _NotJson(Exception):
    """What is wrong with a value, and the way to it, innermost step first."""

    def __init__(self, what: str, *way: str) -> None:
        self.what = what
        self.way = list(way)


class _Copier:
    """Copies one value; `peculiar` once it met what the two encoders write differently.

    Those are numbers that Python writes with an exponent, or without one where JavaScript
    would, and keys whose order by UTF-16 may not be that by code point.
    """

    __slots__ = ("peculiar",)

    def __init__(self) -> None:
        self.peculiar = False

    def copy(self, value: object, depth: int) -> Json:
        kind = type(value)
        if kind is str:
            return _text(cast(str, value))
        if value is None or kind is bool:
            return cast("bool | None", value)
        if depth > _DEEPEST:
            raise _NotJson(f"is nested more than {_DEEPEST} deep")
        if isinstance(value, str):
            return _text(value)
        if isinstance(value, int):
            if abs(value) > LARGEST_INTEGER:
                raise _NotJson("is an integer beyond 2**53 - 1, which readers round")
            return int(value)
        if isinstance(value, float):
            return self._number(float(value))
        if isinstance(value, Mapping):
            return self._object(value.items(), depth + 1)
        if isinstance(value, list | tuple):
            return self._array(value, depth + 1)
        raise _NotJson(f"is a {kind.__module__}.{kind.__qualname__}")

    def _number(self, value: float) -> int | float:
        if not math.isfinite(value):
            raise _NotJson(f"is {value!r}, which JSON cannot say")
        if value.is_integer() and abs(value) <= LARGEST_INTEGER:
            return int(value)
        if not 1e-4 <= abs(value) < 1e15:
            self.peculiar = True
        return value

    def _object(self, items: Iterable[tuple[Any, object]], depth: int) -> dict[str, Json]:
        copied: dict[str, Json] = {}
        for key, value in items:
            if not isinstance(key, str):
                raise _NotJson(f"has the key {key!r}, a {type(key).__name__} and not text")
            if not key.isascii():
                self.peculiar = True
            try:
                name = _text(key)
            except _NotJson as error:
                error.way.append(", in a key,")
                raise
            try:
                copied[name] = self.copy(value, depth)
            except _NotJson as error:
                error.way.append(f".{key}")
                raise
        return copied

    def _array(self, items: Iterable[object], depth: int) -> list[Json]:
        copied: list[Json] = []
        for value in items:
            try:
                copied.append(self.copy(value, depth))
            except _NotJson as error:
                error.way.append(f"[{len(copied)}]")
                raise
        return copied


def _copied(copier: _Copier, value: object, *, root: str) -> Json:
    try:
        return copier.copy(value, 0)
    except _NotJson as error:
        where = "".join((root, *reversed(error.way)))
        raise DeclarationError(
            f"The value at {where[:200]!r} {error.what}.",
            hint="Give None, bool, int, finite float, str, or lists and dicts of these.",
        ) from None


def _text(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _NotJson("holds a lone surrogate, which UTF-8 cannot say") from None
    # An enum that is a str has its own __str__; this one gives the text itself.
    return text if type(text) is str else str.__str__(text)
