"""How single values are written on pages and cards: text, numbers, intervals, digests, times.

Pure functions to text, which is escaped where it is put into a page (`rendering`) or into
Markdown (`markdown`). What people read in a terminal is written by `registry_assets.cli.text`.
"""

import math
import unicodedata
from collections.abc import Iterable
from itertools import groupby

from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.results.weak import WeakSliceSearch

LONGEST = 300
"""Characters of a text that nobody meant to be read in full: a label, a value of a row."""
NONE = "–"
_JOINERS = "\u200c\u200d"  # part of ordinary words and emoji
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_SHORT_DIGEST = len("sha256:") + 12


def shown(text: str, *, most: int | None = LONGEST, lines: bool = False) -> str:
    """Give the text with every character that is no text written out, and its end cut off.

    Args:
        most: the characters that are kept; None keeps all.
        lines: keep line feeds; without, they become spaces.
    """
    cut = text if most is None or len(text) <= most else f"{text[:most]} … ({len(text):,})"
    if cut.isprintable():
        return cut
    if not lines:
        cut = " ".join(cut.splitlines())
    return "".join(_written(character) for character in cut.expandtabs(4))


def _written(character: str) -> str:
    hidden = unicodedata.category(character) in _HIDDEN and character not in _JOINERS
    if not hidden or character == "\n":
        return character
    return character.encode("unicode_escape").decode()


def distance(value: float, *, digits: int = 3) -> str:
    """Give how far a column is from what it was; of one that is absurdly far, the magnitude."""
    return f"{value:.{digits}f}" if value < 1e6 else f"{value:.3g}"


def number(value: float | None, *, sign: str = "") -> str:
    """Give a number to as many digits as can matter: `0.7744`, `1,234.5`, `3.2e-07`."""
    if value is None or not math.isfinite(value):
        return NONE
    size = abs(value)
    if size >= 1e9 or 0 < size < 5e-5:
        return f"{value:{sign}.2e}"
    return f"{value:{sign},.1f}" if size >= 1000 else f"{value:{sign}.4f}"


def signed(value: float | None) -> str:
    """Give a difference, always with its sign."""
    return number(value, sign="+")


def interval(found: Estimate, *, sign: str = "") -> str:
    """Give the 95 % interval, or why there is none."""
    if not found.defined:
        return found.reason
    return f"[{number(found.low, sign=sign)}, {number(found.high, sign=sign)}]"


def estimate(found: Estimate | None, *, sign: str = "") -> str:
    """Give a number with its interval: `0.7744 [0.7669, 0.7814]`."""
    if found is None:
        return NONE
    if not found.defined:
        return f"undefined: {found.reason}"
    return f"{number(found.value, sign=sign)} {interval(found, sign=sign)}"


def share(value: float | None) -> str:
    """Give a share of 0 to 1 as `84.7 %`."""
    if value is None:
        return NONE
    return "< 0.1 %" if 0 < value < 0.0005 else f"{value:.1%}".replace("%", " %")


def chance(value: float) -> str:
    """Give a p-value: `0.043`, `< 0.001`."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def count(value: float | None) -> str:
    """Give `28,128`; of weighted rows `28,128.5`."""
    if value is None:
        return NONE
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def plural(many: int, noun: str) -> str:
    """Give `1 row`, `2 rows`, `336,776 rows`."""
    return f"{many:,} {noun}{'' if many == 1 else 's'}"


def named(texts: Iterable[str], *, most: int = 6, between: str = ", ") -> str:
    """Give the first of some texts, and how many more there are: `a, b and 3 more`."""
    every = list(texts)
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return between.join(every[:most]) + more


def paragraphs(text: str) -> list[tuple[str, ...]]:
    """Give the lines of each paragraph that people wrote; several lines on end are a list."""
    lines = [line.strip() for line in text.splitlines()]
    return [tuple(part) for blank, part in groupby(lines, key=lambda line: not line) if not blank]


def striking(search: WeakSliceSearch) -> str:
    """Give how many weak slices were found; where there may be more, `the 10 most striking`."""
    found = len(search.found)
    return f"the {found} most striking" if search.full else f"{found}"


def weak_count(search: WeakSliceSearch) -> str:
    """Say how many slices a search found, or that it was to list no more than these."""
    return f"{striking(search)} of {search.tried:,} tried"


def size(many: int | None) -> str:
    """Give bytes as `884 kB`, `4.9 MB`."""
    if many is None:
        return NONE
    for unit, least, digits in (("GB", 1e9, 1), ("MB", 1e6, 1), ("kB", 1e3, 0)):
        if many >= least:
            return f"{many / least:,.{digits}f} {unit}"
    return f"{many} B"


def moment(instant: str | None) -> str:
    """Give a timestamp to the minute, in UTC."""
    return f"{instant[:10]} {instant[11:16]} UTC" if instant else NONE


def short(digest: str | None) -> str:
    """Give enough of a digest to tell it from others by eye."""
    return (digest or NONE)[:_SHORT_DIGEST]
