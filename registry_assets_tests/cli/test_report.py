"""`report` and `compare --html`: pages from the store, each byte verified."""

import re
from pathlib import Path

from registry_assets.canonical import sha256_digest
from registry_assets.evaluation.report.page import dated
from registry_assets.registry import Registry
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_failures import damage
from registry_assets_tests.evaluation.report.pages import outside, taken
from registry_assets_tests.evaluation.report.test_page import HOSTILE
from registry_assets_tests.worlds import PERSON, SENSOR, World


def test_the_stored_page_is_written(command: Command, copied: Path) -> None:
    ran = command("report", "flight_delay@production", folder=copied)
    assert (ran.code, ran.out) == (0, "Written to flight_delay-2.report.html.\n")
    page = (copied / "flight_delay-2.report.html").read_bytes()
    registry = Registry.open(copied)
    evaluation = registry.version("flight_delay:2").evaluation
    assert evaluation is not None
    stored = registry.read_file(evaluation.digest, "report.html")
    # What was recorded cannot name its own digest and time.
    at = dated(stored, digest=evaluation.digest, at=evaluation.created_at)
    assert page == at != stored
    assert evaluation.digest in taken(page).text
    again = command("report", "flight_delay:2", folder=copied)
    assert again.out == "flight_delay-2.report.html holds it already.\n"


