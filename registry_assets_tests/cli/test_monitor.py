"""`monitor`, and what `show` and `report` say of a version in use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.lifecycle.monitoring.lived import BAD, GOOD, MODEL, lived_world


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with lived_world(tmp_path_factory.mktemp("lived") / "project") as world:
        yield world.folder


def test_a_table_tells_what_was_promised_and_lived(lived: Path, command: Command) -> None:
    ran = command("monitor", MODEL, folder=lived, width=160)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == f"{MODEL}@production"
    good = next(line for line in lines if line.startswith(GOOD))
    bad = next(line for line in lines if line.startswith(BAD))
    assert "sound" in good
    assert "0 of 3" in good
    assert "hour" in ran.out
    assert "decayed" in ran.out
    assert "predictions drifted" in ran.out
    assert bad != good


def test_in_a_narrow_terminal_no_word_is_cut(lived: Path, command: Command) -> None:
    ran = command("monitor", MODEL, folder=lived, width=60)
    assert f"{BAD}  version 1, 462 rows" in ran.out
    lines = ran.out.splitlines()
    for said in ("roc_auc promised", "predictions drifted", "hour 0.64", "decayed", "1, 2, 3"):
        assert any(said in line for line in lines), said
    assert max(map(len, lines)) <= 60


def test_programs_are_told_the_same(lived: Path, command: Command) -> None:
    found = command("monitor", MODEL, "--json", folder=lived).document
    assert [each["partition"] for each in found["partitions"]] == [GOOD, BAD]
    bad = found["partitions"][1]
    assert bad["lived"]["value"] < 0.5 < bad["promised"]["value"]
    checks = {each["check"]: each["outcome"] for each in bad["results"]}
    assert checks["performance_decay"] == checks["feature_drift"] == "failed"
    assert set(bad["alerts"]) == set(found["alerts"])
    assert [move["version"] for move in found["moves"]] == [1]


def test_a_picture_is_drawn_into_a_new_file(lived: Path, command: Command, tmp_path: Path) -> None:
    for name, start in (("year.png", b"\x89PNG"), ("year.svg", b"<?xml")):
        file = tmp_path / name
        ran = command("monitor", MODEL, "--plot", str(file), folder=lived)
        assert (ran.code, f"Written to {file}" in ran.out.replace("\n", "")) == (0, True)
        assert file.read_bytes().startswith(start)
    (tmp_path / "other.png").write_text("mine")
    refused = command("monitor", MODEL, "--plot", str(tmp_path / "other.png"), folder=lived)
    assert refused.code == 2
    assert (tmp_path / "other.png").read_text() == "mine"


def test_what_is_typed_wrong_is_said(lived: Path, command: Command) -> None:
    assert command("monitor", MODEL, "--plot", "year.pdf", folder=lived).code == 2
    assert command("monitor", "no_such", folder=lived).code == 2
    assert command("monitor", f"{MODEL}:1", folder=lived).code == 2
    both = command("report", MODEL, "--drift", BAD, "--performance", BAD, folder=lived)
    assert (both.code, "two pages" in both.err) == (2, True)
    missing = command("report", MODEL, "--drift", "2013-09", folder=lived)
    assert (missing.code, f"{GOOD}, {BAD}" in missing.err) == (2, True)


def test_a_version_shows_what_it_lived_and_its_dashboards(lived: Path, command: Command) -> None:
    ran = command("show", f"{MODEL}@production", folder=lived, width=160)
    section = ran.out.partition("\nIn use\n")[2].partition("\n\n")[0]
    assert f"{BAD}: roc_auc lived" in section
    assert "promised" in section
    assert "Grafana: https://grafana.example/d/x?v=1" in section
    found = command("show", f"{MODEL}:1", "--json", folder=lived).document["in_use"]
    assert found["dashboards"] == {"Grafana": "https://grafana.example/d/x?v=1"}
    assert [each["partition"] for each in found["partitions"]] == [GOOD, BAD]


def test_the_pages_of_an_observation_are_written(
    lived: Path, command: Command, tmp_path: Path
) -> None:
    for kind, more in (("drift", ()), ("performance", ()), ("drift", ("--evidently",))):
        file = tmp_path / f"{kind}{len(more)}.html"
        ran = command(
            "report", MODEL, f"--{kind}", BAD, *more, "--out", str(file), "--json", folder=lived
        )
        assert ran.code == 0
        assert (ran.document["kind"], ran.document["partition"]) == (kind, BAD)
        html = file.read_text()
        assert BAD in html
        if not more:
            assert f"Observation <code>{ran.document['observation']}</code>" in html


def test_a_model_that_nobody_watched_says_so(command: Command) -> None:
    ran = command("monitor", "seat_credit")
    assert (ran.code, "Nothing was observed" in ran.out) == (0, True)
    assert command("show", "seat_credit:1", "--json").document["in_use"] is None
