"""Several processes at one moment: one of them does it, and all of them learn the outcome."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from registry_assets.lifecycle.reserving import Request
from registry_assets.registry import Registry
from registry_assets_tests.faults.steps import processes
from registry_assets_tests.worlds import PERSON, SENSOR, World, opened_world, small_world

EIGHT = 8


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 1 may take production."""
    folder = tmp_path_factory.mktemp("ready") / "project"
    with small_world(folder, months=("2013-01", "2013-02")) as world:
        world.version(request="march")
    return folder


def promote(world: World, _number: int) -> object:
    done = world.registry.promote("flight_delay", 1, run=SENSOR)
    return [done.moved, done.promotion.generation]


def reserve(world: World, number: int) -> object:
    asked = Request(f"request {number}", params={"C": 3.0})
    done = world.registry.reserve(world.model(), asked, run=PERSON)
    return [done.outcome, done.version.number]


def train(world: World, _number: int) -> object:
    return world.registry.train(world.model(), 2, run=SENSOR).digest


def at_once(
    folder: Path, act: Callable[[World, int], object], *, count: int = EIGHT
) -> list[object]:
    """Let processes do one thing at the same moment; give what each got."""
    context = processes()
    barrier = context.Barrier(count)
    answers = [folder.parent / f"{act.__name__} {number}.json" for number in range(count)]
    everyone = [
        context.Process(target=_act, args=(folder, act, barrier, number, answer))
        for number, answer in enumerate(answers)
    ]
    for process in everyone:
        process.start()
    for process in everyone:
        process.join(120)
    assert [process.exitcode for process in everyone] == [0] * count
    return [json.loads(answer.read_text()) for answer in answers]


def _act(
    folder: Path,
    act: Callable[[World, int], object],
    barrier: Barrier,
    number: int,
    answer: Path,
) -> None:
    with opened_world(folder) as world:
        barrier.wait(timeout=60)
        answer.write_text(json.dumps(act(world, number)))


def test_eight_promoters_move_the_pointer_once(ready: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ready, tmp_path / "project"))
    answers = at_once(folder, promote)
    assert Counter(map(str, answers)) == {"[True, 1]": 1, "[False, 1]": EIGHT - 1}
    registry = Registry.open(folder)
    assert registry.pointer("flight_delay").generation == 1
    assert len(registry.promotions("flight_delay")) == 1
    moved = [e for e in registry.log("flight_delay") if e.kind == "pointer_moved"]
    assert [event.body["facts"]["version"] for event in moved] == [1]
    assert registry.verify().problems == ()


def test_eight_requests_for_one_recipe_reserve_one_number_and_two_trainers_commit_it_once(
    ready: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(ready, tmp_path / "project"))
    answers = at_once(folder, reserve)
    counted = Counter(map(str, answers))
    assert counted == {"['reserved', 2]": 1, "['in_progress', 2]": EIGHT - 1}

    first, second = at_once(folder, train, count=2)
    registry = Registry.open(folder)
    assert first == second == registry.resolve("flight_delay:2").digest
    committed = [e for e in registry.log("flight_delay") if e.kind == "version_committed"]
    assert [event.body["facts"]["version"] for event in committed] == [1, 2]
    assert registry.verify().problems == ()
