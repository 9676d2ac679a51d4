"""How single values are written for people: text, digests, instants, numbers.

Pure functions from values to text. What users wrote is shown as text and nothing else: a
control character that could move the cursor, or reorder a line, becomes visible here.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from registry_assets.catalog.snapshots import SnapshotRecord
    from registry_assets.recipe import Recipe, SnapshotRef

_JOINERS = "\u200c\u200d"  # part of ordinary words and emoji
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_SHORT_DIGEST = len("sha256:") + 12


def visible(text: str, *, lines: bool = False) -> str:
    """Give the text with every character that is no text written out, as `\\x1b`.

    Args:
        lines: keep line feeds; without, they become spaces.
    """
    if not lines:
        text = " ".join(text.split("\n"))
    return "".join(_escaped(character) for character in text.expandtabs(4))


def _escaped(character: str) -> str:
    hidden = unicodedata.category(character) in _HIDDEN and character not in _JOINERS
    if not hidden or character == "\n":
        return character
    return character.encode("unicode_escape").decode()


def short(digest: str | None) -> str:
    """Give enough of a digest to tell it from others by eye."""
    return (digest or "")[:_SHORT_DIGEST]


def day(instant: str | None) -> str:
    """Give the date of a timestamp."""
    return (instant or "")[:10]


def moment(instant: str | None) -> str:
    """Give a timestamp to the minute, in UTC."""
    return f"{instant[:10]} {instant[11:16]} UTC" if instant else ""


def plural(count: int, noun: str) -> str:
    """Give `1 row`, `2 rows`, `336,776 rows`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def estimate(found: Mapping[str, Any] | None, *, digits: int = 4) -> str:
    """Give a metric with its interval: `0.7031 [0.6950, 0.7112]`."""
    if found is None:
        return ""
    if found.get("value") is None:
        return "undefined"
    value, low, high = (f"{found[name]:.{digits}f}" for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def span(refs: "Sequence[SnapshotRef | SnapshotRecord]") -> str:
    """Give the first and last partition of these snapshots, or how many there are."""
    keys = [ref.partition for ref in refs if ref.partition]
    if not keys:
        return plural(len(refs), "snapshot")
    return keys[0] if len(keys) == 1 else f"{keys[0]} – {keys[-1]}"


def held_out_by_key(recipe: "Recipe") -> bool:
    """Tell whether training and holdout are each a part of the same snapshots."""
    return recipe.split.get("holdout") == "by_key"


def holdout(recipe: "Recipe") -> str:
    """Give what judges a version: partitions, or a share of the rows."""
    from registry_assets.declaration import ByKey
    from registry_assets.lifecycle.data import recorded_holdout

    rule = recorded_holdout(recipe)
    return rule.sentence if isinstance(rule, ByKey) else span(recipe.holdout)
