"""`export`, `import`, `backup` and `rebuild`: a real model goes elsewhere, and predicts there."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest

from registry_assets.cli.progress import shown_progress
from registry_assets.registry import Registry
from registry_assets_tests.catalog.test_indexing import content
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.worlds import World, flights, planes

MODELS = ["flight_delay", "seat_credit"]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """An empty registry in another project."""
    folder = tmp_path / "elsewhere"
    Registry.init(folder)
    return folder


def test_what_was_exported_is_imported_and_predicts_the_same(
    world: World, command: Command, elsewhere: Path, tmp_path: Path
) -> None:
    target = tmp_path / "all.tar"
    ran = command("export", "--out", str(target))
    assert (ran.code, ran.err) == (0, "")
    assert "Exported 2 models, 6 versions, " in ran.out
    assert f"Next: in the other project, `registry import {target}`." in ran.out
    came = command("import", str(target), "--yes", "--reason", "we move", folder=elsewhere)
    assert (came.code, came.err) == (0, "")
    assert "flight_delay  new here, " in came.out
    assert "Note: flight_delay:5 came reserved." in came.out
    assert command("verify", folder=elsewhere).out.startswith("Clean: ")
    there = Registry.open(elsewhere)
    for reference in ("flight_delay@production", "flight_delay:1"):
        here = world.registry.load(reference).predict_proba(flights(20, seed=5), planes=planes())
        moved = there.load(reference).predict_proba(flights(20, seed=5), planes=planes())
        assert np.array_equal(moved, here)
    indexed = content(there.backends.catalog)
    assert indexed["edges"] == content(world.registry.backends.catalog)["edges"] != []
    there.rebuild()
    assert content(there.backends.catalog) == indexed
    last = command("log", "--json", folder=elsewhere).document["events"][-1]
    assert (last["kind"], last["reason"]) == ("model_imported", "we move")
    again = command("import", str(target), "--yes", folder=elsewhere)
    assert again.out.startswith("Nothing to do: 2 models of registry ")


def test_every_answer_is_json_too(
    world: World, command: Command, elsewhere: Path, tmp_path: Path
) -> None:
    target = str(tmp_path / "one")
    done = command("export", "seat_credit", "--out", target, "--json").document
    assert (done["models"], done["whole"]) == (["seat_credit"], False)
    came = command("import", target, "--yes", "--json", folder=elsewhere).document
    assert came["origin"] == done["origin"]
    (model,) = came["models"]
    assert (model["model"], model["fit"], model["before"]) == ("seat_credit", "new", 0)
    full = command("backup", "create", str(tmp_path / "full.tar"), "--json").document
    assert (full["models"], full["whole"]) == (MODELS, True)
    back = command("backup", "restore", str(tmp_path / "full.tar"), str(tmp_path / "b"), "--json")
    assert back.document["registry"] == full["origin"]
    assert back.document["skipped"] == {}
    made = command("rebuild", "--json", folder=tmp_path / "b").document
    assert (made["models"], made["versions"], made["pointer_files"]) == (2, 6, [])


def test_a_backup_is_put_back_and_checked(
    world: World, command: Command, copied: Path, tmp_path: Path
) -> None:
    ran = command("backup", "create", str(tmp_path / "full"), "--catalog-only", folder=copied)
    assert ran.code == 0
    assert "Note: it is of use together with the store only." in ran.out
    shutil.move(copied / ".registry" / "catalog.sqlite", tmp_path / "lost.sqlite")
    lost = command("models", folder=copied)
    assert lost.code == 2
    back = command("backup", "restore", str(tmp_path / "full"), ".", folder=copied)
    assert (back.code, back.err) == (0, "")
    assert "2 models" in back.out
    assert command("verify", folder=copied).out.startswith("Clean: ")
    assert command("rebuild", folder=copied).out.startswith("Indexed 2 models, 6 versions, ")


def test_a_refusal_says_why_and_exits_with_1(
    command: Command, copied: Path, elsewhere: Path, tmp_path: Path
) -> None:
    command("export", "--out", str(tmp_path / "all"))
    command("backup", "restore", str(tmp_path / "all"), str(tmp_path / "twin"))
    for folder, word in ((copied, "quarter=Q1"), (tmp_path / "twin", "quarter=Q2")):
        assert command("tag", "flight_delay:1", word, folder=folder).code == 0
    command("export", "--out", str(tmp_path / "twin.tar"), folder=tmp_path / "twin")
    ran = command("import", str(tmp_path / "twin.tar"), "--yes", folder=copied)
    assert ran.code == 1
    assert "flight_delay exists here with another history: event " in ran.err
    assert "Nothing was changed" in ran.err


def test_nobody_who_answers_changes_nothing(
    command: Command, elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("export", "--out", str(tmp_path / "all"))
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    ran = command("import", str(tmp_path / "all"), folder=elsewhere)
    assert ran.code == 2
    assert "Import 2 models of registry " in ran.err
    assert Registry.open(elsewhere).models() == ()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("export", "flight_dela", "--out", "x"), 2, "did you mean flight_delay?"),
        (("export",), 2, "--out"),
        (("import", "nowhere", "--yes"), 3, "there is no export at "),
        (("backup", "restore", "nowhere", "new"), 3, "there is no export at "),
        (("backup", "create", "no/folder/x.tar"), 3, "there is no folder "),
    ],
)
def test_what_cannot_be_done_is_said_in_one_message(
    command: Command, copied: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ran = command(*arguments, folder=copied)
    assert ran.code == code
    assert said in ran.err
    assert not (copied / "x").exists()


def test_an_export_replaces_nothing(command: Command, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    (tmp_path / "old.tar").write_text("mine")
    for name in ("full", "old.tar"):
        ran = command("export", "--out", str(tmp_path / name))
        assert ran.code == 3
        assert "exists already; an export never replaces anything" in ran.err
    assert (tmp_path / "old.tar").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "old.tar"]


def test_progress_is_shown_to_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with shown_progress() as progress:
        progress("copying", 1, 2)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with shown_progress() as progress:
        for done in (0, 50, 100):
            progress("copying", done, 100)
    assert "copying" in capsys.readouterr().err
    with shown_progress(quiet=True) as progress:
        progress("copying", 1, 2)
    assert capsys.readouterr().err == ""
