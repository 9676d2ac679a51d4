"""How a mistake in what was asked is shown: what was expected, and a caret under the place."""

import difflib
import unicodedata
from collections.abc import Iterable

from registry_assets.errors import InvalidQuery

_BEFORE, _AFTER = 50, 30
"""Characters of a long filter that are shown around the mistake."""


def mistake(text: str, at: int, what: str, *, hint: str = "") -> InvalidQuery:
    """Give the error of a mistake at a place in a filter."""
    start = max(0, at - _BEFORE) if at > _BEFORE + 10 else 0
    end = at + _AFTER if len(text) > at + _AFTER + 10 else len(text)
    before = ("… " if start else "") + _shown(text[start:at])
    after = _shown(text[at:end]) + (" …" if end < len(text) else "")
    caret = " " * sum(map(_width, before)) + "^"
    return InvalidQuery(
        f"{what} (column {at + 1})\n  {before}{after}\n  {caret}", column=at + 1, hint=hint
    )


def near(name: str, known: Iterable[str]) -> str:
    """Say which known names are like one that is not known; empty where none is."""
    found = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(found)}?" if found else ""


def _shown(text: str) -> str:
    return "".join(
        character if character.isprintable() else " " if character.isspace() else "�"
        for character in text
    )


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
