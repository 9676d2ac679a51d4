"""SIGKILL at every named step of a version's life, then the same call again.

Which points there are is found by letting each step pass them all once, so a point that is
added is tried from then on. What is passed many times (the store's points, once per file)
is tried in the middle: some files are there and some are not. A point that an earlier step
passes too is tried there, but for the one after which a file is in the store.
"""

import re
import shutil
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

import registry_assets
from registry_assets.registry import Registry
from registry_assets_tests.faults.steps import STEPS, run
from registry_assets_tests.worlds import small_world

TRIED_BESIDE = {
    "collect.": "lifecycle/test_collecting.py",
    "follow.": "deployment/test_kills.py",
    "pull.": "deployment/test_kills.py",
    "seen.": "deployment/test_kills.py",
    "export.": "transfer/test_kills.py",
    "import.": "transfer/test_kills.py",
    "restore.": "transfer/test_kills.py",
}
"""Points of what is no step of a version's life, and the file in which each is killed at."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A step as it goes when nobody interferes: points passed, and the project around it."""

    points: Counter[str]
    before: Path
    after: Path


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recorded]:
    """Every step, recorded one after the other in one project."""
    root = tmp_path_factory.mktemp("recorded")
    before = root / "start"
    with small_world(before, months=("2013-01", "2013-02", "2013-03")):
        pass
    found = {}
    for step in STEPS:
        after, log = root / step, root / f"{step}.log"
        shutil.copytree(before, after)
        assert run(step, after, log=log) == 0
        assert Registry.open(after).verify().problems == ()
        found[step] = Recorded(Counter(log.read_text().split()), before, after)
        before = after
    return found


@pytest.mark.parametrize("step", STEPS)
def test_a_step_killed_anywhere_leaves_nothing_half_done_and_can_be_repeated(
    recorded: dict[str, Recorded], tmp_path: Path, step: str
) -> None:
    earlier = list(STEPS)[: list(STEPS).index(step)]
    tried = {point for each in earlier for point in recorded[each].points} - {"store.linked"}
    points = recorded[step].points
    faults = [f"{point}:{n // 2 + 1}" for point, n in points.items() if point not in tried]
    with ThreadPoolExecutor(2) as pool:  # most of a training is waiting for its load check
        failures = pool.map(lambda fault: _failure(step, recorded[step], tmp_path, fault), faults)
    assert [failure for failure in failures if failure] == []


def test_every_named_point_is_passed_by_some_step(recorded: dict[str, Recorded]) -> None:
    passed = {point for each in recorded.values() for point in each.points}
    sources = Path(str(registry_assets.__file__)).parent.rglob("*.py")
    named = {name for file in sources for name in re.findall(r'reached\("(.+?)"', file.read_text())}
    named = {name for name in named if not name.startswith("trash.")}  # store/test_crashes.py
    assert {"train.packaged", "evaluate.published", "promote.verified"} <= named
    tried_beside = {name for name in named if name.startswith(tuple(TRIED_BESIDE))}
    assert named <= passed | tried_beside | {"store.linked"}  # how `faults` explains itself
    kinds = ("snapshot_recorded", "model_declared", "version_reserved", "version_committed")
    for kind in (*kinds, "version_evaluated", "pointer_moved"):
        assert {f"{kind}.{end}" for end in ("begin", "written", "committed")} <= passed
    for kind in ("store", "pointer_file"):
        assert {f"{kind}.{end}" for end in ("tmp_written", "fsynced")} <= passed


def _failure(step: str, recorded: Recorded, root: Path, fault: str) -> str:
    """Kill and repeat; say what is wrong afterwards, if anything is."""
    folder = root / fault.replace(":", "-")
    shutil.copytree(recorded.before, folder)
    code = run(step, folder, fault=fault)
    if code != -signal.SIGKILL:
        return f"{fault}: not killed but ended with {code}"
    left = Registry.open(folder).verify().problems
    # Until it is repeated deployments may be told the state before, and verify says so.
    if {problem.code for problem in left} - {"pointer_file_behind"}:
        return f"{fault}: after the kill {left}"
    if _stages(folder) not in (_stages(recorded.before), _stages(recorded.after)):
        return f"{fault}: after the kill {_stages(folder)}"
    code = run(step, folder)
    if code:
        return f"{fault}: repeating it ended with {code}"
    return _differences(fault, folder, recorded.after)


def _differences(fault: str, folder: Path, expected: Path) -> str:
    found, model = Registry.open(folder), "flight_delay"
    problems = found.verify().problems
    if problems:
        return f"{fault}: after repeating it {problems}"
    kinds, wanted = _events(folder), _events(expected)
    if fault.startswith("version_evaluated.committed"):
        wanted["version_evaluated"] += 1  # it was recorded: evaluating again is another one
    if kinds != wanted:
        return f"{fault}: events {kinds}, expected {wanted}"
    if _stages(folder) != _stages(expected):
        return f"{fault}: {_stages(folder)}, expected {_stages(expected)}"
    if kinds["model_declared"] and len({e.digest for e in found.evaluations(model)}) > 1:
        return f"{fault}: two evaluations differ"
    return ""


def _stages(folder: Path) -> list[tuple[int, str]]:
    registry = Registry.open(folder)
    if not registry.models():
        return []
    return [(v.version.number, v.stage) for v in registry.versions("flight_delay")]


def _events(folder: Path) -> Counter[str]:
    registry = Registry.open(folder)
    chains = ("-registry", *(model.name for model in registry.models()))
    return Counter(event.kind for chain in chains for event in registry.log(chain))
