"""A packaged model is timed in a process of its own, which never outlives its use."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import pytest

from registry_assets.errors import LoadCheckFailed, SnapshotRefused
from registry_assets.packaging import Package
from registry_assets.packaging.timing import TimedProcess, timed_process
from registry_assets_tests.packaging.projects import FEATURES, flights, planes

FEATURES_PATH = "code/airline/features.py"


def featured_by(package: Package, body: str, *, at_import: str = "") -> Package:
    """The package, whose make_features runs these statements first."""
    source = FEATURES.replace("    known =", f"    {body}\n    known =")
    changed = f"import ctypes, os, sys, time\n{at_import}\n{source}".encode()
    return Package({**package.files, FEATURES_PATH: changed})


@contextmanager
def timed(package: Package, **changes: Any) -> Iterator[TimedProcess]:
    given: dict[str, Any] = {
        "rows": flights(7),
        "references": {"planes": planes(), "of_another_model": planes()},
        "timeout": 120.0,
    }
    with timed_process(package, **{**given, **changes}) as process:
        yield process


def failure(package: Package, **changes: Any) -> str:
    """What is said when the package is timed once."""
    with pytest.raises(LoadCheckFailed) as caught, timed(package, **changes) as process:
        process.single_rows(first=0, count=1, untimed=0)
    return caught.value.message


def is_running(process: TimedProcess) -> bool:
    try:
        os.kill(process._process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_answers_until_its_block_ends(package: Package) -> None:
    with timed(package) as process:
        assert process.load_seconds > 0
        # More calls than there are rows: it begins again with the first.
        times = process.single_rows(first=5, count=20, untimed=1)
        assert len(times) == 20
        assert min(times) > 0
        assert process.batch(rows=7, untimed=1) > 0
        assert is_running(process)
    assert not is_running(process)


def test_an_interrupted_block_ends_its_process_too(package: Package) -> None:
    seen = []

    def interrupted() -> None:
        with timed(package) as process:
            seen.append(process)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not is_running(seen[0])


def test_the_memory_of_this_process_does_not_count(package: Package) -> None:
    held = b"x" * (500 * 2**20)
    with timed(package) as process:
        assert 2**20 < process.peak_memory() < len(held)


@pytest.mark.thorough
def test_the_time_of_make_features_counts(package: Package) -> None:
    with timed(featured_by(package, "time.sleep(0.02)")) as process:
        assert min(process.single_rows(first=0, count=3, untimed=0)) >= 20e6


@pytest.mark.thorough
def test_each_single_call_gets_another_row(package: Package) -> None:
    tell = "if len(flights) == 1: print(*flights['distance'], flush=True)"
    with timed(featured_by(package, tell)) as process:
        process.single_rows(first=0, count=9, untimed=0)
        printed = [float(line) for line in process._stderr.read_text().split()]
    distances = list(flights(7)["distance"])
    assert printed == [*distances, *distances[:2]]


def test_packaged_code_runs_with_one_thread_and_meets_no_stream_of_ours(package: Package) -> None:
    disturb = "os.write(1, b'noise'); print('{}'); time.perf_counter_ns = lambda: 0"
    checks = "assert sys.stdin.read() == ''; assert os.environ['OMP_NUM_THREADS'] == '1'"
    with timed(featured_by(package, checks, at_import=disturb)) as process:
        assert min(process.single_rows(first=0, count=3, untimed=0)) > 0


@pytest.mark.thorough
def test_columns_that_the_model_does_not_take_stay_here(package: Package) -> None:
    rows = flights(7)
    rows["only_here"] = pd.Series([object()] * 7, dtype=object)
    rows.index = pd.Index(list("abcdefg"), name="letter")
    with timed(package, rows=rows) as process:
        assert process.batch(rows=7, untimed=0) > 0


def test_a_column_that_cannot_be_handed_over_is_told(package: Package) -> None:
    rows = flights(2)
    rows["tailnum"] = pd.Series([["N1"], ["N2"]], dtype=object)
    with pytest.raises(SnapshotRefused, match="tailnum"), timed(package, rows=rows):
        pass


def test_rows_and_references_that_do_not_fit_are_told(package: Package) -> None:
    assert "distance: missing, expected float64" in failure(
        package, rows=flights(2).drop(columns="distance")
    )
    assert "flights has none of the columns that the model takes: tailnum" in failure(
        package, rows=pd.DataFrame({0: [1.0]})
    )
    assert "missing: planes" in failure(package, references={})


def test_what_packaged_code_raises_is_told_with_its_line(package: Package) -> None:
    said = failure(featured_by(package, "raise ValueError('no such plane')"))
    assert "failed in a fresh process: ValueError: no such plane (airline/features.py, line" in said


def test_a_crash_is_told_by_its_signal(package: Package) -> None:
    assert "was ended by SIGSEGV" in failure(featured_by(package, "ctypes.string_at(0)"))


def test_a_process_whose_child_holds_the_pipe_is_seen_to_end(package: Package) -> None:
    forks = "time.sleep(10**6) if os.fork() == 0 else os._exit(3)"
    assert "ended with exit status 3" in failure(featured_by(package, forks))


def test_a_package_that_never_loads_is_stopped(package: Package) -> None:
    hangs = featured_by(package, "pass", at_import="while True: time.sleep(1)")
    assert "did not finish in 3 s and was stopped" in failure(hangs, timeout=3.0)


def test_a_call_that_never_ends_is_stopped(package: Package) -> None:
    with timed(featured_by(package, "time.sleep(10**6)")) as process:
        process._left = 0.5
        with pytest.raises(LoadCheckFailed, match="did not finish in 120 s and was stopped"):
            process.single_rows(first=0, count=1, untimed=0)
        assert not is_running(process)


def test_too_much_memory_is_told(package: Package) -> None:
    hog = featured_by(package, "hog = bytearray(3 * 2**30)")
    assert "it needs more than 2 GiB of memory" in failure(hog, memory=2 * 2**30)
