"""`archive`, `unarchive`, `reject`: what they say, ask and change."""

import io
from pathlib import Path

import pytest

from registry_assets.registry import Registry
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_show import flat

WHY = ("--reason", "trained on a broken month")


def test_an_archived_version_is_said_to_be_so_by_whom_when_and_why(
    command: Command, copied: Path
) -> None:
    ran = command("archive", "flight_delay:3", *WHY, folder=copied)
    assert ran.code == 0
    assert "flight_delay:3 is archived. Nothing was deleted." in ran.out
    assert "No version waits for production now." in ran.out
    assert "Next: `registry unarchive flight_delay:3` takes it back." in ran.out
    (mark,) = [
        summary.mark
        for summary in Registry.open(copied).versions("flight_delay")
        if summary.mark is not None
    ]
    said = f"rchived by {mark.actor} on {mark.marked_at[:10]}: trained on a broken month"
    for arguments in (
        ("versions", "flight_delay"),
        ("show", "flight_delay:3"),
        ("explain", "flight_delay"),
        ("explain", "flight_delay:3"),
    ):
        assert said in flat(command(*arguments, width=200, folder=copied).out), arguments
    assert "registry unarchive flight_delay:3" in flat(
        command("explain", "flight_delay:3", folder=copied).out
    )
    document = command("show", "flight_delay:3", "--json", folder=copied).document
    assert document["stage"] == "archived"
    assert document["mark"] == {
        "mark": "archived",
        "actor": mark.actor,
        "reason": WHY[1],
        "marked_at": mark.marked_at,
    }
    (aside,) = command("explain", "flight_delay", "--json", folder=copied).document["set_aside"]
    assert (aside["reference"], aside["mark"]) == ("flight_delay:3", "archived")


def test_taking_it_back_makes_it_the_candidate_again(command: Command, copied: Path) -> None:
    command("archive", "flight_delay:3", *WHY, folder=copied)
    again = command("archive", "flight_delay:3", folder=copied)
    assert "Nothing to do: flight_delay:3 was archived by" in again.out
    ran = command("unarchive", "flight_delay:3", "--json", folder=copied)
    assert ran.document["changed"] is True
    assert (ran.document["mark"], ran.document["candidate"]) == (None, 3)
    ran = command("unarchive", "flight_delay:3", folder=copied)
    assert "Nothing to do: flight_delay:3 was unarchived by" in ran.out
    assert "The version that may reach production next is flight_delay:3." in ran.out


def test_a_rejection_needs_a_reason_and_a_yes(
    command: Command, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = command("reject", "flight_delay:3", "--yes", folder=copied)
    assert (ran.code, "--reason" in ran.err) == (2, True)
    for typed, code, said in (
        ("", 2, "nothing was changed; where nobody is there to ask, add --yes"),
        ("n\n", 1, "Nothing was changed."),
    ):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        ran = command("reject", "flight_delay:3", *WHY, folder=copied)
        assert (ran.code, ran.out) == (code, "")
        assert said in ran.err
        shown = command("show", "flight_delay:3", "--json", folder=copied)
        assert shown.document["mark"] is None
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    ran = command("reject", "flight_delay:3", *WHY, folder=copied)
    assert ran.code == 0
    assert "Reject flight_delay:3 for good?" in ran.err
    assert "flight_delay:3 is rejected. Nothing was deleted." in ran.out
    ran = command("reject", "flight_delay:3", *WHY, "--yes", folder=copied)
    assert "Nothing to do" in ran.out
    out = flat(command("explain", "flight_delay:3", width=200, folder=copied).out)
    assert "a rejection is for good; for another version, launch the job" in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("archive", "flight_delay@production"), 1, "production holds it"),
        (("reject", "flight_delay:2", "--yes", *WHY), 1, "production holds it"),
        (("unarchive", "flight_delay:1"), 1, "production held it once and has moved on"),
        (("archive", "flight_delay:4"), 2, "flight_delay:4 is failed"),
        (("archive", "flight_delay:5"), 2, "flight_delay:5 is reserved"),
        (("archive", "flight_delay"), 2, "not one of its versions"),
        (("reject", "flight_delay:3", "--yes", "--reason", " "), 2, "needs a reason"),
    ],
)
def test_what_is_refused_says_why_and_changes_nothing(
    command: Command, arguments: tuple[str, ...], code: int, said: str
) -> None:
    before = command("log", "flight_delay", "--json").document
    ran = command(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert "Hint: " in ran.err
    assert command("log", "flight_delay", "--json").document == before
