"""`simulate`: a past period as a team would have lived it, for people and for programs."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_show import flat
from registry_assets_tests.worlds import World, opened_world, small_world

DECLARED = '''
"""The project's model, as its code location declares it."""

from ontime.features import make_features
from ontime.training import train

from registry_assets.declaration import (
    AtLeast, Decay, Evaluation, LatestPartitions, MLflow, Monitoring, OnNewData, Params,
    RegisteredModel,
)
from registry_assets_tests import worlds

flight_delay = RegisteredModel(
    name="flight_delay",
    description="Will a flight be late?",
    features=worlds.Features("flight_features", make_features, worlds.KEPT, True),
    target="late",
    task="binary",
    train=train,
    params=Params(C=1.0, sense=True, fail=False),
    holdout=LatestPartitions(1),
    evaluation=Evaluation(metrics=("roc_auc",), resamples=100),
    gates=(AtLeast("roc_auc", 0.6),),
    monitoring=Monitoring(keys=("key",), decay=(Decay("roc_auc", 0.3),)),
    retrain=OnNewData(),
    mirrors=(MLflow(tracking_uri="http://127.0.0.1:9"),),
    owners=("team:ops",),
    tags=worlds.TAGS,
)
'''
PERIOD = ("flight_delay", "--from", "2013-03", "--to", "2013-03")
REFERENCE = ("--declaration", "ontime.declared:flight_delay")


@pytest.fixture(scope="module")
def past_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("past") / "project"
    with small_world(folder, months=("2013-01", "2013-02", "2013-03")) as world:
        world.code.write({"ontime/declared.py": DECLARED})
    return folder


@pytest.fixture
def past(past_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Three months of data, and nothing trained."""
    # The command puts folders there for the rest of its process.
    monkeypatch.setattr(sys, "path", list(sys.path))
    with opened_world(past_folder) as world:
        yield world


def test_it_shows_a_row_for_each_partition_and_what_came_of_it(
    command: Command, past: World, tmp_path: Path
) -> None:
    kept = tmp_path / "lived again"
    ran = command(
        "simulate", *PERIOD, *REFERENCE, "--keep", str(kept), folder=past.folder, width=120
    )
    assert ran.code == 0, ran.err
    said = flat(ran.out)
    for part in ("partition", "roc_auc", "2 before", "1 promoted (by hand)", "2013-03", "0 of 3"):
        assert part in said, part
    assert "flight_delay:1 2013-03-01 the first version → promoted" in said
    assert "flight_delay:2 2013-04-01 new data: 2013-03 → " in said
    assert (
        "1 partition, 1 of them watched: 0 alerts; 2 versions asked for (1 by hand, 1 by new data)"
        in said
    )
    assert f"REGISTRY_HOME='{kept}' registry log flight_delay" in said
    listed = command("versions", "flight_delay", "--json", folder=kept).document
    assert len(listed["versions"]) == 2
    assert "nothing is published to mlflow" in said
    assert command("mirrors", "--json", folder=kept).document["mirrors"] == []
    assert command("models", "--json", folder=past.folder).document["models"] == []

    ran = command("simulate", *PERIOD, *REFERENCE, "--keep", str(kept), folder=past.folder)
    assert (ran.code, "has a registry already" in ran.err) == (2, True)


def test_its_document_says_all_of_it_and_nothing_is_kept(
    command: Command, past: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    # Another one of that name, which this process holds and the code location does not import.
    importlib.import_module("registry_assets.models.flight_delay.declaration")
    (past.folder / "workspace.yaml").write_text(
        "load_from:\n  - python_module: {module_name: ontime.declared}\n"
    )
    document = command("simulate", *PERIOD, "--json", folder=past.folder).document
    assert document["model"] == "flight_delay"
    assert document["folder"] is None
    (step,) = document["steps"]
    assert (step["partition"], step["version"]) == ("2013-03", 1)
    assert step["retrained"][0]["trigger"] == "new_data"
    assert document["totals"]["by_trigger"] == {"manual": 1, "new_data": 1}
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("registry-simulate")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--declaration", "ontime.nowhere:x"), "ontime.nowhere cannot be imported"),
        (("--declaration", "ontime.declared:train"), "is a function, not a RegisteredModel"),
        (("--declaration", "ontime"), "does not say module and name"),
        ((*REFERENCE, "--to", "2014-01"), "has no partition '2014-01'"),
    ],
)
def test_what_cannot_be_lived_is_refused_before_anything_is_made(
    command: Command, past: World, arguments: tuple[str, ...], said: str
) -> None:
    ran = command("simulate", *PERIOD, *arguments, folder=past.folder)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


BROKEN = {
    "raising": ("raise RuntimeError('boom')", "cannot be imported: RuntimeError: boom"),
    "leaving": ("import sys\nsys.exit(5)", "cannot be imported: SystemExit: 5"),
    "unfinished": ("x = (", "cannot be imported: SyntaxError: '(' was never closed"),
    "declaring": (
        "from registry_assets.declaration import Drift\nDrift(threshold=-1)",
        "Drift(threshold=…) is -1",
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_code_location_that_is_broken_is_the_projects_to_correct(
    command: Command, past: World, tmp_path: Path, broken: str
) -> None:
    code, said = BROKEN[broken]
    folder = past.copy(tmp_path / "copied")
    (folder / f"{broken}_location.py").write_text(code)
    ran = command("simulate", *PERIOD, "--declaration", f"{broken}_location:model", folder=folder)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "Hint: " in ran.err


@pytest.mark.parametrize("name", ["", ".ontime", "ontime..declared"])
def test_what_is_no_name_of_a_module_is_not_imported(
    command: Command, past: World, tmp_path: Path, name: str
) -> None:
    folder = past.copy(tmp_path / "copied")
    (folder / "workspace.yaml").write_text(f"load_from:\n  - python_module: '{name}'\n")
    ran = command("simulate", *PERIOD, folder=folder)
    assert (ran.code, f"{name!r} is no name of a module" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("workspace.yaml", b"load_from:\n\t- a", "workspace.yaml cannot be read: line 2"),
        ("workspace.yaml", b"\xff\xfe", "workspace.yaml cannot be read: it is no UTF-8"),
        ("workspace.yaml", b"load_from: 5", "names a code location"),
        ("pyproject.toml", b"[tool", "pyproject.toml cannot be read: Expected"),
        ("pyproject.toml", b"tool = 5", "names a code location"),
        ("pyproject.toml", b"[tool]\ndagster = 5\ndg = {project = 5}", "names a code location"),
    ],
)
def test_a_file_that_should_name_the_code_location_and_does_not_is_said(
    command: Command, past: World, tmp_path: Path, file: str, content: bytes, said: str
) -> None:
    folder = past.copy(tmp_path / "copied")
    (folder / "workspace.yaml").unlink(missing_ok=True)
    (folder / file).write_bytes(content)
    ran = command("simulate", *PERIOD, folder=folder)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "--declaration" in ran.err


def test_a_folder_of_something_else_is_not_kept_in_and_a_mistake_makes_none(
    command: Command, past: World, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine").touch()
    ran = command("simulate", *PERIOD, *REFERENCE, "--keep", str(other), folder=past.folder)
    assert (ran.code, f"{other} is not empty" in ran.err) == (2, True)
    assert [each.name for each in other.iterdir()] == ["mine"]
    kept = ("--to", "2013-02", "--keep", str(tmp_path / "kept"))
    ran = command("simulate", *PERIOD, *REFERENCE, *kept, folder=past.folder)
    assert (ran.code, "there is no period" in ran.err) == (2, True)
    assert not (tmp_path / "kept").exists()


def test_a_project_without_a_code_location_is_asked_where_it_is_declared(
    command: Command, past: World, tmp_path: Path
) -> None:
    folder = past.copy(tmp_path / "copied")
    (folder / "workspace.yaml").unlink(missing_ok=True)
    ran = command("simulate", *PERIOD, folder=folder)
    assert ran.code == 2
    assert "names a code location" in ran.err
    assert "--declaration package.module:name" in ran.err
    (folder / "workspace.yaml").write_text("load_from:\n  - python_module: json\n")
    ran = command("simulate", "nobody", *PERIOD[1:], folder=folder)
    assert (ran.code, "nobody is not declared in json" in ran.err) == (2, True)
