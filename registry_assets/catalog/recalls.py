"""Recalls: that the data of a snapshot was found to be wrong. The rows as they stand."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from registry_assets.catalog import statements
from registry_assets.catalog.index_tables import edges
from registry_assets.catalog.ledger import Change
from registry_assets.catalog.tables import recalls

State = Literal["recalled", "lifted"]

_MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class RecallRecord:
    """Who recalled a snapshot, or lifted that since, when and why."""

    digest: str
    asset: str
    partition: str
    state: State
    reason: str
    actor: str
    set_at: str

    @property
    def in_force(self) -> bool:
        """Whether what was made from it is still held."""
        return self.state == "recalled"

    @property
    def name(self) -> str:
        """`flights[2013-03]`."""
        return f"{self.asset}[{self.partition}]" if self.partition else self.asset

    @property
    def sentence(self) -> str:
        """`flights[2013-03] was recalled by ann on 2026-03-01: a day came twice`."""
        word = "was recalled" if self.in_force else "is good again: its recall was lifted"
        why = f": {self.reason}" if self.reason else ""
        return f"{self.name} {word} by {self.actor} on {self.set_at[:10]}{why}"


_EVERY = sa.select(recalls).order_by(recalls.c.set_at, recalls.c.asset, recalls.c.partition)
_IN_FORCE = _EVERY.where(recalls.c.state == "recalled")


def list_recalls(connection: sa.Connection, *, in_force: bool = False) -> tuple[RecallRecord, ...]:
    """Give recalls, oldest first.

    Args:
        in_force: only those that were not lifted.
    """
    found = statements.select(connection, _IN_FORCE if in_force else _EVERY, {})
    return tuple(RecallRecord(**row._asdict()) for row in found)


def write_recall(
    draft: Change,
    *,
    digest: str,
    asset: str,
    partition: str,
    state: State,
    actor: str,
    reason: str,
) -> RecallRecord:
    """Recall a snapshot, or lift that, inside the caller's change of the registry's own chain."""
    key = {"digest": digest, "asset": asset, "partition": partition}
    values = {"state": state, "reason": reason, "actor": actor, "set_at": draft.effective_at}
    if not draft.update(recalls, key, **values):
        draft.insert(recalls, **key, **values)
    return RecallRecord(digest, asset, partition, state, reason, actor, draft.effective_at)


Ancestry = Mapping[str, Set[str]]
"""Manifests, each with those that it was made from."""


def ancestry(connection: sa.Connection, digests: Iterable[str]) -> Ancestry:
    """Give these manifests and everything that they were made from, by the index."""
    found: dict[str, set[str]] = {}
    pending = set(digests)
    while pending:
        found |= {digest: set() for digest in pending}
        ordered = sorted(pending)
        for start in range(0, len(ordered), _MOST_AT_ONCE):
            some = ordered[start : start + _MOST_AT_ONCE]
            query = sa.select(edges.c.child, edges.c.parent).where(edges.c.child.in_(some))
            for child, parent in connection.execute(query):
                found[child].add(parent)
        pending = {parent for digest in pending for parent in found[digest]} - found.keys()
    return found


def built_on(found: Ancestry, digest: str) -> Set[str]:
    """Give a manifest and those of an ancestry that were made from it, through whatever others."""
    children: dict[str, list[str]] = {}
    for child, parents in found.items():
        for parent in parents:
            children.setdefault(parent, []).append(child)
    reached, pending = {digest}, [digest]
    while pending:
        following = set(children.get(pending.pop(), ())) - reached
        reached |= following
        pending += following
    return reached
