"""Half a year backfilled by three processes on one Dagster instance, in any order."""

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import pytest

from registry_assets import registry_definitions
from registry_assets.lifecycle.reserving import compose_recipe
from registry_assets.models.flight_delay.declaration import flight_delay, planes
from registry_assets.registry import Registry
from registry_assets_tests.orchestration.stage import copy_home, make_home, open_stage

MONTHS = [f"2013-{month:02}" for month in range(1, 7)]
BACKFILL = """
import os, sys

import dagster as dg
from registry_assets.definitions import defs
from registry_assets.orchestration.local import LocalDaemon

with LocalDaemon(
    instance=dg.DagsterInstance.from_config(os.environ["REGISTRY_HOME"]), definitions=defs
) as daemon:
    for month in sys.argv[1:]:
        keys = [dg.AssetKey(name) for name in ("flights", "weather", "flight_features")]
        outcome = daemon.materialize(keys, partition_key=month)
        assert outcome.success, outcome.failures
"""


def backfilled(home: Path, months: Sequence[str], *, processes: int) -> Registry:
    """Backfill half a year by so many processes at once, each with a part of the months."""
    definitions = registry_definitions(models=[], assets=[planes])
    with open_stage(home, definitions) as stage:
        assert stage.daemon.materialize([dg.AssetKey("planes")]).success
    command = [sys.executable, "-W", "ignore", "-c", BACKFILL]
    environment = {**os.environ, "REGISTRY_HOME": str(home)}
    running = [
        subprocess.Popen(
            [*command, *months[part::processes]], env=environment, stderr=subprocess.PIPE, text=True
        )
        for part in range(processes)
    ]
    for process in running:
        _, errors = process.communicate(timeout=400)
        assert process.returncode == 0, errors
    return Registry.open(home)


@pytest.mark.thorough
def test_half_a_year_backfilled_by_three_processes_in_any_order_is_one_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In CI the code may come without its history.
    monkeypatch.setenv("REGISTRY_CODE_COMMIT", "0" * 40)
    empty = make_home(tmp_path / "empty")
    shuffled = random.Random(0).sample(MONTHS, k=len(MONTHS))
    one = backfilled(copy_home(empty, tmp_path / "one"), shuffled, processes=3)
    two = backfilled(copy_home(empty, tmp_path / "two"), MONTHS, processes=1)

    snapshots = [[s.ref for s in r.snapshots("flight_features")] for r in (one, two)]
    assert [ref.partition for ref in snapshots[0]] == MONTHS
    assert snapshots[0] == snapshots[1]
    recipes = [compose_recipe(r.backends, flight_delay) for r in (one, two)]
    assert recipes[0] == recipes[1]
    assert recipes[0].digest == recipes[1].digest
    assert [ref.partition for ref in recipes[0].train] == MONTHS[:-1]
    assert [ref.partition for ref in recipes[0].holdout] == MONTHS[-1:]
    assert one.verify().clean
    assert two.verify().clean
