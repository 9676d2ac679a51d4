"""Patterns of `like`: taken apart, and what an index can find of them."""

from registry_assets.search.dialects import ANY, ONE, Pattern
from registry_assets.search.filters import Like


def pieces_of(part: Like) -> Pattern | None:
    """Take a pattern apart; None where its last character is the escape."""
    pieces: list[tuple[bool, str]] = []
    characters = iter(part.pattern)
    for character in characters:
        if part.escape and character == part.escape:
            taken = next(characters, None)
            if taken is None:
                return None
            pieces.append((False, taken))
        else:
            pieces.append((character in (ANY, ONE), character))
    return pieces


def prefix_of(pieces: Pattern) -> str:
    """Give the text that all that is like a pattern begins with."""
    prefix = ""
    for wildcard, text in pieces:
        if wildcard:
            break
        prefix += text
    return prefix


def text_after(prefix: str) -> str:
    """Give the first text after all that begin so; empty where there is none."""
    while prefix:
        code = ord(prefix[-1]) + 1
        if code <= 0x10FFFF:
            # The surrogates are no characters.
            return prefix[:-1] + chr(0xE000 if 0xD800 <= code <= 0xDFFF else code)
        prefix = prefix[:-1]
    return ""
