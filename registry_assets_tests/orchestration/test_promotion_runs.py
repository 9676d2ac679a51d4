"""Runs that promote may fail, die with their host, or come twice: a pointer moves once."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import dagster as dg
import pytest

from registry_assets.orchestration.attempts import ALIVE, MAX_ATTEMPTS
from registry_assets.orchestration.moves import MOVES
from registry_assets.orchestration.pointer_asset import VERIFIES
from registry_assets.orchestration.recalled import NOT_RECALLED
from registry_assets.orchestration.unstable.check_results import stored_results
from registry_assets.store.manifests import read_manifest
from registry_assets_tests.catalog.history import PERSON
from registry_assets_tests.orchestration.projects import ROOT
from registry_assets_tests.orchestration.runs import left_behind
from registry_assets_tests.orchestration.stage import PRODUCTION, Stage
from registry_assets_tests.orchestration.written import (
    NAMES,
    decide,
    generations,
    held,
    location,
    look,
    pointed,
    written_stage,
)
from registry_assets_tests.sometimes import some

UNDER_WAY = "a run about ontime:2 is under way"
HALF_AN_HOUR, MINUTES = 1800, 660


@pytest.fixture
def ready(project: ModuleType, tmp_path: Path) -> Iterator[Stage]:
    """Version 2 may go into production."""
    with written_stage(tmp_path / "home", project, pointed(project, "production")) as stage:
        yield stage


@pytest.fixture(scope="module")
def definitions(project: ModuleType) -> dg.Definitions:
    return location(project, pointed(project, "production"))


def asked_for(stage: Stage, definitions: dg.Definitions) -> dg.RunRequest:
    """The one run that a tick asks for."""
    (request,), _ = look(definitions, stage.instance)
    return request


def test_a_promotion_that_fails_is_tried_three_times_and_then_by_hand(ready: Stage) -> None:
    store = ready.registry.backends.store
    digest = str(ready.registry.resolve("ontime:2").digest)
    (manifest,) = Path(ready.registry.home.store).rglob(digest.removeprefix("sha256:")[2:])
    away = manifest.rename(ready.folder / "away")
    for _ in range(MAX_ATTEMPTS):
        (run,) = ready.promote().runs
        assert digest in run.failures[0]
    given_up = "ontime:2: promote was given up after 3 failed runs; launch the job by hand"
    assert ready.promote().skip_reason == f"{given_up} to try again"
    keys = [run.tags["dagster/run_key"] for run in ready.instance.get_runs()]
    assert [key.rpartition(":")[2] for key in keys] == ["3", "2", "1"]
    assert held(ready)["production"] is None

    away.rename(manifest)
    assert read_manifest(store, digest).kind == "model"
    assert ready.promote().runs == ()  # nothing says that it would go well now
    assert ready.promote_by_hand(2).success
    assert held(ready)["production"] == 2


def test_what_is_live_still_verifies_after_a_run_that_moved_nothing(ready: Stage) -> None:
    assert ready.promote_by_hand(2).success
    refused = ready.promote_by_hand(1)
    assert "a promotion only moves forward" in refused.failures[0]
    nothing = ready.daemon.materialize([PRODUCTION])
    assert nothing.success, nothing.failures
    for name in (VERIFIES, NOT_RECALLED, MOVES):
        key = dg.AssetCheckKey(PRODUCTION, name)
        results = list(stored_results(ready.instance, key, None))
        assert {result.run_id for result in results} >= {refused.run_id, nothing.run_id}
        assert all(result.evaluation.passed for result in results)
        newest = ready.instance.get_latest_asset_check_evaluation_record(key)
        assert newest is not None
        assert newest.run_id == nothing.run_id
        assert newest.evaluation is not None


@pytest.mark.parametrize("status", some(ALIVE, always=[ALIVE[0]]), ids=lambda status: status.value)
def test_a_run_of_a_dead_host_holds_a_promotion_up_for_a_while_and_not_for_ever(
    ready: Stage, definitions: dg.Definitions, status: dg.DagsterRunStatus
) -> None:
    queued = status is dg.DagsterRunStatus.QUEUED
    limit = 86_400 if queued else HALF_AN_HOUR
    like = decide(ready, "unarchive", version=1).run_id
    tags = {
        **asked_for(ready, definitions).tags,
        "dagster/run_key": str(asked_for(ready, definitions).run_key),
        "dagster/max_runtime": str(HALF_AN_HOUR),
    }
    young = left_behind(
        ready.instance, NAMES.promote_job, tags, status=status, seconds=limit, like=like
    )
    assert look(definitions, ready.instance) == ([], UNDER_WAY)
    ready.instance.delete_run(young)

    old = limit + MINUTES
    left_behind(ready.instance, NAMES.promote_job, tags, status=status, seconds=old, like=like)
    assert str(asked_for(ready, definitions).run_key).endswith(":2")
    (run,) = ready.promote().runs
    assert run.success, run.failures
    assert held(ready)["production"] == 2
    assert ready.promote().runs == ()


def test_runs_that_are_lost_one_after_the_other_are_given_up_like_those_that_failed(
    ready: Stage, definitions: dg.Definitions
) -> None:
    for attempt in range(1, MAX_ATTEMPTS + 1):
        request = asked_for(ready, definitions)
        assert str(request.run_key).endswith(f":{attempt}")
        tags = {**request.tags, "dagster/run_key": str(request.run_key)}
        left_behind(
            ready.instance,
            NAMES.promote_job,
            {**tags, "dagster/max_runtime": "60"},
            seconds=60 + MINUTES,
        )
    _, reason = look(definitions, ready.instance)
    assert "was given up after 3 failed runs, 3 of which never ended; launch the job" in reason


LAUNCH = """
import json, sys, time
from pathlib import Path

