"""`convert`: what is said of it, and what is refused; what is written is tested in `converting`."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from huggingface_hub import ModelCard, ModelCardData

from registry_assets.converting.oci_reading import load_oci_layout
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.worlds import World, flights, planes

REF = "flight_delay@production"


def test_a_version_becomes_an_mlflow_model(
    command: Command, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a model"
    ran = command("convert", REF, "--to", "mlflow", "--out", str(folder))
    assert (ran.code, ran.err) == (0, "")
    first, second, *then = ran.out.splitlines()
    assert first.startswith("Wrote flight_delay:2 (")
    assert f") as mlflow into {folder}: " in first
    assert second.endswith("no number differs by more than 0 (allowed: 0).")
    assert then[0] == f"Next: mlflow models serve -m '{folder}' --env-manager local --port 5000"
    monkeypatch.syspath_prepend(tmp_path)  # what MLflow adds to the path is gone after the test
    loaded = mlflow.pyfunc.load_model(str(folder))
    version = world.registry.load(REF)
    rows = flights(50, seed=8).drop(columns="late")
    assert loaded.predict(rows).tolist() == version.predict(rows, planes=planes()).tolist()
    assert loaded.metadata.metadata["registry_assets.registry"]


def test_a_version_becomes_a_graph(command: Command, tmp_path: Path) -> None:
    ran = command("convert", REF, "--to", "onnx", "--out", str(tmp_path / "graph"))
    assert (ran.code, ran.err) == (0, "")
    assert "Not in it: how the features are made of raw rows." in ran.out
    assert "(allowed: 1e-05)" in ran.out


def test_a_version_becomes_a_repository(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    ran = command("convert", REF, "--to", "hf", "--out", str(folder), "--json")
    assert set(ran.document) == {
        "reference", "model", "version", "digest", "to", "folder", "files", "compared",
    }  # fmt: skip
    assert ran.document["compared"] is None
    written = {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert {each["path"]: each["size"] for each in ran.document["files"]} == written
    card = ModelCard.load(folder / "README.md")
    assert isinstance(card.data, ModelCardData)
    assert card.data.model_name == "flight_delay:2"
    assert ran.document["digest"] in card.text


def test_a_version_becomes_an_image_layout(command: Command, world: World, tmp_path: Path) -> None:
    folder = tmp_path / "layout"
    ran = command("convert", REF, "--to", "oci", "--out", str(folder))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == (
        f"Next: skopeo copy oci:{folder}:2 docker://HOST/flight_delay:2"
    )
    version = world.registry.load(REF)
    rows = flights(50, seed=8).drop(columns="late")
    loaded = load_oci_layout(folder, digest=str(version.digest))
    found, expected = (each.predict(rows, planes=planes()) for each in (loaded, version))
    assert found.tolist() == expected.tolist()


def test_a_killed_conversion_gives_no_folder_its_name_and_can_be_repeated(
    world: World, tmp_path: Path
) -> None:
    program = "from registry_assets.cli import main; main()"
    command = [sys.executable, "-c", program, "convert", REF, "--to", "hf", "--out"]
    for fault, code in (("convert.staged", -signal.SIGKILL), ("", 0)):
        done = subprocess.run(
            [*command, str(tmp_path / "repository")],
            cwd=world.folder,
            env={**os.environ, "REGISTRY_FAULT": fault},
            capture_output=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert (tmp_path / "repository").exists() is (code == 0)
    assert [path.name for path in tmp_path.iterdir()] == ["repository"]


def test_mistakes_are_named(command: Command, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    new = str(tmp_path / "new")
    for arguments, code, said in (
        ((REF, "--to", "hf", "--out", str(full)), 2, "exists and is not an empty folder"),
        ((REF, "--to", "pickle", "--out", new), 2, "'pickle' is not one of"),
        ((REF, "--to", "hf"), 2, "--out"),
        (("flight_delay", "--to", "hf", "--out", new), 2, "not one of its versions"),
        (("flight_delay:4", "--to", "hf", "--out", new), 2, "the sky fell"),
        (("flight_delay:9", "--to", "onnx", "--out", new), 2, "has no version 9"),
    ):
        ran = command("convert", *arguments)
        assert (ran.code, ran.out) == (code, "")
        assert said in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


def test_nothing_is_written_into_a_registry(command: Command, copied: Path) -> None:
    store = copied / ".registry" / "store"
    elsewhere = copied / "elsewhere"
    store.rename(elsewhere)
    store.symlink_to(elsewhere)
    for inside in (copied / ".registry" / "model", store / "model", elsewhere / "no" / "m"):
        for asked in (
            ("convert", REF, "--to", "hf", "--out", str(inside)),
            ("pull", REF, str(inside)),
        ):
            ran = command(*asked, folder=copied)
            assert (ran.code, "where a registry keeps its own files" in ran.err) == (2, True), ran
            assert not inside.exists()
            assert not (elsewhere / "no").exists()
