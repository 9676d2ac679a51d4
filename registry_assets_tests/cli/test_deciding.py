"""`promote`, `rollback`, `release`: what they show, ask, say and change."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry_assets.cli import deciding
from registry_assets.clock import ReplayClock
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import History
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_show import flat
from registry_assets_tests.worlds import SENSOR

WHY = ("--reason", "it flags every flight")
JUNE = ReplayClock(datetime(2013, 6, 1, 6, tzinfo=UTC))


def ready(folder: Path) -> int:
    """Let a version come that may be promoted; give its number."""
    return History(Registry.open(folder, clock=JUNE), JUNE).version(9, model="flight_delay")


def log(command: Command, folder: Path) -> Any:
    """Everything that happened."""
    return command("log", "flight_delay", "--json", folder=folder).document


def test_a_promotion_is_asked_about_and_says_where_it_went(
    command: Command, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = ready(copied)
    arguments = ("promote", f"flight_delay:{number}", "--reason", "the board agreed")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    refused = command(*arguments, folder=copied)
    assert (refused.code, refused.out) == (1, "")
    asked = f"Move flight_delay@production from version 2 to version {number}?"
    assert asked in refused.err
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    ran = command(*arguments, folder=copied)
    assert ran.code == 0
    assert f"flight_delay@production moved from version 2 to version {number}." in ran.out
    file = copied / ".registry" / "store" / "pointers" / "flight_delay" / "production.json"
    assert f"Deployments read it in {file}" in ran.out
    assert json.loads(file.read_bytes())["version"] == number
    assert "`registry rollback flight_delay@production --reason …` goes back" in ran.out
    moved = log(command, copied)["events"][-1]
    assert (moved["kind"], moved["reason"]) == ("pointer_moved", "the board agreed")


def test_a_promotion_that_was_made_is_given_back(command: Command, copied: Path) -> None:
    ran = command("promote", "flight_delay:2", *WHY, folder=copied)
    assert ran.code == 0
    assert "Nothing to do: flight_delay@production holds version 2 already." in ran.out
    document = command("promote", "flight_delay:2", *WHY, "--json", folder=copied).document
    assert (document["reference"], document["pointer"]) == ("flight_delay:2", "production")
    assert (document["moved"], document["from_version"], document["generation"]) == (False, 1, 2)
    assert document["pointer_file"].endswith("pointers/flight_delay/production.json")


def test_what_holds_a_version_is_listed_with_what_to_do(command: Command) -> None:
    ran = command("promote", "flight_delay:1", *WHY)
    assert (ran.code, ran.out) == (1, "")
    for line in (
        "Error: flight_delay:1 may not take production:",
        "  - production has held version 2; going back to flight_delay:1 is a rollback",
        "    → `registry rollback flight_delay@production --to 1` goes back to it",
        "  - roc_auc_not_worse_than_production is stale: production has moved since",
        "    → evaluate it again: ",
        "Hint: nothing was changed",
    ):
        assert line in ran.err
    held = command("promote", "seat_credit:1", "--yes", *WHY)
    assert (held.code, "waits for 1 approval" in held.err) == (1, True)


def test_a_rollback_shows_what_it_will_do_before_it_asks(
    command: Command, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, shown = log(command, copied), ""
    for typed, code, said in (
        ("", 2, "nothing was changed; where nobody is there to ask, add --yes"),
        ("n\n", 1, "Nothing was changed."),
    ):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        ran = command("rollback", "flight_delay", *WHY, width=120, folder=copied)
        assert ran.code == code
        assert "Roll flight_delay@production back from version 2 to version 1?" in ran.err
        assert said in ran.err
        shown = flat(ran.out)
        for words in (
            "flight_delay@production goes back from version 2 to version 1",
            "from 2 to 1",
            "held since 2013-05-01 06:00 UTC since 2013-04-01 06:00 UTC until 2013-05-01 06:00",
            "registry compare flight_delay:1 flight_delay:2",
            "Waived, because it is a rollback - roc_auc_not_worse_than_production is stale",
        ):
            assert words in shown
        assert log(command, copied) == before
    document = command("show", "flight_delay:1", "--json", folder=copied).document
    assert f"{document['metrics']['roc_auc']['value']:.4f}" in shown


def test_a_rollback_says_how_long_it_took_and_what_is_held(
    command: Command, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    ran = command("rollback", "flight_delay", *WHY, folder=copied)
    assert ran.code == 0
    out = flat(ran.out)
    assert "flight_delay@production holds version 1 again: deployments were told 0." in out
    assert "Version 2 is held there: nobody and nothing promotes it." in out
    assert "The version that may reach production next is flight_delay:3." in out
    assert "`registry release flight_delay:2 --reason …` says so." in out
    assert Registry.open(copied).verify().clean
    # Named, it is the same one, and nobody is asked about it.
    again = command("rollback", "flight_delay", "--to", "1", *WHY, folder=copied)
    assert (again.code, again.err) == (0, "")
    assert "was rolled back from version 2 to version 1 by" in again.out


def test_a_rollback_as_json_is_one_document(command: Command, copied: Path) -> None:
    ran = command("rollback", "flight_delay@production", "--yes", "--json", *WHY, folder=copied)
    document = ran.document
    assert (document["reference"], document["from_version"], document["moved"]) == (
        "flight_delay:1",
        2,
        True,
    )
    assert 0 < document["seconds"] < 60
    assert [reason["code"] for reason in document["waived"]] == ["check_stale"]
    hold = document["hold"]
    assert (hold["pointer"], hold["version"], hold["state"]) == ("production", 2, "held")
    assert hold["reason"] == WHY[1]
    assert document["candidate"] == 3


def test_only_what_was_shown_is_done(
    command: Command, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = ready(copied)

    def moved_meanwhile(_question: str) -> None:
        Registry.open(copied).promote("flight_delay", number, run=SENSOR)

    monkeypatch.setattr(deciding, "confirm", moved_meanwhile)
    ran = command("rollback", "flight_delay", *WHY, folder=copied)
    assert ran.code == 3
    assert f"expected version 2, found {number}" in ran.err
    assert Registry.open(copied).pointer("flight_delay").version == number


def test_everywhere_it_is_said_where_a_version_is_held(command: Command, copied: Path) -> None:
    command("rollback", "flight_delay", "--yes", *WHY, folder=copied)
    (hold,) = Registry.open(copied).holds("flight_delay")
    by = f"{hold.actor} on {hold.set_at[:10]}: it flags every flight"
    for arguments, said in (
        (("explain", "flight_delay"), f"was rolled back from version 2 by {by}"),
        (("explain", "flight_delay"), f"rolled back to by {hold.actor}"),
        (("explain", "flight_delay:2"), f"was rolled back from version 2 by {by}"),
        (("explain", "flight_delay:2"), "`registry release flight_delay:2`, once it may come"),
        (("show", "flight_delay:2"), f"Held on production, which was rolled back from it by {by}"),
        (("show", "flight_delay:1"), f"rolled back to by {hold.actor}, run by hand, because it"),
        (("versions", "flight_delay"), "version 2 is held: production was rolled back from ver"),
        (("log", "flight_delay:2"), "version 2 is held there until it is released"),
        (("log", "flight_delay:2"), f"pointer_rolled_back by {hold.actor}"),
        (("at", "flight_delay", hold.set_at), "waived roc_auc_not_worse_than_production is stale"),
        (("at", "flight_delay", hold.set_at), f"rolled back by {hold.actor}, run by hand"),
    ):
        assert said in flat(command(*arguments, width=200, folder=copied).out), arguments

    def document(*arguments: str) -> Any:
        return command(*arguments, "--json", folder=copied).document

    assert [each["version"] for each in document("explain", "flight_delay")["rolled_back"]] == [2]
    assert [each["state"] for each in document("show", "flight_delay:2")["holds"]] == ["held"]
    (moved,) = [m for m in document("show", "flight_delay:1")["promotions"] if m["rollback"]]
    assert moved["rollback"]["from"] == 2
    reasons = document("explain", "flight_delay:2")["reasons"]
    assert [reason["code"] for reason in reasons] == ["rolled_back", "check_stale"]


def test_a_release_lets_a_version_be_asked_for_again(command: Command, copied: Path) -> None:
    command("rollback", "flight_delay", "--yes", *WHY, folder=copied)
    arguments = ("release", "flight_delay:2", "--reason", "it was the data")
    ran = command(*arguments, folder=copied)
    assert ran.code == 0
    assert "flight_delay:2 is released for production. No pointer was moved." in ran.out
    assert "`registry promote flight_delay:2 --reason …` promotes it." in flat(ran.out)
    again = command(*arguments, folder=copied)
    assert "Nothing to do: version 2 was released for production by" in again.out
    document = command(*arguments, "--json", folder=copied).document
    assert (document["changed"], document["hold"]["state"]) == (False, "released")
    shown = flat(command("show", "flight_delay:2", width=200, folder=copied).out)
    assert "Released for production by" in shown
    History(Registry.open(copied, clock=JUNE), JUNE).evaluate(2, model="flight_delay")
    explained = flat(command("explain", "flight_delay:2", folder=copied).out)
    assert "`registry promote flight_delay:2` does" in explained
    assert command("promote", "flight_delay:2", "--yes", *WHY, folder=copied).code == 0
    assert Registry.open(copied).pointer("flight_delay").version == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("promote", "flight_delay:4", *WHY), 2, "flight_delay:4 is failed"),
        (("promote", "flight_delay", *WHY), 2, "not one of its versions"),
        (("promote", "flight_delay:1"), 2, "--reason"),
        (("promote", "flight_delay:1", "--pointer", "canary", *WHY), 2, "no pointer called"),
        (("promote", "flight_delay:1", "--reason", " "), 2, "needs a reason"),
        (("rollback", "flight_delay:1", *WHY), 2, "a rollback is about a pointer"),
        (("rollback", "flight_delay"), 2, "--reason"),
        (("rollback", "flight_delay", "--to", "3", *WHY), 1, "has never held flight_delay:3"),
        (("rollback", "flight_delay", "--to", "2", *WHY), 1, "holds version 2 already"),
        (("rollback", "flight_delay", "--to", "77", *WHY), 2, "no version 77"),
        (("rollback", "seat_credit", *WHY), 1, "holds no version"),
        (("rollback", "flight_delay", "--yes", "--reason", " "), 2, "needs a reason"),
        (("release", "flight_delay:1", *WHY), 1, "is not held on production"),
        (("release", "flight_delay:1"), 2, "--reason"),
    ],
)
def test_what_is_refused_says_why_and_changes_nothing(
    command: Command, arguments: tuple[str, ...], code: int, said: str
) -> None:
    before = command("log", "flight_delay", "--json").document
    ran = command(*arguments)
    assert (ran.code, said in ran.err) == (code, True)
    assert "[y/N]" not in ran.err
    assert command("log", "flight_delay", "--json").document == before