def test_a_report_for_programs(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    document = command("report", "flight_delay:2", "--out", str(file), "--json").document
    assert set(document) == {
        "reference", "model", "version", "digest", "evaluation", "stored", "sha256", "size",
        "file", "written", "opened",
    }  # fmt: skip
    assert (document["file"], document["written"], document["opened"]) == (str(file), True, None)
    assert document["sha256"] == sha256_digest(file.read_bytes())
    assert (document["stored"], document["size"]) == (True, file.stat().st_size)


def test_a_report_on_stdout_is_the_page_alone(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    command("report", "flight_delay:2", "--out", str(file))
    assert command("report", "flight_delay:2", "--out", "-").out == file.read_text()


def test_what_has_no_page_says_what_to_do(command: Command, tmp_path: Path) -> None:
    for arguments, said in (
        (("flight_delay:2", "--evidently"), "no page of Evidently's was kept"),
        (("flight_delay:9",), "has no version 9"),
        (("flight_delay:4",), "the sky fell"),
        (("seat_credit@production",), "holds no version yet"),
    ):
        ran = command("report", *arguments, "--out", str(tmp_path / "x.html"))
        assert (ran.code, ran.out) == (2, "")
        assert said in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_page_is_not_shown(command: Command, copied: Path) -> None:
    registry = Registry.open(copied)
    evaluation = registry.version("flight_delay:2").evaluation
    assert evaluation is not None
    damage(copied, registry.manifest(evaluation.digest).file("report.html").sha256)
    ran = command("report", "flight_delay:2", folder=copied)
    assert (ran.code, ran.out) == (3, "")
    assert not (copied / "flight_delay-2.report.html").exists()


def test_two_versions_on_one_page(command: Command, copied: Path) -> None:
    ran = command("compare", "flight_delay:2", "flight_delay:3", "--html", folder=copied)
    assert ran.out == "Written to flight_delay-2-and-flight_delay-3.html.\n"
    page = (copied / "flight_delay-2-and-flight_delay-3.html").read_bytes()
    assert outside(page) == []
    found = taken(page)
    for said in (
        "flight_delay:3 is worse than flight_delay:2 by 2 of 2 metrics; flight_delay:2 passed",
        "; flight_delay:2 passed all 5 gates, flight_delay:3 passed 2 of 5.",
        "flight_delay:3 was evaluated beside flight_delay:2, on the same 400 rows.",
        "metric verdict flight_delay:2 flight_delay:3 difference 95 % interval flight_delay:2",
        "gate flight_delay:2 flight_delay:3 metadata_complete ✓ passed ✓ passed",
        "is below 0.6",
        "Each picture has a scale of its own",
        "log_loss ↓",
        "↓ less is better.",
        "of 400 rows are decided otherwise",
        "name change flight_delay:2 flight_delay:3 sense changed true false",
        "slice rows flight_delay:2 rows flight_delay:3 difference",
        "held out: 1 snapshot",
        "✕ worse",
    ):
        assert said in found.text, said
    assert "Not compared" not in found.text
    assert "On the same rows" not in found.text
    alts = [str(attributes["alt"]) for tag, attributes in found.elements if tag == "img"]
    assert len(alts) == 10
    assert [alt.partition(": ")[0] for alt in alts] == ["flight_delay:2", "flight_delay:3"] * 5
    ids = {attributes["id"] for _, attributes in found.elements if "id" in attributes}
    assert {str(a["href"])[1:] for tag, a in found.elements if tag == "a"} <= ids


def test_any_two_versions_have_a_page(command: Command) -> None:
    for a, b, said in (
        ("flight_delay:1", "flight_delay:2", "measured on different holdout rows"),
        ("flight_delay:2", "flight_delay:2", "They are one and the same version."),
        ("flight_delay:2", "seat_credit:1", "They are versions of two models."),
        ("flight_delay:5", "flight_delay:4", "Neither has been evaluated."),
        ("flight_delay:2", "flight_delay:4", "the sky fell"),
    ):
        ran = command("compare", a, b, "--out", "-", "--diff")
        assert (ran.code, ran.err) == (0, "")
        assert outside(ran.out.encode()) == []
        assert said in taken(ran.out.encode()).text


def test_each_side_of_a_compared_page_has_a_colour_and_every_table_of_bars_its_key(
    command: Command,
) -> None:
    page = command("compare", "flight_delay:1", "flight_delay:2", "--out", "-").out
    heads = re.findall(r'<div style="border-top: 3px solid ([^"]+)"><p class="eyebrow">(\w)', page)
    assert [letter for _, letter in heads] == ["A", "B"]
    tables = [table for table in page.split("<table")[1:] if 'class="bar' in table]
    assert len(tables) == 2
    for table in tables:
        dots = re.findall(r"background: ([^\"]+)\" aria-hidden=\"true\"></i> ([\w:]+)", table)
        assert dots == [(heads[0][0], "flight_delay:1"), (heads[1][0], "flight_delay:2")]
    assert "On the same rows" in page


def test_a_compared_page_is_the_same_every_time(command: Command) -> None:
    pages = {command("compare", "flight_delay:1", "flight_delay:3", "--out", "-").out for _ in "ab"}
    assert len(pages) == 1


def test_damaged_figures_keep_only_themselves_from_a_compared_page(
    command: Command, copied: Path
) -> None:
    registry = Registry.open(copied)
    evaluation = registry.version("flight_delay:2").evaluation
    assert evaluation is not None
    manifest = registry.manifest(evaluation.digest)
    damage(copied, manifest.file("pictures/roc.png").sha256)
    ran = command("compare", "flight_delay:2", "flight_delay:3", "--out", "-", folder=copied)
    text = taken(ran.out.encode()).text
    assert "flight_delay:2 has no such picture" in text
    assert "Not compared pictures/roc.png of evaluation of flight_delay:2" in text
    damage(copied, manifest.file("evaluation.json").sha256)
    ran = command("compare", "flight_delay:2", "flight_delay:3", "--out", "-", folder=copied)
    assert "evaluation.json of evaluation of flight_delay:2" in taken(ran.out.encode()).text


def test_hostile_words_are_text_on_every_page(command: Command, world: World, copied: Path) -> None:
    registry = Registry.open(copied)
    for word in HOSTILE[:6]:
        registry.describe("flight_delay:2", word, run=PERSON)
        registry.tag("flight_delay:2", {"team": word}, run=PERSON)
        for arguments in (
            ("card", "flight_delay:2", "--html", "--out", "-"),
            ("compare", "flight_delay:1", "flight_delay:2", "--out", "-"),
        ):
            page = command(*arguments, folder=copied).out.encode()
            # The one way out is that to the run, on a card.
            assert set(outside(page)) <= {f"a href={SENSOR.run_url}"}
            assert word in "".join(taken(page).texts)


def test_a_page_is_for_people_and_json_for_programs(command: Command) -> None:
    for option in (("--html",), ("--out", "x.html"), ("--open",)):
        ran = command("compare", "flight_delay:1", "flight_delay:2", "--json", *option)
        assert (ran.code, ran.out) == (2, "")
        assert "--json is for programs" in ran.err
