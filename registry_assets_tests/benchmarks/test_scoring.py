"""Scoring takes the memory of a batch, not that of the partition."""

import pytest

from benchmarks.run import workspace
from benchmarks.scoring import MOST_GROWTH, Scored, growth, reached, run, section

SMALL, LARGE = 100_000, 800_000


@pytest.mark.thorough
def test_eight_times_the_rows_are_scored_in_hardly_more_memory() -> None:
    with workspace() as folder:
        scored = run((SMALL, LARGE), folder, say=lambda _: None)
    assert [each.rows for each in scored] == [SMALL, LARGE]
    assert all(each.peak > 10**8 for each in scored)
    assert growth(scored) <= MOST_GROWTH


def test_the_section_says_where_memory_grew_too_much() -> None:
    little = [Scored(200, 0.5, 4 * 10**8), Scored(2_000, 4.0, 5 * 10**8)]
    assert reached(little)
    lines = list(section(little))
    assert lines[2:4] == ["| 200 | 500 ms | 400 | 400 MB |", "| 2,000 | 4.00 s | 500 | 500 MB |"]
    assert "For 10× the rows it takes 25% more memory (at most 25%) ✓" in lines[-1]
    much = [little[0], Scored(2_000, 4.0, 5 * 10**8 + 1_000_000)]
    assert not reached(much)
    assert "**missed**" in list(section(much))[-1]
