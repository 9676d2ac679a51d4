"""Whoever changes the past in the catalog's file is found, and so is what he changed."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from registry_assets.catalog.ledger import GENESIS, sealed
from registry_assets.catalog.tables import VOUCHED
from registry_assets.clock import ReplayClock
from registry_assets.home import Home
from registry_assets.lifecycle.verifying import Verification, verify
from registry_assets.manifest import canonical_json
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import MODEL, START, History, lived_in

TABLES = [table.name for table in VOUCHED]
KEYS = {table.name: [column.name for column in table.primary_key] for table in VOUCHED}
LAST = "SELECT rowid AS place, * FROM {} ORDER BY rowid DESC"
COLUMNS = [(table.name, column.name) for table in VOUCHED for column in table.columns]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose registry has rows in every table."""
    folder = tmp_path_factory.mktemp("past") / "project"
    lived_in(folder)
    return folder


@pytest.fixture
def folder(past: Path, tmp_path: Path) -> Path:
    """A copy of it, to be tampered with."""
    return Path(shutil.copytree(past, tmp_path / "copy"))


def verified(folder: Path) -> Verification:
    """What `registry verify` finds."""
    return verify(Registry.open(folder).backends)


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
    return {(problem.code, problem.subject) for problem in verified(folder).problems}


def where(table: str, row: Any) -> str:
    """A row, as problems name it."""
    return f"{table} {', '.join(str(row[name]) for name in KEYS[table])}"


def test_a_past_that_nobody_touched_is_clean(past: Path) -> None:
    assert verified(past).clean


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_an_edited_row_is_named(folder: Path, table: str, column: str) -> None:
    with tampering(folder) as connection:
        row = connection.execute(LAST.format(table)).fetchone()
        was = row[column]
        other = was + 1 if isinstance(was, int | float) else f"{was}?"
        connection.execute(
            f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (other, row["place"])
        )
    problems = found(folder)
    if column in KEYS[table]:
        edited = {**dict(row), column: other}
        assert {("row_missing", where(table, row)), ("row_unknown", where(table, edited))} <= (
            problems
        )
    else:
        assert ("row_changed", where(table, row)) in problems


@pytest.mark.parametrize("table", TABLES)
def test_a_removed_row_is_named(folder: Path, table: str) -> None:
    with tampering(folder) as connection:
        row = connection.execute(LAST.format(table)).fetchone()
        connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (row["place"],))
    assert ("row_missing", where(table, row)) in found(folder)


@pytest.mark.parametrize("table", TABLES)
def test_an_inserted_row_is_named(folder: Path, table: str) -> None:
    with tampering(folder) as connection:
        row = dict(connection.execute(f"SELECT * FROM {table} ORDER BY rowid DESC").fetchone())
        last = KEYS[table][-1]
        row[last] = row[last] + 1 if isinstance(row[last], int) else "shadow"
        row |= {name: None for name in ("digest",) if table == "versions"}
        row |= {name: f"{row[name]}?" for name in ("request",) if table == "versions"}
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO {table} VALUES ({marks})", tuple(row.values()))
    assert ("row_unknown", where(table, row)) in found(folder)


def first_events(folder: Path) -> int:
    """How many events the model's chain has."""
    with tampering(folder) as connection:
        return int(
            connection.execute("SELECT count(*) FROM events WHERE chain = ?", (MODEL,)).fetchone()[
                0
            ]
        )


