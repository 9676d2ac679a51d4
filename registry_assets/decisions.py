"""What people decide about a version, by the words that statements and rows have for it."""

from typing import Literal

Decided = Literal["approve", "reject", "override", "rollback", "review"]
DECISIONS: tuple[Decided, ...] = ("approve", "reject", "override", "rollback", "review")
