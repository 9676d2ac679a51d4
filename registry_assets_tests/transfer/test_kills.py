"""SIGKILL at every named point of an export, an import and a restore, then the same call again.

Which points there are is found by letting each pass them all once. What is passed many times
(the store's points, once for every blob) is tried in the middle.
"""

import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import registry_assets.transfer
from registry_assets import faults
from registry_assets.errors import ImportRefused, StoreUnwritable
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import PERSON, new_history
from registry_assets_tests.copies import copied
from registry_assets_tests.faults.steps import LOG, noting, processes
from registry_assets_tests.transfer.moves import carry, full_past, rows

OUT, PACKED, HERE, THERE, AGAIN = "out", "out.tar", "origin", "target", "again"


def export(root: Path) -> None:
    """Everything is written into a folder."""
    Registry.open(root / HERE).export(root / OUT)


def pack(root: Path) -> None:
    """Everything is written into a tar."""
    Registry.open(root / HERE).export(root / PACKED)


def bring(root: Path) -> None:
    """A tar is taken into a registry that has rows, and an earlier state of it."""
    Registry.open(root / THERE).import_from(root / "given.tar", run=PERSON)


def restore(root: Path) -> None:
    """A tar is put back where there is no registry."""
    Registry.restore(root / "given.tar", root / AGAIN)


STEPS: Mapping[str, Callable[[Path], None]] = {
    step.__name__: step for step in (export, pack, bring, restore)
}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with a past, an export of it, and another registry that has less of it."""
    root = tmp_path_factory.mktemp("before") / "root"
    root.mkdir()
    origin, target = full_past(root / HERE), new_history(root / THERE)
    target.declare("mine")
    target.version(1, model="mine")
    carry(origin.registry, target.registry, root / "earlier", ["late"])
    origin.promote(origin.version(50))
    origin.registry.export(root / "given.tar")
    return root


def run(step: str, root: Path, *, fault: str = "", log: Path | None = None) -> int:
    """Perform a step in a new process; give its exit code."""
    process = processes().Process(target=_perform, args=(step, root, fault, log))
    process.start()
    process.join(120)
    assert process.exitcode is not None, f"{step} does not end"
    return process.exitcode


def _perform(step: str, root: Path, fault: str, log: Path | None) -> None:
    os.environ[faults.VARIABLE] = fault
    if log is not None:
        os.environ[LOG] = str(log)
        faults.reached.__code__ = noting.__code__
    STEPS[step](root)


@pytest.fixture(scope="module")
def points(before: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[str]]:
    """The points that each step passes, and how often."""
    found = {}
    for step in STEPS:
        root, log = tmp_path_factory.mktemp(step) / "root", tmp_path_factory.mktemp("log") / step
        copied(before, root)
        assert run(step, root, log=log) == 0
        found[step] = Counter(log.read_text().split())
    return found


def killed(
    before: Path, points: dict[str, Counter[str]], tmp_path: Path, step: str
) -> "list[tuple[str, Path]]":
    """Kill a step at each of its points, each in a copy of its own; give point and copy."""
    left = []
    for point, times in points[step].items():
        root = tmp_path / point
        copied(before, root)
        fault = f"{point}:{times // 2 + 1}"
        assert run(step, root, fault=fault) == -signal.SIGKILL, fault
        left.append((point, root))
    return left


@pytest.mark.parametrize(("step", "name"), [("export", OUT), ("pack", PACKED)])
def test_an_export_killed_anywhere_is_not_there_or_whole(
    before: Path, points: dict[str, Counter[str]], tmp_path: Path, step: str, name: str
) -> None:
    for point, root in killed(before, points, tmp_path, step):
        whole = (root / name).exists()
        assert whole == (point == "export.named")
        if whole:
            with pytest.raises(StoreUnwritable):
                STEPS[step](root)
        else:
            STEPS[step](root)
        assert Registry.open(root / HERE).verify().clean
        fresh = new_history(root / "fresh").registry
        fresh.import_from(root / name, run=PERSON)
        assert fresh.verify().clean


def test_an_import_killed_anywhere_leaves_nothing_half_done_and_can_be_repeated(
    before: Path, points: dict[str, Counter[str]], tmp_path: Path
) -> None:
    begun = rows(Registry.open(before / THERE))
    done = copied(before, tmp_path / "done")
    bring(done)
    ended = {table: len(found) for table, found in rows(Registry.open(done / THERE)).items()}
    committed = ("import.committed", "import.told", "pointer_file")
    for point, root in killed(before, points, tmp_path, "bring"):
        target = Registry.open(root / THERE)
        left = {problem.code for problem in target.verify().problems}
        if point.startswith(committed):
            assert left <= {"pointer_file_behind"}, point
        else:
            assert left == set(), point
            assert rows(target) == begun, point
        bring(root)
        assert target.verify().problems == (), point
        counted = {table: len(found) for table, found in rows(target).items()}
        assert counted == ended, point


def test_a_restore_killed_anywhere_can_be_repeated_or_is_done(
    before: Path, points: dict[str, Counter[str]], tmp_path: Path
) -> None:
    wanted = rows(Registry.open(before / HERE))
    for point, root in killed(before, points, tmp_path, "restore"):
        if point.startswith(("restore.committed", "pointer_file")):
            with pytest.raises(ImportRefused):
                restore(root)
            Registry.open(root / AGAIN).rebuild()
        else:
            restore(root)
        again = Registry.open(root / AGAIN)
        assert again.verify().problems == (), point
        assert rows(again) == wanted, point


def test_every_named_point_is_passed(points: dict[str, Counter[str]]) -> None:
    passed = {point for each in points.values() for point in each}
    sources = Path(str(registry_assets.transfer.__file__)).parent.glob("*.py")
    named = {name for file in sources for name in re.findall(r'reached\("(.+?)"', file.read_text())}
    assert len(named) > 10
    assert named <= passed
