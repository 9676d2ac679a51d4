"""`recall` and `recalls`: what they show, ask and change, and where a recall is said."""

import io
import shlex
from pathlib import Path

import pytest

from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_show import flat

WHY = ("--reason", "a day came twice")
SAID = "flights[2013-04] was recalled by"


def recall(command: Command, folder: Path, *arguments: str) -> None:
    """Recall the month that judged version 2, which is in production."""
    arguments = arguments or ("flights", "2013-04")
    assert command("recall", *arguments, *WHY, "--yes", folder=folder).code == 0


def test_it_shows_what_it_will_hold_before_it_asks(
    command: Command, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = "Recall 1 snapshot of flights[2013-03], and hold 3 versions? [y/N]"
    for typed, code, said in (
        ("", 2, "nothing was changed; where nobody is there to ask, add --yes"),
        ("n\n", 1, "Nothing was changed."),
    ):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        ran = command("recall", "flights", "2013-03", *WHY, folder=copied)
        assert (ran.code, said in ran.err, asked in ran.err) == (code, True, True)
        shown = flat(ran.out)
        assert "To be recalled: 1 snapshot of flights[2013-03]" in shown
        assert "flight_delay@production 2 2013-05-01 now" in shown
        assert "Not trained on it, but judged by it: flight_delay:1" in shown
        assert command("recalls", "--json", folder=copied).document["recalls"] == []
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    ran = command("recall", "flights[2013-03]", *WHY, folder=copied)
    assert ran.code == 0
    assert "flights[2013-03] is recalled: sha256:" in ran.out
    assert "Nothing was deleted." in ran.out
    again = command("recall", "flights[2013-03]", *WHY, folder=copied)
    assert again.code == 0
    assert "Nothing to do: flights[2013-03] was recalled by" in flat(again.out)


def test_the_command_that_is_shown_for_a_pointer_on_wrong_data_takes_it_back(
    command: Command, copied: Path
) -> None:
    ran = command("recall", "flights", "2013-04", *WHY, "--yes", "--json", folder=copied)
    document = ran.document
    assert (document["name"], document["changed"]) == ("flights[2013-04]", True)
    assert document["built"]["versions"] == []
    assert document["judged"] == ["flight_delay:3", "flight_delay:2"]
    (proposal,) = document["proposals"]
    assert (proposal["pointer"], proposal["version"], proposal["to"]) == ("production", 2, 1)
    told = "registry rollback flight_delay --to 1 --reason …"
    assert proposal["command"] == told
    for arguments in (("recalls",), ("explain", "flight_delay")):
        out = flat(command(*arguments, width=200, folder=copied).out)
        assert f"`{told}` goes back to version 1" in out
        assert f"flight_delay:2 was made from data that is wrong: {SAID}" in out
    listed = command("recalls", "--json", folder=copied).document
    explained = command("explain", "flight_delay", "--json", folder=copied).document
    assert listed["proposals"] == [proposal]
    assert explained["proposal"] == proposal
    _, *typed = shlex.split(proposal["command"].replace("…", "'its data is wrong'"))
    assert command(*typed, "--yes", folder=copied).code == 0
    assert command("recalls", "--json", folder=copied).document["proposals"] == []
    assert "No pointer stands on it." in command("recalls", folder=copied).out


def test_where_it_cannot_go_back_it_says_why(command: Command, copied: Path) -> None:
    recall(command, copied, "planes")
    out = flat(command("recalls", width=300, folder=copied).out)
    assert "production held no version before 2 that it could go back to:" in out
    assert "flight_delay:1 was made from data that is wrong: planes was recalled by" in out
    assert "→ train another version on the right data: launch the job flight_delay__retrain" in out
    (proposal,) = command("recalls", "--json", folder=copied).document["proposals"]
    assert (proposal["to"], proposal["command"]) == (None, None)


def test_every_surface_says_that_a_version_was_made_from_wrong_data(
    command: Command, copied: Path
) -> None:
    before = command("card", "flight_delay:2", folder=copied).out
    recall(command, copied)
    said = f"was made from data that is wrong: {SAID}"
    heading, first, *_ = command("show", "flight_delay:2", width=200, folder=copied).out.split("\n")
    assert heading.startswith("flight_delay:2")
    assert first.startswith(f"flight_delay:2 {said}")
    listed = command("versions", "flight_delay", width=200, folder=copied).out
    assert f"version 2 {said}" in flat(listed)
    assert listed.count("\n         recalled") == 3  # below the stage; of 4, which failed, no more
    document = command("show", "flight_delay:2", "--json", folder=copied).document
    assert [SAID in sentence for sentence in document["recalled"]] == [True]
    below = flat(command("lineage", "flights[2013-04]", width=200, folder=copied).out)
    assert f"{SAID}" in below
    above = command("lineage", "flight_delay:2", width=200, folder=copied).out
    assert above.count("recalled") == 1
    down = command("lineage", "flights", "--json", folder=copied).document
    assert [s["partition"] for s in down["origins"] if s["recalled"]] == ["2013-04"]
    log = flat(command("log", "--last", "1", width=200, folder=copied).out)
    assert "flights[2013-04] was recalled (sha256:" in log
    assert "reason: a day came twice data_recalled by" in log
    card = command("card", "flight_delay:2", folder=copied).out
    assert "## Made from data that is wrong" in card
    assert said in card
    assert "data that is wrong" not in before


def test_taking_it_back_says_so_and_frees_what_was_held(command: Command, copied: Path) -> None:
    recall(command, copied)
    ran = command(
        "recall", "flights", "2013-04", "--lift", "--reason", "it was right", folder=copied
    )
    assert ran.code == 0
    assert "The recall of flights[2013-04] is lifted." in ran.out
    out = flat(command("recalls", width=200, folder=copied).out)
    assert "flights[2013-04] lifted" in out
    assert "it was right" in out
    assert "recalled" not in command("versions", "flight_delay", folder=copied).out
    again = command("recall", "flights[2013-04]", "--lift", *WHY, "--json", folder=copied)
    assert again.document["changed"] is False
    assert [recall["state"] for recall in again.document["recalls"]] == ["lifted"]
    assert "Nothing to do: flights[2013-04] is good again" in flat(
        command("recall", "flights[2013-04]", "--lift", *WHY, folder=copied).out
    )


def test_where_nothing_was_recalled_it_says_so(command: Command) -> None:
    ran = command("recalls")
    assert (ran.code, ran.out.startswith("No data was ever recalled.")) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("flights", "2013-04", "--lift", *WHY), 1, "flights[2013-04] was never recalled"),
        (("flight", *WHY), 2, "did you mean flights?"),
        (("flights", *WHY), 2, "flights has 4 partitions"),
        (("flights", "2013-05", *WHY), 2, "flights has no partition '2013-05'"),
        (("flights[2013-04]", "2013-04", *WHY), 2, "names a partition already"),
        (("flights", "2013-04", "--lift", "--all", *WHY), 2, "leave out --all"),
        (("flights", "2013-04", "--reason", " ", "--yes"), 2, "a recall needs a reason"),
        (("flights", "2013-04"), 2, "--reason"),
        (("sha256:" + "0" * 64, *WHY), 2, "no snapshot has the digest"),
    ],
)
def test_what_is_refused_says_why_and_changes_nothing(
    command: Command, arguments: tuple[str, ...], code: int, said: str
) -> None:
    before = command("log", "--json").document
    ran = command("recall", *arguments)
    assert (ran.code, said in ran.err) == (code, True), ran.err
    assert command("log", "--json").document == before
