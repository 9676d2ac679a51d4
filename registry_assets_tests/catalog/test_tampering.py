"""Whoever changes the past in the catalog's file is found, and so is what he changed."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from registry_assets.canonical import canonical_json
from registry_assets.catalog.ledger import GENESIS, sealed
from registry_assets.catalog.tables import VOUCHED, events, heads, promotions, verdicts
from registry_assets.clock import ReplayClock
from registry_assets.lifecycle import verifying
from registry_assets.lifecycle.verifying import Verification, verify
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import MODEL, START, History
from registry_assets_tests.catalog.projects import Project

TABLES = {table.name: table for table in VOUCHED}


@pytest.fixture(autouse=True)
def _no_promotion_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whose pointer file would be waited for, wherever one is not what the catalog says.
    monkeypatch.setattr(verifying, "_PROMOTION_SECONDS", 0.0)


def verified(project: Project) -> Verification:
    """What `registry verify` finds."""
    return verify(Registry.open(project.folder).backends)


def found(project: Project) -> set[tuple[str, str]]:
    """Code and subject of every problem."""
    return {(problem.code, problem.subject) for problem in verified(project).problems}


def where(table: sa.Table, row: Any) -> str:
    """A row, as problems name it."""
    return f"{table.name} {', '.join(str(row[column.name]) for column in table.primary_key)}"


def last(connection: sa.Connection, table: sa.Table) -> dict[str, Any]:
    """The row with the highest key."""
    newest_first = [column.desc() for column in table.primary_key]
    rows = connection.execute(sa.select(table).order_by(*newest_first)).mappings()
    return dict(rows.first() or {})


def at(table: sa.Table, row: Any) -> sa.ColumnElement[bool]:
    """That this is the row."""
    return sa.and_(*(column == row[column.name] for column in table.primary_key))


def other(column: sa.Column[Any], was: Any) -> Any:
    """Another value of its type."""
    return f"{was}?" if isinstance(column.type, sa.Text) else (was or 0) + 1


def test_a_past_that_nobody_touched_is_clean(past: Project) -> None:
    with past.settings():
        assert verified(past).problems == ()


@pytest.mark.parametrize("name", TABLES)
def test_an_edited_row_is_named_whatever_its_column(copied: Project, name: str) -> None:
    table = TABLES[name]
    # The digest of a row is the same on every database: what differs there is how it is read.
    sampled = list(table.columns)[:: 4 if copied.url else 1]
    for column in sampled:
        with copied.tampering() as connection:
            row = last(connection, table)
            edited = {**row, column.name: other(column, row[column.name])}
            connection.execute(sa.update(table).where(at(table, row)).values(edited))
        problems = found(copied)
        if column.primary_key:
            assert {("row_missing", where(table, row)), ("row_unknown", where(table, edited))} <= (
                problems
            ), column
        else:
            assert ("row_changed", where(table, row)) in problems, column
        with copied.tampering() as connection:
            connection.execute(sa.update(table).where(at(table, edited)).values(row))
    assert found(copied) == set()


@pytest.mark.parametrize("name", TABLES)
def test_a_removed_row_is_named_and_so_is_an_inserted_one(copied: Project, name: str) -> None:
    table = TABLES[name]
    with copied.tampering() as connection:
        row = last(connection, table)
        connection.execute(sa.delete(table).where(at(table, row)))
        shadow = {**row}
        column = list(table.primary_key)[-1]
        shadow[column.name] = other(column, row[column.name])
        connection.execute(sa.insert(table).values(shadow))
    problems = found(copied)
    assert ("row_missing", where(table, row)) in problems
    assert ("row_unknown", where(table, shadow)) in problems


def event(sequence: int) -> sa.ColumnElement[bool]:
    """That this is the model's event of that number."""
    return sa.and_(events.c.chain == MODEL, events.c.sequence == sequence)


def length(connection: sa.Connection) -> int:
    """How many events the model's chain has."""
    query = sa.select(sa.func.max(events.c.sequence)).where(events.c.chain == MODEL)
    return int(connection.execute(query).scalar_one())


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
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_event_is_named(copied: Project, edit: str) -> None:
    with copied.tampering() as connection:
        row = connection.execute(sa.select(events).where(event(2))).mappings().one()
        column, value = EDITS[edit](row)
        assert value != row[column]
        connection.execute(sa.update(events).where(event(2)).values({column: value}))
    assert ("event_changed", f"event 2 of {MODEL}") in found(copied)


def test_bytes_in_the_place_of_text_are_named(copied: Project) -> None:
    with copied.tampering() as connection:
        bytes_of_it = {"sqlite": "x'7b7d'", "postgresql": "'{}'::bytea"}[connection.dialect.name]
        connection.exec_driver_sql(f"UPDATE events SET body = {bytes_of_it} WHERE sequence = 2")
    assert ("event_changed", f"event 2 of {MODEL}") in found(copied)


def test_a_removed_event_is_named_by_the_one_that_followed(copied: Project) -> None:
    with copied.tampering() as connection:
        connection.execute(sa.delete(events).where(event(3)))
    assert ("event_missing", f"event 4 of {MODEL}") in found(copied)


def test_events_that_changed_places_are_named(copied: Project) -> None:
    with copied.tampering() as connection:
        for was, becomes in ((2, 99), (3, 2), (99, 3)):
            connection.execute(sa.update(events).where(event(was)).values(sequence=becomes))
    problems = found(copied)
    for sequence in (2, 3):
        assert ("event_changed", f"event {sequence} of {MODEL}") in problems
        assert ("event_missing", f"event {sequence} of {MODEL}") in problems


