"""Whoever changes imported history in the catalog's file is found, as with one's own."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from registry_assets.catalog.ledger import REGISTRY, foreign_chain, read_events, sealed
from registry_assets.catalog.tables import OF_THE_REGISTRY, VOUCHED, imports
from registry_assets.home import Home
from registry_assets.lifecycle import verifying
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import MODEL, new_history
from registry_assets_tests.catalog.watched import Watch
from registry_assets_tests.copies import copied
from registry_assets_tests.transfer.moves import carry, full_past, identity

# What is about a registry itself stays where it is.
TRAVELLING = [table for table in VOUCHED if table not in OF_THE_REGISTRY]
TABLES = [table.name for table in TRAVELLING]
KEYS = {table.name: [column.name for column in table.primary_key] for table in VOUCHED}
NUMBERED = ("evaluations", "monitoring_results", "observations", "snapshots", "verdicts")
# An import itself is of the registry that imported: nothing of it came from elsewhere.
COLUMNS = [(t.name, c.name) for t in TRAVELLING for c in t.columns if t is not imports]


@pytest.fixture(autouse=True)
def _no_promotion_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whose pointer file would be waited for, wherever one is not what the catalog says.
    monkeypatch.setattr(verifying, "_PROMOTION_SECONDS", 0.0)


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose registry has a model of its own, and two that came from another."""
    root = tmp_path_factory.mktemp("brought")
    origin, target = full_past(root / "origin"), new_history(root / "target")
    target.declare("mine")
    target.version(1, model="mine")
    Watch(target, "mine").observe("drift", "2013-05", "failed")
    target.snapshot("2013-01", content=9)
    carry(origin.registry, target.registry, root / "all")
    return root / "target"


@pytest.fixture
def folder(brought: Path, tmp_path: Path) -> Path:
    """A copy of it, to be tampered with."""
    return copied(brought, tmp_path / "copy")


@contextmanager
def tampering(folder: Path) -> Iterator[sqlite3.Connection]:
    """Change the file as an intruder does, past every constraint."""
    with closing(sqlite3.connect(Home(folder).catalog)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA ignore_check_constraints = ON")
        yield connection
        connection.commit()


def found(folder: Path) -> set[tuple[str, str]]:
    """Code and subject of every problem."""
    return {(problem.code, problem.subject) for problem in Registry.open(folder).verify().problems}


def where(table: str, row: Any) -> str:
    """A row, as problems name it."""
    return f"{table} {', '.join(str(row[name]) for name in KEYS[table])}"


def imported_row(connection: sqlite3.Connection, table: str) -> Any:
    """A row of a table that came from elsewhere."""
    if table in NUMBERED:
        query = "SELECT t.rowid AS place, t.* FROM {0} t JOIN imported_rows i ON i.id = t.id"
        query += " WHERE i.table_name = '{0}' ORDER BY t.id DESC"
    elif table == "registered_models":
        query = f"SELECT rowid AS place, * FROM {{0}} WHERE name = '{MODEL}'"
    else:
        query = f"SELECT rowid AS place, * FROM {{0}} WHERE model = '{MODEL}' ORDER BY rowid DESC"
    return connection.execute(query.format(table)).fetchone()


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_an_edited_row_is_named(folder: Path, table: str, column: str) -> None:
    with tampering(folder) as connection:
        row = imported_row(connection, table)
        was = row[column]
        other = was + 1000 if isinstance(was, int | float) else f"{was}?"
        connection.execute(
            f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (other, row["place"])
        )
    problems = found(folder)
    if column in KEYS[table]:
        edited = {**dict(row), column: other}
        assert ("row_missing", where(table, row)) in problems
        assert ("row_unknown", where(table, edited)) in problems
    else:
        assert ("row_changed", where(table, row)) in problems


@pytest.mark.parametrize("table", TABLES)
def test_a_removed_row_is_named(folder: Path, table: str) -> None:
    with tampering(folder) as connection:
        row = imported_row(connection, table)
        connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (row["place"],))
    assert ("row_missing", where(table, row)) in found(folder)


@pytest.mark.parametrize("table", NUMBERED)
@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM imported_rows",
        "UPDATE imported_rows SET original_id = original_id + 1000",
        "UPDATE imported_rows SET origin = 'ffffffffffffffffffffffffffffffff'",
        "UPDATE imported_rows SET id = id + 1000",
    ],
)
def test_a_row_with_another_past_is_unknown(folder: Path, table: str, change: str) -> None:
    with tampering(folder) as connection:
        row = imported_row(connection, table)
        key = (table, row["id"])
        connection.execute(f"{change} WHERE table_name = ? AND id = ?", key)
    assert ("row_unknown", where(table, row)) in found(folder)


