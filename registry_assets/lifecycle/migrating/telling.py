"""What is kept of a version that another registry has: its words, without any secret.

Whatever stands there was written by anybody: a text is cut, what is no text is replaced, and of
an address with a password the password goes.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.mirroring.secrecy import without
from registry_assets.references import clean_text

T = TypeVar("T")

LONGEST_TEXT, LONGEST_NAME = 20_000, 500
MOST_ENTRIES = 5_000
_OPENED = re.compile(r"(?<=://)[^/?#\s\"'@]+@")
"""A user, and perhaps a password, in an address."""


@dataclass(slots=True)
class Told:
    """What is said of one version, and what of it is not kept as it stands there.

    Args:
        secrets: texts that must not be kept, whoever wrote them.
        lost: sentences, for the report.
    """

    secrets: Sequence[str] = ()
    lost: list[str] = field(default_factory=list)

    def text(self, found: object, what: str, limit: int = LONGEST_TEXT) -> str:
        """Give a text that can be kept."""
        text = _OPENED.sub("***@", without(str(found), self.secrets))
        if len(text) > limit:
            self.lost.append(f"{what} has {len(text):,} characters; the first {limit:,} came")
        return clean_text(text, limit=limit)

    def texts(self, found: Mapping[str, object], what: str) -> dict[str, Json]:
        """Give texts by their names."""
        kept: dict[str, Json] = {}
        for name, value in self._some(sorted(found.items()), what):
            kept[self.text(name, f"a name of {what}", LONGEST_NAME)] = self.text(
                value, f"{what} {clean_text(name, limit=80)}"
            )
        return kept

    def numbers(self, found: Mapping[str, float]) -> dict[str, Json]:
        """Give metrics by their names: finite ones, for no other can be written as JSON."""
        kept: dict[str, Json] = {}
        for name, value in self._some(sorted(found.items()), "metrics"):
            said = self.text(name, "the name of a metric", LONGEST_NAME)
            if math.isfinite(value):
                kept[said] = value
            else:
                self.lost.append(f"the metric {said} is {value}, which is no finite number")
        return kept

    def _some(self, items: Sequence[T], what: str) -> Sequence[T]:
        if len(items) > MOST_ENTRIES:
            self.lost.append(f"it has {len(items):,} {what}; the first {MOST_ENTRIES:,} came")
        return items[:MOST_ENTRIES]


def digest_of(said: Mapping[str, Json]) -> str:
    """Name what is said of the version itself, which people change; its run is left out.

    So a change is seen without a question for every run.
    """
    changing = ("updated_at", "description", "stage", "status", "tags")
    return sha256_digest(canonical_json({name: said[name] for name in changing}))
