"""The evaluation beside MLflow's: both judge the same rows, and the page says what was found."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.environments import MLFLOW
from benchmarks.evaluation import (
    ALIKE,
    FULL,
    MOST_MEMORY,
    ONE,
    PEER,
    SIDES,
    Measured,
    agree,
    missed,
    run,
)
from benchmarks.evaluation_page import table, write_page
from benchmarks.measuring import Summary, peak_memory
from benchmarks.run import workspace
from benchmarks.subject.applicants import features_of, holdout, training
from registry_assets_tests.benchmarks.test_harness import MACHINE

ROWS = 2_000


def measured(side: str, seconds: float, *, rows: int = 1_000, peak: int = 10**9) -> Measured:
    parts = {} if side == PEER else {"predict": seconds / 2, "evaluate": seconds / 2}
    once, again = Summary.of([1000 * seconds]), Summary.of([500 * seconds])
    return Measured(rows, side, once, again, peak, parts)


@pytest.mark.thorough
def test_our_sides_evaluate_in_processes_of_their_own_and_agree() -> None:
    with workspace() as folder:
        found = run([ROWS], folder, samples=1, say=lambda _: None, sides=(FULL, ONE, ALIKE))
    assert [(each.rows, each.side, each.time.count) for each in found] == [
        (ROWS, FULL, 1),
        (ROWS, ONE, 1),
        (ROWS, ALIKE, 1),
    ]
    for each in found:
        assert 10**8 < each.peak < MOST_MEMORY
        assert sum(each.parts.values()) == pytest.approx(each.time.median / 1000)


@pytest.mark.thorough
@pytest.mark.skipif(not MLFLOW.exists(), reason="`make bench-evaluation` makes its environment")
def test_mlflow_gives_the_same_metrics_of_the_same_rows() -> None:
    with workspace() as folder:
        found = run([ROWS], folder, samples=1, say=lambda _: None, sides=(ALIKE, PEER))
    assert [each.side for each in found] == [ALIKE, PEER]


def test_both_sides_judge_the_same_rows_and_none_of_the_training() -> None:
    assert holdout(500).equals(holdout(500))
    assert not features_of(holdout(500)).equals(features_of(training(500)))
    assert features_of(holdout(500)).shape == (500, 20)


def test_answers_that_differ_end_the_benchmark() -> None:
    agree([{"roc_auc": 0.7, "f1": 0.5}, {"roc_auc": 0.7}])
    with pytest.raises(AssertionError, match=r"roc_auc is 0\.7 and 0\.8"):
        agree([{"roc_auc": 0.7, "f1": 0.5}, {"roc_auc": 0.8}])


def test_a_side_is_missed_that_is_too_slow_or_too_large() -> None:
    peer, ours = measured(PEER, 9.0), measured(ALIKE, 3.0)
    slow, large = measured(FULL, 3.1), replace(ours, peak=MOST_MEMORY + 1)
    assert missed([peer, ours]) == []
    assert missed([peer, ours, slow, large]) == [slow, large]


def test_the_peak_of_memory_is_this_process_s_own() -> None:
    before = peak_memory()
    held = bytearray(before + 50_000_000)
    assert peak_memory() >= len(held)


def test_the_page_shows_every_side_what_was_missed_and_why(tmp_path: Path) -> None:
    sides = ((FULL, 4.0), (ONE, 3.0), (ALIKE, 2.0), (PEER, 9.0))
    found = [measured(side, seconds) for side, seconds in sides]
    write_page(found, MACHINE, load=0.1, docs=tmp_path)
    page = (tmp_path / "performance-evaluation.md").read_text()
    assert "| 1,000 | ours, everything | 4.00 s | 4.00 s | 2.00 s | 1.00 GB | 2.2× | 2.2× |" in page
    assert "| 1,000 | ours, all rows only | 2.00 s |" in page
    assert "- 1,000 rows, ours, everything: 2.2× where the target is ≥ 3×." in page
    assert "| 1,000 | ours, all rows only | 1.00 s | 1.00 s |" in page
    assert "3.17.2" in page
    assert "{" not in page
    assert "not quiet" not in page
    assert set(SIDES) == {each.side for each in found}


def test_the_page_says_where_other_processes_ran_beside(tmp_path: Path) -> None:
    write_page([measured(ALIKE, 2.0), measured(PEER, 9.0)], MACHINE, load=4.2, docs=tmp_path)
    page = (tmp_path / "performance-evaluation.md").read_text()
    assert "its load was 4.2 before the run, on 2 cores" in page
    assert "## Missed" not in page


def test_the_table_of_one_side_alone_has_no_ratio() -> None:
    assert list(table([measured(ALIKE, 2.0)]))[-1].endswith("| 1.00 GB |  |  |  |  |")
