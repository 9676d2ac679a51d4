"""Archived, unarchived, rejected: recorded, final where it says so, and nothing is deleted."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from registry_assets.catalog import index_tables, tables
from registry_assets.cli.app import SECTIONS
from registry_assets.errors import (
    DeclarationError,
    InvalidReference,
    NotFound,
    PromotionHeld,
    RetiringRefused,
    VersionFailed,
)
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import (
    MODEL,
    PERSON,
    History,
    fail_training,
    lived_in,
    new_history,
    reopened,
)
from registry_assets_tests.copies import copied
from registry_assets_tests.lifecycle.changes import history as every_event
from registry_assets_tests.lifecycle.changes import refused
from registry_assets_tests.project.files import modules

FIRST, SECOND = f"{MODEL}:1", f"{MODEL}:2"


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Versions 1 and 2 may be promoted; 3 is reserved, 4 failed."""
    history = new_history(tmp_path_factory.mktemp("passed") / "project")
    history.declare(gates={"good_enough": False})
    history.version(1)
    history.version(2)
    history.reserve("three", seed=3)
    fail_training(history, history.reserve("four", seed=4).version.number)
    return history.registry.home.folder


@pytest.fixture
def history(passed: Path, tmp_path: Path) -> History:
    """A copy of it, to be changed."""
    return reopened(copied(passed, tmp_path / "project"))


def stage(registry: Registry, number: int) -> str:
    """Where a version stands."""
    return registry.version_numbered(MODEL, number).stage


def codes(registry: Registry, number: int) -> list[str]:
    """Why a version is held; nothing where it is ready."""
    decision = registry.decision(MODEL, number)
    return [reason.code for reason in getattr(decision and decision.answer, "reasons", ())]


def test_an_archived_version_is_promoted_only_once_it_is_unarchived(history: History) -> None:
    registry = history.registry
    done = registry.archive(SECOND, run=PERSON, reason="a broken month")
    assert (done.changed, stage(registry, 2), codes(registry, 2)) == (
        True,
        "archived",
        ["archived"],
    )
    with pytest.raises(PromotionHeld, match="late:2 was archived by ann on 2013-04-01: a broken"):
        history.promote(2)
    assert registry.unarchive(SECOND, run=PERSON, reason="it was mended").changed
    assert (stage(registry, 2), codes(registry, 2)) == ("staging", [])
    history.promote(2)
    kinds = [(e.kind, e.body["reason"], e.body["facts"]) for e in registry.log(MODEL)[-3:-1]]
    assert kinds == [
        ("version_archived", "a broken month",
         {"version": 2, "before": None, "after": "archived"}),
        ("version_unarchived", "it was mended",
         {"version": 2, "before": "archived", "after": "none"}),
    ]  # fmt: skip
    assert registry.verify().clean


def test_a_rejected_version_never_comes_back(history: History) -> None:
    registry = history.registry
    registry.archive(SECOND, run=PERSON)
    assert registry.reject(SECOND, run=PERSON, reason="it learned from the label").changed
    assert (stage(registry, 2), codes(registry, 2)) == ("rejected", ["rejected"])
    told = registry.log(MODEL)
    with refused(RetiringRefused, "was rejected by ann on 2013-04-01: it learned", "for good"):
        registry.unarchive(SECOND, run=PERSON)
    with refused(RetiringRefused, "was rejected"):
        registry.archive(SECOND, run=PERSON)
    with pytest.raises(PromotionHeld, match="was rejected by ann"):
        history.promote(2)
    assert registry.log(MODEL) == told


@pytest.mark.parametrize("reason", ["", " \n"])
def test_a_rejection_says_why(history: History, reason: str) -> None:
    with refused(DeclarationError, "needs a reason"):
        history.registry.reject(SECOND, run=PERSON, reason=reason)


def test_repeating_it_changes_nothing_and_the_first_author_stays(history: History) -> None:
    registry = history.registry
    ways: list[Callable[[str], Any]] = [
        lambda why: registry.archive(SECOND, run=PERSON, reason=why),
        lambda why: registry.unarchive(SECOND, run=PERSON, reason=why),
        lambda why: registry.reject(SECOND, run=PERSON, reason=why),
    ]
    for way in ways:
        assert way("first").changed
        told = registry.log(MODEL)
        again = way("second")
        assert (again.changed, again.mark.reason) == (False, "first")
        assert registry.log(MODEL) == told


