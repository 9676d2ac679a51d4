"""From a reference to a model that predicts, or to a folder of verified files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from registry_assets.canonical import sha256_digest
from registry_assets.errors import (
    FolderTaken,
    InvalidReference,
    NoRegistry,
    NotFound,
    RegistryError,
    VersionFailed,
)
from registry_assets.loading import load
from registry_assets_tests.lifecycle.changes import (
    DAMAGE,
    Damage,
    blob,
    estimator_of,
    history,
    refused,
    unchanged,
)
from registry_assets_tests.worlds import SENSOR, World, flights, planes

NOT_FOR_DEPLOYMENTS = ("dagster", "evidently", "matplotlib", "boto3")
FRESH = f"""
import sys
import pandas as pd
import registry_assets

rows = [{{"tailnum": "N1", "sched_dep_time": 930, "distance": 500.0}}]
planes = pd.DataFrame({{"tailnum": ["N1"], "seats": [55.0]}})
model = registry_assets.load("flight_delay@production")
assert model.predict(rows, planes=planes).shape == (1,)
assert not [name for name in {NOT_FOR_DEPLOYMENTS!r} if name in sys.modules]
assert "ontime" not in sys.modules
print(model.name, model.version)
"""


@pytest.mark.parametrize(
    ("reference", "kind", "words"),
    [
        ("flight_delays:1", NotFound, ("'flight_delays'", "did you mean flight_delay?")),
        ("flight_delay:9", NotFound, ("no version 9", "it has 1 to 2")),
        ("flight_delay:2", VersionFailed, ("flight_delay:2 is reserved",)),
        ("flight_delay@production", NotFound, ("holds no version yet", "registry explain")),
        ("flight_delay@canary", NotFound, ("'canary'", "it has: production")),
        ("flight_delay@sha256:" + "0" * 64, NotFound, ("no version of flight_delay",)),
        ("flight_delay", InvalidReference, ("flight_delay:1", "flight_delay@production")),
        ("flight delay:1", InvalidReference, ("flight delay",)),
    ],
)
def test_what_a_reference_does_not_name_is_said(
    trained: World,
    tmp_path: Path,
    reference: str,
    kind: type[RegistryError],
    words: tuple[str, ...],
) -> None:
    trained.reserve(request="stronger", params={"C": 2.0})
    with unchanged(trained):
        with refused(kind, *words):
            trained.registry.load(reference)
        with refused(kind, *words):
            trained.registry.pull(reference, tmp_path / "pulled")
    assert not (tmp_path / "pulled").exists()


def test_what_is_loaded_says_which_version_it_is(succeeded: World) -> None:
    held = succeeded.registry.resolve("flight_delay@production")
    model = load("flight_delay@production", home=succeeded.folder)
    assert (model.name, model.version, model.digest) == ("flight_delay", 1, held.digest)
    assert model.metadata == held.metadata
    assert load(f"flight_delay@{held.digest}", home=succeeded.folder).version == 1
    rows = flights(50, seed=9).drop(columns="late")
    assert model.predict_proba(rows, planes=planes()).shape == (50, 2)


@DAMAGE
@pytest.mark.parametrize("what", ["manifest", "estimator"])
def test_damaged_bytes_are_named_and_neither_loaded_nor_pulled(
    trained: World, tmp_path: Path, damage: Damage, what: str
) -> None:
    version = trained.registry.resolve("flight_delay:1")
    digest = str(version.digest) if what == "manifest" else estimator_of(trained, 1)
    damage(blob(trained, digest))
    before = history(trained.registry)
    with refused(damage.error, digest, "backup"):
        trained.registry.load("flight_delay:1")
    with refused(damage.error, digest, "backup"):
        trained.registry.pull("flight_delay:1", tmp_path / "pulled")
    assert not (tmp_path / "pulled").exists()
    assert history(trained.registry) == before
    problems = trained.registry.verify("flight_delay:1").problems
    assert [problem.subject for problem in problems] == [digest]


def test_what_is_pulled_is_the_version_and_its_manifest(trained: World, tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder"
    version = trained.registry.pull("flight_delay:1", target)
    manifest = (target / "manifest.json").read_bytes()
    assert sha256_digest(manifest) == version.digest
    listed = {file["path"]: file["sha256"] for file in json.loads(manifest)["files"]}
    pulled = {
        path.relative_to(target).as_posix(): sha256_digest(path.read_bytes())
        for path in target.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert pulled == listed
    assert [path.name for path in target.parent.iterdir()] == ["folder"]


def test_an_empty_folder_may_be_pulled_into(trained: World, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    trained.registry.pull("flight_delay:1", tmp_path / "empty")
    assert (tmp_path / "empty" / "estimator.skops").is_file()


def test_what_is_there_is_never_pulled_over(trained: World, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "notes.txt").write_text("mine")
    for target in (full, full / "notes.txt"):
        with unchanged(trained), refused(FolderTaken, str(target), "not an empty folder"):
            trained.registry.pull("flight_delay:1", target)
    with unchanged(trained), refused(RegistryError, "cannot be written", "notes.txt)"):
        trained.registry.pull("flight_delay:1", full / "notes.txt" / "below")
    assert [(path.name, path.read_text()) for path in full.iterdir()] == [("notes.txt", "mine")]


def test_a_deployment_needs_neither_the_pipeline_nor_the_users_project(
    succeeded: World, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FRESH],
        cwd=elsewhere,
        env={"REGISTRY_HOME": str(succeeded.folder), "REGISTRY_STATE": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "flight_delay 1\n"), done.stderr


def test_a_deployment_needs_the_store_alone(
    succeeded: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = succeeded.registry.resolve("flight_delay@production")
    (succeeded.folder / ".registry" / "store").rename(tmp_path / "store")
    monkeypatch.setenv("REGISTRY_STORE", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    assert load("flight_delay@production").metadata == held.metadata
    assert load(f"flight_delay@{held.digest}").version == 1
    with refused(NoRegistry, "flight_delay:1", "in the catalog alone", "flight_delay@production"):
        load("flight_delay:1")


def test_a_number_is_looked_up_in_the_catalog(succeeded: World) -> None:
    assert load("flight_delay:2", home=succeeded.folder).version == 2
    with refused(NotFound, "no version 9", "it has 1 to 2"):
        load("flight_delay:9", home=succeeded.folder)


def test_a_version_follows_the_pointer(succeeded: World) -> None:
    succeeded.registry.promote("flight_delay", 2, run=SENSOR)
    assert load("flight_delay@production", home=succeeded.folder).version == 2
