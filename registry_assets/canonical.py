"""JSON in its one canonical form (RFC 8785), and the sha256 that names bytes.

Every digest of the registry is one of canonical JSON, so a commit writes a dozen of them.
`rfc8785` writes any value, in pure Python; where Python's own encoder, in C, writes the same
bytes, it does so in a tenth of the time. A test of arbitrary values holds the two together.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeAlias, cast

import rfc8785

from registry_assets.errors import DeclarationError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

LARGEST_INTEGER = 2**53 - 1
"""JSON numbers are doubles to most readers: beyond this two integers read as one."""

# Far below every JSON reader's recursion limit: what is written here can be read there.
_DEEPEST = 100

_WIDEST = 1 << 20
_STR = frozenset({str})
_ALWAYS_PLAIN = frozenset({str, bool, type(None)})
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256_digest(data: bytes) -> str:
    """Name bytes by their content: `sha256:` and 64 hexadecimal digits."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def canonical_json(value: Json) -> bytes:
    """Write the one canonical form (RFC 8785) of a JSON value.

    Raises:
        DeclarationError: some value inside is not JSON; the message says where.
    """
    if _is_plain(value):
        with suppress(UnicodeEncodeError):
            return _ENCODER.encode(value).encode()
    plain = _copied(value, root="$")
    return _ENCODER.encode(plain).encode() if _is_plain(plain) else rfc8785.dumps(plain)


def plain_json(value: object, *, root: str) -> Json:
    """Copy a value into nothing but JSON's own types, as a reader of the JSON gets it back.

    A float without a fraction comes back as an integer, as JSON knows one kind of number.

    Args:
        root: what the value is called in an error.

    Raises:
        DeclarationError: some value inside is not JSON; the message says where.
    """
    return _copied(value, root=root)


def _is_plain(value: object) -> bool:
    """Tell whether the encoder in C writes a value, as it is, like any other.

    Not other types than JSON's own, integers that are not to be written, numbers that Python
    writes with an exponent or a fraction of zero, or without an exponent where JavaScript has
    one, and keys whose order by UTF-16 may not be that by code point. What has too many
    levels, or too much on one, may hold itself.
    """
    level = [value]
    for _ in range(_DEEPEST + 1):
        inner: list[object] = []
        for each in level:
            kind = type(each)
            if kind is dict:
                if not _has_plain_keys(cast("dict[object, object]", each)):
                    return False
                inner += cast("dict[object, object]", each).values()
            elif kind is list:
                inner += cast("list[object]", each)
            elif kind not in _ALWAYS_PLAIN and not _is_plain_number(each):
                return False
        if not inner:
            return True
        if len(inner) > _WIDEST:
            return False
        level = inner
    return False


def _has_plain_keys(mapping: "dict[Any, object]") -> bool:
    return set(map(type, mapping)) <= _STR and "".join(mapping).isascii()


def _is_plain_number(value: object) -> bool:
    if type(value) is float:
        return 1e-4 <= abs(value) < 1e15 and not value.is_integer()
    return type(value) is int and -LARGEST_INTEGER <= value <= LARGEST_INTEGER


class _NotJson(Exception):
    """What is wrong with a value, and the way to it, innermost step first."""

    def __init__(self, what: str, *way: str) -> None:
        self.what = what
        self.way = list(way)


def _copied(value: object, *, root: str) -> Json:
    try:
        return _copy(value, 0)
    except _NotJson as error:
        where = "".join((root, *reversed(error.way)))
        raise DeclarationError(
            f"The value at {where[:200]!r} {error.what}.",
            hint="Give None, bool, int, finite float, str, or lists and dicts of these.",
        ) from None


def _copy(value: object, depth: int) -> Json:
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return value
    if depth > _DEEPEST:
        raise _NotJson(f"is nested more than {_DEEPEST} deep")
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise _NotJson("is an integer beyond 2**53 - 1, which readers round")
        return int(value)
    if isinstance(value, float):
        return _number(float(value))
    if isinstance(value, Mapping):
        return _object(value.items(), depth + 1)
    if isinstance(value, list | tuple):
        return _array(value, depth + 1)
    kind = type(value)
    raise _NotJson(f"is a {kind.__module__}.{kind.__qualname__}")


def _number(value: float) -> int | float:
    if not math.isfinite(value):
        raise _NotJson(f"is {value!r}, which JSON cannot say")
    return int(value) if value.is_integer() and abs(value) <= LARGEST_INTEGER else value


def _object(items: Iterable[tuple[Any, object]], depth: int) -> dict[str, Json]:
    copied: dict[str, Json] = {}
    for key, value in items:
        if not isinstance(key, str):
            raise _NotJson(f"has the key {key!r}, a {type(key).__name__} and not text")
        try:
            name = _text(key)
        except _NotJson as error:
            error.way.append(", in a key,")
            raise
        try:
            copied[name] = _copy(value, depth)
        except _NotJson as error:
            error.way.append(f".{key}")
            raise
    return copied


def _array(items: Iterable[object], depth: int) -> list[Json]:
    copied: list[Json] = []
    for value in items:
        try:
            copied.append(_copy(value, depth))
        except _NotJson as error:
            error.way.append(f"[{len(copied)}]")
            raise
    return copied


def _text(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _NotJson("holds a lone surrogate, which UTF-8 cannot say") from None
    # An enum that is a str has its own __str__; this one gives the text itself.
    return text if type(text) is str else str.__str__(text)
