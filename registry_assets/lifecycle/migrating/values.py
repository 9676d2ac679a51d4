"""What a migration did: of every version what came, and what did not, and why."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from registry_assets.canonical import Json
from registry_assets.catalog.imported import ImportedRecord
from registry_assets.catalog.imported_aliases import AliasRecord

Outcome = Literal["imported", "completed", "linked", "known", "absent"]
"""`absent`: known from before, and its files could not be read this time either."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many versions of it are, and of how many."""


@dataclass(frozen=True, slots=True)
class Came:
    """One version there, and what became of it here.

    Args:
        lost: what of it did not come, each a sentence.
        changed: whether what is said of it there has changed since it came.
    """

    record: ImportedRecord
    outcome: Outcome
    files: int = 0
    size: int = 0
    lost: tuple[str, ...] = ()
    changed: bool = False

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON."""
        record = self.record
        return {
            "version": record.number,
            "digest": record.digest,
            "foreign_name": record.foreign_name,
            "foreign_number": record.foreign_number,
            "url": record.said.get("url"),
            "outcome": self.outcome,
            "files": self.files,
            "bytes": self.size,
            "unsafe": list(record.unsafe),
            "not_carried": list(self.lost),
            "changed_there": self.changed,
        }


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a migration did.

    Args:
        model: what it is called here.
        name: what it is called there.
        declared: whether the model is new here.
        aliases: where they were found.
        always_lost: what came of no version.
    """

    model: str
    name: str
    address: str
    declared: bool
    versions: tuple[Came, ...] = ()
    aliases: tuple[AliasRecord, ...] = ()
    always_lost: tuple[str, ...] = ()

    def count(self, outcome: Outcome) -> int:
        """Give how many versions came to this."""
        return sum(each.outcome == outcome for each in self.versions)

    @property
    def changed(self) -> bool:
        """Whether anything is here that was not."""
        return any(each.outcome not in ("known", "absent") for each in self.versions)