import dagster as dg
import ontime.definitions as project
from registry_assets.orchestration.local import LocalDaemon
from registry_assets_tests.orchestration.written import location, pointed

home, me, config, tags = sys.argv[1:]
definitions = location(project, pointed(project, "production"))
with LocalDaemon(instance=dg.DagsterInstance.from_config(home), definitions=definitions) as daemon:
    Path(home, me).touch()
    while not Path(home, "go").exists():
        time.sleep(0.001)
    done = daemon.run_job("ontime__promote", run_config=json.loads(config), tags=json.loads(tags))
    print(json.dumps([done.run_id, done.success, *done.failures]))
"""


def launched_at_once(
    stage: Stage, project: ModuleType, request: dg.RunRequest, *, processes: int
) -> list[tuple[str, bool]]:
    """Execute one request in several processes at once, as daemons do that all found no run.

    Gives the run's id, and whether it succeeded, of each.
    """
    folder = Path(str(project.__file__)).parents[1]
    tags = {**request.tags, "dagster/run_key": str(request.run_key)}
    environ = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    told = [json.dumps(request.run_config), json.dumps(tags)]
    command = [sys.executable, "-W", "ignore", "-c", LAUNCH, str(stage.folder)]
    running = [
        subprocess.Popen(
            [*command, f"ready{i}", *told], env=environ, stdout=subprocess.PIPE, text=True
        )
        for i in range(processes)
    ]
    while any(each.poll() is None for each in running) and (
        len(list(stage.folder.glob("ready*"))) < processes
    ):
        time.sleep(0.01)
    (stage.folder / "go").touch()
    answers = [json.loads(each.communicate(timeout=120)[0].splitlines()[-1]) for each in running]
    return [(run_id, success) for run_id, success, *_ in answers]


def test_two_ticks_that_ask_at_once_move_the_pointer_once(
    ready: Stage, definitions: dg.Definitions, project: ModuleType
) -> None:
    first, second = asked_for(ready, definitions), asked_for(ready, definitions)
    assert (first.run_key, first.run_config) == (second.run_key, second.run_config)

    runs = launched_at_once(ready, project, first, processes=2)
    late = ready.daemon.run_job(NAMES.promote_job, run_config=second.run_config, tags=second.tags)
    runs.append((late.run_id, late.success))  # and one that comes when all is over

    assert [success for _, success in runs] == [True, True, True]
    assert [p.generation for p in ready.registry.promotions("ontime")] == [1]
    assert ready.events().count("pointer_moved") == 1
    said = [[e.user_message for e in ready.instance.all_logs(run_id)] for run_id, _ in runs]
    again = ["nothing was moved: production holds that version already" in each for each in said]
    assert sorted(again) == [False, True, True]
    assert set(generations(ready, PRODUCTION)) == {1}
    assert ready.promote().runs == ()
    assert ready.registry.verify().clean


def test_a_tick_of_yesterday_moves_nothing_back(ready: Stage, definitions: dg.Definitions) -> None:
    ready.registry.archive("ontime:2", run=PERSON)
    late = asked_for(ready, definitions)
    assert late.tags["registry/version"] == "1"
    ready.registry.unarchive("ontime:2", run=PERSON)
    assert [run.success for run in ready.promote().runs] == [True]
    outcome = ready.daemon.run_job(
        NAMES.promote_job, run_config=late.run_config, tags=dict(late.tags)
    )
    assert "production has held version 2 already; ontime:1 is older" in outcome.failures[0]
    assert held(ready)["production"] == 2
