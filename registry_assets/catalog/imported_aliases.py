"""Where the aliases of other kinds of registries were found: history, and no pointers of ours."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.catalog import statements
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.imported import SHOWN_AS
from registry_assets.catalog.imported_tables import imported_aliases, imported_versions
from registry_assets.catalog.ledger import change
from registry_assets.clock import Clock

ALIAS = "alias_imported"


@dataclass(frozen=True, slots=True)
class AliasRecord:
    """Where an alias there was found last; `foreign_number` is None where it is no more."""

    model: str
    source: str
    foreign_name: str
    alias: str
    foreign_number: str | None
    actor: str
    seen_at: str


def record_aliases(
    catalog: Catalog,
    *,
    model: str,
    source: str,
    foreign_name: str,
    aliases: Mapping[str, str],
    actor: str,
    clock: Clock,
) -> tuple[AliasRecord, ...]:
    """Record where the aliases there are, each that is news in an event of its own.

    Args:
        aliases: the number there that each is at.
    """
    there = f"{SHOWN_AS[source]} {foreign_name}"
    known = {"model": model, "source": source, "foreign_name": foreign_name}
    with catalog.read() as connection:
        before = _aliases(connection, **known)
        found = statements.find(connection, imported_versions, "foreign_number", "number", **known)
        numbers = dict(sorted((row.foreign_number, row.number) for row in found))
    wanted: dict[str, str | None] = {**dict.fromkeys(before), **aliases}
    for alias, number in sorted(wanted.items()):
        if before.get(alias) == number:
            continue
        with change(catalog, chain=model, kind=ALIAS, actor=actor, clock=clock) as draft:
            if _aliases(draft.connection, **known).get(alias) == number:
                continue
            key = {**known, "alias": alias}
            values = {"foreign_number": number, "actor": actor, "seen_at": draft.effective_at}
            if not draft.update(imported_aliases, key, **values):
                draft.insert(imported_aliases, **key, **values)
            here = numbers.get(number)
            where = f"version {number}" + (f" ({model}:{here} here)" if here else "")
            now = f"is at {where}" if number is not None else "is no more"
            draft.sentence = (
                f"the alias {alias} of {there} {now}; who set it so, and when, is not told there."
                " No pointer here was moved"
            )
            draft.facts = {"alias": alias, "there": there, "number": number, "version": here}
    with catalog.read() as connection:
        return list_aliases(connection, model)


def list_aliases(connection: sa.Connection, model: str) -> tuple[AliasRecord, ...]:
    """Give where the aliases of a model's other registries were found last."""
    rows = statements.find(connection, imported_aliases, model=model)
    found = (AliasRecord(**row._asdict()) for row in rows)
    return tuple(sorted(found, key=lambda each: (each.source, each.foreign_name, each.alias)))


def _aliases(connection: sa.Connection, **known: str) -> dict[str, str | None]:
    rows = statements.find(connection, imported_aliases, **known)
    return {row.alias: row.foreign_number for row in rows}
