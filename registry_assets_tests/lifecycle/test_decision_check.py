"""Whoever edits a row, has somebody promote and puts the row back is found by what was promoted."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.catalog.sqlite import LIBRARY
from registry_assets.governance.document import PointerRules
from registry_assets_tests.catalog.history import MODEL, PERSON, History, new_history
from registry_assets_tests.governance.people import Governed, governed

WRITER = ["ann@example.com"]
UNAPPROVED, UNFOUNDED = "promotion_unapproved", "promotion_unfounded"


@pytest.fixture
def history(tmp_path: Path) -> History:
    made = new_history(tmp_path / "project")
    made.declare()
    return made


@pytest.fixture
def world(history: History, tmp_path: Path) -> Governed:
    """A policy is in force that asks for two approvals of role risk; version 1 is ann's."""
    made = governed(history, tmp_path / "keys")
    made.activate(made.document(PointerRules(approvals=2, roles=("risk",))))
    history.version(1, authors=WRITER)
    return made


def problems(history: History) -> list[tuple[str, str]]:
    return [(p.code, p.sentence) for p in history.registry.verify().problems]


@contextmanager
def edited(history: History, table: str, statement: str) -> Iterator[None]:
    """Edit rows in the catalog's file; at the end they are as they were, and new ones stay."""
    path = str(history.registry.home.catalog)
    with closing(LIBRARY.connect(path)) as connection:
        rows = connection.execute(f"SELECT rowid, * FROM {table}").fetchall()
        columns = [each[0] for each in connection.execute(f"SELECT * FROM {table}").description]
        assert connection.execute(statement).rowcount
        connection.commit()
    yield
    marks = ", ".join("?" * (len(columns) + 1))
    with closing(LIBRARY.connect(path)) as connection:
        connection.executemany(
            f"INSERT OR REPLACE INTO {table} (rowid, {', '.join(columns)}) VALUES ({marks})", rows
        )
        connection.commit()


def _failing(history: History) -> tuple[str, str]:
    history.version(1, failing=["good_enough"])
    return "verdicts", "UPDATE verdicts SET outcome = 'passed'"


def _rejected(history: History) -> tuple[str, str]:
    history.version(1)
    history.registry.reject(f"{MODEL}:1", reason="it leaks", run=PERSON)
    return "marks", "DELETE FROM marks"


def _archived(history: History) -> tuple[str, str]:
    history.version(1)
    history.registry.archive(f"{MODEL}:1", reason="not that one", run=PERSON)
    return "marks", "UPDATE marks SET mark = 'none'"


def _passed_over(history: History) -> tuple[str, str]:
    history.version(1)
    history.clock.now += timedelta(days=1)
    history.evaluate(1, failing=["good_enough"])
    return "evaluations", "UPDATE evaluations SET suite_digest = 'another' WHERE id = 2"


def _recalled(history: History) -> tuple[str, str]:
    history.version(1, train=[history.snapshot("2013-01").ref])
    history.registry.recall("flights[2013-01]", reason="a day came twice", run=PERSON)
    return "recalls", "UPDATE recalls SET state = 'lifted'"


def _risky(history: History) -> tuple[str, str]:
    history.declare("other")  # so that it is another row that is edited
    history.declare(approvals=1)
    history.version(1)
    lax = canonical_json({"risk": "low", "approvals": 0, "roles": [], "suite": "any"}).decode()
    return "registered_models", (
        f"UPDATE registered_models SET policy = '{lax}',"
        f" policy_digest = '{sha256_digest(lax.encode())}' WHERE name = '{MODEL}'"
    )


@pytest.mark.parametrize(
    ("prepare", "code", "said"),
    [
        (_failing, UNFOUNDED, "says that good_enough passed: no such verdict was reached"),
        (_rejected, UNFOUNDED, "was made although version 1 was rejected before"),
        (_archived, UNFOUNDED, "was made although version 1 was archived before"),
        (_passed_over, UNFOUNDED, "passes over the later evaluation"),
        (_recalled, UNFOUNDED, "was recalled before"),
        (_risky, UNAPPROVED, "took 1 approval by what was in force then"),
    ],
)
def test_what_was_promoted_by_rows_that_were_put_back_is_found(
    history: History, prepare: Callable[[History], tuple[str, str]], code: str, said: str
) -> None:
    table, statement = prepare(history)
    with edited(history, table, statement):
        history.promote(1)
    ((found, sentence),) = problems(history)
    assert found == code
    assert sentence.startswith(f"promotion 1 of {MODEL}@production ")
    assert said in sentence


def test_a_hold_that_was_taken_away_for_a_moment_is_found(history: History) -> None:
    for seed in (1, 2):
        history.promote(history.version(seed))
    history.registry.rollback(MODEL, reason="it was slow", run=PERSON)
    history.evaluate(2)
    with edited(history, "pointer_holds", "UPDATE pointer_holds SET state = 'released'"):
        history.promote(2)
    said = "was made while version 2 was held on production"
    assert problems(history) == [(UNFOUNDED, f"promotion 4 of {MODEL}@production {said}")]


def test_a_rollback_to_what_was_never_held_is_found(history: History) -> None:
    for seed in (1, 2, 3):
        history.version(seed)
    history.promote(1)
    history.evaluate(2)
    history.promote(2)
    digest = history.registry.resolve(f"{MODEL}:3").digest
    other = f"UPDATE promotions SET version = 3, digest = '{digest}' WHERE generation = 1"
    with edited(history, "promotions", other):
        history.registry.rollback(MODEL, reason="it was slow", run=PERSON)
    assert [code for code, _ in problems(history)].count(UNFOUNDED) == 1
    assert "goes back to version 3, which production did not hold then" in str(problems(history))


def test_another_policy_for_a_moment_is_found_by_who_did_not_sign_and_by_what_was_signed(
    world: Governed,
) -> None:
    lax = world.document(PointerRules())
    text = canonical_json(lax.to_json()).decode()
    other = f"UPDATE policies SET document = '{text}', digest = '{lax.digest}'"
    with edited(world.history, "policies", other):
        world.history.promote(1)
    found = dict(problems(world.history))
    assert "took 2 approvals by what was in force then" in found[UNAPPROVED]
    assert "nobody had" in found[UNAPPROVED]
    assert "its policy_document is" in found["attestation_invalid"]


def test_who_approved_their_own_version_is_found(history: History, tmp_path: Path) -> None:
    world = governed(history, tmp_path / "keys")
    world.activate(world.document(PointerRules(approvals=1, roles=("risk",))))
    history.version(1, authors=["bob@example.com"])
    hers = "UPDATE versions SET metadata = replace(metadata, 'bob@', 'ann@')"
    with edited(history, "versions", hers):
        world.approve(1, "bob")
        history.promote(1)
    ((code, sentence),) = problems(history)
    assert code == UNAPPROVED
    assert "took 1 approval by what was in force then; of those who could give one, nobody had" in (
        sentence
    )


def test_what_was_decided_honestly_stays_so_when_the_rules_change(world: Governed) -> None:
    history = world.history
    for name in ("bob", "cleo"):
        world.approve(1, name)
    history.promote(1)
    world.activate(world.document(PointerRules(approvals=3)))
    history.declare(gates={"good_enough": False}, approvals=5)
    assert problems(history) == []
