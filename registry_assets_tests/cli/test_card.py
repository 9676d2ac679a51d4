"""`card`: Markdown on stdout, a page in a file, and nothing written over."""

import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import ModelCard, ModelCardData

from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_failures import REGISTRY
from registry_assets_tests.cli.test_start import HEAVY, imported
from registry_assets_tests.cli.test_text import TERMINAL
from registry_assets_tests.evaluation.report.pages import outside, taken
from registry_assets_tests.worlds import SENSOR, World


def test_a_card_is_printed_as_hugging_face_reads_it(command: Command) -> None:
    ran = command("card", "flight_delay@production")
    assert (ran.code, ran.err) == (0, "")
    assert not set(ran.out) & TERMINAL
    found = ModelCard(ran.out)
    assert isinstance(found.data, ModelCardData)
    assert found.data.model_name == "flight_delay:2"
    assert [r.metric_type for r in found.data.eval_results or []] == ["roc_auc", "log_loss"]
    for said in ("# flight_delay:2", "| stage | production |", "Not for blaming carriers."):
        assert said in found.text


def test_a_card_for_programs(command: Command) -> None:
    ran = command("card", "flight_delay:2", "--json")
    assert set(ran.document) == {
        "reference", "model", "version", "digest", "stage", "header", "markdown", "file",
        "written", "opened",
    }  # fmt: skip
    assert ran.document["markdown"] == command("card", "flight_delay:2").out
    assert ran.document["header"]["library_name"] == "sklearn"
    assert (ran.document["file"], ran.document["written"]) == (None, False)


def test_a_card_as_a_page(command: Command, tmp_path: Path, copied: Path) -> None:
    ran = command("card", "flight_delay:2", "--html", folder=copied)
    assert ran.out == "Written to flight_delay-2.card.html.\n"
    page = (copied / "flight_delay-2.card.html").read_bytes()
    assert outside(page) == [f"a href={SENSOR.run_url}"]
    named = tmp_path / "named.HTML"
    command("card", "flight_delay:2", "--out", str(named))
    assert named.read_bytes() == page
    markdown = tmp_path / "README.md"
    assert command("card", "flight_delay:2", "--out", str(markdown)).code == 0
    assert markdown.read_text() == command("card", "flight_delay:2").out


def test_stdout_can_be_asked_for(command: Command) -> None:
    ran = command("card", "flight_delay:2", "--out", "-")
    assert ran.out == command("card", "flight_delay:2").out
    for wrong in ("--json", "--open"):
        refused = command("card", "flight_delay:2", "--out", "-", wrong)
        assert (refused.code, refused.out) == (2, "")
        assert "choose one" in refused.err


def test_what_is_there_is_never_written_over(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "card.md"
    file.write_text("mine")
    ran = command("card", "flight_delay:2", "--out", str(file))
    assert (ran.code, file.read_text()) == (2, "mine")
    assert "exists and is something else, and nothing was written" in ran.err
    file.unlink()
    for said in ("Written to", "holds it already."):
        assert said in command("card", "flight_delay:2", "--out", str(file)).out
    assert [path.name for path in tmp_path.iterdir()] == ["card.md"]
    for place in (tmp_path, Path("/dev/zero")):
        assert command("card", "flight_delay:2", "--out", str(place)).code == 2


def test_mistakes_are_named(command: Command, tmp_path: Path) -> None:
    for arguments, said in (
        (("flight_delay:9",), "has no version 9"),
        (("flight_delay",), "not one of its versions"),
        (("nobody:1",), "no registered model is called 'nobody'"),
        (("flight_delay:4",), "the sky fell"),
        (("flight_delay:5",), "flight_delay:5"),
    ):
        ran = command("card", *arguments)
        assert (ran.code, ran.out) == (2, ""), arguments
        assert said in ran.err
    (tmp_path / "file").touch()
    for place in (tmp_path / "no" / "card.md", tmp_path / "file" / "card.md"):
        ran = command("card", "flight_delay:2", "--out", str(place))
        assert (ran.code, ran.out) == (3, "")
        assert str(place) in ran.err


def opened(world: World, tmp_path: Path, *arguments: str, browser: str) -> str:
    """What the command says where BROWSER is this program, and no other is to be found."""
    environ = {
        "PATH": str(tmp_path),
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        **({"BROWSER": browser} if browser else {}),
    }
    done = subprocess.run(
        [sys.executable, *REGISTRY[1:], *arguments],
        cwd=world.folder,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_browser_is_shown_a_file_of_its_own(world: World, tmp_path: Path) -> None:
    script, seen = tmp_path / "look", tmp_path / "seen"
    script.write_text(f'#!/bin/sh\nprintf %s "$1" > {seen}\n')
    script.chmod(0o755)
    out = opened(world, tmp_path, "card", "flight_delay:2", "--open", browser=f"{script} %s")
    url = seen.read_text()
    assert url.startswith("file://")
    assert url.endswith("/flight_delay-2.card.html")
    file = Path(url.removeprefix("file://"))
    assert out == f"Opened {file}.\n"
    assert "Model card" in taken(file.read_bytes()).text


def test_without_a_browser_the_path_is_said(world: World, tmp_path: Path) -> None:
    out = opened(world, tmp_path, "report", "flight_delay:2", "--open", browser="")
    assert "No browser could be started here: open that file yourself." in out
    (file,) = tmp_path.glob("registry-*/flight_delay-2.report.html")
    assert str(file) in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("card", "flight_delay:2"),
        ("card", "flight_delay:2", "--html", "--out", "-"),
        ("report", "flight_delay:2", "--out", "-"),
        ("compare", "flight_delay:1", "flight_delay:2", "--out", "-"),
    ],
)
def test_nothing_heavy_is_imported(world: World, arguments: tuple[str, ...]) -> None:
    assert imported(world, *arguments).isdisjoint(HEAVY)
