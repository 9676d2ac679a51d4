"""`tag` and `describe`: what they change, what they refuse, and what `show` says then."""

import io
from pathlib import Path

import pytest

from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_show import flat


def test_tags_are_set_and_taken_away_and_shown_with_who_did_it(
    command: Command, copied: Path
) -> None:
    ran = command(
        "tag", "flight_delay:2", "quarter=Q2", "team=risk", "--reason", "moved", folder=copied
    )
    assert ran.code == 0
    assert "flight_delay:2: quarter=Q2\n" in ran.out
    assert "flight_delay:2: team=risk (it was airline-ops)\n" in ran.out
    assert "Next: `registry show flight_delay:2`" in ran.out
    ran = command("tag", "flight_delay:2", "--remove", "quarter", folder=copied)
    assert "flight_delay:2: quarter taken away (it was Q2)" in ran.out

    out = flat(command("show", "flight_delay:2", width=200, folder=copied).out)
    assert "use_case=delay" in out
    assert "team=airline-ops" not in out
    assert "team=risk (" in out
    assert "quarter taken away (" in out
    document = command("show", "flight_delay:2", "--json", folder=copied).document
    assert document["tags"]["team"] == "risk"
    edits = {edit["about"]: edit for edit in document["edits"]}
    assert {about: edit["value"] for about, edit in edits.items()} == {
        "tags.quarter": None,
        "tags.team": "risk",
    }
    assert all(edit["actor"] and edit["said_at"].endswith("Z") for edit in edits.values())
    assert "reason: moved" in command("log", "flight_delay", folder=copied).out


def test_a_model_can_be_tagged_and_described(command: Command, copied: Path) -> None:
    command("tag", "flight_delay", "team=risk", folder=copied)
    command("describe", "flight_delay", "Is it late?", folder=copied)
    out = flat(command("show", "flight_delay", width=200, folder=copied).out)
    assert "Is it late? (" in out
    assert "team=risk (" in out
    card = command("show", "flight_delay", "--json", folder=copied).document
    assert (card["description"], card["tags"]["team"]) == ("Is it late?", "risk")
    assert [edit["about"] for edit in card["edits"]] == ["tags.team", "description"]
    version = command("show", "flight_delay:2", "--json", folder=copied).document
    assert (version["tags"]["team"], version["edits"]) == ("airline-ops", [])


def test_repeating_an_edit_says_that_there_is_nothing_to_do(command: Command, copied: Path) -> None:
    for said in ("flight_delay:5: quarter=Q2", "Nothing to do: flight_delay:5 is tagged like that"):
        assert said in command("tag", "flight_delay:5", "quarter=Q2", folder=copied).out
    for said in ("is described anew", "Nothing to do: flight_delay:4 is described like that"):
        assert said in command("describe", "flight_delay:4", "It failed.", folder=copied).out
    document = command("tag", "flight_delay:5", "quarter=Q3", "--json", folder=copied).document
    assert (document["reference"], document["changed"]) == ("flight_delay:5", True)
    assert document["changes"] == {"quarter": {"before": "Q2", "after": "Q3"}}
    assert document["tags"] == {"quarter": "Q3"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("flight_delay:2",), "nothing to say"),
        (("flight_delay:2", "quarter"), "'quarter' is no NAME=VALUE"),
        (("flight_delay:2", "a=1", "a=2"), "'a' is given two values"),
        (("flight_delay:2", "a=1", "--remove", "a"), "'a' is set and taken away"),
        (("flight_delay:2", "a="), "tag a has a blank value"),
        (("flight_delay:2", "A=1"), "is no tag"),
        (("flight_delay:2", "a=\x1b[2J"), "which is not text"),
        (("flight_delay:2", "a=" + "x" * 501), "501 characters long"),
        (("flight_delay:22", "a=1"), "has no version 22"),
        (("no such model", "a=1"), "is no reference"),
    ],
)
def test_what_was_mistyped_is_said_and_changes_nothing(
    command: Command, arguments: tuple[str, ...], said: str
) -> None:
    before = command("log", "flight_delay", "--json").document
    ran = command("tag", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert command("log", "flight_delay", "--json").document == before


def test_what_every_version_must_have_is_not_taken_away(command: Command) -> None:
    ran = command("tag", "flight_delay:2", "--remove", "team")
    assert (ran.code, ran.out) == (1, "")
    assert "team cannot be taken away: every version must have it" in ran.err


def test_a_description_comes_as_text_from_a_file_or_from_stdin(
    command: Command, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown() -> str:
        page = command("show", "flight_delay:2", "--json", folder=copied)
        return str(page.document["description"])

    command("describe", "flight_delay:2", "As text.", folder=copied)
    assert shown() == "As text."
    (copied / "card.md").write_bytes("# Été\r\nfrom a file\r\n".encode())
    command("describe", "flight_delay:2", "--file", "card.md", folder=copied)
    assert shown() == "# Été\nfrom a file"
    monkeypatch.setattr("sys.stdin", io.StringIO("from stdin\n"))
    command("describe", "flight_delay:2", "-", folder=copied)
    assert shown() == "from stdin"
    ran = command("describe", "flight_delay:2", "", folder=copied)
    assert "flight_delay:2 is described as it was declared." in ran.out
    assert shown().startswith("Will a flight arrive")


def test_a_description_that_cannot_be_kept_is_refused_whole(command: Command, copied: Path) -> None:
    (copied / "long.md").write_text("x" * 10_000 + "\n" + "y" * 10_000_000)
    (copied / "latin.md").write_bytes(b"caf\xe9")
    for arguments, said in (
        (("--file", "long.md"), "at most 10,000 are kept"),
        (("--file", "latin.md"), "it is no UTF-8 text"),
        (("--file", "none.md"), "none.md"),
        (("text", "--file", "long.md"), "one of them"),
        ((), "one of them"),
    ):
        ran = command("describe", "flight_delay:2", *arguments, folder=copied)
        assert ran.code == 2
        assert said in ran.err
    (copied / "full.md").write_text("x" * 10_000 + "\n")
    assert command("describe", "flight_delay:2", "--file", "full.md", folder=copied).code == 0
