"""SIGKILL and errors at system calls, also those that SQLite and libpq make by themselves.

By strace, which needs to be there and to be allowed to attach: `make thorough` says so if not.
"""

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from registry_assets_tests.faults.conftest import Choice
from registry_assets_tests.faults.lives import (
    Life,
    Recorded,
    forget,
    wrong_until_repeated,
)
from registry_assets_tests.faults.steps import REFUSED
from registry_assets_tests.faults.tracing import calls_of, traced
from registry_assets_tests.laws.combinations import LOCAL, REMOTE, Combination

pytestmark = pytest.mark.thorough

CHANGING = (
    *("write", "pwrite64", "fsync", "fdatasync", "ftruncate", "sendto", "sendmsg"),
    *("link", "linkat", "rename", "renameat", "mkdir", "mkdirat", "unlink", "unlinkat"),
)
SQLITE = ("pread64", "pwrite64", "fdatasync", "ftruncate")
ERRORS = ("EIO", "ENOSPC")
Counted = Callable[[str, tuple[str, ...]], list[tuple[str, int]]]
STEP = pytest.mark.parametrize("step", ["commit", "promote"])


@pytest.fixture(scope="session", params=[Choice(LOCAL), Choice(REMOTE)], ids=str)
def choice(request: pytest.FixtureRequest) -> Choice:
    """Both catalogs and both stores."""
    found: Choice = request.param
    return found


@pytest.fixture
def counted(backends: Combination, life: Life, tmp_path: Path) -> Counted:
    """Count the system calls of a step."""

    def count(step: str, names: tuple[str, ...]) -> list[tuple[str, int]]:
        site = backends.copy(life[step].before, tmp_path / "counted")
        found = calls_of(step, site, tmp_path / "log", names)
        backends.drop(site)
        forget(site)
        return [(name, n + 1) for name, most in sorted(found.items()) for n in range(most)]

    return count


@STEP
def test_a_step_killed_at_any_system_call_leaves_nothing_half_done_and_can_be_repeated(
    backends: Combination, life: Life, counted: Counted, tmp_path: Path, step: str
) -> None:
    calls = counted(step, CHANGING)
    assert len(calls) > 10

    def killed(call: tuple[str, int]) -> tuple[int, str]:
        return tried(backends, step, life[step], tmp_path, call, "signal=SIGKILL")

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(killed, calls))
    assert [wrong for _, wrong in outcomes if wrong] == []
    died = sum(code == -signal.SIGKILL for code, _ in outcomes)
    assert died > 0.8 * len(calls)  # which thread makes which call is not always the same


@STEP
def test_what_the_disk_refuses_sqlite_is_said_and_repeating_mends_it(
    local: Combination,
    local_life: Life,
    counted: Counted,
    choice: Choice,
    tmp_path: Path,
    step: str,
) -> None:
    if choice.name != LOCAL:
        pytest.skip("PostgreSQL's disk is the server's own")
    calls = counted(step, SQLITE)
    for call in calls:
        for error in ERRORS:
            fault = f"error={error}"
            code, wrong = tried(local, step, local_life[step], tmp_path, call, fault)
            assert (wrong, code in (0, REFUSED)) == ("", True), (call, error)


def tried(
    backends: Combination,
    step: str,
    recorded: Recorded,
    root: Path,
    call: tuple[str, int],
    fault: str,
) -> tuple[int, str]:
    """Let a system call fail or be the last, and repeat; give the exit code and what is wrong."""
    name, number = call
    site = backends.copy(recorded.before, root / f"{name}-{number}-{fault}")
    try:
        inject = f"inject={name}:{fault}:when={number}"
        code = traced(step, site, "-e", f"trace={name}", "-e", inject)
        wrong = wrong_until_repeated(backends, site, step, recorded)
        return code, f"{name}:{number}: {wrong}" if wrong else ""
    finally:
        backends.drop(site)
        forget(site)
