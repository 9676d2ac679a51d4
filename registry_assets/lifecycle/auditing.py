"""Audit: the catalog's rows and history, held against the ledger that vouches for them.

What promotions rest on is looked at by the neighbour `evidence_check`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.engine import foreign_programs
from registry_assets.catalog.ledger import (
    GENESIS,
    REGISTRY,
    Event,
    chain_origin,
    read_chains,
    read_head,
    read_stored,
    row_digest,
    sealed,
)
from registry_assets.catalog.provenance import (
    NUMBERED,
    SNAPSHOTS_IMPORTED,
    Provenance,
    read_provenance,
)
from registry_assets.catalog.tables import (
    VOUCHED,
    imports,
    promotions,
    registered_models,
    snapshots,
)
from registry_assets.errors import RegistryError
from registry_assets.lifecycle.evidence_check import check_promotions
from registry_assets.lifecycle.registry_keys import KEY_ADDED


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it should be.

    Args:
        code: stable: `blob_missing`, `row_changed`, `event_missing`, …
        touches: the references and snapshots that depend on it.
    """

    code: str
    subject: str
    sentence: str
    touches: tuple[str, ...] = ()


@dataclass(slots=True)
class Findings:
    """Problems found so far, and what was looked at."""

    problems: list[Problem] = field(default_factory=list)
    manifests: dict[str, set[str]] = field(default_factory=dict)
    blobs: dict[str, set[str]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    events: int = 0

    def add(self, code: str, subject: str, sentence: str, touches: tuple[str, ...] = ()) -> None:
        """Note one problem."""
        self.problems.append(Problem(code, subject, sentence, touches))


def audit(connection: sa.Connection, found: Findings, *, part: bool = False) -> "Ledger":
    """Check every chain, every row that events vouch for, and every promotion.

    Gives what the events say.

    Args:
        part: only some models are in this catalog, though the registry's own chain tells of all.
    """
    for name in foreign_programs(connection):
        sentence = (
            f"{name} is in the catalog's file; a program in there can change what is recorded"
        )
        found.add("program_unknown", name, sentence)
    read = _read_ledger(connection, found, part=part)
    _check_rows(connection, read, found)
    check_promotions(connection, read, found, part=part)
    _check_imports(read, found, part=part)
    return read


Key = tuple[str, str, str]
"""A row: the registry that numbered it (empty where rows are not numbered), table and key."""


@dataclass(slots=True)
class Ledger:
    """What the events say: a digest for every row, by whichever event wrote it last."""

    origins: Provenance
    vouched: dict[Key, str] = field(default_factory=dict)
    digests: dict[tuple[str, int], str] = field(default_factory=dict)
    promoted_in: dict[str, str] = field(default_factory=dict)
    noted: list[tuple[str, str, int, str]] = field(default_factory=list)
    """What imports said of other chains: where, chain, sequence, digest."""
    keys: dict[str, dict[int, str]] = field(default_factory=dict)
    """By registry the fingerprints of the keys that it attests with, from which event on."""

    def maker_of(self, model: str, pointer: str, generation: int) -> str:
        """Give the registry in which a promotion was made."""
        key = {"model": model, "pointer": pointer, "generation": generation}
        return self.promoted_in.get(json.dumps(key, sort_keys=True), self.origins.registry)

    def key_at(self, registry: str, position: int) -> str | None:
        """Give the key that a registry attested with at a position of its own chain."""
        known = self.keys.get(registry, {})
        return known.get(max((at for at in known if at <= position), default=0))


def _read_ledger(connection: sa.Connection, found: Findings, *, part: bool) -> Ledger:
    read = Ledger(read_provenance(connection))
    concerned = _Concerned(connection, read.origins, part=part)
    # The registries' own chains first, and of these ours. A model's row is created there and
    # changed in the model's own chain, so the last digest met is the newest.
    for chain in sorted(read_chains(connection), key=lambda chain: (not _is_own(chain), chain)):
        previous, sequence = GENESIS, 0
        for event, damage in read_stored(connection, chain):
            found.events += 1
            _check_link(event, previous, sequence, found, damage=damage)
            previous, sequence = event.digest, event.sequence
            read.digests[chain, sequence] = event.digest
            _read_rows(event, read, concerned, found)
            if _is_own(chain):
                _read_key(event, read)
            if chain == REGISTRY:
                read.noted += _noted_heads(event)
                concerned.note_snapshots(event)
        head = read_head(connection, chain)
        if (head.sequence, head.digest) != (sequence, previous):
            found.add(
                "ledger_truncated",
                chain,
                f"the ledger of {chain} ends at event {sequence}; its head says {head.sequence}",
                (chain,),
            )
    return read


def _read_rows(event: Event, read: Ledger, concerned: "_Concerned", found: Findings) -> None:
    """Take up what an event says of the rows that it wrote."""
    maker = read.origins.maker(event.chain, event.sequence)
    for table, primary, before, after in _vouched(event):
        if not concerned.has(event.chain, maker, table, primary):
            continue
        text = json.dumps(primary, sort_keys=True)
        key = (maker if table in NUMBERED else "", table, text)
        if before != read.vouched.get(key):
            _note_laundered(event, key, found)
        read.vouched[key] = after
        if table == promotions.name:
            read.promoted_in[text] = maker


def _read_key(event: Event, read: Ledger) -> None:
    """Take up a key that became a registry's: its row stays there, and its event comes here."""
    if event.kind == KEY_ADDED and event.facts.get("purpose") == "attestation":
        maker = read.origins.maker(event.chain, event.sequence)
        read.keys.setdefault(maker, {})[event.sequence] = str(event.facts.get("fingerprint"))


class _Concerned:
    """Which rows of a registry's own chain are to be found in this catalog.

    Of our own chain all, unless this catalog is a part. Another registry's tells also of
    models and snapshots that never came here.
    """

    def __init__(self, connection: sa.Connection, origins: Provenance, *, part: bool) -> None:
        self._origins, self._part = origins, part
        self._models = set(connection.execute(sa.select(registered_models.c.name)).scalars())
        self._snapshots: set[tuple[str, str]] = set()
        if part:
            numbers = connection.execute(sa.select(snapshots.c.id)).scalars()
            made = (origins.made(snapshots.name, number) for number in numbers)
            self._snapshots = {(maker, str(number)) for maker, number in made}

    def note_snapshots(self, event: Event) -> None:
        """Take up which snapshots of other registries an import brought."""
        facts = event.body.get("facts")
        brought = facts.get("snapshots") if isinstance(facts, dict) else None
        if self._part or event.kind != SNAPSHOTS_IMPORTED or not isinstance(brought, dict):
            return
        for maker, numbers in brought.items():
            for number in numbers if isinstance(numbers, list) else ():
                self._snapshots.add((maker, str(number)))

    def has(self, chain: str, maker: str, table: str, key: Mapping[str, Any]) -> bool:
        """Tell whether an event of this chain speaks of a row that is to be found here."""
        if not _is_own(chain) or (chain == REGISTRY and not self._part):
            return True
        if table == snapshots.name:
            return (maker, str(key.get("id"))) in self._snapshots
        model = str(key.get("name" if table == registered_models.name else "model"))
        if model not in self._models:
            return False
        # What another registry noted of its imports is noted here by our own events.
        if table == imports.name:
            return chain == REGISTRY
        return self._origins.founder(model) == maker


def _is_own(chain: str) -> bool:
    """Tell a registry's own chain, ours or another's, from a model's."""
    return chain == REGISTRY or chain_origin(chain) is not None


def _noted_heads(event: Event) -> Iterator[tuple[str, str, int, str]]:
    """Give what an import noted of the chains that came with it."""
    facts = event.body.get("facts")
    heads = facts.get("chains") if isinstance(facts, dict) else None
    where = f"event {event.sequence} of {event.chain}"
    for chain, head in heads.items() if isinstance(heads, dict) else ():
        if isinstance(head, dict) and isinstance(head.get("sequence"), int):
            yield where, chain, head["sequence"], str(head.get("digest"))


def _check_imports(read: Ledger, found: Findings, *, part: bool) -> None:
    """Hold what was noted when history was imported against the events that are there now."""
    noted = list(read.noted)
    for model, segments in read.origins.segments.items():
        where = f"the import of {model}"
        noted += [(where, model, each.sequence, each.digest) for each in segments]
    there = {chain for chain, _ in read.digests}
    for where, chain, sequence, digest in noted:
        absent = part and _is_own(chain) and chain not in there
        if absent or read.digests.get((chain, sequence), GENESIS) == digest:
            continue
        found.add(
            "history_rewritten",
            where,
            f"{where} was made when event {sequence} of {chain} was {digest[:19]};"
            " it is another one now, or gone",
            (chain,),
        )


def _note_laundered(event: Event, key: Key, found: Findings) -> None:
    where = f"{key[1]} {_shown(json.loads(key[2]))}"
    found.add(
        "row_changed_before",
        where,
        f"{where} was not as its last event left it when event {event.sequence} of"
        f" {event.chain} changed it",
        (event.chain,),
    )


def _vouched(event: Event) -> Iterator[tuple[str, dict[str, Any], str | None, str]]:
    """Give table and key of each row that the event wrote, with its digests before and after.

    What an edit made of the list is passed over: the edited event is found already, and
    the rows that nobody vouches for any more are found by that.
    """
    rows = event.body.get("rows")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(row.get("key"), dict):
            yield str(row.get("table")), row["key"], row.get("before"), str(row.get("digest"))


def _check_link(
    event: Event, previous: str, sequence: int, found: Findings, *, damage: str
) -> None:
    where = f"event {event.sequence} of {event.chain}"
    if event.sequence != sequence + 1 or event.previous != previous:
        found.add(
            "event_missing", where, f"{where} does not follow event {sequence}", (event.chain,)
        )
    if damage or not _is_sealed(event):
        found.add(
            "event_changed", where, f"{where} was edited after it was written", (event.chain,)
        )


def _is_sealed(event: Event) -> bool:
    try:
        again = sealed(event.chain, event.sequence, event.previous, event.kind, event.body)
    except RegistryError:
        return False  # what canonical JSON cannot say was never written
    return again.digest == event.digest


def _is_vouched(row: Mapping[Any, Any], digest: str) -> bool:
    try:
        return row_digest(dict(row)) == digest
    except RegistryError:
        return False


def _check_rows(connection: sa.Connection, read: Ledger, found: Findings) -> None:
    seen: set[Key] = set()
    numbered: set[tuple[str, int]] = set()
    for table in VOUCHED:
        for row in connection.execute(sa.select(table)).mappings():
            found.rows += 1
            where = f"{table.name} {_shown({c.name: row[c.name] for c in table.primary_key})}"
            key, as_made = _as_made(table, row, read.origins)
            seen.add(key)
            if table.name in NUMBERED:
                numbered.add((table.name, row["id"]))
            if key not in read.vouched:
                found.add("row_unknown", where, f"{where} was written by no event", _touched(row))
            elif not _is_vouched(as_made, read.vouched[key]):
                found.add(
                    "row_changed", where, f"{where} is not as its event left it", _touched(row)
                )
    for table_name, number in sorted(set(read.origins.rows) - numbered):
        where = f"imported_rows {table_name}, {number}"
        found.add("row_unknown", where, f"{where} speaks of a row that is not there")
    _note_missing(set(read.vouched) - seen, read.origins, found)


def _as_made(
    table: sa.Table, row: Mapping[Any, Any], origins: Provenance
) -> tuple[Key, Mapping[Any, Any]]:
    """Give the key under which events vouch for a row, and the row as they saw it."""
    primary = {column.name: row[column.name] for column in table.primary_key}
    if table.name not in NUMBERED:
        return ("", table.name, json.dumps(primary, sort_keys=True)), row
    maker, original = origins.as_made(table.name, row)
    return (maker, table.name, json.dumps({"id": original["id"]})), original


def _note_missing(gone: set[Key], origins: Provenance, found: Findings) -> None:
    here = {(table, *made): number for (table, number), made in origins.rows.items()}
    keys = {table.name: [column.name for column in table.primary_key] for table in VOUCHED}
    for maker, table_name, text in sorted(gone):
        key = json.loads(text)
        in_order = {name: key.get(name) for name in keys.get(table_name, key)}
        number = here.get((table_name, maker, key.get("id")))
        where = f"{table_name} {_shown(in_order) if number is None else number}"
        if maker not in ("", origins.registry) and number is None:
            where += f" of registry {maker}"
        found.add("row_missing", where, f"{where} is gone from the catalog")


def _touched(row: Mapping[Any, Any]) -> tuple[str, ...]:
    if "model" not in row:
        return ()
    number = row.get("version", row.get("number"))
    return (f"{row['model']}:{number}" if number is not None else str(row["model"]),)


def _shown(key: Mapping[str, Any]) -> str:
    return ", ".join(str(value) for value in key.values())
