"""Reasons that can be stored: what a user's own code raised or said, in words fit to be kept.

Errors themselves are in `registry_assets.errors`.
"""

from registry_assets.errors import RegistryError

LONGEST_REASON = 1000
"""Characters of a reason that are kept: who wrote more wrote no reason."""


def reason_of(error: BaseException) -> str:
    """Give what went wrong in one line that can be stored: `ValueError: no rows`.

    Of an error of this package it is the message. The others are the user's code's: their text
    may be anything, of any length.
    """
    kind = type(error).__name__
    try:
        said = error.message if isinstance(error, RegistryError) else f"{kind}: {error}"
    except Exception:  # noqa: BLE001 - the user's class: its text may be an error as well
        said = kind
    return shortened(next(iter(sayable(said).strip().splitlines()), kind))


def shortened(text: str) -> str:
    """Give a text, or its beginning and how long it is."""
    if len(text) <= LONGEST_REASON:
        return text
    return f"{text[:LONGEST_REASON]}… ({len(text):,} characters)"


def sayable(text: str) -> str:
    r"""Give a text as far as UTF-8 and every database can say it: `\udcff` for half a pair."""
    return text.encode(errors="backslashreplace").decode().replace("\0", "\\x00")
