"""`compare`: what differs, for people and for programs."""

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
