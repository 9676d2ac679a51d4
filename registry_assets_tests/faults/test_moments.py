"""SIGKILL from outside at moments that nobody chose, whatever the process is doing then.

SQLite writes its file and its log itself, and waits for the disk: such a kill also comes in
the middle of that. The moments are spread over the time that the step takes undisturbed.
"""

import random
import signal
import time
from pathlib import Path

import pytest

from registry_assets_tests.faults.conftest import Choice
from registry_assets_tests.faults.lives import (
    Life,
    Recorded,
    forget,
    wrong_until_repeated,
)
from registry_assets_tests.faults.steps import ended, processes, start
from registry_assets_tests.laws.combinations import Combination, Site

SEED = 20130401
FEW, MANY = 4, 60


@pytest.mark.parametrize("step", ["commit", "promote"])
def test_a_step_killed_at_any_moment_leaves_nothing_half_done_and_can_be_repeated(
    backends: Combination, choice: Choice, life: Life, tmp_path: Path, step: str
) -> None:
    count = MANY if choice.every_call else FEW
    # The least of three: what else the machine does makes a step longer, and moments late.
    took = min(undisturbed(backends, step, life[step], tmp_path) for _ in range(3))
    chance = random.Random(SEED)
    moments = [took * (number + chance.random()) / count for number in range(count)]
    outcomes = [killed(backends, step, life[step], tmp_path, moment) for moment in moments]
    assert [wrong for _, wrong in outcomes if wrong] == []
    assert sum(died for died, _ in outcomes) >= count // 3, "the moments came too late"


def undisturbed(backends: Combination, step: str, recorded: Recorded, root: Path) -> float:
    """How many seconds a step takes."""
    site = backends.copy(recorded.before, root / "undisturbed")
    began = started(step, site, after=None)
    backends.drop(site)
    forget(site)
    return began[1]


def started(step: str, site: Site, *, after: float | None) -> tuple[int, float]:
    """Perform a step, killed after so many seconds; give its exit code and how long it ran."""
    context = processes()
    ready, go = context.Event(), context.Event()
    process = start(step, site, ready=ready, go=go)
    assert ready.wait(60)
    began = time.monotonic()
    go.set()
    if after is not None:
        time.sleep(after)
        process.kill()
    code = ended(process)
    return code, time.monotonic() - began


def killed(
    backends: Combination, step: str, recorded: Recorded, root: Path, moment: float
) -> tuple[bool, str]:
    """Kill at a moment and repeat; say whether it died of that, and what is wrong."""
    site = backends.copy(recorded.before, root / f"{moment:.6f}")
    try:
        code, _ = started(step, site, after=moment)
        wrong = wrong_until_repeated(backends, site, step, recorded)
        return code == -signal.SIGKILL, f"after {moment:.6f} s: {wrong}" if wrong else ""
    finally:
        backends.drop(site)
        forget(site)