EDITS: dict[str, Callable[[Any], tuple[str, Any]]] = {
    "its sentence": lambda e: ("body", e["body"].replace("version", "vers1on")),
    "its actor": lambda e: ("body", e["body"].replace('"ann"', '"bob"')),
    "its rows": lambda e: ("body", json.dumps({**json.loads(e["body"]), "rows": []})),
    "rows that are no rows": lambda e: ("body", json.dumps({"rows": [1, {"key": []}, None]})),
    "its kind": lambda e: ("kind", "nothing_happened"),
    "its digest": lambda e: ("digest", "sha256:" + "0" * 64),
    "what it follows": lambda e: ("previous", "sha256:" + "0" * 64),
    "a text that is no JSON": lambda e: ("body", "{"),
    "a JSON that is no event": lambda e: ("body", "[]"),
    "a number that JSON cannot say": lambda e: ("body", '{"facts": NaN}'),
    "bytes for text": lambda e: ("body", b"{}"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_event_is_named(folder: Path, edit: str) -> None:
    with tampering(folder) as connection:
        event = connection.execute(
            "SELECT * FROM events WHERE chain = ? AND sequence = 2", (MODEL,)
        ).fetchone()
        column, value = EDITS[edit](event)
        assert value != event[column]
        connection.execute(
            f"UPDATE events SET {column} = ? WHERE chain = ? AND sequence = 2", (value, MODEL)
        )
    assert ("event_changed", f"event 2 of {MODEL}") in found(folder)


def test_a_removed_event_is_named_by_the_one_that_followed(folder: Path) -> None:
    with tampering(folder) as connection:
        connection.execute("DELETE FROM events WHERE chain = ? AND sequence = 3", (MODEL,))
    assert ("event_missing", f"event 4 of {MODEL}") in found(folder)


def test_events_that_changed_places_are_named(folder: Path) -> None:
    with tampering(folder) as connection:
        for was, becomes in ((2, 99), (3, 2), (99, 3)):
            connection.execute(
                "UPDATE events SET sequence = ? WHERE chain = ? AND sequence = ?",
                (becomes, MODEL, was),
            )
    problems = found(folder)
    for sequence in (2, 3):
        assert ("event_changed", f"event {sequence} of {MODEL}") in problems
        assert ("event_missing", f"event {sequence} of {MODEL}") in problems


def test_a_ledger_that_was_cut_off_is_found(folder: Path) -> None:
    last = first_events(folder)
    with tampering(folder) as connection:
        connection.execute("DELETE FROM events WHERE chain = ? AND sequence = ?", (MODEL, last))
    problems = found(folder)
    assert ("ledger_truncated", MODEL) in problems


def test_a_ledger_cut_off_together_with_its_head_is_found_by_its_rows(folder: Path) -> None:
    last = first_events(folder)
    with tampering(folder) as connection:
        connection.execute("DELETE FROM events WHERE chain = ? AND sequence = ?", (MODEL, last))
        connection.execute(
            "UPDATE heads SET sequence = ?, digest = (SELECT digest FROM events"
            " WHERE chain = heads.chain AND sequence = ?) WHERE chain = ?",
            (last - 1, last - 1, MODEL),
        )
    # The last thing that happened was that version 3 failed.
    assert found(folder) == {("row_changed", f"versions {MODEL}, 3")}


@pytest.mark.parametrize("change", ["DELETE FROM heads", "UPDATE heads SET sequence = 1"])
def test_a_head_that_is_not_the_end_is_found(folder: Path, change: str) -> None:
    with tampering(folder) as connection:
        connection.execute(f"{change} WHERE chain = ?", (MODEL,))
    assert found(folder) == {("ledger_truncated", MODEL)}


def test_a_ledger_that_was_emptied_leaves_every_row_unvouched(folder: Path) -> None:
    with tampering(folder) as connection:
        connection.execute("DELETE FROM events")
        connection.execute("DELETE FROM heads")
        rows = sum(
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES
        )
    problems = verified(folder).problems
    assert {problem.code for problem in problems} == {"row_unknown", "history_rewritten"}
    assert len([p for p in problems if p.code == "row_unknown"]) == rows


@pytest.mark.parametrize(
    ("table", "edit", "go_on"),
    [
        ("registered_models", "policy = replace(policy, 'low', 'l0w')", lambda h: h.reserve("n")),
        ("pointers", "version = 2, generation = 9", lambda h: h.promote(h.version(seed=70))),
    ],
)
def test_an_edit_is_found_even_when_the_row_was_honestly_changed_afterwards(
    folder: Path, table: str, edit: str, go_on: Callable[[History], object]
) -> None:
    with tampering(folder) as connection:
        assert connection.execute(f"UPDATE {table} SET {edit}").rowcount
    go_on(History(Registry.open(folder), ReplayClock(START)))
    problems = verified(folder).problems
    assert "row_changed_before" in {problem.code for problem in problems}
    assert any(problem.subject.startswith(table) for problem in problems)


def test_a_past_that_was_written_anew_contradicts_what_promotions_noted(folder: Path) -> None:
    with tampering(folder) as connection:
        previous = GENESIS
        rows = connection.execute(
            "SELECT * FROM events WHERE chain = ? ORDER BY sequence", (MODEL,)
        ).fetchall()
        for sequence, row in enumerate(rows, start=1):
            body = json.loads(row["body"])
            body["actor"] = "somebody else"
            event = sealed(MODEL, sequence, previous, row["kind"], body)
            connection.execute(
                "UPDATE events SET body = ?, digest = ?, previous = ? WHERE chain = ? AND"
                " sequence = ?",
                (canonical_json(body).decode(), event.digest, previous, MODEL, sequence),
            )
            previous = event.digest
        connection.execute("UPDATE heads SET digest = ? WHERE chain = ?", (previous, MODEL))
    assert {problem.code for problem in verified(folder).problems} == {"history_rewritten"}


@pytest.mark.parametrize(
    "program",
    [
        "CREATE TRIGGER kind AFTER INSERT ON verdicts BEGIN DELETE FROM verdicts; END",
        "CREATE VIEW good AS SELECT * FROM verdicts",
    ],
)
def test_a_program_in_the_catalog_is_named(folder: Path, program: str) -> None:
    with tampering(folder) as connection:
        connection.execute(program)
    assert {problem.code for problem in verified(folder).problems} == {"program_unknown"}


def test_a_promotion_at_high_risk_without_an_approval_is_named(folder: Path) -> None:
    with tampering(folder) as connection:
        connection.execute(
            """UPDATE promotions SET evidence = replace(evidence, '"low"', '"high"')"""
        )
    codes = {problem.code for problem in verified(folder).problems}
    assert codes == {"promotion_unapproved", "row_changed", "pointer_file_behind"}


def test_what_depends_on_a_changed_row_is_named(folder: Path) -> None:
    with tampering(folder) as connection:
        connection.execute("UPDATE verdicts SET value = 0.99 WHERE version = 2")
    touched = {problem.touches for problem in verified(folder).problems}
    assert touched == {(f"{MODEL}:2",)}


def test_verifying_changes_nothing(folder: Path) -> None:
    def content() -> dict[str, bytes]:
        files = (path for path in folder.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files}

    before = content()
    verified(folder)
    assert content() == before