def test_what_a_pointer_holds_is_not_set_aside(history: History) -> None:
    registry = history.registry
    history.promote(1)
    told = every_event(registry)
    with refused(RetiringRefused, "late:1 cannot be archived: production holds it", "another"):
        registry.archive(f"{MODEL}@production", run=PERSON)
    with refused(RetiringRefused, "late:1 cannot be rejected: production holds it"):
        registry.reject(FIRST, run=PERSON, reason="it is bad")
    assert every_event(registry) == told
    history.promote(2)
    registry.reject(FIRST, run=PERSON, reason="it was bad")
    assert stage(registry, 1) == "rejected"


def test_only_what_was_committed_can_be_set_aside(history: History) -> None:
    registry = history.registry
    for act in (registry.archive, registry.unarchive, registry.reject):
        with refused(VersionFailed, "late:3 is reserved: its training is not finished"):
            act(f"{MODEL}:3", run=PERSON, reason="why")
        with refused(VersionFailed, "late:4 is failed: the sky fell"):
            act(f"{MODEL}:4", run=PERSON, reason="why")
        with refused(NotFound):
            act(f"{MODEL}:9", run=PERSON, reason="why")
        with refused(InvalidReference, "names a registered model"):
            act(MODEL, run=PERSON, reason="why")


def test_unarchiving_what_no_person_archived_says_so(history: History) -> None:
    registry = history.registry
    with refused(RetiringRefused, "late:1 was never archived by hand"):
        registry.unarchive(FIRST, run=PERSON)
    history.promote(1)
    history.promote(2)
    assert stage(registry, 1) == "archived"
    with refused(RetiringRefused, "never archived by hand: production held it once"):
        registry.unarchive(FIRST, run=PERSON)
    # What production moved on from can be archived besides, and that be taken back.
    registry.archive(FIRST, run=PERSON)
    registry.unarchive(FIRST, run=PERSON)
    assert stage(registry, 1) == "archived"


def test_what_was_set_aside_is_still_read_and_resolved(history: History) -> None:
    registry = history.registry
    before = registry.resolve(SECOND)
    registry.reject(SECOND, run=PERSON, reason="it is bad")
    assert registry.resolve(SECOND) == before
    assert registry.resolve(f"{MODEL}@{before.digest}") == before
    assert registry.manifest(str(before.digest)).facts["version"] == 2
    assert registry.verify(SECOND).clean


def deleted(source: str) -> set[str]:
    """What a module deletes rows of, by the name it gives the table."""
    return {
        ast.unparse(node.args[0])
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "delete"
        and node.args
    }


def test_no_code_deletes_rows_that_the_ledger_vouches_for() -> None:
    assert deleted("connection.execute(sa.delete(versions))") == {"versions"}
    kept = {*(table.name for table in tables.VOUCHED), "events", "heads"}
    kept |= {f"tables.{name}" for name in kept}
    sources = {path.name: path.read_text() for path in modules()}
    found = {name: deleted(text) & kept for name, text in sources.items() if "delete" in text}
    assert {name: gone for name, gone in found.items() if gone} == {}


def test_nobody_is_given_a_way_to_delete_or_rename() -> None:
    words = ("delete", "remove", "rename", "drop", "purge", "unregister", "free")
    commands = {str(command.name) for section in SECTIONS.values() for command in section}
    methods = {name for name in dir(Registry) if not name.startswith("_")}
    assert [name for name in commands | methods if name.split("_")[0] in words] == []


def test_a_whole_life_deletes_nothing_and_frees_no_number(tmp_path: Path) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
        statements.append(text)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        history = lived_in(tmp_path)
        registry = history.registry
        number = history.version(9)
        registry.tag(f"{MODEL}:{number}", {"quarter": "Q2"}, run=PERSON)
        registry.tag(f"{MODEL}:{number}", {"quarter": None}, run=PERSON)
        registry.reject(f"{MODEL}:{number}", run=PERSON, reason="it is bad")
        history.declare()
        assert history.reserve("after", seed=10).version.number == number + 1
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    index = {table.name for table in index_tables.INDEX} | {"settings"}
    gone = {text.split()[2] for text in statements if text.upper().startswith("DELETE")}
    assert "text_terms" in gone  # it would have been seen
    assert gone <= index
    numbers = [summary.version.number for summary in registry.versions(MODEL)]
    assert numbers == list(range(1, number + 2))
    assert registry.verify().clean
