"""SIGKILL at every named step of a version's life and at every call, then the same again.

Which points there are is found by letting each step pass them all once, so a point that is
added is tried from then on. What is passed many times (the store's points, once per file)
is tried in the middle: some files are there and some are not. A point that an earlier step
passes too is tried there, but for the one after which a file is in the store.

Commit and promotion are besides killed before every call of the file system, the database and
the service (`calls.py`), and after those that may have changed something elsewhere.
"""

import re
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import registry_assets
from registry_assets_tests.faults.calls import KILLED_AT_EVERY_CALL, every
from registry_assets_tests.faults.conftest import Choice
from registry_assets_tests.faults.lives import (
    Life,
    Recorded,
    forget,
    points,
    wrong_until_repeated,
)
from registry_assets_tests.faults.steps import STEPS, run
from registry_assets_tests.laws.combinations import Combination

TRIED_BESIDE = {
    "collect.": "lifecycle/test_collecting.py",
    "convert.": "cli/test_converting.py",
    "deliver.": "lifecycle/monitoring/test_delivering_killed.py",
    "follow.": "deployment/test_kills.py",
    "keys.": "lifecycle/test_registry_keys.py",
    "lineage.": "lifecycle/openlineage/test_emitting.py",
    "migrate.": "lifecycle/migrating/test_killed.py",
    "mirror.": "lifecycle/mirroring/test_killed.py",
    "wandb.": "lifecycle/mirroring/wandb/test_killed.py",
    "endpoint.": "mirroring/sagemaker/test_endpoints.py",
    "pull.": "deployment/test_kills.py",
    "seen.": "deployment/test_kills.py",
    "export.": "transfer/test_kills.py",
    "import.": "transfer/test_kills.py",
    "restore.": "transfer/test_kills.py",
    "trash.": "store/test_crashes.py",
}
"""Points of what is no step of a version's life, and the file in which each is killed at."""


@pytest.mark.parametrize("step", STEPS)
def test_a_step_killed_anywhere_leaves_nothing_half_done_and_can_be_repeated(
    backends: Combination, choice: Choice, life: Life, tmp_path: Path, step: str
) -> None:
    faults = points(life, step)
    if step in KILLED_AT_EVERY_CALL:
        faults += every(life[step].calls, sampled=not choice.every_call)
    chosen = faults[:: choice.share]
    assert chosen
    with ThreadPoolExecutor(2) as pool:  # most of a training is waiting for its load check
        failures = pool.map(lambda at: failure(backends, step, life[step], tmp_path, at), chosen)
        found = [failure for failure in failures if failure]
    assert found == []


def test_every_named_point_is_passed_by_some_step(local_life: Life) -> None:
    passed = {point for each in local_life.values() for point in each.points}
    sources = Path(str(registry_assets.__file__)).parent.rglob("*.py")
    named = {name for file in sources for name in re.findall(r'reached\("(.+?)"', file.read_text())}
    assert {"train.packaged", "evaluate.published", "promote.verified"} <= named
    tried_beside = {name for name in named if name.startswith(tuple(TRIED_BESIDE))}
    assert named <= passed | tried_beside | {"store.linked"}  # how `faults` explains itself
    kinds = ("snapshot_recorded", "model_declared", "version_reserved", "version_committed")
    for kind in (*kinds, "version_evaluated", "pointer_moved", "pointer_rolled_back"):
        assert {f"{kind}.{end}" for end in ("begin", "written", "committed")} <= passed
    for kind in ("store", "pointer_file"):
        assert {f"{kind}.{end}" for end in ("tmp_written", "fsynced")} <= passed


def test_commit_and_promotion_are_killed_at_every_kind_of_call(local_life: Life) -> None:
    commit, promote = (set(local_life[step].calls) for step in KILLED_AT_EVERY_CALL)
    sql = {"sql.execute", "sql.commit", "sql.committed"}
    assert {"os.open", "os.write", "os.fsync", "os.link", "os.mkdir"} | sql <= commit
    assert {"os.open", "os.write", "os.fsync", "os.replace", "os.mkdir"} | sql <= promote


def failure(backends: Combination, step: str, recorded: Recorded, root: Path, fault: str) -> str:
    """Kill and repeat; say what is wrong afterwards, if anything is."""
    site = backends.copy(recorded.before, root / fault.replace(":", "-"))
    try:
        code = run(step, site, fault=fault)
        if code != -signal.SIGKILL:
            return f"{fault}: not killed but ended with {code}"
        wrong = wrong_until_repeated(backends, site, step, recorded, fault=fault)
        return f"{fault}: {wrong}" if wrong else ""
    finally:
        backends.drop(site)
        forget(site)
