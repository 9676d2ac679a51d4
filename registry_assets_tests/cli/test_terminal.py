"""Pages in a terminal: what they say first, lists, narrow lines, and what is redirected."""

import re
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from registry_assets.cli.figures import weak_body, weak_line
from registry_assets.evaluation.results.weak import Condition, WeakSlice, WeakSliceSearch
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_show import flat, letters, printed


@pytest.mark.parametrize(("width", "dropped"), [(40, True), (60, False), (120, False)])
def test_a_narrow_terminal_has_fewer_metrics_of_each_slice_and_all_else(
    command: Command, width: int, dropped: bool
) -> None:
    found, whole = (command("show", "flight_delay:2", width=w).out for w in (width, 200))
    assert max(len(line) for line in found.splitlines()) <= width
    assert ("log_loss" in found.partition("By slice")[2].partition("EWR")[0]) is not dropped
    slices = command("show", "flight_delay:2", "--json").document["slices"]
    column = [f"{part['estimates'][1]['value']:.4f}" for part in slices]
    lost = letters(whole) - letters(found)
    assert lost == (letters("log_loss" + "".join(column)) if dropped else Counter())


def test_what_is_redirected_has_no_spaces_at_the_ends_of_lines(command: Command) -> None:
    for arguments in (
        ("show", "flight_delay:2"),
        ("show", "flight_delay"),
        ("versions", "flight_delay"),
        ("compare", "flight_delay:2", "flight_delay:3"),
        ("log", "flight_delay"),
    ):
        lines = command(*arguments).out.splitlines()
        assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize(
    ("limits", "shown"),
    [
        ("Only for one thing.", "limits Only for one thing. license"),
        ("Not here.\n- Nor there.\n", "limits - Not here. - Nor there. license"),
        (
            "Not here.\nNor there.\n\nAsk first.",
            "limits - Not here. - Nor there. Ask first. license",
        ),
    ],
)
def test_limits_of_several_lines_are_a_list_and_paragraphs_stay(
    command: Command, copied: Path, limits: str, shown: str
) -> None:
    with sqlite3.connect(copied / ".registry" / "catalog.sqlite") as connection:
        connection.execute(
            "UPDATE versions SET metadata ="
            " json_set(metadata, '$.limits', ?, '$.license', 'MIT') WHERE number = 2",
            [limits],
        )
    assert shown in flat(command("show", "flight_delay:2", folder=copied).out)


def test_a_version_says_first_how_many_gates_it_passed(command: Command) -> None:
    for number, said in (
        (2, r"run \S+\nAll 5 gates passed\.\n\n"),
        (3, r"Was never in production\. 2 of 5 gates passed\.\n\n"),
        (4, r"Was never in production\.\n"),
        (5, r"Was never in production\.\n"),
    ):
        out = command("show", f"flight_delay:{number}", width=200).out
        assert re.match(rf"flight_delay:{number}  .*\n.*{said}", out), out[:300]


def test_weak_slices_that_were_cut_off_are_no_count_of_them_all() -> None:
    for found, most, said in (
        (2, 2, "the 2 most striking of 9 tried, of 30 rows or more"),
        (2, 10, "2 of 9 tried, of 30 rows or more"),
        (0, 2, "none was found 9 tried, of 30 rows or more"),
    ):
        assert printed(weak_body(weak_search(found, most=most))).endswith(said)
    assert printed(weak_line(weak_search(2, most=2))) == (
        "the 2 most striking of 9 tried; most clearly where gate is missing:"
        " loss 0.5000, elsewhere 0.2000"
    )


def weak_search(found: int, *, most: int) -> WeakSliceSearch:
    """A search that tried 9 conditions and lists so many slices."""
    part = WeakSlice(
        conditions=(Condition("gate", "gate is missing", "missing"),), rows=40, share=0.1,
        mean_loss=0.5, rest_loss=0.2, excess=0.3, low=0.2, high=0.4, p_adjusted=0.001,
    )  # fmt: skip
    return WeakSliceSearch(9, 400, 400, min_rows=30, level=0.05, found=(part,) * found, most=most)
