"""Every change is one event in the same transaction, chained to the one before it."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry_assets.catalog.ledger import (
    GENESIS,
    REGISTRY,
    Change,
    Head,
    change,
    read_chains,
    read_head,
    row_digest,
    sealed,
)
from registry_assets.catalog.tables import VOUCHED, registered_models, snapshots, verdicts
from registry_assets.clock import timestamp
from registry_assets.errors import (
    CatalogError,
    Conflict,
    DeclarationError,
    NotReserved,
    RegistryError,
)
from registry_assets.references import check_name
from registry_assets_tests.catalog.history import MODEL, History, fail_training, reopened
from registry_assets_tests.catalog.projects import Project

Counts = Mapping[str, int]


@pytest.fixture
def past_history(past: Project) -> Iterator[History]:
    """A registry with rows in every table; not to be changed."""
    with past.settings():
        yield reopened(past.folder)


def events(history: History) -> list[Any]:
    """All events, chain by chain."""
    with history.catalog.read() as connection:
        chains = read_chains(connection)
    return [event for chain in chains for event in history.registry.log(chain)]


def rows(history: History) -> dict[str, list[Any]]:
    """All rows of the tables that the ledger vouches for."""
    with history.catalog.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(sa.select(table))]
            for table in VOUCHED
        }


CHANGES: dict[str, Callable[[History], object]] = {
    "model_declared": lambda h: h.declare("other"),
    "declaration_changed": lambda h: h.declare(description="Is it very late?"),
    "snapshot_recorded": lambda h: h.snapshot("2013-03"),
    "version_reserved": lambda h: h.reserve("new", seed=9),
    "version_committed": lambda h: h.commit(2),
    "version_failed": lambda h: fail_training(h, 2),
    "version_evaluated": lambda h: h.evaluate(1),
    "pointer_moved": lambda h: h.promote(1),
}
UNCHANGED: dict[str, Callable[[History], object]] = {
    "the same declaration": lambda h: h.declare(),
    "the same content": lambda h: h.snapshot("2013-01"),
    "the same request": lambda h: h.reserve("version 1", seed=1),
    "the same recipe": lambda h: h.reserve("again", seed=1),
    "what is committed": lambda h: h.commit(1),
    "what was committed does not fail": lambda h: fail_training(h, 1),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_is_one_event(begun: History, kind: str) -> None:
    before, earlier = rows(begun), events(begun)
    CHANGES[kind](begun)
    (event,) = [event for event in events(begun) if event not in earlier]
    assert event.kind == kind
    assert event.sentence
    # The event names the rows that are new or different now, and no others.
    after = rows(begun)
    changed = {name: len(set(after[name]) - set(before[name])) for name in after}
    vouched = [row["table"] for row in event.body["rows"]]
    assert {name: vouched.count(name) for name in after} == changed
    assert begun.registry.verify().clean


@pytest.mark.parametrize("what", UNCHANGED)
def test_what_changes_nothing_is_no_event(begun: History, what: str) -> None:
    before, earlier = rows(begun), events(begun)
    UNCHANGED[what](begun)
    assert (rows(begun), events(begun)) == (before, earlier)


FULL = {
    "sqlite": [
        "CREATE TRIGGER no_room BEFORE INSERT ON events BEGIN SELECT RAISE(FAIL, 'full'); END"
    ],
    "postgresql": [
        """CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
           $$BEGIN RAISE EXCEPTION 'full'; END$$""",
        "CREATE TRIGGER no_room BEFORE INSERT ON events EXECUTE FUNCTION no_room()",
    ],
}


@pytest.mark.parametrize("kind", CHANGES)
def test_an_event_that_cannot_be_written_takes_its_change_with_it(
    begun: History, kind: str
) -> None:
    with begun.catalog.write() as connection:
        for statement in FULL[begun.catalog.driver.dialect]:
            connection.exec_driver_sql(statement)
    before = rows(begun)
    with pytest.raises(CatalogError, match="full"):
        CHANGES[kind](begun)
    assert rows(begun) == before


def test_events_are_numbered_and_chained(past_history: History) -> None:
    for chain in (REGISTRY, MODEL):
        log = past_history.registry.log(chain)
        assert [event.sequence for event in log] == list(range(1, len(log) + 1))
        assert [event.previous for event in log] == [GENESIS, *(e.digest for e in log)][:-1]
        for event in log:
            assert event == sealed(chain, event.sequence, event.previous, event.kind, event.body)
        with past_history.catalog.read() as connection:
            assert read_head(connection, chain) == Head(len(log), log[-1].digest)


def test_an_empty_chain_ends_in_its_genesis(past_history: History) -> None:
    with past_history.catalog.read() as connection:
        assert read_head(connection, "nothing") == Head(0, GENESIS)
        assert read_chains(connection) == (REGISTRY, MODEL)


def test_no_model_can_have_the_name_of_the_registrys_own_chain() -> None:
    with pytest.raises(RegistryError):
        check_name(REGISTRY)
    assert REGISTRY < "a"  # it sorts first, which verification relies on


def test_every_row_of_every_table_is_vouched_for_by_its_last_event(past_history: History) -> None:
    vouched = {
        (row["table"], frozenset(row["key"].items())): row["digest"]
        for event in events(past_history)
        for row in event.body["rows"]
    }
    with past_history.catalog.read() as connection:
        for table in VOUCHED:
            found = list(connection.execute(sa.select(table)).mappings())
            assert found, table.name
            for row in found:
                key = frozenset((column.name, row[column.name]) for column in table.primary_key)
                assert vouched.pop((table.name, key)) == row_digest(dict(row))
    assert vouched == {}


def test_an_event_carries_both_times_actor_and_reason(past_history: History) -> None:
    first = past_history.registry.log(MODEL)[0]
    assert first.effective_at == timestamp(past_history.clock.now)
    assert first.body["recorded_at"] > first.effective_at
    assert (first.body["actor"], first.body["reason"]) == ("ann", "because")


def test_a_models_event_records_where_the_registrys_chain_stood(history: History) -> None:
    history.reserve("one")
    history.snapshot("2013-01")
    history.reserve("two", seed=2)
    heads = [event.body["registry_head"] for event in history.registry.log(MODEL)]
    assert heads == [2, 3]
    assert "registry_head" not in history.registry.log(REGISTRY)[0].body


@pytest.mark.parametrize(
    ("actor", "reason"),
    [("ann\0", ""), ("a" * 501, ""), ("ann", "\ud800"), ("ann", "\u202e"), ("ann", "x" * 10_001)],
)
def test_actor_and_reason_must_be_text(history: History, actor: str, reason: str) -> None:
    def write() -> None:
        with change(
            history.catalog,
            chain=MODEL,
            kind="version_reserved",
            actor=actor,
            reason=reason,
            clock=history.clock,
        ):
            raise AssertionError("the change began")

    with pytest.raises(DeclarationError):
        write()


def test_a_change_that_raises_leaves_neither_rows_nor_event(history: History) -> None:
    before = events(history)

    def broken_change() -> None:
        with change(
            history.catalog, chain=MODEL, kind="broken", actor="ann", clock=history.clock
        ) as draft:
            assert draft.update(registered_models, {"name": MODEL}, description="?") == 1
            raise NotReserved("nobody asked")

    with pytest.raises(NotReserved):
        broken_change()
    assert events(history) == before
    assert history.registry.model(MODEL).description == "Is it late?"


def test_an_update_that_finds_no_row_is_no_event(history: History) -> None:
    with change(
        history.catalog, chain=MODEL, kind="nothing", actor="ann", clock=history.clock
    ) as draft:
        assert draft.update(registered_models, {"name": "other"}, description="?") == 0
    assert history.registry.log(MODEL) == ()


def test_a_text_that_is_no_event_is_said_where_it_is_read(history: History) -> None:
    history.reserve("one")
    with history.catalog.write() as connection:
        connection.execute(sa.text("UPDATE events SET body = '{'"))
    with pytest.raises(CatalogError, match="event 1 of late cannot be read") as caught:
        history.registry.log(MODEL)
    assert "registry verify" in caught.value.hint


ROWS = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.none() | st.integers(-9, 9) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
    min_size=1,
)


@given(ROWS, ROWS)
def test_rows_have_one_digest_exactly_when_they_are_equal(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert (row_digest(one) == row_digest(other)) == (one == other)


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
SMALL = st.integers(-(2**31), 2**31 - 1)
FINDINGS = st.fixed_dictionaries(
    {"gate": TEXTS, "why": TEXTS, "outcome": st.sampled_from(["passed", "no_baseline"])},
    optional={
        **dict.fromkeys(("value", "low", "high", "threshold"), NUMBERS),
        "rows": st.none() | SMALL | SMALL.filter(lambda n: n > 0).map(np.int64),
        "pointer": st.none() | TEXTS,
    },
)
SNAPSHOTS = st.fixed_dictionaries(
    {
        **dict.fromkeys(("asset", "partition", "digest", "kind", "run_id"), TEXTS),
        "rows": SMALL,
        "size": st.integers(-(2**53) + 1, 2**53 - 1),
    }
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FINDINGS, FINDINGS, SNAPSHOTS)
def test_what_is_vouched_for_is_what_the_database_gives_back(
    begun: History, finding: dict[str, Any], later: dict[str, Any], snapshot: dict[str, Any]
) -> None:
    def write_and_read() -> None:
        with begun.catalog.write(chain=MODEL) as connection:
            draft = Change(connection, "now")
            about = {"model": MODEL, "version": 1, "version_digest": "d", "gate_digest": "g"}
            (key,) = draft.insert(verdicts, **about, **finding)
            (other,) = draft.insert(snapshots, created_at="now", **snapshot)
            draft.update(verdicts, {"id": key}, **later)
            kept, held = stored(connection, verdicts, key), stored(connection, snapshots, other)
            inserted, shot, updated = draft.rows
            assert updated["digest"] == row_digest(kept)
            assert updated["before"] == inserted["digest"]
            assert shot["digest"] == row_digest(held)
            assert {name: kept[name] for name in later} == later
            raise Undone

    with pytest.raises(Undone):
        write_and_read()


class Undone(Exception):
    """Nothing is to be kept: a commit waits for the disk."""


def stored(connection: sa.Connection, table: sa.Table, key: int) -> Mapping[str, Any]:
    """A row, as the database has it."""
    found = connection.execute(sa.select(table).where(table.c.id == key)).mappings()
    return {str(name): value for name, value in found.one().items()}


def test_text_is_kept_with_nothing_in_it_that_one_database_refuses(history: History) -> None:
    def write() -> None:
        with change(
            history.catalog, chain=MODEL, kind="broken", actor="ann", clock=history.clock
        ) as draft:
            draft.update(registered_models, {"name": MODEL}, description="a\0b")

    with pytest.raises(CatalogError, match="NUL"):
        write()


def test_a_column_that_there_is_not_is_no_slip_of_the_pen(history: History) -> None:
    with history.catalog.read() as connection, pytest.raises(AssertionError, match="no column"):
        Change(connection, "now").insert(registered_models, nmae="x")


def test_a_pointer_that_moved_meanwhile_is_not_moved(begun: History, tmp_path: Path) -> None:
    from registry_assets.catalog.pointers import move_pointer

    seen = begun.registry.pointer(MODEL)
    digest = str(begun.registry.version_numbered(MODEL, 1).version.digest)
    begun.promote(1)
    before, earlier = rows(begun), events(begun)

    def move_again() -> None:
        with change(
            begun.catalog, chain=MODEL, kind="pointer_moved", actor="ann", clock=begun.clock
        ) as draft:
            move_pointer(
                draft,
                seen,
                version=1,
                digest=digest,
                evidence={},
                policy_digest="policy",
                actor="ann",
                reason="",
                run_id="",
            )

    with pytest.raises(Conflict, match="expected generation 0") as caught:
        move_again()
    assert caught.value.transient
    assert (rows(begun), events(begun)) == (before, earlier)