@pytest.mark.parametrize("table", NUMBERED)
def test_a_row_of_ones_own_given_a_past_elsewhere_is_named(folder: Path, table: str) -> None:
    origin = identity(Registry.open(folder))
    with tampering(folder) as connection:
        (number,) = connection.execute(
            f"SELECT min(id) FROM {table} WHERE id NOT IN"
            " (SELECT id FROM imported_rows WHERE table_name = ?)",
            (table,),
        ).fetchone()
        values = (table, number, "f" * 32, 5)
        connection.execute("INSERT INTO imported_rows VALUES (?, ?, ?, ?)", values)
    assert origin != "f" * 32
    assert ("row_unknown", f"{table} {number}") in found(folder)


def test_two_rows_that_changed_their_numbers_are_named(folder: Path) -> None:
    with tampering(folder) as connection:
        first, second = connection.execute(
            "SELECT id FROM imported_rows WHERE table_name = 'evaluations' ORDER BY id LIMIT 2"
        ).fetchall()
        for was, becomes in ((first, -1), (second, first["id"]), ({"id": -1}, second["id"])):
            connection.execute(
                "UPDATE imported_rows SET id = ? WHERE table_name = 'evaluations' AND id = ?",
                (becomes, was["id"]),
            )
    codes = {code for code, _ in found(folder)}
    assert codes == {"row_changed"}


@pytest.mark.parametrize("cut_off", [1, 2, 100])
def test_a_foreign_chain_that_was_cut_off_is_found(folder: Path, cut_off: int) -> None:
    with tampering(folder) as connection:
        (chain,) = connection.execute(
            "SELECT chain FROM heads WHERE chain LIKE '-registry@%'"
        ).fetchone()
        (head,) = connection.execute(
            "SELECT sequence FROM heads WHERE chain = ?", (chain,)
        ).fetchone()
        left = max(head - cut_off, 0)
        values = (chain, left)
        connection.execute("DELETE FROM events WHERE chain = ? AND sequence > ?", values)
        if left:
            connection.execute(
                "UPDATE heads SET sequence = ?, digest = (SELECT digest FROM events e WHERE"
                " e.chain = heads.chain AND e.sequence = ?) WHERE chain = ?",
                (left, left, chain),
            )
        else:
            connection.execute("DELETE FROM heads WHERE chain = ?", (chain,))
    last = len(Registry.open(folder).log(REGISTRY))
    assert ("history_rewritten", f"event {last} of {REGISTRY}") in found(folder)


def test_a_changed_event_of_a_foreign_chain_is_named(folder: Path) -> None:
    with tampering(folder) as connection:
        chain = connection.execute(
            "SELECT chain FROM heads WHERE chain LIKE '-registry@%'"
        ).fetchone()["chain"]
        connection.execute(
            "UPDATE events SET body = replace(body, '\"ann\"', '\"bob\"') WHERE chain = ?", (chain,)
        )
    assert ("event_changed", f"event 2 of {chain}") in found(folder)


NO_FACTS: tuple[object, ...] = (
    1,
    {"chains": 1},
    {"chains": {"late": 1}},
    {"chains": {"late": {"sequence": []}}},
    {"snapshots": 1},
    {"snapshots": {"late": 1}},
    {"snapshots": {"late": [[]]}},
)


@pytest.mark.parametrize("facts", NO_FACTS, ids=str)
def test_facts_that_are_none_hide_nothing(folder: Path, facts: object) -> None:
    with tampering(folder) as connection:
        event = connection.execute(
            "SELECT * FROM events WHERE kind = 'snapshots_imported'"
        ).fetchone()
        body = json.dumps({**json.loads(event["body"]), "facts": facts})
        place = (body, event["chain"], event["sequence"])
        connection.execute("UPDATE events SET body = ? WHERE chain = ? AND sequence = ?", place)
    assert ("event_changed", f"event {event['sequence']} of {REGISTRY}") in found(folder)


def test_imported_history_said_to_be_ones_own_is_found(folder: Path) -> None:
    with tampering(folder) as connection:
        connection.execute("DELETE FROM imports WHERE model = ?", (MODEL,))
    codes = {code for code, _ in found(folder)}
    assert {"row_missing", "row_unknown", "history_rewritten"} <= codes


def test_another_registrys_name_for_its_chain_is_part_of_no_digest(brought: Path) -> None:
    registry = Registry.open(brought)
    origin = next(
        fact["origin"]
        for event in registry.log(REGISTRY)
        if (fact := event.body["facts"]) and event.kind == "model_imported"
    )
    with registry.backends.catalog.read() as connection:
        for event in read_events(connection, foreign_chain(origin)):
            again = sealed(REGISTRY, event.sequence, event.previous, event.kind, event.body)
            assert again.digest == event.digest
