"""`init` and `pull`: what is written, what is not, and what is said afterwards."""

import hashlib
import json
from pathlib import Path

import pytest

from registry_assets.cli.app import run
from registry_assets.registry import Registry
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.worlds import World


def test_init_makes_a_registry_and_says_what_to_do_next(command: Command, tmp_path: Path) -> None:
    ran = command("init", folder=tmp_path)
    assert ran.code == 0
    assert f"Created a registry in {tmp_path}." in ran.out
    assert "Next: " in ran.out
    assert Registry.open(tmp_path).models() == ()
    nothing = command("models", folder=tmp_path)
    assert (nothing.code, nothing.out.splitlines()[0]) == (0, "No model is registered yet.")
    assert "attestations are signed with the key" in command("log", folder=tmp_path, width=200).out
    assert command("models", "--json", folder=tmp_path).document == {"models": [], "total": 0}


def test_repeating_init_changes_nothing_and_says_so(command: Command, copied: Path) -> None:
    before = command("log", "--json", folder=copied).document
    ran = command("init", folder=copied)
    assert ran.code == 0
    assert "There is a registry" in ran.out
    assert "2 models" in ran.out
    assert command("log", "--json", folder=copied).document == before


def test_init_takes_a_folder_and_gives_json(command: Command, tmp_path: Path) -> None:
    document = command("init", "new/project", "--json", folder=tmp_path).document
    assert document["created"] is True
    assert document["folder"] == str(tmp_path / "new/project")
    assert Path(document["catalog"]).is_file()
    assert command("init", "new/project", "--json", folder=tmp_path).document["created"] is False


def test_init_inside_another_project_says_so(command: Command, copied: Path) -> None:
    assert f"{copied} above has another one" in command("init", "inner", folder=copied).out


def test_only_a_registry_above_is_called_another_one(
    command: Command, copied: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "alone"
    (alone / ".registry").mkdir(parents=True)
    assert "another one" not in command("init", folder=alone).out
    # The folder that `..` leaves is not above the one it leads to.
    assert "another one" not in command("init", f"../{copied.name}/../beside", folder=copied).out


def test_init_makes_the_registry_where_registry_home_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REGISTRY_HOME", str(tmp_path / "home"))
    assert run(["init"]) == 0
    assert run(["models"]) == 0
    assert "No model is registered yet." in capsys.readouterr().out
    assert not (tmp_path / ".registry").exists()


def test_pull_writes_every_file_of_the_version(
    command: Command, world: World, tmp_path: Path
) -> None:
    target = tmp_path / "the model"
    ran = command("pull", "flight_delay@production", str(target))
    version = world.registry.resolve("flight_delay:2")
    assert ran.code == 0
    assert "Pulled flight_delay:2" in ran.out
    assert f"sha256sum '{target}/manifest.json'" in ran.out
    assert f"sha256:{sha256(target / 'manifest.json')}" == version.digest
    manifest = json.loads((target / "manifest.json").read_bytes())
    for file in manifest["files"]:
        assert f"sha256:{sha256(target / file['path'])}" == file["sha256"]


def test_pull_as_json_names_the_files(command: Command, tmp_path: Path) -> None:
    document = command("pull", "flight_delay:1", str(tmp_path / "v1"), "--json").document
    assert (document["reference"], document["folder"]) == ("flight_delay:1", str(tmp_path / "v1"))
    assert "estimator.skops" in {file["path"] for file in document["files"]}


def test_pull_never_touches_what_is_there(command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for taken in (tmp_path, tmp_path / "mine.txt"):
        ran = command("pull", "flight_delay:1", str(taken))
        assert ran.code == 2
        assert "exists and is not an empty folder" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_version_that_failed_cannot_be_pulled(command: Command, tmp_path: Path) -> None:
    ran = command("pull", "flight_delay:4", str(tmp_path / "v4"))
    assert ran.code == 2
    assert "flight_delay:4 is failed: train raised ValueError: the sky fell" in ran.err
    assert not (tmp_path / "v4").exists()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
