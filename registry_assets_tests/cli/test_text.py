"""Free text of users is shown as text: no markup, no control of the terminal."""

import sqlite3
import unicodedata
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from registry_assets.cli.text import estimate, plural, visible
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_show import flat

HOSTILE = "[bold red]x[/] [/nothing] :boom: \x1b[2J\x07 \u202eevil\u2066 \x9b31m\r tail"
AS_TEXT = r"[bold red]x[/] [/nothing] :boom: \x1b[2J\x07 \u202eevil\u2066 \x9b31m\r tail"
TERMINAL = set("\x1b\x07\x9b\r\u202e\u2066")


@given(st.text())
def test_nothing_visible_can_move_the_cursor(text: str) -> None:
    shown = visible(text)
    shown.encode()  # no lone surrogate is left
    hidden = {c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert hidden <= {"\u200c", "\u200d"}


@given(st.text(st.characters(categories=("L", "N", "P", "S"))))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_line_feeds_stay_where_lines_are_wanted() -> None:
    assert visible("one\ntwo", lines=True) == "one\ntwo"
    assert visible("one\ntwo") == "one two"


def test_counts_and_metrics_read_well() -> None:
    assert [plural(n, "row") for n in (0, 1, 336_776)] == ["0 rows", "1 row", "336,776 rows"]
    found = {"value": 0.70309, "low": 0.695, "high": 0.7112}
    assert estimate(found) == "0.7031 [0.6950, 0.7112]"
    assert estimate({"value": None, "low": None, "high": None}) == "undefined"


def test_hostile_text_is_shown_and_never_obeyed(command: Command, copied: Path) -> None:
    # What cannot be written through the registry can be written past it.
    with sqlite3.connect(copied / ".registry" / "catalog.sqlite") as connection:
        connection.execute("UPDATE versions SET failure = ? WHERE number = 4", [HOSTILE])
        connection.execute("UPDATE registered_models SET description = ?", [HOSTILE])
        for field in ("sentence", "actor", "reason"):
            connection.execute(
                "UPDATE events SET body = json_set(body, ?, ?)", [f"$.{field}", HOSTILE]
            )
    for arguments in (
        ("versions", "flight_delay"),
        ("show", "flight_delay"),
        ("show", "flight_delay:4"),
        ("explain", "flight_delay"),
        ("log", "flight_delay"),
    ):
        ran = command(*arguments, folder=copied, width=1000)
        assert ran.code == 0
        assert AS_TEXT in flat(ran.out)
        assert not set(ran.out) & TERMINAL
    ran = command("lineage", "flight_delay:4", folder=copied)
    assert ran.code == 2
    assert AS_TEXT in ran.err
    assert not set(ran.err) & TERMINAL
    document = command("show", "flight_delay:4", "--json", folder=copied)
    assert document.out.isascii()
    assert document.document["failure"] == HOSTILE
