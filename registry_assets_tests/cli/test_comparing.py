"""`compare`: what differs, for people and for programs."""

import re
import sqlite3
from pathlib import Path

from registry_assets.registry import Registry
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_failures import damage
from registry_assets_tests.cli.test_show import flat
from registry_assets_tests.cli.test_text import TERMINAL


def test_what_differs_is_shown_and_the_same_is_summed_up(command: Command) -> None:
    ran = command("compare", "flight_delay:1", "flight_delay@production", width=120)
    out = flat(ran.out)
    assert ran.code == 0
    for said in (
        "flight_delay:1 archived sha256:",
        "flight_delay:2 production sha256:",
        "flight_features[2013-03] – 400 rows",
        "in all 800 rows 1,200 rows",
        "Not comparable: measured on different holdout rows",
        "flight_delay:2 beside flight_delay:1, on the same 400 rows",
        "of 400 rows decided otherwise:",
        "Weak slices that nobody named flight_delay:1",
        "By slice, roc_auc",
        "The same target and holdout rule: all; parameters: all;",
        "code: 2 files; environment: all",
    ):
        assert said in out
    assert "Not compared" not in out


def test_one_parameter_is_all_that_differs_between_these(command: Command) -> None:
    out = flat(command("compare", "flight_delay:2", "flight_delay:3").out)
    assert "Parameters flight_delay:2 flight_delay:3" in out
    assert "sense true false" in out
    assert "Trained on" not in out
    document = command("compare", "flight_delay:2", "flight_delay:3", "--json").document
    assert document["params"] == {
        "compared": True,
        "changed": [{"name": "sense", "change": "changed", "before": True, "after": False}],
        "same": 2,
    }
    assert (document["comparable"], document["incomparable"]) == (True, None)
    metric = document["metrics"][0]
    assert metric["metric"] == "roc_auc"
    assert metric["difference"] == metric["after"]["value"] - metric["before"]["value"]
    assert document["paired"]["baseline"] == "flight_delay:2"
    assert document["paired"]["verdicts"] == {"roc_auc": "worse", "log_loss": "worse"}
    assert document["paired"]["changes"]["rows"] == 400
    assert set(document["figures"]["after"]) == {"weak_slices", "fairness", "speed", "backtest"}


def test_a_comparison_says_first_what_it_comes_to(command: Command) -> None:
    worse = "flight_delay:3 is worse than flight_delay:2 by 2 of 2 metrics"
    for a, b, said in (
        (2, 3, "flight_delay:2 passed all 5 gates, flight_delay:3 passed 2 of 5"),
        (3, 2, "flight_delay:3 passed 2 of 5 gates, flight_delay:2 passed all 5"),
    ):
        out = flat(command("compare", f"flight_delay:{a}", f"flight_delay:{b}").out)
        before = out.partition("Parameters")[0]
        assert before.endswith(f"{worse}; {said}. ")
    alone = flat(command("compare", "flight_delay:2", "flight_delay:4").out)
    assert "failed flight_delay:2 passed all 5 gates. Parameters" in alone
    two = flat(command("compare", "flight_delay:1", "flight_delay:2").out)
    assert "; both passed all 5 gates." in two
    neither = command("compare", "flight_delay:5", "flight_delay:4").out
    assert "gate" not in neither.lower()


def test_the_gates_of_both_are_compared_and_what_failed_is_told(command: Command) -> None:
    ran = command("compare", "flight_delay:2", "flight_delay:3")
    gates = flat(ran.out.partition("\nGates\n")[2].partition("\nBy slice")[0])
    assert "gate flight_delay:2 flight_delay:3" in gates
    assert "metadata_complete passed passed loads_and_reproduces passed passed" in gates
    assert "roc_auc_at_least passed failed" in gates
    assert re.search(
        r"roc_auc_at_least flight_delay:2 roc_auc 0\.\d{4} \[.*?\] is at least 0\.6"
        r" flight_delay:3 roc_auc 0\.\d{4} \[.*?\] is below 0\.6",
        gates,
    )
    assert "every required fact is there" not in gates
    document = command("compare", "flight_delay:2", "flight_delay:3", "--json").document
    for side, reference in (("a", "flight_delay:2"), ("b", "flight_delay:3")):
        shown = command("show", reference, "--json").document
        assert document[side]["verdicts"] == shown["verdicts"]


