"""The story beside SageMaker is lived once; what it told, and what it left here, is looked at.

AWS is moto, a double that keeps nothing, and its client the real one.
"""

import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from registry_assets.catalog import mirrors
from registry_assets.errors import RegistryError, VersionImported
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.models.sagemaker import programs
from registry_assets.models.sagemaker.programs import KEYS
from registry_assets.models.sagemaker.team import GROUP, MIRROR, MODEL, NAMES
from registry_assets.orchestration.instance import open_instance
from registry_assets.orchestration.mirrors.checks import in_step_key
from registry_assets.orchestration.unstable.check_results import stored_results
from registry_assets.registry import Registry

COMMAND = [sys.executable, "-m", "registry_assets.models.sagemaker"]
ROW = re.compile(r"^ *(\d+) +(digit \d) +(\S+) +(equal|DIFFERS) *$", re.MULTILINE)
THERE = re.compile(r"^ (\d) +(Approved|Rejected|PendingManualApproval) ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Lived:
    """What the story left.

    Args:
        told: all that it printed.
    """

    folder: Path
    told: str
    registry: Registry

    def chapter(self, number: int) -> str:
        """What was told in one chapter."""
        return re.split(r"^\d  ", self.told, flags=re.MULTILINE)[number]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The folder of the whole story, and what was told of it."""
    here = tmp_path_factory.mktemp("elsewhere")
    folder = tmp_path_factory.mktemp("sagemaker") / "folder"
    hidden = ("REGISTRY_", "DAGSTER_", "AWS_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    done = subprocess.run(
        [*COMMAND, "--folder", str(folder)],
        cwd=here,
        # Whose registry and whose account these are, is nothing to the story.
        env={
            **kept,
            "COLUMNS": "200",
            "REGISTRY_HOME": str(here),
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            "AWS_SECRET_ACCESS_KEY": "of somebody else",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(here.iterdir()) == []
    return Lived(folder, done.stdout, Registry.open(folder))


def test_its_history_came_with_its_own_numbers(lived: Lived) -> None:
    registry = lived.registry
    came = registry.imported_versions(MODEL)
    assert [(each.number, each.foreign_number) for each in came] == [(1, "1"), (2, "2")]
    assert [each.said["stage"] for each in came] == ["Rejected", "Approved"]
    second = came[1]
    assert second.files == "whole"
    assert second.said["tags"] == {"C": "0.001", "meter": "type 3"}
    assert second.said["run"]["run_id"] == "training-job-2"
    assert 0.5 < second.said["run"]["metrics"]["accuracy"] <= 1
    counted = re.findall(r"^ +(\d+ (?:imported|here already))$", lived.told, re.MULTILINE)
    assert counted == ["2 imported", "2 here already"]
    with pytest.raises(VersionImported, match=f"from SageMaker {GROUP}/2"):
        registry.promote(MODEL, 2, run=RunInfo.by_hand())


def test_one_version_is_approved_there_and_it_is_that_of_production(lived: Lived) -> None:
    registry = lived.registry
    promoted = [(each.version, each.pointer) for each in registry.promotions(MODEL)]
    assert promoted == [(3, "production"), (4, "production"), (3, "production")]
    receipts = registry.mirror_receipts(MODEL, MIRROR)
    assert {number: each.foreign_number for number, each in receipts.items()} == {3: "3", 4: "4"}
    pending = "PendingManualApproval"
    first, last = dict(THERE.findall(lived.chapter(3))), dict(THERE.findall(lived.chapter(7)))
    assert first == {"1": "Rejected", "2": pending, "3": "Approved"}
    assert last == {"1": "Rejected", "2": pending, "3": "Approved", "4": "Rejected"}
    assert "the new meters are not out yet" in lived.chapter(5)


def test_what_a_container_would_run_answers_every_row_as_we_do(lived: Lived) -> None:
    rows = ROW.findall(lived.chapter(4))
    assert len(rows) == 8
    assert {mark for *_, mark in rows} == {"equal"}
    # It tells them apart, so that equal answers say something.
    assert len({digit for _, digit, *_ in rows}) > 4


def test_the_check_went_red_and_green_again(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lived.folder)
    monkeypatch.setenv("DAGSTER_HOME", str(lived.folder))
    with open_instance(lived.folder) as instance:
        found = [
            each.evaluation for each in stored_results(instance, in_step_key(MODEL, MIRROR), None)
        ]
    repaired, red, *before = found
    assert [each.passed for each in found] == [True, False, *([True] * len(before))]
    assert red.severity is dg.AssetCheckSeverity.ERROR
    said = "production was moved there to 2 (none of ours); expected version 3 (3 there)"
    assert red.description == said
    assert str(repaired.description).startswith("all is there as it is here")
    assert f"is red in Dagster: {said}" in lived.told
    assert f"Put right by: registry mirrors {MODEL} --repair" in lived.told


def test_the_ledger_tells_all_of_it_and_verifies(lived: Lived) -> None:
    events = [e for e in lived.registry.log(MODEL) if e.kind.startswith("mirror")]
    assert [event.kind for event in events].count(mirrors.POINTED) == 3
    assert events[-1].kind == mirrors.REPAIRED
    assert events[-1].body["actor"] == "otto"
    assert lived.registry.mirror_state(MODEL, MIRROR).state == "in_step"
    assert lived.registry.verify(deep=True).clean


def test_what_opens_aws_is_nowhere_in_the_folder(lived: Lived) -> None:
    read = 0
    for path in lived.folder.rglob("*"):
        if path.is_file():
            read += 1
            assert KEYS["AWS_SECRET_ACCESS_KEY"].encode() not in path.read_bytes(), path
    assert read > 50
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in lived.told


def test_the_double_is_not_left(lived: Lived) -> None:
    (port,) = re.findall(r"-p (\d+) &", lived.told)
    with socket.socket() as attempt:
        assert attempt.connect_ex(("127.0.0.1", int(port))) != 0
    assert NAMES.mirrors_sensor in lived.told


def test_where_moto_is_missing_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    programs.require_installed()
    monkeypatch.setitem(programs.NEEDED, "no_such_module", "no-such-distribution>=3")
    with pytest.raises(RegistryError, match="needs no_such_module") as refused:
        programs.require_installed()
    assert refused.value.hint == "pip install 'no-such-distribution>=3'"
