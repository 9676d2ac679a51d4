"""Eight processes at once: every answer is one that a process alone could have got."""

import multiprocessing
import multiprocessing.pool
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry_assets.catalog import outbox
from registry_assets.catalog.alerts import list_alerts
from registry_assets.catalog.engine import REVISIONS, Catalog
from registry_assets.catalog.ledger import REGISTRY
from registry_assets.catalog.models import PRODUCTION, declare
from registry_assets.catalog.pointers import get_pointer, list_promotions
from registry_assets.catalog.versions import reserve
from registry_assets.clock import system_clock
from registry_assets.errors import PromotionHeld, RetiringRefused
from registry_assets.home import CATALOG, Home
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import (
    MODEL,
    PERSON,
    History,
    new_history,
    policy,
    recipe,
    reopened,
    suite,
)
from registry_assets_tests.catalog.projects import Project
from registry_assets_tests.catalog.watched import Watch

PROCESSES = 8
ROUNDS = 5
MOVES = 15
READERS = 2
PATIENCE = 120.0
NOW, LATER = "2013-06-01", "2013-06-02"

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
    catalog = os.environ.get(CATALOG, "")
    asked = [(task, str(folder), catalog, process) for process in range(PROCESSES)]
    return processes.starmap(perform, asked, chunksize=1)


def perform(task: Task, folder: str, catalog: str, process: int) -> Any:
    """Do one part of a task, in the project that the test is about."""
    with Project(Path(folder), catalog).settings():
        return task(folder, process)


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
    return Catalog.create(Home(Path(folder)).catalog).revision()


def live(folder: str, process: int) -> None:
    """Take a version of a model of one's own, or of the one of all, through its life."""
    own = reopened(Path(folder))
    for model in (MODEL, f"model_{process}"):
        own.declare(model)
        own.snapshot(f"2013-{process + 1:02}")
        number = own.version(process + 1, model=model)
        if model != MODEL:
            own.promote(number, model=model)


def read_on(folder: str, process: int) -> int:
    """Move a pointer back and forth, or look at it while others do."""
    history = reopened(Path(folder))
    if process == 0:
        for seed in range(MOVES):
            history.promote(history.version(seed))
        return MOVES
    seen = 0 if process <= READERS else MOVES
    ends = time.monotonic() + PATIENCE
    while seen < MOVES:
        assert time.monotonic() < ends, f"the writer came to {seen} moves"
        with history.catalog.read() as connection:
            pointer = get_pointer(connection, MODEL, PRODUCTION)
            moves = list_promotions(connection, MODEL, PRODUCTION)
        held = moves[-1] if moves else None
        assert pointer.generation == len(moves) >= seen
        assert held is None or (held.version, held.digest) == (pointer.version, pointer.digest)
        seen = pointer.generation
    return seen


def find_something(folder: str, process: int) -> None:
    """Let a check fail on data that only this process has seen."""
    Watch(reopened(Path(folder))).observe("drift", "2013-05", "failed", content=process)


def deliver(folder: str, _process: int) -> list[tuple[str, str]]:
    """Deliver whatever may be delivered; give what this process sent."""
    catalog = Registry.open(Path(folder)).backends.catalog
    sent: list[tuple[str, str]] = []
    with catalog.write(chain=outbox.CHAIN) as connection:
        for letter in outbox.unaddressed(connection):
            outbox.address(connection, letter, {"log": NOW, "mail": NOW}, now=NOW)
    while True:
        with catalog.read() as connection:
            found = outbox.due(connection, now=NOW)
        if not found:
            return sent
        for delivery in found:
            with catalog.write(chain=outbox.CHAIN) as connection:
                begun = outbox.claim(connection, delivery, until=LATER, now=NOW)
            if begun is not None:
                sent.append((begun.letter.key, begun.sink))
                with catalog.write(chain=outbox.CHAIN) as connection:
                    assert outbox.settle(connection, begun, "delivered", now=NOW)


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
    nothing: Project, processes: multiprocessing.pool.Pool
) -> None:
    history = new_history(nothing.folder)
    together(processes, declare_it, nothing.folder)
    kinds = [event.kind for event in history.registry.log(REGISTRY)]
    assert kinds == ["registry_key_added", "model_declared"]
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


@pytest.mark.parametrize("attempt", range(2))
def test_one_catalog_created_at_once_is_whole(
    nothing: Project, processes: multiprocessing.pool.Pool, attempt: int
) -> None:
    assert set(together(processes, create, nothing.folder)) == {REVISIONS[-1]}
    assert Catalog.open(nothing.catalog).revision() == REVISIONS[-1]


def test_lives_of_one_model_and_of_many_go_on_at_once(
    history: History, processes: multiprocessing.pool.Pool
) -> None:
    together(processes, live, history.registry.home.folder)
    registry = history.registry
    assert [v.version.number for v in registry.versions(MODEL)] == list(range(1, PROCESSES + 1))
    for process in range(PROCESSES):
        assert registry.pointer(f"model_{process}").version == 1
    assert registry.verify().problems == ()


def test_what_is_found_at_once_is_one_alert_and_told_once_each(
    history: History, processes: multiprocessing.pool.Pool
) -> None:
    history.promote(history.version(1))
    folder = history.registry.home.folder
    together(processes, find_something, folder)
    with history.catalog.read() as connection:
        (alert,) = list_alerts(connection)
        letters = outbox.list_letters(connection, MODEL, alert.number)
    assert alert.count == len(letters) == PROCESSES
    assert [letter.occasion for letter in letters] == ["opened"] + ["repeated"] * (PROCESSES - 1)
    sent = [each for answer in together(processes, deliver, folder) for each in answer]
    assert sorted(sent) == sorted((e.key, sink) for e in letters for sink in ("log", "mail"))
    with history.catalog.read() as connection:
        assert outbox.count_deliveries(connection) == {"delivered": 2 * PROCESSES}
        assert {each.attempts for each in outbox.list_deliveries(connection)} == {1}
    assert history.registry.verify().clean


def test_readers_see_pointer_and_promotion_move_together(
    history: History, processes: multiprocessing.pool.Pool
) -> None:
    assert set(together(processes, read_on, history.registry.home.folder)) == {MOVES}
    assert history.registry.verify().problems == ()