def test_on_equal_rows_one_table_has_both_and_their_difference(command: Command) -> None:
    for width, header in ((80, "difference, verdict"), (200, "difference verdict")):
        out = flat(command("compare", "flight_delay:2", "flight_delay:3", width=width).out)
        assert f"metric flight_delay:2 flight_delay:3 {header}" in out
        assert "difference: flight_delay:3 minus flight_delay:2, on the same 400 rows" in out
        assert out.count("log_loss") == 1
        assert "beside" not in out
    wide = flat(command("compare", "flight_delay:2", "flight_delay:3", width=200).out)
    estimate = r"[-+]?\d\.\d{4} \[\S+, \S+\] "
    assert re.search(rf"roc_auc ({estimate}){{3}}worse", wide)


def test_at_80_columns_a_comparison_breaks_no_interval_and_counts_rows_once(
    command: Command,
) -> None:
    for a, b, columns in ((2, 3, "rows flight_delay:2 flight_delay:3 difference"), (1, 2, "")):
        out = command("compare", f"flight_delay:{a}", f"flight_delay:{b}").out
        tables = [
            part.partition("\n\n")[0] for title in ("Metrics, with", "By slice")
            for part in out.split(f"\n{title}")[1:]
        ]  # fmt: skip
        assert len(tables) == 2
        for table in tables:
            whole = re.findall(r"\[[-+]?\d\.\d{4}, [-+]?\d\.\d{4}\]", table)
            assert len(re.findall(r"\[[-+\d]*\.", table)) == len(whole) > 0
        assert f"slice {columns}" in flat(tables[1])
        # A line for values that nothing can be subtracted from would be a line of dashes.
        assert ("difference" in tables[0]) is bool(columns)


def test_json_has_the_same_fields_whatever_is_compared(command: Command) -> None:
    pairs = (("1", "2"), ("2", "4"), ("5", "4"))
    documents = [
        command("compare", f"flight_delay:{a}", f"flight_delay:{b}", "--json").document
        for a, b in pairs
    ]
    assert {tuple(document) for document in documents} == {
        (
            "a", "b", "same_model", "recipe", "data", "code", "params", "environment", "metrics",
            "comparable", "incomparable", "paired", "slices", "figures", "size", "metadata", "gaps",
        )
    }  # fmt: skip
    assert documents[1]["gaps"] == [
        {
            "what": "the package of flight_delay:4",
            "why": "it is failed (train raised ValueError: the sky fell)",
        }
    ]
    assert documents[1]["b"]["digest"] is None
    assert [gap["what"][-1] for gap in documents[2]["gaps"]] == ["5", "4"]


def test_two_models_are_said_to_be_two(command: Command) -> None:
    ran = command("compare", "flight_delay:2", "seat_credit:1")
    assert "They are versions of two models." in ran.out
    document = command("compare", "flight_delay:2", "seat_credit:1", "--json").document
    assert document["same_model"] is False


def test_damaged_bytes_keep_only_themselves_from_being_compared(
    command: Command, copied: Path
) -> None:
    registry = Registry.open(copied)
    package = registry.manifest(str(registry.resolve("flight_delay:2").digest))
    damage(copied, package.file("environment.json").sha256)
    ran = command("compare", "flight_delay:2", "flight_delay:3", folder=copied, width=200)
    assert ran.code == 0
    assert "environment.json of flight_delay:2" in ran.out
    assert "sense" in ran.out


def test_hostile_text_in_a_version_is_shown_as_text(command: Command, copied: Path) -> None:
    hostile = "[bold]x[/] \x1b[2J \u202eevil"
    with sqlite3.connect(copied / ".registry" / "catalog.sqlite") as connection:
        connection.execute(
            "UPDATE versions SET metadata = json_set(metadata, '$.description', ?)"
            " WHERE number = 2 AND model = 'flight_delay'",
            [hostile],
        )
    ran = command("compare", "flight_delay:1", "flight_delay:2", folder=copied, width=200)
    assert r"[bold]x[/] \x1b[2J \u202eevil" in ran.out
    assert not set(ran.out) & TERMINAL
    shown = command("compare", "flight_delay:1", "flight_delay:2", "--json", folder=copied)
    assert shown.out.isascii()
