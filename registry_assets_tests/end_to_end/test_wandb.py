"""The story beside Weights & Biases is lived once; what it left, here and there, is looked at.

Its server is a double, and the client the real one. What the real service does is not shown.
"""

import json
import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from registry_assets.catalog import mirrors
from registry_assets.errors import RegistryError
from registry_assets.models.wandb import programs
from registry_assets.models.wandb.people import COLLECTION
from registry_assets.models.wandb.programs import DATA, KEY
from registry_assets.models.wandb.team import MIRROR, MODEL, NAMES
from registry_assets.orchestration.instance import open_instance
from registry_assets.orchestration.mirrors.checks import in_step_key
from registry_assets.orchestration.unstable.check_results import stored_results
from registry_assets.registry import Registry

COMMAND = [sys.executable, "-m", "registry_assets.models.wandb"]
ROW = re.compile(r"^ *(\d+) +(\w+) +(\S+) +(equal|DIFFERS) *$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Lived:
    """What the story left.

    Args:
        told: all that it printed.
        there: what the double, which has ended, keeps.
    """

    folder: Path
    told: str
    registry: Registry
    there: dict[str, Any]

    def members(self) -> dict[str, tuple[str, list[str]]]:
        """Give the digest of ours, and the aliases, of each version in the collection."""
        named = next(c["id"] for c in self.there["collections"] if c["name"] == COLLECTION)
        said = {a["id"]: json.loads(a["metadata"]) for a in self.there["artifacts"]}
        return {
            f"v{m['index']}": (
                said[m["artifact"]].get("registry_assets_digest", ""),
                [alias for alias in m["aliases"] if alias != "latest"],
            )
            for m in self.there["members"]
            if m["collection"] == named
        }


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The folder of the whole story, and what was told of it."""
    here = tmp_path_factory.mktemp("elsewhere")
    home = tmp_path_factory.mktemp("home")
    folder = tmp_path_factory.mktemp("wandb") / "folder"
    hidden = ("REGISTRY_", "DAGSTER_", "WANDB_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    done = subprocess.run(
        [*COMMAND, "--folder", str(folder)],
        cwd=here,
        # Whose registry and whose server these are, is nothing to the story.
        env={
            **kept,
            "COLUMNS": "200",
            "HOME": str(home),
            "REGISTRY_HOME": str(here),
            "WANDB_BASE_URL": "http://127.0.0.1:9",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(here.iterdir()) == []
    assert [path for path in home.rglob("*") if "wandb" in path.name] == []
    there = json.loads((folder / DATA / "state.json").read_text())
    return Lived(folder, done.stdout, Registry.open(folder), there)


def test_its_history_came_with_its_own_numbers(lived: Lived) -> None:
    came = lived.registry.imported_versions(MODEL)
    assert [(each.number, each.foreign_number) for each in came] == [(1, "v0"), (2, "v1")]
    second = came[1]
    assert second.files == "whole"
    assert second.said["tags"] == {"field": "meadow", "wandb.tags": "field-guide"}
    assert second.said["run"]["params"]["C"] == "0.03"
    assert 0.5 < second.said["run"]["metrics"]["accuracy"] <= 1
    (noted,) = lived.registry.imported_aliases(MODEL)
    assert (noted.alias, noted.foreign_number) == ("production", "v1")
    counted = re.findall(r"^ +(\d+ (?:imported|here already))$", lived.told, re.MULTILINE)
    assert counted == ["2 imported", "2 here already"]


def test_what_is_in_production_here_is_so_there(lived: Lived) -> None:
    registry = lived.registry
    promoted = [(each.version, each.pointer) for each in registry.promotions(MODEL)]
    assert promoted == [(3, "production"), (4, "production"), (3, "production")]
    third, fourth = (registry.version(f"{MODEL}:{n}").version.digest for n in (3, 4))
    members = lived.members()
    assert members == {
        "v0": ("", []),
        "v1": ("", []),
        "v2": (third, ["production"]),
        "v3": (fourth, []),
    }
    receipts = registry.mirror_receipts(MODEL, MIRROR)
    assert {n: each.foreign_number for n, each in receipts.items()} == {3: "v2", 4: "v3"}


def test_their_client_gets_what_answers_as_ours(lived: Lived) -> None:
    rows = ROW.findall(lived.told)
    assert len(rows) == 6
    assert {mark for *_, mark in rows} == {"equal"}
    # It tells them apart, so that equal answers say something.
    assert {species for _, species, *_ in rows} == {"setosa", "versicolor", "virginica"}


def test_the_check_went_red_and_green_again(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lived.folder)
    monkeypatch.setenv("DAGSTER_HOME", str(lived.folder))
    with open_instance(lived.folder) as instance:
        found = [
            each.evaluation for each in stored_results(instance, in_step_key(MODEL, MIRROR), None)
        ]
    # Newest first; between the promotion and the rollback it was green, too.
    repaired, red, *before = found
    assert (repaired.passed, red.passed) == (True, False)
    assert before
    assert all(each.passed for each in before)
    assert red.severity is dg.AssetCheckSeverity.ERROR
    said = "production was moved there to v0 (none of ours); expected version 3 (v2 there)"
    assert red.description == said
    assert f"is red in Dagster: {said}" in lived.told
    assert f"{MODEL}/{MIRROR}  out of step" in lived.told
    assert f"Put right by: registry mirrors {MODEL} --repair" in lived.told


def test_the_ledger_tells_all_of_it_and_verifies(lived: Lived) -> None:
    events = [e for e in lived.registry.log(MODEL) if e.kind.startswith("mirror")]
    kinds = [event.kind for event in events]
    assert kinds[:3] == [mirrors.DECLARED, mirrors.PUBLISHED, mirrors.POINTED]
    assert kinds[-2:] == [mirrors.OBSERVED, mirrors.REPAIRED]
    assert "production was moved there to v0" in events[-2].sentence
    assert events[-1].body["actor"] == "otto"
    assert lived.registry.mirror_state(MODEL, MIRROR).state == "in_step"
    assert lived.registry.verify(deep=True).clean
    assert NAMES.mirrors_sensor in lived.told


def test_it_says_that_its_server_is_a_double_and_keeps_no_key(lived: Lived) -> None:
    assert "This one is a double" in lived.told
    assert KEY not in lived.told
    held = [
        path
        for path in lived.folder.rglob("*")
        if path.is_file() and KEY.encode() in path.read_bytes()
    ]
    assert held == []


def test_the_double_is_not_left(lived: Lived) -> None:
    ports = {int(port) for port in re.findall(r"--port (\d+)", lived.told)}
    assert len(ports) == 1
    for port in ports:
        with socket.socket() as attempt:
            assert attempt.connect_ex(("127.0.0.1", port)) != 0


def test_where_their_client_is_missing_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    programs.require_installed()
    monkeypatch.setitem(programs.NEEDED, "no_such_module", "pip install no-such")
    with pytest.raises(RegistryError, match="needs no_such_module") as refused:
        programs.require_installed()
    assert refused.value.hint == "pip install no-such"