def test_a_ledger_that_was_cut_off_is_found(copied: Project) -> None:
    with copied.tampering() as connection:
        connection.execute(sa.delete(events).where(event(length(connection))))
    assert ("ledger_truncated", MODEL) in found(copied)


def test_a_ledger_cut_off_together_with_its_head_is_found_by_its_rows(copied: Project) -> None:
    with copied.tampering() as connection:
        sequence = length(connection)
        connection.execute(sa.delete(events).where(event(sequence)))
        before = sa.select(events.c.digest).where(event(sequence - 1)).scalar_subquery()
        connection.execute(
            sa.update(heads)
            .where(heads.c.chain == MODEL)
            .values(sequence=sequence - 1, digest=before)
        )
    # The last thing that happened was that version 3 failed.
    assert found(copied) == {("row_changed", f"versions {MODEL}, 3")}


@pytest.mark.parametrize("change", ["DELETE FROM heads", "UPDATE heads SET sequence = 1"])
def test_a_head_that_is_not_the_end_is_found(copied: Project, change: str) -> None:
    with copied.tampering() as connection:
        connection.exec_driver_sql(f"{change} WHERE chain = '{MODEL}'")
    assert found(copied) == {("ledger_truncated", MODEL)}


def test_a_ledger_that_was_emptied_leaves_every_row_unvouched(copied: Project) -> None:
    with copied.tampering() as connection:
        connection.execute(sa.delete(events))
        connection.execute(sa.delete(heads))
        counts = [sa.select(sa.func.count()).select_from(table) for table in VOUCHED]
        rows = sum(connection.execute(count).scalar_one() for count in counts)
    problems = verified(copied).problems
    # Nor does it tell any more with which key the registry signed.
    codes = {"row_unknown", "history_rewritten", "attestation_invalid"}
    assert {problem.code for problem in problems} == codes
    assert len([p for p in problems if p.code == "row_unknown"]) == rows


@pytest.mark.parametrize(
    ("table", "edit", "go_on"),
    [
        ("registered_models", "policy = replace(policy, 'low', 'l0w')", lambda h: h.reserve("n")),
        ("pointers", "version = 2, generation = 9", lambda h: h.promote(h.version(seed=70))),
    ],
)
def test_an_edit_is_found_even_when_the_row_was_honestly_changed_afterwards(
    copied: Project, table: str, edit: str, go_on: Callable[[History], object]
) -> None:
    with copied.tampering() as connection:
        assert connection.exec_driver_sql(f"UPDATE {table} SET {edit}").rowcount
    go_on(History(Registry.open(copied.folder), ReplayClock(START)))
    problems = verified(copied).problems
    assert "row_changed_before" in {problem.code for problem in problems}
    assert any(problem.subject.startswith(table) for problem in problems)


def test_a_past_that_was_written_anew_contradicts_what_promotions_noted(copied: Project) -> None:
    with copied.tampering() as connection:
        previous = GENESIS
        chain = sa.select(events).where(events.c.chain == MODEL).order_by(events.c.sequence)
        for sequence, row in enumerate(connection.execute(chain).all(), start=1):
            body = json.loads(row.body)
            body["actor"] = "somebody else"
            again = sealed(MODEL, sequence, previous, row.kind, body)
            text = canonical_json(body).decode()
            connection.execute(
                sa.update(events)
                .where(event(sequence))
                .values(body=text, digest=again.digest, previous=previous)
            )
            previous = again.digest
        connection.execute(sa.update(heads).where(heads.c.chain == MODEL).values(digest=previous))
    assert {problem.code for problem in verified(copied).problems} == {"history_rewritten"}


PROGRAMS = {
    "a trigger": {
        "sqlite": "CREATE TRIGGER kind AFTER INSERT ON verdicts BEGIN DELETE FROM verdicts; END",
        "postgresql": "CREATE TRIGGER kind BEFORE UPDATE ON verdicts FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    },
    "a view": dict.fromkeys(("sqlite", "postgresql"), "CREATE VIEW good AS SELECT * FROM verdicts"),
    "a rule": {"postgresql": "CREATE RULE kind AS ON DELETE TO verdicts DO INSTEAD NOTHING"},
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_in_the_catalog_is_named(copied: Project, program: str) -> None:
    with copied.tampering() as connection:
        statement = PROGRAMS[program].get(connection.dialect.name)
        if statement is not None:  # SQLite has no rules
            connection.exec_driver_sql(statement)
    codes = {problem.code for problem in verified(copied).problems}
    assert codes == ({"program_unknown"} if statement else set())


def test_a_promotion_at_high_risk_without_an_approval_is_named(copied: Project) -> None:
    with copied.tampering() as connection:
        risky = sa.func.replace(promotions.c.evidence, '"low"', '"high"')
        connection.execute(sa.update(promotions).values(evidence=risky))
    codes = {problem.code for problem in verified(copied).problems}
    signed = {"attestation_invalid"}
    assert codes == {"promotion_unapproved", "row_changed", "pointer_file_behind"} | signed


def test_what_depends_on_a_changed_row_is_named(copied: Project) -> None:
    with copied.tampering() as connection:
        connection.execute(sa.update(verdicts).where(verdicts.c.version == 2).values(value=0.99))
    touched = {problem.touches for problem in verified(copied).problems}
    assert touched == {(f"{MODEL}:2",)}


def test_verifying_changes_nothing(copied: Project) -> None:
    def content() -> dict[str, bytes]:
        files = (path for path in copied.folder.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files}

    before = content()
    verified(copied)
    assert content() == before
