"""Audit: the catalog's rows and history, held against the ledger that vouches for them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.engine import foreign_programs
from registry_assets.catalog.ledger import (
    GENESIS,
    Event,
    read_chains,
    read_head,
    read_stored,
    row_digest,
    sealed,
)
from registry_assets.catalog.tables import VOUCHED, promotions
from registry_assets.errors import RegistryError


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


def audit(connection: sa.Connection, found: Findings) -> None:
    """Check every chain, every row that events vouch for, and every promotion."""
    for name in foreign_programs(connection):
        sentence = (
            f"{name} is in the catalog's file; a program in there can change what is recorded"
        )
        found.add("program_unknown", name, sentence)
    vouched: dict[tuple[str, str], str] = {}
    digests: dict[tuple[str, int], str] = {}
    # The registry's chain sorts first. A model's row is created there and changed in the
    # model's own chain, so the last digest met is the newest.
    for chain in read_chains(connection):
        previous, sequence = GENESIS, 0
        for event, damage in read_stored(connection, chain):
            found.events += 1
            _check_link(event, previous, sequence, found, damage=damage)
            previous, sequence = event.digest, event.sequence
            digests[chain, sequence] = event.digest
            for key, before, after in _vouched(event):
                if before != vouched.get(key):
                    _note_laundered(event, key, found)
                vouched[key] = after
        head = read_head(connection, chain)
        if (head.sequence, head.digest) != (sequence, previous):
            found.add(
                "ledger_truncated",
                chain,
                f"the ledger of {chain} ends at event {sequence}; its head says {head.sequence}",
                (chain,),
            )
    _check_rows(connection, vouched, found)
    for row in connection.execute(sa.select(promotions)):
        _check_promotion(row, digests, found)


def _check_promotion(
    row: sa.Row[Any], digests: Mapping[tuple[str, int], str], found: Findings
) -> None:
    """Check what a promotion rested on: people where it took them, and the past it was made in."""
    where = f"promotion {row.generation} of {row.model}@{row.pointer}"
    touches = (f"{row.model}:{row.version}",)
    try:
        evidence = dict(json.loads(row.evidence))
        heads = {
            chain: (head["sequence"], head["digest"]) for chain, head in evidence["ledger"].items()
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        found.add("evidence_unreadable", where, f"the evidence of {where} cannot be read", touches)
        return
    if evidence.get("risk") == "high" and not evidence.get("approvals"):
        sentence = f"{where} was made at high risk without an approval"
        found.add("promotion_unapproved", where, sentence, touches)
    for chain, (sequence, digest) in heads.items():
        if sequence and digests.get((chain, sequence)) != digest:
            found.add(
                "history_rewritten",
                where,
                f"{where} was made when event {sequence} of {chain} was {digest[:19]};"
                " it is another one now",
                touches,
            )


def _note_laundered(event: Event, key: tuple[str, str], found: Findings) -> None:
    where = f"{key[0]} {_shown(json.loads(key[1]))}"
    found.add(
        "row_changed_before",
        where,
        f"{where} was not as its last event left it when event {event.sequence} of"
        f" {event.chain} changed it",
        (event.chain,),
    )


def _vouched(event: Event) -> Iterator[tuple[tuple[str, str], str | None, str]]:
    """Give table and key of each row that the event wrote, with its digests before and after.

    What an edit made of the list is passed over: the edited event is found already, and
    the rows that nobody vouches for any more are found by that.
    """
    rows = event.body.get("rows")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(row.get("key"), dict):
            key = json.dumps(row["key"], sort_keys=True)
            yield (str(row.get("table")), key), row.get("before"), str(row.get("digest"))


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


def _check_rows(
    connection: sa.Connection, vouched: Mapping[tuple[str, str], str], found: Findings
) -> None:
    seen = set()
    for table in VOUCHED:
        for row in connection.execute(sa.select(table)).mappings():
            found.rows += 1
            primary = {column.name: row[column.name] for column in table.primary_key}
            key = (table.name, json.dumps(primary, sort_keys=True))
            seen.add(key)
            where = f"{table.name} {_shown(primary)}"
            if key not in vouched:
                found.add("row_unknown", where, f"{where} was written by no event", _touched(row))
            elif not _is_vouched(row, vouched[key]):
                found.add(
                    "row_changed", where, f"{where} is not as its event left it", _touched(row)
                )
    keys = {table.name: [column.name for column in table.primary_key] for table in VOUCHED}
    for table_name, gone in sorted(set(vouched) - seen):
        key_found = json.loads(gone)
        in_order = {name: key_found.get(name) for name in keys.get(table_name, key_found)}
        where = f"{table_name} {_shown(in_order)}"
        found.add("row_missing", where, f"{where} is gone from the catalog")


def _touched(row: Mapping[Any, Any]) -> tuple[str, ...]:
    if "model" not in row:
        return ()
    number = row.get("version", row.get("number"))
    return (f"{row['model']}:{number}" if number is not None else str(row["model"]),)


def _shown(key: Mapping[str, Any]) -> str:
    return ", ".join(str(value) for value in key.values())
