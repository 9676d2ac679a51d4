"""The story beside MLflow is lived once; what it left is looked at here, and on its server."""

import os
import re
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from registry_assets.catalog import mirrors
from registry_assets.errors import RegistryError, VersionImported
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.mirroring.mlflow.names import DIGEST
from registry_assets.models.mlflow import programs
from registry_assets.models.mlflow.history import ALCOHOL, CRATES, ORIGIN
from registry_assets.models.mlflow.programs import DATA
from registry_assets.models.mlflow.team import MIRROR, MODEL, NAMES
from registry_assets.orchestration.instance import open_instance
from registry_assets.orchestration.mirrors.checks import in_step_key
from registry_assets.orchestration.unstable.check_results import stored_results
from registry_assets.registry import Registry

COMMAND = [sys.executable, "-m", "registry_assets.models.mlflow"]
ROW = re.compile(r"^ *(\d+) +(\w+) +(\S+) +(\w+) +(\S+) +(equal|DIFFERS) *$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Lived:
    """What the story left.

    Args:
        told: all that it printed.
    """

    folder: Path
    told: str
    registry: Registry

    def there(self, query: str, *values: str) -> list[Any]:
        """Ask the database of the server, which has ended."""
        database = self.folder / DATA / "mlflow.db"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The folder of the whole story, and what was told of it."""
    here = tmp_path_factory.mktemp("elsewhere")
    folder = tmp_path_factory.mktemp("mlflow") / "folder"
    hidden = ("REGISTRY_", "DAGSTER_", "MLFLOW_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    done = subprocess.run(
        [*COMMAND, "--folder", str(folder)],
        cwd=here,
        # Whose registry and whose server these are, is nothing to the story.
        env={
            **kept,
            "COLUMNS": "200",
            "REGISTRY_HOME": str(here),
            "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(here.iterdir()) == []
    return Lived(folder, done.stdout, Registry.open(folder))


def test_three_models_came_with_their_own_numbers(lived: Lived) -> None:
    registry = lived.registry
    came = {
        name: [(each.number, each.foreign_number) for each in registry.imported_versions(name)]
        for name in (MODEL, ALCOHOL, CRATES)
    }
    # Version 2 had been deleted there.
    assert came == {
        MODEL: [(1, "1"), (2, "3")],
        ALCOHOL: [(1, "1"), (2, "2")],
        CRATES: [(1, "1")],
    }
    second = registry.imported_versions(MODEL)[1]
    assert second.files == "whole"
    assert second.said["tags"] == {"laboratory": "turin"}
    assert second.said["run"]["params"] == {"C": "0.1"}
    assert 0.5 < second.said["run"]["metrics"]["accuracy"] <= 1
    (data,) = second.said["run"]["inputs"]
    assert (data["name"], data["context"]) == (f"rows of {ORIGIN}", "training")
    stages = [each.said["stage"] for each in registry.imported_versions(ALCOHOL)]
    assert stages == ["Archived", "Production"]
    counted = re.findall(r"^ +(\d+ (?:imported|here already))$", lived.told, re.MULTILINE)
    assert counted == ["2 imported", "2 imported", "1 imported", "2 here already"]


def test_a_pickle_is_kept_and_marked_and_stays_out(lived: Lived) -> None:
    registry = lived.registry
    unsafe = {
        name: {path for each in registry.imported_versions(name) for path in each.unsafe}
        for name in (MODEL, ALCOHOL, CRATES)
    }
    assert unsafe == {MODEL: set(), ALCOHOL: {"model.pkl"}, CRATES: set()}
    newest = registry.imported_versions(ALCOHOL)[-1]
    assert registry.read_file(newest.digest, "model.pkl").startswith(b"\x80")
    with pytest.raises(VersionImported, match="a pickle, which is never opened"):
        registry.promote(ALCOHOL, newest.number, run=RunInfo.by_hand())
    assert "unsafe: pickle" in lived.told


def test_aliases_that_were_there_are_history_and_no_promotions(lived: Lived) -> None:
    registry = lived.registry
    (noted,) = registry.imported_aliases(MODEL)
    assert (noted.alias, noted.foreign_number) == ("production", "3")
    (promotion,) = registry.promotions(MODEL)
    assert (promotion.version, promotion.actor) == (3, f"sensor:{NAMES.promotion_sensor}")


def test_what_is_in_production_here_is_so_there(lived: Lived) -> None:
    digest = lived.registry.resolve(f"{MODEL}@production").digest
    receipt = lived.registry.mirror_receipts(MODEL, MIRROR)[3]
    assert (receipt.version_digest, receipt.foreign_number) == (digest, "4")
    of = "SELECT alias, version FROM registered_model_aliases WHERE name = ?"
    assert lived.there(of, ORIGIN) == [("production", 4)]
    tagged = "SELECT version, value FROM model_version_tags WHERE name = ? AND key = ?"
    assert lived.there(tagged, ORIGIN, DIGEST) == [(4, digest)]


def test_mlflow_answers_every_row_as_we_do(lived: Lived) -> None:
    rows = ROW.findall(lived.told)
    assert len(rows) == 7
    assert {mark for *_, mark in rows} == {"equal"}
    for _, there, chance, here, our_chance, _ in rows:
        assert (there, chance) == (here, our_chance)
    # It tells them apart, so that equal answers say something.
    assert {there for _, there, *_ in rows} == {"barolo", "grignolino", "barbera"}


def test_the_check_went_red_and_green_again(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lived.folder)
    monkeypatch.setenv("DAGSTER_HOME", str(lived.folder))
    with open_instance(lived.folder) as instance:
        found = [
            each.evaluation for each in stored_results(instance, in_step_key(MODEL, MIRROR), None)
        ]
    repaired, red, published = found
    assert [each.passed for each in found] == [True, False, True]
    assert red.severity is dg.AssetCheckSeverity.ERROR
    said = "production was moved there to 3 (none of ours); expected version 3 (4 there)"
    assert red.description == said
    assert str(published.description).startswith("all is there as it is here")
    assert str(repaired.description).startswith("all is there as it is here")
    assert f"is red in Dagster: {said}" in lived.told
    assert f"{MODEL}/{MIRROR}  out of step" in lived.told
    assert f"Put right by: registry mirrors {MODEL} --repair" in lived.told


def test_the_ledger_tells_all_of_it_and_verifies(lived: Lived) -> None:
    events = [e for e in lived.registry.log(MODEL) if e.kind.startswith("mirror")]
    kinds = [event.kind for event in events]
    assert kinds == [
        mirrors.DECLARED,
        mirrors.PUBLISHED,
        mirrors.POINTED,
        mirrors.OBSERVED,
        mirrors.OBSERVED,
        mirrors.REPAIRED,
    ]
    assert "production was moved there to 3" in events[4].sentence
    assert events[5].body["actor"] == "otto"
    assert lived.registry.mirror_state(MODEL, MIRROR).state == "in_step"
    assert lived.registry.verify(deep=True).clean


def test_neither_server_is_left(lived: Lived) -> None:
    ports = {int(port) for port in re.findall(r"--port (\d+)", lived.told)}
    assert len(ports) == 2
    for port in ports:
        with socket.socket() as attempt:
            assert attempt.connect_ex(("127.0.0.1", port)) != 0


def test_where_mlflow_is_missing_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    programs.require_installed()
    monkeypatch.setitem(programs.NEEDED, "no-such-distribution", ">=3")
    with pytest.raises(RegistryError, match="needs no-such-distribution") as refused:
        programs.require_installed()
    assert refused.value.hint.startswith("pip install 'no-such-distribution>=3'")
