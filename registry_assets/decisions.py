"""What people decide about a version, by the words that statements and rows have for it."""

from collections.abc import Mapping
from typing import Literal

Decided = Literal["approve", "reject", "override", "rollback", "review"]
DECISIONS: tuple[Decided, ...] = ("approve", "reject", "override", "rollback", "review")

DONE: Mapping[Decided, str] = {
    "approve": "approved",
    "reject": "rejected",
    "override": "set rules aside for",
    "rollback": "asked to go back to",
    "review": "reviewed",
}
"""What somebody did who decided so, before the name of what it is about."""
