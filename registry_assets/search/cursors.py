"""Where a page ended, as opaque text: the values of its last row in the order, and of what."""

import base64
import binascii
import json
import math
from typing import Any

from registry_assets.errors import InvalidCursor
from registry_assets.search.questions import Question

_LONGEST = 10_000


def write_cursor(question: Question, values: tuple[Any, ...]) -> str:
    """Give the cursor of the page that begins after this row."""
    text = json.dumps([question.digest, *values], separators=(",", ":"), ensure_ascii=True)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(question: Question, cursor: str) -> tuple[Any, ...]:
    """Give the values in the order after which a page begins.

    Raises:
        InvalidCursor: it is no cursor, or another question's.
    """
    found = _decoded(cursor)
    if not isinstance(found, list) or not found or not isinstance(found[0], str):
        raise _none()
    digest, *values = found
    if digest != question.digest:
        raise InvalidCursor(
            "this cursor is of another search",
            hint="a cursor goes with the entity, filter and order that gave it: repeat those,"
            " or begin without a cursor",
        )
    if len(values) != len(question.order.keys) or not all(
        _fits(value, key) for value, key in zip(values, question.order.keys, strict=True)
    ):
        raise _none()
    return tuple(values)


def _decoded(cursor: str) -> Any:
    try:
        if len(cursor) > _LONGEST:
            raise _none()
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeError, binascii.Error, ValueError, RecursionError):
        raise _none() from None


def _fits(value: Any, key: str) -> bool:
    """Tell whether a value can be one of that column."""
    if key in ("id", "number", "version"):
        return type(value) is int and 0 <= value < 2**31
    if key == "value":
        return value is None or (type(value) in (int, float) and math.isfinite(value))
    return isinstance(value, str) and "\0" not in value and value.isprintable()


def _none() -> InvalidCursor:
    return InvalidCursor(
        "this is no cursor of a search",
        hint="take the next cursor of a page as it is, or begin without one",
    )
