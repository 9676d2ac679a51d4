"""Drift beside Evidently: both see the same columns, and the page says what was found."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.drift import (
    MOST_MEMORY,
    Column,
    Compared,
    Streamed,
    agree,
    reached,
    run,
    stream,
)
from benchmarks.drift_page import table, write_page
from benchmarks.measuring import Summary
from benchmarks.run import workspace
from benchmarks.scoring import Scored
from benchmarks.subject.drifting import before, since
from registry_assets_tests.benchmarks.test_harness import MACHINE

EVIDENTLY = replace(MACHINE, ours={**MACHINE.ours, "evidently": "0.7.23"})


def compared(side: str, seconds: float, value: float, *, drifted: bool) -> Compared:
    finding = {"method": "wasserstein", "value": value, "error": 0.01, "drifted": drifted}
    parts = {"compare": seconds} if side == "ours" else {}
    once, again = Summary.of([2000 * seconds]), Summary.of([1000 * seconds])
    return Compared(side, once, again, 10**9, parts, {"x": finding})


STREAMED = Streamed(10, Summary.of([9_000.0]), 10**9, {"compare": 1.0}, 50_000, 10**9)


@pytest.mark.thorough
def test_both_sides_see_the_same_columns_in_processes_of_their_own() -> None:
    with workspace() as folder:
        sides = run(20_000, folder, samples=1, say=lambda _: None)
    assert [each.side for each in sides] == ["ours", "evidently"]
    columns = agree(sides)
    assert len(columns) == 20
    assert {each.method for each in columns} == {"wasserstein", "jensenshannon"}


def test_rows_of_a_file_are_all_looked_at() -> None:
    with workspace() as folder:
        found = stream(3_000, folder, samples=1, say=lambda _: None)
    assert found.rows == 3_000
    assert 10**8 < found.peak < MOST_MEMORY
    assert found.profile > 10_000
    assert sum(found.parts.values()) == pytest.approx(found.time.median / 1000)


def test_the_rows_moved_by_what_is_known() -> None:
    assert before(500).equals(before(500))
    assert before(500).shape == since(500).shape == (500, 20)
    moved = since(20_000)["number_11"].mean() - before(20_000)["number_11"].mean()
    assert moved == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize(
    ("value", "drifted", "passes"),
    [(0.205, True, True), (0.215, True, False), (0.205, False, False)],
)
def test_sides_that_differ_end_the_benchmark(value: float, drifted: bool, passes: bool) -> None:
    sides = [
        compared("ours", 1, value, drifted=drifted),
        compared("evidently", 9, 0.2, drifted=True),
    ]
    if passes:
        [column] = agree(sides)
        assert (column.near, column.same) == (False, True)
    else:
        with pytest.raises(AssertionError, match="x is "):
            agree(sides)


def test_near_the_threshold_either_verdict_is_right() -> None:
    ours = compared("ours", 1, 0.099, drifted=False)
    [column] = agree([ours, compared("evidently", 9, 0.101, drifted=True)])
    assert (column.near, column.same) == (True, False)


def test_a_target_is_missed_by_time_and_by_memory() -> None:
    theirs = compared("evidently", 9, 0.2, drifted=True)
    assert reached([compared("ours", 0.9, 0.2, drifted=True), theirs])
    assert not reached([compared("ours", 1, 0.2, drifted=True), theirs])
    assert STREAMED.reached
    assert not replace(STREAMED, time=Summary.of([60_001.0])).reached
    assert not replace(STREAMED, peak=MOST_MEMORY + 1).reached


def test_the_page_shows_both_sides_and_every_column_that_is_near(tmp_path: Path) -> None:
    sides = [compared("ours", 1, 0.2, drifted=True), compared("evidently", 20, 0.2, drifted=True)]
    columns = [
        Column("far", "wasserstein", 0.2, 0.01, 0.2, near=False, same=True),
        Column("close", "wasserstein", 0.099, 0.01, 0.101, near=True, same=False),
    ]
    scored = [Scored(200, 0.5, 4 * 10**8), Scored(2_000, 4.0, 5 * 10**8)]
    write_page(sides, STREAMED, columns, scored, EVIDENTLY, rows=1_000, load=4.2, docs=tmp_path)
    page = (tmp_path / "performance-drift.md").read_text()
    assert "| 1,000 | ours | 2.00 s | 1.00 s | 1.00 s | 1.00 GB | 20× | ≥ 10× | ✓ |" in page
    assert "| 1,000 | Evidently | 40.00 s | 20.00 s |" in page
    assert "| 10 | ours, from Parquet | 9.00 s |" in page
    assert "| close | wasserstein | 0.09900 | 0.01000 | 0.10100 | another |" in page
    assert "| far |" not in page
    assert "## Scoring\n\n| rows | scored and recorded |" in page
    assert "its load was 4.2 before the run, on 2 cores" in page
    assert "{" not in page
    slow = replace(STREAMED, peak=MOST_MEMORY + 1)
    assert "**missed**" in list(table(sides, slow, 1_000))[-1]
