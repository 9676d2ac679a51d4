"""Eight processes at once: every answer is one that a process alone could have got."""

import multiprocessing
import multiprocessing.pool
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry_assets.catalog.engine import REVISIONS, Catalog
from registry_assets.catalog.ledger import REGISTRY
from registry_assets.catalog.models import declare
from registry_assets.catalog.versions import reserve
from registry_assets.clock import system_clock
from registry_assets.errors import PromotionHeld, RetiringRefused
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import (
    MODEL,
    PERSON,
    History,
    new_history,
    policy,
    recipe,
    suite,
)

PROCESSES = 8
ROUNDS = 5

Task = Callable[[str, int], Any]


@pytest.fixture(scope="module")
def processes() -> Any:
    """Eight processes, forked from one that has imported everything and opened nothing."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "alembic.command"])
    with context.Pool(PROCESSES) as pool:
        yield pool


def together(processes: multiprocessing.pool.Pool, task: Task, folder: Path) -> list[Any]:
    """Let every process do its part of a task; what one of them raises is raised here."""
    asked = [(str(folder), process) for process in range(PROCESSES)]
    return processes.starmap(task, asked, chunksize=1)


def take_numbers(folder: str, process: int) -> list[int]:
    """Reserve numbers for recipes that only this process asks for."""
    catalog = Registry.open(Path(folder)).backends.catalog
    return [
        reserve(
            catalog,
            recipe(process * ROUNDS + turn),
            request=f"{process}/{turn}",
            trigger="manual",
            actor=f"process {process}",
            reason="",
            clock=system_clock,
        ).version.number
        for turn in range(ROUNDS)
    ]


def ask_for_the_same(folder: str, process: int) -> tuple[int, str]:
    """Ask for the one recipe that everybody asks for."""
    found = reserve(
        Registry.open(Path(folder)).backends.catalog,
        recipe(),
        request=f"request {process}",
        trigger="manual",
        actor="",
        reason="",
        clock=system_clock,
    )
    return found.version.number, found.outcome


def declare_it(folder: str, process: int) -> str:
    """Declare the one model that everybody declares."""
    return declare(
        Registry.open(Path(folder)).backends.catalog,
        name=MODEL,
        description=f"as process {process} has it" if process % 2 else "as others have it",
        task="binary",
        owners=("team:ops",),
        tags={},
        suite=suite(),
        policy=policy(),
        actor="",
        clock=system_clock,
    ).name


def promote_it(folder: str, process: int) -> str:
    """Promote one of eight versions that are all ready."""
    try:
        Registry.open(Path(folder)).promote(MODEL, process + 1, run=PERSON)
    except PromotionHeld as held:
        return held.reasons[0].code
    return "moved"


def set_aside_or_promote(folder: str, process: int) -> str:
    """Archive the one version there is, or promote it: half of the processes each."""
    registry = Registry.open(Path(folder))
    try:
        if process % 2:
            return "moved" if registry.promote(MODEL, 1, run=PERSON).moved else "held already"
        return "archived" if registry.archive(f"{MODEL}:1", run=PERSON).changed else "so already"
    except PromotionHeld as held:
        return held.reasons[0].code + " before"
    except RetiringRefused:
        return "in production"


def create(folder: str, _process: int) -> str | None:
    """Create the catalog that everybody creates."""
    return Catalog.create(Path(folder) / "catalog.sqlite").revision()


def test_numbers_reserved_at_once_are_unique_and_consecutive(
    history: History, processes: multiprocessing.pool.Pool
) -> None:
    taken = together(processes, take_numbers, history.registry.home.folder)
    every = [number for numbers in taken for number in numbers]
    assert sorted(every) == list(range(1, PROCESSES * ROUNDS + 1))
    assert all(numbers == sorted(numbers) for numbers in taken)
    assert len(history.registry.log(MODEL)) == PROCESSES * ROUNDS
    assert history.registry.verify().clean


def test_one_recipe_asked_for_at_once_is_reserved_once(
    history: History, processes: multiprocessing.pool.Pool
) -> None:
    answers = together(processes, ask_for_the_same, history.registry.home.folder)
    assert sorted(answers) == [(1, "in_progress")] * (PROCESSES - 1) + [(1, "reserved")]


def test_one_model_declared_at_once_is_declared_once(
    tmp_path: Path, processes: multiprocessing.pool.Pool
) -> None:
    history = new_history(tmp_path)
    together(processes, declare_it, tmp_path)
    assert [event.kind for event in history.registry.log(REGISTRY)] == ["model_declared"]
    assert {event.kind for event in history.registry.log(MODEL)} <= {"declaration_changed"}
    assert history.registry.verify().clean


def test_promotions_at_once_are_one_after_the_other(
    history: History, processes: multiprocessing.pool.Pool
) -> None:
    history.declare(gates={"good_enough": False})
    numbers = [history.version(seed) for seed in range(PROCESSES)]
    answers = together(processes, promote_it, history.registry.home.folder)
    moves = history.registry.promotions(MODEL)
    assert answers.count("moved") == len(moves)
    assert set(answers) <= {"moved", "not_forward"}
    assert [move.generation for move in moves] == list(range(1, len(moves) + 1))
    versions = [move.version for move in moves]
    assert versions == sorted(versions)
    assert versions[-1] == numbers[-1] == history.registry.pointer(MODEL).version
    assert history.registry.verify().clean


@pytest.mark.parametrize("attempt", range(4))
def test_of_archiving_and_promoting_one_version_at_once_one_comes_first(
    history: History, processes: multiprocessing.pool.Pool, attempt: int
) -> None:
    history.version(1)
    answers = set(together(processes, set_aside_or_promote, history.registry.home.folder))
    (summary,) = history.registry.versions(MODEL)
    kinds = [event.kind for event in history.registry.log(MODEL)]
    if "moved" in answers:
        assert answers == {"moved", "held already", "in production"}
        assert (summary.stage, summary.mark) == ("production", None)
        assert kinds.count("version_archived") == 0
    else:
        assert answers == {"archived", "so already", "archived before"}
        assert (summary.stage, history.registry.pointer(MODEL).version) == ("archived", None)
        assert kinds.count("pointer_moved") == 0
    assert kinds.count("pointer_moved") + kinds.count("version_archived") == 1
    assert history.registry.verify().clean


@pytest.mark.parametrize("attempt", range(3))
def test_one_catalog_created_at_once_is_whole(
    tmp_path: Path, processes: multiprocessing.pool.Pool, attempt: int
) -> None:
    assert set(together(processes, create, tmp_path / str(attempt))) == {REVISIONS[-1]}
